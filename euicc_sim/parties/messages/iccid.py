"""The ICCID: digits as people write them, half-bytes swapped on the wire (ITU-T E.118)."""

from __future__ import annotations

import re

from euicc_sim.asn1.iccid import iccid_digits, swapped
from euicc_sim.parties.messages.errors import EimError

__all__ = ["iccid_bytes", "iccid_digits"]

_PATTERN = re.compile(r"[0-9]{19}[0-9Ff]?")


def iccid_bytes(digits: str) -> bytes:
    """The 10 bytes of an ICCID of 19 or 20 digits, as EF.ICCID has them. Raises EimError."""
    if not _PATTERN.fullmatch(digits):
        raise EimError(
            f"{digits[:40]!r} is no ICCID. Write its 19 or 20 digits in the order printed on a SIM."
        )
    return swapped(bytes.fromhex(digits.ljust(20, "F")))
