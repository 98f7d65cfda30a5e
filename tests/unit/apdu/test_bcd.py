"""Digits, two in a byte."""

import pytest

from apdu.bcd import digits, swapped


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("98001010000000000803", "89000101000000008030"),
        ("9810100000000000F0", "89010100000000000"),
        ("00F110", "001F01"),
        ("FFFF", ""),
        ("", ""),
    ],
)
def test_the_first_digit_is_in_the_low_half_and_fillers_are_left_out(raw: str, said: str) -> None:
    assert digits(bytes.fromhex(raw)) == said


def test_swapping_twice_changes_nothing() -> None:
    every = bytes(range(256))
    assert swapped(swapped(every)) == every
