"""Simple types: content octets to values and back, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.type import char, univ
from support.hexes import hx

from euicc_sim.asn1.codec import Asn1Error, alternative, decode, encode
from euicc_sim.asn1.primitives import UnknownCode
from euicc_sim.asn1.tags import bits, codes, implicit, numbers, octets, sequence_of, utf8

INTEGER = univ.Integer()
BITS = bits("a", "b", "c", "d", "e", "f", "g", "h", "i")


@pytest.mark.parametrize(
    ("spec", "raw", "value"),
    [
        (INTEGER, "02 01 00", 0),
        (INTEGER, "02 01 7F", 127),
        (INTEGER, "02 02 0080", 128),
        (INTEGER, "02 01 80", -128),
        (INTEGER, "02 01 FF", -1),
        (INTEGER, "02 02 FF7F", -129),
        (INTEGER, "02 03 7FFFFF", 8388607),
        (INTEGER, "02 04 00800000", 8388608),
        (INTEGER, "02 09 010000000000000000", 1 << 64),
        (numbers(jpg=0), "02 08 7FFFFFFFFFFFFFFF", 2**63 - 1),
        (univ.Boolean(), "01 01 FF", True),
        (univ.Boolean(), "01 01 00", False),
        (univ.Null(), "05 00", None),
        (univ.OctetString(), "04 00", b""),
        (univ.OctetString(), "04 03 010203", b"\1\2\3"),
        (char.UTF8String(), "0C 00", ""),
        (char.UTF8String(), "0C 03 C3BC61", "üa"),
        (univ.ObjectIdentifier(), "06 03 88370A", "2.999.10"),
        (univ.ObjectIdentifier(), "06 01 00", "0.0"),
        (univ.ObjectIdentifier(), "06 01 27", "0.39"),
        (univ.ObjectIdentifier(), "06 01 4F", "1.39"),
        (univ.ObjectIdentifier(), "06 01 50", "2.0"),
        (univ.ObjectIdentifier(), "06 08 2A8648CE3D030107", "1.2.840.10045.3.1.7"),
        (BITS, "03 01 00", frozenset()),
        (BITS, "03 02 0780", frozenset({0})),
        (BITS, "03 02 0640", frozenset({1})),
        (BITS, "03 02 0308", frozenset({4})),
        (BITS, "03 02 0001", frozenset({7})),
        (BITS, "03 03 078080", frozenset({0, 8})),
        (implicit(4, INTEGER), "84 01 FF", -1),
        (implicit(123, univ.Boolean()), "9F7B 01 FF", True),
        (sequence_of(INTEGER), "30 06 020101 020102", [1, 2]),
        (sequence_of(INTEGER), "30 00", []),
    ],
)
def test_a_value_and_its_der_are_each_others(spec: Any, raw: str, value: object) -> None:
    assert decode(spec, hx(raw)) == value
    assert encode(spec, value) == hx(raw)


@pytest.mark.parametrize(
    ("spec", "raw", "value"),
    [
        (univ.Boolean(), "01 01 01", True),
        (BITS, "03 02 00C0", frozenset({0, 1})),
        (BITS, "03 03 00 8000", frozenset({0})),
        (INTEGER, "02 02 0001", 1),
        (INTEGER, "02 81 01 05", 5),
        (INTEGER, "02 04 FFFFFFFF", -1),
    ],
)
def test_ber_that_is_not_der_is_understood(spec: Any, raw: str, value: object) -> None:
    assert decode(spec, hx(raw)) == value
    assert encode(spec, value) != hx(raw)


@pytest.mark.parametrize(
    ("spec", "raw"),
    [
        (INTEGER, "02 00"),
        (INTEGER, "03 01 00"),
        (numbers(jpg=0), "02 09 008000000000000000"),
        (numbers(jpg=0), "02 08 8000000000000000"),
        (codes(ok=0), "02 09 010000000000000000"),
        (INTEGER, "02 01"),
        (INTEGER, "02 01 00 00"),
        (INTEGER, ""),
        (univ.Boolean(), "01 00"),
        (univ.Boolean(), "01 02 FFFF"),
        (univ.Null(), "05 01 00"),
        (char.UTF8String(), "0C 01 FF"),
        (char.UTF8String(), "0C 02 C3C3"),
        (univ.ObjectIdentifier(), "06 00"),
        (univ.ObjectIdentifier(), "06 01 88"),
        (univ.ObjectIdentifier(), "06 12 2A" + "81" * 17),
        (BITS, "03 00"),
        (BITS, "03 01 01"),
        (BITS, "03 02 0880"),
        (BITS, "03 42 00" + "00" * 65),
        (octets(2), "04 01 00"),
        (octets(2), "04 03 000000"),
        (octets(1, 16), "04 00"),
        (octets(1, 16), "04 11" + "00" * 17),
        (utf8(1, 3), "0C 00"),
        (utf8(1, 3), "0C 04 61616161"),
        (sequence_of(INTEGER), "30 02 0500"),
        (sequence_of(INTEGER), "30 01 02"),
    ],
)
def test_other_bytes_are_refused(spec: Any, raw: str) -> None:
    with pytest.raises(Asn1Error):
        decode(spec, hx(raw))


def test_characters_are_counted_not_bytes() -> None:
    assert decode(utf8(1, 3), hx("0C 06 C3BC C3BC C3BC")) == "üüü"


@pytest.mark.parametrize(
    ("spec", "value"),
    [
        (codes(ok=0), "no"),
        (octets(2), b"x"),
        (utf8(1, 3), ""),
        (univ.ObjectIdentifier(), "2"),
        (univ.ObjectIdentifier(), "a.b"),
        (univ.ObjectIdentifier(), "3.1"),
        (univ.ObjectIdentifier(), "1.40"),
        (univ.ObjectIdentifier(), ""),
    ],
)
def test_a_value_that_does_not_fit_is_refused(spec: Any, value: object) -> None:
    with pytest.raises(Asn1Error):
        encode(spec, value)


def test_a_code_is_written_by_its_name_and_read_as_it() -> None:
    spec = codes(ok=0, undefinedError=127)
    assert encode(spec, "undefinedError") == hx("02 01 7F")
    assert decode(spec, hx("02 01 7F")) == "undefinedError"


def test_a_code_without_a_name_is_its_number() -> None:
    spec = codes(ok=0, undefinedError=127)
    found = decode(spec, hx("02 01 05"))
    assert (type(found), found) == (UnknownCode, 5)
    assert encode(spec, found) == hx("02 01 05")


def test_a_number_that_is_kept_is_read_as_such() -> None:
    spec = numbers(jpg=0, png=1)
    assert decode(spec, encode(spec, "png")) == 1


def test_what_is_no_choice_has_no_alternatives() -> None:
    assert alternative(INTEGER, hx("02 01 00")) is None


@given(st.integers())
def test_any_integer_comes_back(value: int) -> None:
    assert decode(INTEGER, encode(INTEGER, value)) == value


@given(st.frozensets(st.integers(0, 63)))
def test_any_bits_come_back(value: frozenset[int]) -> None:
    assert decode(BITS, encode(BITS, value)) == value


@given(st.integers(0, 2), st.integers(0, 39), st.lists(st.integers(0, 1 << 64), max_size=8))
def test_any_object_identifier_comes_back(first: int, second: int, rest: list[int]) -> None:
    value = ".".join(map(str, (first, second, *rest)))
    assert decode(univ.ObjectIdentifier(), encode(univ.ObjectIdentifier(), value)) == value


@given(st.binary(max_size=80))
def test_any_bytes_are_a_value_or_an_error(raw: bytes) -> None:
    for spec in (INTEGER, BITS, univ.ObjectIdentifier(), char.UTF8String(), univ.Boolean()):
        try:
            value = decode(spec, raw)
        except Asn1Error:
            continue
        assert decode(spec, encode(spec, value)) == value
