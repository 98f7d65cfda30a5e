"""Digits as SIMs store them: two in a byte, the first in its low half, F as a filler.

EF.ICCID (ETSI TS 102 221 clause 13.2), EF.IMSI, MCC and MNC, and the ICCIDs of ES10.
"""

from __future__ import annotations


def swapped(raw: bytes) -> bytes:
    """Swap the nibbles of each byte; the inverse is the same."""
    return bytes((byte & 0x0F) << 4 | byte >> 4 for byte in raw)


def digits(raw: bytes) -> str:
    """The digits, without fillers at the end; what is no digit is a letter from A."""
    return swapped(raw).hex().upper().rstrip("F")
