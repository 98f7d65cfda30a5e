"""BER-TLV: written as DER, read within bounds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.hexes import hx

from apdu import TlvError, tlv
from apdu.tlv import Tlv, children, read, read_tag, whole


@pytest.mark.parametrize(
    ("tag", "size", "head"),
    [
        (0x80, 0, "80 00"),
        (0x00, 0, "00 00"),
        (0x5A, 0x7F, "5A 7F"),
        (0x30, 0x80, "30 81 80"),
        (0x30, 0xFF, "30 81 FF"),
        (0xBF57, 0x100, "BF57 82 0100"),
        (0x9F70, 0xFFFF, "9F70 82 FFFF"),
        (0x7F8101, 0x10000, "7F8101 83 010000"),
    ],
)
def test_the_shortest_length_is_written(tag: int, size: int, head: str) -> None:
    written = tlv(tag, bytes(size))
    assert written == hx(head) + bytes(size)
    assert whole(written) == Tlv(tag, 0, len(hx(head)), len(written))


def test_parts_are_joined() -> None:
    assert tlv(0x30, hx("0101FF"), b"", hx("0500")) == hx("30 05 0101FF 0500")


@pytest.mark.parametrize("raw", ["30 81 01 00", "30 82 0001 00", "30 84 00000001 00"])
def test_a_longer_form_of_a_length_is_read(raw: str) -> None:
    item = whole(hx(raw))
    assert hx(raw)[item.value : item.end] == b"\0"


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "30",
        "BF",
        "BF57",
        "BF80 01 00",
        "BF818181 00",
        "BF8181",
        "30 01",
        "30 80 00 00",
        "30 81",
        "30 82 01",
        "30 85 0000000000",
        "30 FF",
        "30 84 FFFFFFFF",
    ],
)
def test_truncated_indefinite_and_over_long_objects_are_refused(raw: str) -> None:
    with pytest.raises(TlvError):
        read(hx(raw))


def test_an_object_must_not_go_past_the_given_end() -> None:
    assert read(hx("30 02 0500"), 0, 4).end == 4
    with pytest.raises(TlvError, match="claims 2 bytes, 1 left"):
        read(hx("30 02 0500"), 0, 3)


def test_an_indefinite_length_is_refused_even_where_128_bytes_follow() -> None:
    with pytest.raises(TlvError):
        read(hx("30 80") + bytes(128))


def test_a_length_of_0_in_a_longer_form_is_read_at_the_very_end() -> None:
    assert read(hx("30 81 00")) == Tlv(0x30, 0, 3, 3)


def test_a_tag_has_four_bytes_at_most() -> None:
    assert read(hx("BF 81 82 03 00")).tag == 0xBF818203
    with pytest.raises(TlvError):
        read(hx("BF 81 82 83 04 00"))


def test_a_zero_that_does_not_lead_a_tag_number_is_part_of_it() -> None:
    assert read(hx("BF 81 80 03 00")).tag == 0xBF818003


def test_a_tag_is_read_up_to_the_given_end() -> None:
    assert read_tag(hx("5A BF57"), 1) == (0xBF57, 3)
    with pytest.raises(TlvError):
        read_tag(hx("5A BF57"), 1, 2)


def test_objects_in_a_row_are_read_up_to_the_given_end() -> None:
    assert [one.tag for one in children(hx("80 00 5A 00"), 0, 2)] == [0x80]


def test_objects_in_a_row_are_read_to_the_end() -> None:
    assert [one.tag for one in children(hx("80 00 5A 01 00 BF57 00"))] == [0x80, 0x5A, 0xBF57]
    assert children(b"") == []
    assert [one.tag for one in children(hx("30 02 0500"), 2)] == [0x05]


def test_a_row_that_does_not_end_with_an_object_is_refused() -> None:
    with pytest.raises(TlvError):
        children(hx("80 00 5A"))


def test_bytes_after_the_one_object_are_refused() -> None:
    with pytest.raises(TlvError, match="1 bytes after object 80"):
        whole(hx("80 00 00"))


@given(st.binary(max_size=40))
def test_any_bytes_are_an_object_or_an_error(raw: bytes) -> None:
    try:
        item = read(raw)
    except TlvError:
        return
    assert 0 == item.start < item.value <= item.end <= len(raw)


@given(st.sampled_from([0x30, 0x5A, 0xBF51, 0x9F70]), st.binary(max_size=300))
def test_what_is_written_is_read(tag: int, content: bytes) -> None:
    raw = tlv(tag, content)
    item = whole(raw)
    assert (item.tag, raw[item.value : item.end]) == (tag, content)
