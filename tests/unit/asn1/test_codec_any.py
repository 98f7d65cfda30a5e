"""What a type leaves open (ANY) is handed out and written as the bytes of its object."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.type import univ
from support.hexes import hx

from apdu.tlv import tlv
from euicc_sim.asn1.codec import Asn1Error, decode, encode
from euicc_sim.asn1.sgp22.common import VendorSpecificExtensionItem
from euicc_sim.asn1.tags import fields, implicit, optional

ITEM = VendorSpecificExtensionItem()
OPEN_END = univ.Sequence(
    componentType=fields(("algorithm", univ.ObjectIdentifier()), optional("parameters", univ.Any()))
)
OPEN_MIDDLE = univ.Sequence(
    componentType=fields(
        ("number", univ.Integer()), ("open", univ.Any()), ("last", implicit(0, univ.Integer()))
    )
)

OBJECTS = ["0500", "3003020105", "8100", "BF7603 810101", "0603883703"]


@pytest.mark.parametrize("inside", OBJECTS)
def test_any_in_a_tag_of_its_own_is_the_object_inside(inside: str) -> None:
    value = {"vendorOid": "2.999.3", "vendorSpecificData": hx(inside)}
    raw = tlv(0x30, hx("8003 883703"), tlv(0xA1, hx(inside)))
    assert decode(ITEM, raw) == value
    assert encode(ITEM, value) == raw


@pytest.mark.parametrize("content", ["", "0500 0500"])
def test_any_in_a_tag_of_its_own_is_one_object(content: str) -> None:
    with pytest.raises(Asn1Error):
        decode(ITEM, tlv(0x30, hx("8003 883703"), tlv(0xA1, hx(content))))


@pytest.mark.parametrize("inside", OBJECTS)
def test_any_as_a_field_is_the_object_in_its_place(inside: str) -> None:
    value = {"algorithm": "2.999.3", "parameters": hx(inside)}
    raw = tlv(0x30, hx("0603 883703"), hx(inside))
    assert decode(OPEN_END, raw) == value
    assert encode(OPEN_END, value) == raw


def test_any_as_a_field_may_be_absent() -> None:
    assert decode(OPEN_END, hx("30 05 0603 883703")) == {"algorithm": "2.999.3"}


@pytest.mark.parametrize("inside", ["0500", "020107", "800107"])
def test_any_may_have_the_tag_of_a_field_beside_it(inside: str) -> None:
    found = decode(OPEN_MIDDLE, tlv(0x30, hx("020105"), hx(inside), hx("800109")))
    assert found == {"number": 5, "open": hx(inside), "last": 9}


@pytest.mark.parametrize("content", ["020105", "020105 0500", "800109", "0500 020105 800109"])
def test_fields_around_any_are_still_mandatory(content: str) -> None:
    with pytest.raises(Asn1Error, match="lacks"):
        decode(OPEN_MIDDLE, tlv(0x30, hx(content)))


@given(st.binary(max_size=300), st.sampled_from([0x04, 0x30, 0x9F70, 0xBF76]))
def test_any_object_of_any_size_comes_back(content: bytes, tag: int) -> None:
    value: dict[str, Any] = {"algorithm": "1.2.840.113549", "parameters": tlv(tag, content)}
    assert decode(OPEN_END, encode(OPEN_END, value)) == value
