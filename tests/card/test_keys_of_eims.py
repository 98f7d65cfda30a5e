"""Keys of eIMs: P-256 and brainpoolP256r1, bare or in a certificate; and the card's own keys."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from support.eims import (
    LIST_EIM,
    Eim,
    Key,
    add_initial,
    ask,
    brainpool_key,
    build,
    eim1,
    objects,
    raw_add_initial,
    read_error,
    read_result,
    tlv,
    trust,
    unsigned_error,
    value_of,
    vector_key,
)
from support.es10 import SELECT_ISDR
from support.hexes import hx

from euicc_sim import Card

Send = Callable[[bytes], bytes]
CURVES = {"P-256": vector_key("eim1"), "brainpoolP256r1": brainpool_key()}
NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "eIM")])


@cache
def certificate_of(curve: str, *, expired: bool = False) -> bytes:
    """A self-signed certificate of that key, perhaps of a time gone by."""
    key: Key = CURVES[curve]
    start = datetime(2001, 1, 1, tzinfo=UTC) if expired else datetime(2024, 1, 1, tzinfo=UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(NAME)
        .issuer_name(NAME)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=365))
    )
    return builder.sign(key, SHA256()).public_bytes(Encoding.DER)


@pytest.mark.parametrize("curve", list(CURVES))
def test_a_bare_key_verifies_packages(send: Send, curve: str) -> None:
    eim = Eim("eim", CURVES[curve])
    trust(send, eim)
    assert eim.load(send, LIST_EIM)


@pytest.mark.parametrize("curve", list(CURVES))
def test_the_key_of_a_certificate_verifies_packages(send: Send, curve: str) -> None:
    eim = Eim("eim", CURVES[curve], certificate=certificate_of(curve))
    trust(send, eim)
    assert eim.load(send, LIST_EIM)


def test_a_certificate_is_not_checked_for_its_time(send: Send) -> None:
    eim = Eim("eim", CURVES["P-256"], certificate=certificate_of("P-256", expired=True))
    trust(send, eim)
    assert eim.load(send, LIST_EIM)


@pytest.mark.parametrize("curve", list(CURVES))
def test_a_certificate_is_shown_as_it_was_given(send: Send, curve: str) -> None:
    certificate = certificate_of(curve)
    trust(send, Eim("eim", CURVES[curve], certificate=certificate))
    ((_, _, content),) = objects(certificate)
    assert tlv("A5", tlv("A1", content)) in ask(send, hx("BF5500"))


@pytest.mark.usefixtures("lenient")
def test_a_certificate_inside_its_own_30_is_understood(send: Send) -> None:
    send(SELECT_ISDR)
    certificate = certificate_of("P-256")
    request = raw_add_initial(
        tlv("30", tlv("80", b"eim"), tlv("83", b"\0"), tlv("A5", tlv("A1", certificate)))
    )
    assert ask(send, request) == hx("BF57 04 A002 0500")
    ((_, _, content),) = objects(certificate)
    assert tlv("A5", tlv("A1", content)) in ask(send, hx("BF5500"))


@pytest.mark.parametrize("curve", list(CURVES))
def test_a_key_of_the_other_curve_does_not_verify(send: Send, curve: str) -> None:
    eim = Eim("eim", CURVES[curve])
    trust(send, eim)
    (other,) = (key for name, key in CURVES.items() if name != curve)
    assert unsigned_error(ask(send, build(eim, LIST_EIM, counter=1, key=other)))


@pytest.mark.parametrize(
    "key",
    [
        ec.derive_private_key(5, ec.SECP384R1()),
        ec.derive_private_key(5, ec.SECP256K1()),
        ec.derive_private_key(5, ec.BrainpoolP384R1()),
    ],
    ids=lambda key: key.curve.name,
)
def test_a_key_on_another_curve_is_command_error(send: Send, key: Key) -> None:
    send(SELECT_ISDR)
    request = add_initial(Eim("eim", key).configuration())
    assert ask(send, request) == hx("BF57 03 8101 07")


def test_an_update_changes_from_key_to_certificate(send: Send) -> None:
    eim = eim1()
    trust(send, eim)
    new = Eim(eim.name, brainpool_key(), certificate=certificate_of("brainpoolP256r1"))
    key = new.configuration()["eimPublicKeyData"]
    eim.load(send, ("updateEim", {"eimId": eim.name, "eimPublicKeyData": key}))
    assert new.load(send, LIST_EIM, counter=2)


# -- the card's keys


@pytest.mark.parametrize("index", [0, 1])
@pytest.mark.parametrize("curve", list(CURVES))
def test_a_result_and_an_error_are_signed_below_the_ci_of_their_eim(
    send: Send, card: Card, index: int, curve: str
) -> None:
    own = card.identity.credentials[index]
    eim = Eim("eim", CURVES[curve], extra={"euiccCiPKId": own.ci_pk_id})
    trust(send, eim)
    read_result(ask(send, eim.package(LIST_EIM))).check(own.euicc_certificate)
    read_error(ask(send, eim.package(LIST_EIM, counter=0))).check(own.euicc_certificate)


def test_the_cards_curves_are_p256_and_brainpool(card: Card) -> None:
    curves = []
    for one in card.identity.credentials:
        key = x509.load_der_x509_certificate(one.euicc_certificate).public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        curves.append(key.curve.name)
    assert curves == ["secp256r1", "brainpoolP256r1"]


def test_two_eims_below_two_cis_get_two_signatures(send: Send, card: Card) -> None:
    first, second = card.identity.credentials
    one = Eim("one", CURVES["P-256"], extra={"euiccCiPKId": first.ci_pk_id})
    two = Eim("two", CURVES["P-256"], extra={"euiccCiPKId": second.ci_pk_id})
    trust(send, one, two)
    read_result(ask(send, one.package(LIST_EIM))).check(first.euicc_certificate)
    read_result(ask(send, two.package(LIST_EIM))).check(second.euicc_certificate)
    assert value_of(ask(send, hx("BF2000")))["euiccCiPKIdListForSigning"] == [
        first.ci_pk_id,
        second.ci_pk_id,
    ]
