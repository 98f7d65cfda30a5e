"""An SM-DP+ with the certificates that GSMA publishes, and with a time at which to judge them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from support.bsp import BSP
from support.euiccs import ADDRESS, CHALLENGE, PaperEuicc, shared_pki
from support.hexes import hx
from support.published_pki import PUBLISHED, needs_published

from euicc_sim.parties.messages.errors import SmdppError
from euicc_sim.parties.messages.interfaces import ServerAuthentication
from euicc_sim.parties.smdpp.download_orders import Order
from euicc_sim.parties.smdpp.smdpp import Smdpp
from keys import Curve, TestPki, load_private_key

UPP = hx(BSP["upp"])


def published_card() -> PaperEuicc:
    """The card of SGP.26, on P-256."""
    card = PaperEuicc.below(shared_pki())
    branch = TestPki.load(PUBLISHED).branch(Curve.NIST)
    folder = PUBLISHED / "eUICC"
    der = (folder / "CERT_EUICC_ECDSA_NIST.der").read_bytes()
    credential = replace(
        card.credential,
        ci_pk_id=branch.ci.ci_pk_id,
        eum_certificate=branch.eum.credential.der,
        euicc_certificate=x509.load_der_x509_certificate(der).public_bytes(Encoding.DER),
        private_key=load_private_key(folder / "SK_EUICC_ECDSA_NIST.pem"),
    )
    return replace(card, credential=credential)


def begin(smdpp: Smdpp, euicc: PaperEuicc) -> ServerAuthentication:
    return smdpp.initiate_authentication(euicc.info1(), CHALLENGE, ADDRESS)


def check_refused(
    smdpp: Smdpp,
    card: PaperEuicc,
    first: ServerAuthentication,
    codes: tuple[str, str],
    matching_id: str | None = "A",
) -> None:
    response = card.authenticate(first, matching_id)
    with pytest.raises(SmdppError) as caught:
        smdpp.authenticate_client(first.transaction_id, response)
    assert (caught.value.subject, caught.value.reason) == codes


def test_dates_are_looked_at_when_the_server_knows_the_time() -> None:
    euicc = PaperEuicc.below(shared_pki())
    smdpp = Smdpp.of(shared_pki(), [Order(UPP, "A")], at=datetime(2060, 1, 1, tzinfo=UTC))
    first = begin(smdpp, euicc)
    check_refused(smdpp, euicc, first, ("8.1.2", "6.3"))


@needs_published
def test_the_published_card_is_genuine_to_the_published_server() -> None:
    smdpp = Smdpp.of(TestPki.load(PUBLISHED), [Order(UPP, "A")])
    card = published_card()
    first = begin(smdpp, card)
    assert smdpp.authenticate_client(first.transaction_id, card.authenticate(first, "A"))


@needs_published
def test_the_check_digits_of_an_eid_are_not_looked_at() -> None:
    """The published EID 89049032123451234512345678901299 has none that are right."""
    smdpp = Smdpp.of(TestPki.load(PUBLISHED), [Order(UPP, "A")])
    card = published_card()
    path = PUBLISHED / "invalid" / "CERT_EUICC_ECDSA_NIST_UNMATCHED_EID.der"
    card = replace(card, credential=replace(card.credential, euicc_certificate=path.read_bytes()))
    first = begin(smdpp, card)
    assert smdpp.authenticate_client(first.transaction_id, card.authenticate(first, "A"))
    euicc, _ = smdpp.session(first.transaction_id).download
    assert euicc.eid == "89049032123451234512345678901299"
    again = begin(smdpp, card)
    check_refused(smdpp, card, again, ("8.1.1", "3.8"), None)


@needs_published
@pytest.mark.parametrize(
    ("euicc", "eum", "codes"),
    [
        ("INVALID", None, ("8.1.3", "6.1")),
        ("INVALID_EID", None, ("8.1.3", "6.1")),
        ("EXPIRED", None, ("8.1.3", "6.3")),
        (None, "INVALID", ("8.1.2", "6.1")),
        (None, "EXPIRED", ("8.1.2", "6.3")),
        (None, "UNKNOWN_CI", ("8.11.1", "3.9")),
    ],
)
def test_an_invalid_certificate_that_is_published_is_refused(
    euicc: str | None, eum: str | None, codes: tuple[str, str]
) -> None:
    smdpp = Smdpp.of(
        TestPki.load(PUBLISHED), [Order(UPP, "A")], at=datetime(2030, 1, 1, tzinfo=UTC)
    )
    card = published_card()
    shown = card.credential
    if euicc:
        path = PUBLISHED / "invalid" / f"CERT_EUICC_ECDSA_NIST_{euicc}.der"
        shown = replace(shown, euicc_certificate=path.read_bytes())
    if eum:
        path = PUBLISHED / "invalid" / f"CERT_EUM_ECDSA_NIST_{eum}.der"
        shown = replace(shown, eum_certificate=path.read_bytes())
    card = replace(card, credential=shown)
    first = begin(smdpp, card)
    check_refused(smdpp, card, first, codes)
