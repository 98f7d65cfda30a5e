"""The ICCID on the wire: digits with swapped nibbles, as in EF.ICCID (ITU-T E.118)."""

import re

from apdu.bcd import digits, swapped

_PRINTED = re.compile(r"[0-9]{18,20}[Ff]{0,2}")
_SIZE = 20
"""Digits and fillers together."""


def iccid_digits(raw: bytes) -> str:
    """The digits of an ICCID in the form of EF.ICCID, without the filler F."""
    return digits(raw)


def iccid_from(printed: str) -> bytes:
    """The 10 bytes of EF.ICCID for 18 to 20 digits in printed order, which fillers F may follow.

    Raises ValueError.
    """
    if len(printed) > _SIZE or not _PRINTED.fullmatch(printed):
        raise ValueError(f"{printed[:40]!r} is not an ICCID")
    return swapped(bytes.fromhex(printed.ljust(_SIZE, "F")))
