"""Packages with wrong lengths, in the wrong order, or that do not end where they should."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.bpp import A0, A1, A2, A3, BF23, MANY, PACKAGE, by_blocks, by_onomondo, package
from support.hexes import hx

from apdu.tlv import tlv
from euicc_sim.formats.bpp import MAX_PACKAGE, MAX_PART, BppError, BppStream, Part


def whole_package() -> list[Part]:
    return list(BppStream().feed(PACKAGE))


def played(chains: list[bytes]) -> tuple[list[int], BppError]:
    """The tags that come before an error, and the error, which stays."""
    stream, tags = BppStream(), []
    try:
        for chain in chains:
            for part in stream.feed(chain):
                tags.append(part.tag)
    except BppError as error:
        with pytest.raises(BppError):
            next(stream.feed(b""))
        return tags, error
    raise AssertionError("no error")


def error_of(raw: bytes) -> tuple[list[int], BppError]:
    """The same, after a look that it is so byte by byte too."""
    tags, error = played([raw])
    slowly, same = played(list(by_blocks(raw, 1)))
    assert (slowly, same.section) == (tags, error.section)
    return tags, error


@pytest.mark.parametrize("size", range(0, len(PACKAGE), 13))
def test_a_truncated_package_is_not_complete_and_not_an_error(size: int) -> None:
    stream = BppStream()
    found = list(stream.feed(PACKAGE[:size]))
    assert found == whole_package()[: len(found)]
    assert not stream.complete


@pytest.mark.parametrize("more", ["00", "86 08 0000000000000000", "BF2D 00", "FF"])
def test_bytes_after_the_package_are_detected(more: str) -> None:
    tags, error = error_of(PACKAGE + hx(more))
    assert tags == [one.tag for one in whole_package()]
    assert "follow the package" in str(error)


ORDERS = [
    (BF23, 0, 0, "expected BF36, got BF23"),
    (tlv(0x86, bytes(24)), 0, 0, "expected BF36, got 86"),
    (hx("BF2D 00"), 0, 0, "expected BF36, got BF2D"),
    (hx("BF8136 00"), 0, 0, "expected BF36, got BF81"),
    (package(A0, A1, A3), 0, 0xBF36, "expected BF23, got A0"),
    (package(BF23, A1, A3), 1, 0xBF23, "expected A0, got A1"),
    (package(BF23, BF23, A0, A1, A3), 1, 0xBF23, "expected A0, got BF23"),
    (package(BF23, A0, A2, A3), 3, 0xA0, "expected A1, got A2"),
    (package(BF23, A0, A0, A1, A3), 3, 0xA0, "expected A1, got A0"),
    (package(BF23, A0, A3), 3, 0xA0, "expected A1, got A3"),
    (package(BF23, A0, A1, A1, A3), 5, 0xA1, "expected A2 or A3, got A1"),
    (package(BF23, A0, A1, A2, A2, A3), 7, 0xA2, "expected A3, got A2"),
    (package(BF23, A0, A1, A2, A1, A3), 7, 0xA2, "expected A3, got A1"),
    (package(BF23, tlv(0x87, bytes(24)), A1, A3), 1, 0xBF23, "expected A0, got 87"),
    (package(BF23, tlv(0xA0, tlv(0x88, bytes(9))), A1, A3), 2, 0xA0, "expected 87, got 88"),
    (package(BF23, tlv(0xA0, tlv(0x86, bytes(24))), A1, A3), 2, 0xA0, "expected 87, got 86"),
    (package(BF23, A0, tlv(0xA1, tlv(0x87, bytes(24))), A3), 4, 0xA1, "expected 88, got 87"),
    (package(BF23, A0, A1, tlv(0xA3, tlv(0x87, bytes(24)))), 6, 0xA3, "expected 86, got 87"),
    (package(BF23, A0, A1, A3, A3), 5, 0xA1, "28 bytes of the package follow A3"),
]


@pytest.mark.parametrize(("raw", "tags", "section", "why"), ORDERS, ids=[one[-1] for one in ORDERS])
def test_a_wrong_order_is_detected(raw: bytes, tags: int, section: int, why: str) -> None:
    found, error = error_of(raw)
    assert (len(found), error.section) == (tags, section)
    assert str(error).endswith(why)


GOOD = BF23 + A0 + A1 + A3
REST = A1 + A3


LENGTHS = [
    (hx("BF36 00"), 0, "BF36 is empty"),
    (hx("BF36 80 BF23"), 0, "the length 80 of BF36 cannot be read"),
    (hx("BF36 85 0000000001"), 0, "the length 85 of BF36 cannot be read"),
    (hx("BF36 FF 00"), 0, "the length FF of BF36 cannot be read"),
    (hx("BF36 84 FFFFFFFF"), 0, "BF36 claims 4294967295 bytes, the limit is 1048576"),
    (tlv(0xBF36, bytes(MAX_PACKAGE + 1))[:9], 0, "BF36 claims 1048577 bytes"),
    (package(hx("BF23 00"), A0, REST), 0xBF36, "BF23 is empty"),
    (package(BF23, hx("A0 00"), REST), 0xBF23, "A0 is empty"),
    (package(BF23, A0, hx("A1 00"), A3), 0xA0, "A1 is empty"),
    (package(BF23, A0, A1, hx("A2 00"), A3), 0xA1, "A2 is empty"),
    (package(BF23, A0, A1, hx("A3 00")), 0xA1, "A3 is empty"),
    (package(BF23, hx("A0 02 87 00"), REST), 0xA0, "87 is empty"),
    # the package is shorter or longer than it says
    (hx("BF36") + bytes((len(GOOD) - 1,)) + GOOD, 0xA1, "A3 has 28 bytes, 27 are left in BF36"),
    (hx("BF36") + bytes((len(GOOD) + 1,)) + GOOD, 0xA1, "1 bytes of the package follow A3"),
    (package(BF23), 0xBF36, "the package ends with BF23, without A3"),
    (package(BF23, A0), 0xBF23, "the package ends with A0, without A3"),
    (package(BF23, A0, A1), 0xA0, "the package ends with A1, without A3"),
    (package(BF23, A0, A1, A2), 0xA1, "the package ends with A2, without A3"),
    (hx("BF36 05 BF23 7F 00"), 0xBF36, "BF23 has 130 bytes, 5 are left in BF36"),
    # a section or a part is
    (package(BF23, hx("A0 19"), A0[2:], REST), 0xA0, "87 has 26 bytes, 25 are left in A0"),
    (package(BF23, hx("A0 1B"), A0[2:], REST), 0xA0, "expected 87, got A1"),
    (package(BF23, hx("A0 7E"), A0[2:], REST), 0xBF23, "A0 has 128 bytes, 69 are left"),
    (package(BF23, hx("A0 1A 87 17"), A0[4:], REST), 0xA0, "expected 87, got 0"),
    (package(BF23, hx("A0 1A 87 19"), A0[4:], REST), 0xA0, "87 has 27 bytes, 26 are left"),
]


@pytest.mark.parametrize(("raw", "section", "why"), LENGTHS, ids=[one[-1] for one in LENGTHS])
def test_a_wrong_length_is_detected(raw: bytes, section: int, why: str) -> None:
    _, error = error_of(raw)
    assert why in str(error)
    assert error.section == section


def test_a_wrong_length_is_detected_before_its_bytes_arrive() -> None:
    stream = BppStream()
    list(stream.feed(package(BF23, A0, A1, A3)[:-26]))
    with pytest.raises(BppError, match="byte 58 of the package: 86 has 27 bytes, 26 are left"):
        list(stream.feed(hx("86 19")))


@pytest.mark.parametrize("size", [MAX_PART, MAX_PART + 1])
def test_a_part_is_accepted_up_to_the_limit(size: int) -> None:
    raw = package(BF23, A0, A1, tlv(0xA3, tlv(0x86, bytes(size))))
    if size == MAX_PART:
        assert len(list(BppStream().feed(raw))[-1].data) == MAX_PART + 4
        return
    _, error = error_of(raw)
    assert f"86 claims {size} bytes, the limit is {MAX_PART}" in str(error)


def test_a_package_of_the_greatest_length_is_begun() -> None:
    stream = BppStream()
    assert list(stream.feed(hx("BF36 83 100000"))) == []
    assert (stream.section, stream.pending) == (0xBF36, 0)


@given(raw=st.binary(max_size=60), at=st.integers(0, len(PACKAGE)))
def test_any_bytes_continue_or_are_an_error(raw: bytes, at: int) -> None:
    stream = BppStream()
    list(stream.feed(PACKAGE[:at]))
    try:
        list(stream.feed(raw))
    except BppError:
        return
    assert stream.pending <= MAX_PART + 7


@given(bit=st.integers(0, 8 * len(MANY) - 1))
def test_a_flipped_bit_is_in_a_part_or_an_error(bit: int) -> None:
    spoilt = bytearray(MANY)
    spoilt[bit // 8] ^= 1 << bit % 8
    stream = BppStream()
    try:
        found = list(stream.feed(bytes(spoilt)))
    except BppError:
        return
    assert b"".join(one.data for one in found) in bytes(spoilt)


def test_a_dropped_second_87_is_detected_at_the_next_head() -> None:
    tags, error = played(list(by_onomondo(MANY)))
    assert tags == [0xBF23, 0xA0, 0x87]
    assert error.section == 0xA0
    assert "expected 87, got A1" in str(error)
