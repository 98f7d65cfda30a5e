"""Profile packages made up for demos and measurements: a header, filler without meaning, an end."""

from __future__ import annotations

from apdu import tlv
from euicc_sim.asn1.iccid import swapped
from euicc_sim.parties.messages.iccid import iccid_bytes

HEADER, NON_STANDARD, END = 0xA0, 0xA9, 0xAA
SMALLEST = 200
"""Bytes; a package that is to be smaller has as many all the same."""


def made_up_package(
    iccid: str, name: str, *, size: int = SMALLEST, connectivity: bytes | None = None
) -> bytes:
    """A profile package of about `size` bytes; no network knows it.

    `iccid` has 19 or 20 digits, `connectivity` are httpParams (SGP.32 v1.2 clause 5.9.24). Raises
    EimError for an ICCID that is none.
    """
    header = tlv(
        HEADER,
        tlv(0x80, b"\x02"),
        tlv(0x81, b"\x03"),
        tlv(0x82, name.encode()),
        tlv(0x83, swapped(iccid_bytes(iccid))),
        tlv(0xA5),
        tlv(0xA6),
        b"" if connectivity is None else tlv(0x87, connectivity),
    )
    end = tlv(END, tlv(0xA0, tlv(0x81, b"\x02")))
    room = max(0, size - len(header) - len(end) - len(tlv(0xA0, tlv(0x81, b"\x01"))) - 10)
    filler = tlv(NON_STANDARD, tlv(0xA0, tlv(0x81, b"\x01")), tlv(0x82, bytes(room)))
    return header + filler + end
