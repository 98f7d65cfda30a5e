"""The ICCID on the wire: digits with swapped nibbles, as in EF.ICCID (ITU-T E.118)."""

import re

_PRINTED = re.compile(r"[0-9]{18,20}[Ff]{0,2}")
_SIZE = 20
"""Digits and fillers together."""


def swapped(raw: bytes) -> bytes:
    """Swap the nibbles of each byte; the inverse is the same."""
    return bytes((byte & 0x0F) << 4 | byte >> 4 for byte in raw)


def iccid_digits(raw: bytes) -> str:
    """The digits of an ICCID in the form of EF.ICCID, without the filler F."""
    return swapped(raw).hex().upper().rstrip("F")


def iccid_from(digits: str) -> bytes:
    """The 10 bytes of EF.ICCID for 18 to 20 digits in printed order, which fillers F may follow.

    Raises ValueError.
    """
    if len(digits) > _SIZE or not _PRINTED.fullmatch(digits):
        raise ValueError(f"{digits[:40]!r} is not an ICCID")
    return swapped(bytes.fromhex(digits.ljust(_SIZE, "F")))
