"""Unprotected Profile Packages: reading the header, and making one for tests."""

from __future__ import annotations

from apdu import TlvError, tlv
from apdu.bcd import swapped
from apdu.tlv import children, read
from euicc_sim.asn1.iccid import iccid_digits
from euicc_sim.parties.messages.identifiers import iccid_bytes
from euicc_sim.parties.smdpp.metadata import (
    Event,
    Metadata,
    MetadataError,
    NotificationTarget,
)

_HEADER, _PROFILE_TYPE, _ICCID = 0xA0, 0x82, 0x83
_ICCID_SIZE = 10
_NAME_SIZE = 64


def metadata_of(package: bytes, address: str) -> Metadata:
    """Metadata for an unprotected Profile Package: ICCID and name from its header.

    `address` is notified when the Profile is enabled, disabled or deleted. Raises MetadataError if
    the package does not begin with a header.
    """
    header = _header(package)
    number = header.get(_ICCID, b"")
    if len(number) != _ICCID_SIZE:
        raise MetadataError(
            f"The header of the Profile Package has an ICCID of {len(number)} bytes, not "
            f"{_ICCID_SIZE}. Use a complete package, or give the metadata."
        )
    # The header has the digits in printed order, metadata with the nibbles of each byte swapped.
    name = header.get(_PROFILE_TYPE, b"")[:_NAME_SIZE].decode(errors="ignore")
    events = (Event.ENABLE, Event.DISABLE, Event.DELETE)
    return Metadata(
        iccid=iccid_digits(swapped(number)),
        profile_name=name,
        notifications=tuple(NotificationTarget(frozenset({one}), address) for one in events),
    )


def _header(package: bytes) -> dict[int, bytes]:
    try:
        outer = read(package)
        fields = children(package, outer.value, outer.end)
    except TlvError as error:
        raise _no_package(str(error)) from error
    if outer.tag != _HEADER:
        raise _no_package(f"it begins with {outer.tag:X}, not with the header {_HEADER:X}")
    return {one.tag: package[one.value : one.end] for one in fields}


def _no_package(why: str) -> MetadataError:
    return MetadataError(
        f"This is not an unprotected Profile Package: {why}. Give the DER of its profile elements."
    )


HEADER, NON_STANDARD, END = 0xA0, 0xA9, 0xAA
SMALLEST = 200
"""The minimum size in bytes."""


def made_up_package(
    iccid: str, name: str, *, size: int = SMALLEST, connectivity: bytes | None = None
) -> bytes:
    """A profile package of about `size` bytes, for no real network.

    `iccid` has 18 to 20 digits, `connectivity` is httpParams (SGP.32 v1.2 clause 5.9.24). Raises
    EimError for a malformed ICCID.
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
