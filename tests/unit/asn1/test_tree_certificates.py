"""Certificates and keys inside messages are named too, with RFC 5280's names."""

from pyasn1.type import namedtype, univ
from support.by_name import V1_2
from support.hexes import hx
from support.vectors import sgp32

from euicc_sim import Card
from euicc_sim.asn1.tree import UNKNOWN, reading, readings
from euicc_sim.asn1.wire import WIRE_1_2

TYPES = WIRE_1_2.types


def test_the_certificates_of_a_card_are_named_to_the_last_field(card: Card) -> None:
    first = card.identity.credentials[0]
    certs = {
        "eumCertificate": first.eum_certificate,
        "euiccCertificate": first.euicc_certificate,
    }
    (found,) = readings(TYPES, V1_2.encode("GetCertsResponse", ("certs", certs)))
    assert found.name == "GetCertsResponse"
    assert not [one for one in found.lines if UNKNOWN in one.names or one.flaw]
    texts = {one.name: one.text for one in found.lines}
    assert texts["KeyUsage"] == "digitalSignature"
    assert texts["policyIdentifier"] == "2.23.146.1.2.1.1 id-rspRole-euicc"
    assert texts["value"] != ""
    names = [one.name for one in found.lines]
    assert names.count("tbsCertificate") == names.count("subjectPublicKey") == 2


def test_a_certificate_alone_is_known(card: Card) -> None:
    (found,) = readings(TYPES, card.identity.credentials[0].euicc_certificate)
    assert (found.name, found.fit) == ("Certificate", (0, 0))


def test_a_key_inside_its_own_sequence_is_understood() -> None:
    spki = hx(sgp32()["keys"]["eim1"]["spki"])
    data = hx("A05B") + spki
    found = reading("EimPublicKeyData", TYPES["EimPublicKeyData"], data)
    assert [one.name for one in found.lines][:3] == [
        "EimPublicKeyData eimPublicKey",
        "SubjectPublicKeyInfo",
        "algorithm",
    ]


class Kept(univ.Sequence):
    kept_as_is = True
    componentType = namedtype.NamedTypes()  # noqa: N815


def test_what_is_only_passed_on_is_shown_in_hex() -> None:
    assert [one.text for one in reading("Kept", Kept(), hx("30 03 020105")).lines] == ["020105"]


def test_an_extension_that_cannot_be_read_stays_in_hex(card: Card) -> None:
    certificate = card.identity.credentials[0].euicc_certificate
    key_usage = hx("0603551D0F 0101FF 0404 03020780")
    assert certificate.count(key_usage) == 1
    broken = certificate.replace(key_usage, hx("0603551D0F 0101FF 0404 03FF0780"))
    (found,) = readings(TYPES, broken)
    assert [one.text for one in found.lines if one.flaw] == ["03FF0780"]
