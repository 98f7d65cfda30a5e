"""Bytes to values and back, for types that are declared with pyasn1.

The types are pyasn1's; the reading is our own, since a card must do what pyasn1's decoder does
not: refuse indefinite lengths, skip the unknown fields of a later version, hand out parts exactly
as they were received, and be quick. Knows types; not what a message is for.

Values are plain: INTEGER is int (or its name when encoding), OCTET STRING bytes, UTF8String str,
BOOLEAN bool, NULL None, OBJECT IDENTIFIER "2.999.10", BIT STRING the frozenset of the bits that
are set, SEQUENCE a dict of the fields that are there, SEQUENCE OF a list, CHOICE (name, value).
A type with `kept_whole = True` is the bytes of its object under its own universal tag, and one
with `kept_as_is = True` the bytes as received; `items_kept_as_is` says so of a list's elements.
"""

from __future__ import annotations

from typing import Any

from apdu.tlv import Tlv, TlvError, read, whole
from euicc_sim.asn1.nodes import Choice, Prepared, Unknown, node_of
from euicc_sim.asn1.primitives import Asn1Error

__all__ = [
    "Asn1Error",
    "Prepared",
    "Unknown",
    "alternative",
    "decode",
    "decode_at",
    "encode",
    "read_keeping",
]


def decode(spec: Any, data: bytes) -> Any:
    """Read the one object that `data` is. Raises Asn1Error; unknown fields are skipped."""
    try:
        item = whole(data)
    except TlvError as error:
        raise Asn1Error(str(error)) from error
    return decode_at(spec, data, item)


def decode_at(spec: Any, data: bytes, item: Tlv) -> Any:
    """Read an object inside a larger buffer; see `decode`."""
    node = node_of(spec)
    if item.tag not in node.tags:
        raise Asn1Error(f"{node.name} cannot begin with tag {item.tag:X}")
    try:
        return node.decode(data, item)
    except TlvError as error:
        raise Asn1Error(f"{node.name}: {error}") from error


def read_keeping(spec: Any, data: bytes) -> Any:
    """As `decode`, for answers of a later version: an alternative that is not known is Unknown.

    Elements that a list cannot have are passed over, as unknown fields of a SEQUENCE are.
    """
    node = node_of(spec, keeping=True)
    try:
        item = whole(data)
        if item.tag not in node.tags and not node.keeps_unknown:
            raise Asn1Error(f"{node.name} cannot begin with tag {item.tag:X}")
        return node.decode(data, item)
    except TlvError as error:
        raise Asn1Error(f"{node.name}: {error}") from error


def encode(spec: Any, value: Any) -> bytes:
    """Write DER. Raises Asn1Error when the value does not fit the type."""
    return node_of(spec).encode(value)


def alternative(spec: Any, data: bytes) -> str | None:
    """Which alternative of an untagged CHOICE `data` begins; None when it begins none."""
    node = node_of(spec)
    try:
        tag = read(data).tag
    except TlvError:
        return None
    found = node.by_tag.get(tag) if isinstance(node, Choice) else None
    return found[0] if found else None
