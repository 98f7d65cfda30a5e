"""GetCerts: the certificates of the card, and that they belong together."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cryptography import x509
from support.eims import ask, objects, tlv, value_of
from support.es10 import es10_sw
from support.hexes import hx
from support.vectors import vector

from euicc_sim import Card

Send = Callable[[bytes], bytes]
OID_SERIAL_NUMBER = x509.ObjectIdentifier("2.5.4.5")


def certificates(answer: bytes) -> tuple[bytes, bytes]:
    """EUM and eUICC certificate, each with its 30 back in place of A5 and A6."""
    ((_, _, body),) = objects(answer)
    ((arm, _, inside),) = objects(body)
    (eum, _, eum_content), (euicc, _, euicc_content) = objects(inside)
    assert (arm, eum, euicc) == ("A0", "A5", "A6")
    return tlv("30", eum_content), tlv("30", euicc_content)


def test_without_a_ci_the_certificates_are_those_of_the_first(isdr: Send, card: Card) -> None:
    first = card.identity.credentials[0]
    answer = ask(isdr, hx("BF5600"))
    assert certificates(answer) == (first.eum_certificate, first.euicc_certificate)


@pytest.mark.parametrize("index", [0, 1])
def test_each_ci_has_its_certificates(isdr: Send, card: Card, index: int) -> None:
    one = card.identity.credentials[index]
    answer = ask(isdr, tlv("BF56", tlv("80", one.ci_pk_id)))
    assert certificates(answer) == (one.eum_certificate, one.euicc_certificate)


@pytest.mark.parametrize("index", [0, 1])
def test_the_eum_certifies_the_eid(isdr: Send, card: Card, index: int) -> None:
    one = card.identity.credentials[index]
    eum, euicc = map(
        x509.load_der_x509_certificate,
        certificates(ask(isdr, tlv("BF56", tlv("80", one.ci_pk_id)))),
    )
    euicc.verify_directly_issued_by(eum)
    (serial,) = euicc.subject.get_attributes_for_oid(OID_SERIAL_NUMBER)
    assert serial.value == "89049032123451234512345678901235"


@pytest.mark.parametrize("ci", ["", "00", "F54172BDF98A95D65CBEB88A38A1C11D800A85C3"])
def test_another_ci_is_refused(isdr: Send, ci: str) -> None:
    assert ask(isdr, tlv("BF56", tlv("80", hx(ci)))) == vector("GetCerts_resp_error")


def test_wrong_content_is_6a80(isdr: Send) -> None:
    assert es10_sw(isdr, hx("BF56 01 80")) == (b"", 0x6A80)


def test_the_judge_reads_the_certificates(isdr: Send) -> None:
    kind, value = value_of(ask(isdr, hx("BF5600")))
    assert kind == "certs"
    assert set(value) == {"eumCertificate", "euiccCertificate"}
