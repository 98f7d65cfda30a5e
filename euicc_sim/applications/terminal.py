"""TERMINAL CAPABILITY, ETSI TS 102 221 clause 11.1.19: what a device says about itself."""

from __future__ import annotations

from apdu import TlvError
from apdu.tlv import children, whole

TERMINAL_CAPABILITY = 0xAA
IPA_SUPPORT, IPAD = 0x84, 0x01


def declares_ipad(capability: bytes) -> bool:
    """Whether TERMINAL CAPABILITY declares an IPAd, an IPA in the device (SGP.32 clause 3.8.4)."""
    try:
        item = whole(capability)
        found = [one for one in children(capability, item.value) if one.tag == IPA_SUPPORT]
    except TlvError:
        return False
    return any(one.value < one.end and capability[one.value] & IPAD for one in found)
