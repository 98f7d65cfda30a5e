"""What a later version adds to a CHOICE or a list is kept where a reader wants it, else refused."""

import pytest
from support.by_name import V1_2

from apdu import tlv
from euicc_sim.asn1.codec import Asn1Error, Unknown

STRANGE = bytes.fromhex("8F0101")
ENABLED = bytes.fromhex("830100")
SIGNATURE = tlv(0x5F37, bytes(64))


def result(*elements: bytes) -> bytes:
    """An EuiccPackageResult with the counter 5 and the number 7."""
    signed = tlv(0x30, tlv(0x80, b"eim1"), tlv(0x81, b"\5"), tlv(0x83, b"\7"), tlv(0x30, *elements))
    return tlv(0xBF51, tlv(0xA0, signed, SIGNATURE))


def test_an_alternative_in_a_list_is_kept_between_its_neighbours() -> None:
    message = result(ENABLED, STRANGE, ENABLED)
    form, value = V1_2.read_keeping("EuiccPackageResult", message)
    data = value["euiccPackageResultDataSigned"]
    assert (form, data["counterValue"], data["seqNumber"]) == ("euiccPackageResultSigned", 5, 7)
    first, strange, last = data["euiccResult"]
    assert first == last
    assert strange == Unknown("?", STRANGE)
    assert strange.tag == 0x8F


def test_who_does_not_ask_for_it_refuses_it() -> None:
    with pytest.raises(Asn1Error, match="8F is not an element"):
        V1_2.decode("EuiccPackageResult", result(ENABLED, STRANGE))


def test_an_alternative_inside_an_explicit_tag_is_kept() -> None:
    _, value = V1_2.read_keeping("EuiccPackageResult", result(tlv(0xA8, STRANGE)))
    ((name, inside),) = value["euiccPackageResultDataSigned"]["euiccResult"]
    assert (name, inside) == ("addEimResult", Unknown("?", STRANGE))


def test_an_alternative_of_the_whole_message_is_kept() -> None:
    assert V1_2.read_keeping("EuiccPackageResult", tlv(0xBF51, STRANGE)) == ("?", STRANGE)
    assert V1_2.read_keeping("PendingNotification", STRANGE) == ("?", STRANGE)
    with pytest.raises(Asn1Error):
        V1_2.decode("EuiccPackageResult", tlv(0xBF51, STRANGE))


PACKAGE = tlv(0x80, b"eim1") + tlv(0x5A, bytes(16)) + tlv(0x81, b"\5")


def test_an_alternative_of_a_field_is_kept_in_its_place() -> None:
    value = V1_2.read_keeping("EuiccPackageSigned", tlv(0x30, PACKAGE, STRANGE))
    assert value["euiccPackage"] == ("?", STRANGE)
    assert value["counterValue"] == 5
    with pytest.raises(Asn1Error, match="lacks euiccPackage"):
        V1_2.decode("EuiccPackageSigned", tlv(0x30, PACKAGE, STRANGE))


def test_an_unknown_field_before_a_choice_is_not_taken_for_it() -> None:
    message = tlv(0x30, PACKAGE, STRANGE, tlv(0xA0))
    value = V1_2.read_keeping("EuiccPackageSigned", message)
    assert value["euiccPackage"] == ("psmoList", [])


def test_what_a_list_of_sequences_cannot_have_is_passed_over() -> None:
    profile = tlv(0xE3, tlv(0x5A, bytes(10)))
    message = tlv(0xBF2D, tlv(0xA0, STRANGE, profile, tlv(0xE4, b"")))
    form, found = V1_2.read_keeping("ProfileInfoListResponse", message)
    assert (form, [one["iccid"] for one in found]) == ("profileInfoListOk", [bytes(10)])
