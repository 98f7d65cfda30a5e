"""The ICCID on the wire: digits with their half-bytes swapped, as in EF.ICCID (ITU-T E.118)."""


def swapped(raw: bytes) -> bytes:
    """The same bytes with the halves of each exchanged, which goes both ways."""
    return bytes((byte & 0x0F) << 4 | byte >> 4 for byte in raw)


def iccid_digits(raw: bytes) -> str:
    """The digits of an ICCID as EF.ICCID has it, without the filler F."""
    return swapped(raw).hex().upper().rstrip("F")
