"""ICCIDs and EIDs: digits as people write them, bytes as cards store them."""

from __future__ import annotations

import re

from euicc_sim.asn1.iccid import swapped
from euicc_sim.parties.messages.errors import EimError

_PATTERN = re.compile(r"[0-9]{19}[0-9Ff]?")


def iccid_bytes(digits: str) -> bytes:
    """The 10 bytes of an ICCID of 19 or 20 digits, as EF.ICCID has them. Raises EimError."""
    if not _PATTERN.fullmatch(digits):
        raise EimError(
            f"{digits[:40]!r} is not an ICCID. Write its 19 or 20 digits as printed on a SIM."
        )
    return swapped(bytes.fromhex(digits.ljust(20, "F")))


def eid_bytes(eid: str) -> bytes:
    """The 16 bytes of an EID of 32 digits. Raises EimError."""
    if not re.fullmatch("[0-9]{32}", eid):
        raise EimError(f"{eid[:40]!r} is not an EID. Write its 32 digits without spaces.")
    return bytes.fromhex(eid)
