"""The ICCID on the wire: digits with swapped nibbles, as in EF.ICCID (ITU-T E.118)."""


def swapped(raw: bytes) -> bytes:
    """Swap the nibbles of each byte; the inverse is the same."""
    return bytes((byte & 0x0F) << 4 | byte >> 4 for byte in raw)


def iccid_digits(raw: bytes) -> str:
    """The digits of an ICCID in the form of EF.ICCID, without the filler F."""
    return swapped(raw).hex().upper().rstrip("F")
