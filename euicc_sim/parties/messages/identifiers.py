"""ICCIDs and EIDs: digits as people write them, bytes as cards store them."""

from __future__ import annotations

import re

from euicc_sim.asn1.iccid import iccid_from
from euicc_sim.parties.messages.errors import EimError


def iccid_bytes(digits: str) -> bytes:
    """The 10 bytes of an ICCID of 18 to 20 digits, as EF.ICCID has them. Raises EimError."""
    try:
        return iccid_from(digits)
    except ValueError as error:
        raise EimError(f"{error}. Write its 18 to 20 digits as printed on a SIM.") from error


def eid_bytes(eid: str) -> bytes:
    """The 16 bytes of an EID of 32 digits. Raises EimError."""
    if not re.fullmatch("[0-9]{32}", eid):
        raise EimError(f"{eid[:40]!r} is not an EID. Write its 32 digits without spaces.")
    return bytes.fromhex(eid)
