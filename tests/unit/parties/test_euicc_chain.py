"""The certificates of a card, as an SM-DP+ judges them: every rule broken once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from support.chains import (
    BAD_EUICC,
    BAD_EUM,
    GARBLED_EINS,
    NOT_PERMITTING,
    PERMITTED_EINS,
    Chain,
)
from support.eims import objects, tlv
from support.euiccs import EID, shared_pki
from support.published_pki import PUBLISHED, needs_published

from euicc_sim.parties.messages.errors import SmdppError
from euicc_sim.parties.messages.euicc_certificates import Euicc, authority_of, check_euicc
from keys import CertificateIssuer, Curve, TestPki

CI = shared_pki().branch(Curve.NIST).ci
RIGHT = Chain.below(CI)
NOW = datetime(2030, 1, 1, tzinfo=UTC)


def judged(chain: Chain, at: datetime | None = None) -> Euicc:
    return check_euicc(chain.euicc.der, chain.eum.der, CI.certificate, at)


def refused(chain: Chain, subject: str, reason: str, at: datetime | None = None) -> str:
    with pytest.raises(SmdppError) as caught:
        judged(chain, at)
    assert (caught.value.subject, caught.value.reason) == (subject, reason)
    return str(caught.value)


# -- what is right


@pytest.mark.parametrize("curve", list(Curve), ids=lambda one: one.value)
def test_a_card_of_a_test_pki_is_genuine(curve: Curve) -> None:
    branch = shared_pki().branch(curve)
    card = branch.eum.issue_euicc(EID)
    found = check_euicc(card.euicc_certificate, card.eum_certificate, branch.ci.certificate)
    assert found == Euicc(EID, card.private_key.public_key(), branch.ci.ci_pk_id)


def test_the_card_of_the_recipe_is_genuine() -> None:
    assert judged(RIGHT).eid == EID


def test_a_card_of_v3_is_genuine() -> None:
    assert judged(RIGHT.of_v3("8904903", "11112222")).eid == EID


def test_the_authority_of_an_eum_names_its_ci() -> None:
    assert authority_of(RIGHT.eum.der) == CI.ci_pk_id


@needs_published
@pytest.mark.parametrize("curve", ["NIST", "BRP"])
def test_the_published_card_is_genuine(curve: str) -> None:
    euicc, eum, ci = (
        (PUBLISHED / folder / f"CERT_{folder.replace('CertificateIssuer', 'CI')}_ECDSA_{curve}.der")
        for folder in ("eUICC", "EUM", "CertificateIssuer")
    )
    euicc = euicc.with_name(f"CERT_EUICC_ECDSA_{curve}.der")
    root = x509.load_der_x509_certificate(ci.read_bytes())
    assert check_euicc(euicc.read_bytes(), eum.read_bytes(), root, NOW).eid == EID


# -- what is wrong


@pytest.mark.parametrize("name", BAD_EUM)
def test_a_wrong_eum_certificate_is_refused(name: str) -> None:
    refused(replace(RIGHT, eum=BAD_EUM[name](RIGHT.eum)), "8.1.2", "6.1")


@pytest.mark.parametrize("name", BAD_EUICC)
def test_a_wrong_euicc_certificate_is_refused(name: str) -> None:
    refused(replace(RIGHT, euicc=BAD_EUICC[name](RIGHT.euicc)), "8.1.3", "6.1")


@pytest.mark.parametrize("name", NOT_PERMITTING)
def test_an_eid_that_the_eum_may_not_issue_for_is_refused(name: str) -> None:
    chain = replace(RIGHT, eum=NOT_PERMITTING[name](RIGHT.eum))
    assert f"may not issue for the EID {EID}" in refused(chain, "8.1.3", "6.1")


@pytest.mark.parametrize("eins", [(), ("89049033",), ("890490322", "7")], ids=str)
def test_an_eid_of_v3_that_the_eum_may_not_issue_for_is_refused(eins: tuple[str, ...]) -> None:
    refused(RIGHT.of_v3(*eins), "8.1.3", "6.1")


@pytest.mark.parametrize("content", GARBLED_EINS, ids=bytes.hex)
def test_an_extension_of_v3_that_says_nothing_permits_nothing(content: bytes) -> None:
    chain = RIGHT.of_v3("89049032")
    eum = chain.eum.having(x509.UnrecognizedExtension(PERMITTED_EINS, content))
    refused(replace(chain, eum=eum), "8.1.3", "6.1")


def test_an_eum_of_v3_without_the_extension_permits_nothing() -> None:
    chain = RIGHT.of_v3("89049032")
    eum = chain.eum.without(x509.UnrecognizedExtension)
    refused(replace(chain, eum=eum), "8.1.3", "6.1")


def test_an_eum_below_another_ci_of_the_same_name_is_refused() -> None:
    chain = Chain.below(CertificateIssuer.create(Curve.NIST, seed=99))
    refused(chain, "8.1.2", "6.1")


def test_a_card_below_another_eum_is_refused() -> None:
    other = shared_pki().branch(Curve.NIST).eum.issue_euicc(EID)
    with pytest.raises(SmdppError, match="eUICC certificate"):
        check_euicc(other.euicc_certificate, RIGHT.eum.der, CI.certificate)


@pytest.mark.parametrize(
    "data", [b"", b"\x30\x00", RIGHT.eum.der[:-1]], ids=["nothing", "empty", "cut"]
)
def test_bytes_that_are_no_certificate_are_refused(data: bytes) -> None:
    with pytest.raises(SmdppError, match=r"EUM certificate .* cannot be read"):
        check_euicc(RIGHT.euicc.der, data, CI.certificate)
    with pytest.raises(SmdppError, match=r"eUICC certificate .* cannot be read"):
        check_euicc(data, RIGHT.eum.der, CI.certificate)
    with pytest.raises(SmdppError, match=r"EUM certificate .* cannot be read"):
        authority_of(data)


def test_a_certificate_of_version_1_is_refused() -> None:
    ((_, _, signed),) = objects(RIGHT.eum.der)
    (_, _, content), *others = objects(signed)
    older = tlv("30", content.removeprefix(b"\xa0\x03\x02\x01\x02"))
    der = tlv("30", older, *(one for _, one, _ in others))
    with pytest.raises(SmdppError, match="not of version 3"):
        check_euicc(RIGHT.euicc.der, der, CI.certificate)


def test_an_eum_without_an_authority_is_refused() -> None:
    with pytest.raises(SmdppError, match="no authorityKeyIdentifier"):
        authority_of(RIGHT.eum.without(x509.AuthorityKeyIdentifier).der)


# -- time


@pytest.mark.parametrize(
    ("at", "valid"),
    [(None, True), (datetime(2020, 1, 1, tzinfo=UTC), True), (NOW, True)],
)
def test_dates_are_looked_at_when_there_is_a_time(at: datetime | None, valid: bool) -> None:
    assert (judged(RIGHT, at).eid == EID) is valid


@pytest.mark.parametrize("year", [2019, 2051])
def test_what_is_not_valid_at_the_time_has_expired(year: int) -> None:
    at = datetime(year, 1, 1, tzinfo=UTC)
    refused(RIGHT, "8.1.2", "6.3", at)
    eum = replace(
        RIGHT.eum,
        not_before=datetime(2000, 1, 1, tzinfo=UTC),
        not_after=datetime(2060, 1, 1, tzinfo=UTC),
    )
    refused(replace(RIGHT, eum=eum), "8.1.3", "6.3", at)


# -- the certificates that are published as invalid


def invalid(name: str) -> bytes:
    return (PUBLISHED / "invalid" / name).read_bytes()


def published_root() -> x509.Certificate:
    return TestPki.load(PUBLISHED).branch(Curve.NIST).ci.certificate


@needs_published
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("CERT_EUICC_ECDSA_NIST_INVALID.der", "6.1"),
        ("CERT_EUICC_ECDSA_NIST_INVALID_EID.der", "6.1"),
        ("CERT_EUICC_ECDSA_NIST_EXPIRED.der", "6.3"),
        ("CERT_UNKNOWN_CI_ECDSA_NIST.der", "6.1"),
    ],
)
def test_an_invalid_euicc_certificate_that_is_published_is_refused(name: str, reason: str) -> None:
    eum = (PUBLISHED / "EUM" / "CERT_EUM_ECDSA_NIST.der").read_bytes()
    with pytest.raises(SmdppError) as caught:
        check_euicc(invalid(name), eum, published_root(), NOW)
    assert (caught.value.subject, caught.value.reason) == ("8.1.3", reason)


@needs_published
@pytest.mark.parametrize(
    "name",
    [
        "CERT_EUM_ECDSA_NIST_INVALID.der",
        "CERT_EUM_ECDSA_NIST_UNKNOWN_CI.der",
        "CERT_EUM_ECDSA_NIST_EXPIRED.der",
        "CERT_UNKNOWN_CI_ECDSA_NIST.der",
    ],
)
def test_an_invalid_eum_certificate_that_is_published_is_refused(name: str) -> None:
    euicc = (PUBLISHED / "eUICC" / "CERT_EUICC_ECDSA_NIST.der").read_bytes()
    with pytest.raises(SmdppError) as caught:
        check_euicc(euicc, invalid(name), published_root(), NOW)
    assert caught.value.subject == "8.1.2"


def test_the_error_does_not_repeat_the_certificate() -> None:
    text = refused(replace(RIGHT, eum=BAD_EUM["no role"](RIGHT.eum)), "8.1.2", "6.1")
    assert text.endswith("Give the card certificates below a CI of this SM-DP+.")
    assert CI.certificate.public_bytes(Encoding.DER).hex() not in text
