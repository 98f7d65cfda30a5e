"""Answers to reset, taken apart."""

import pytest

from apdu.atr import DIRECT, INVERSE, Atr


@pytest.mark.parametrize(
    ("atr", "expected"),
    [
        ("3B00", Atr(DIRECT, (), b"")),
        ("3F02AABB", Atr(INVERSE, (), b"\xaa\xbb")),
        ("3B80 80 00", Atr(DIRECT, (0x80, 0x00), b"")),
        ("3B80 01 81", Atr(DIRECT, (0x01,), b"")),
        ("3BF2 11223300 AABB", Atr(DIRECT, (0x00,), b"\xaa\xbb")),
    ],
)
def test_its_parts_are_found(atr: str, expected: Atr) -> None:
    data = bytes.fromhex(atr)
    assert Atr.parse(data) == expected


@pytest.mark.parametrize("atr", ["", "3B", "3C00", "3B01", "3B0000", "3B80", "3B8001", "3B" * 34])
def test_what_is_no_atr_is_refused(atr: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Atr.parse(bytes.fromhex(atr))


def test_protocols_are_named_once_and_are_t_0_by_default() -> None:
    assert Atr.parse(bytes.fromhex("3B00")).protocols == (0,)
    assert Atr(DIRECT, (0x80, 0x1F, 0xC7), b"").protocols == (0, 15, 7)
    assert Atr(DIRECT, (0x81, 0x31), b"").protocols == (1,)
