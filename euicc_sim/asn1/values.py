"""The values of simple types as text for people, and what is odd about them.

Knows types and a few kinds of content (ICCID, versions), not the messages around them.
"""

from __future__ import annotations

import json
from typing import Any

from pyasn1.type import char, univ, useful

from euicc_sim.asn1 import pkix
from euicc_sim.asn1.iccid import iccid_digits
from euicc_sim.asn1.primitives import read_integer

EMPTY = "(empty)"
LONG_NUMBER = 1 << 64
"""Numbers from here on are shown in hex, such as serial numbers of certificates."""

UNIVERSAL: dict[int, tuple[str, Any]] = {
    0x01: ("BOOLEAN", univ.Boolean()),
    0x02: ("INTEGER", univ.Integer()),
    0x03: ("BIT STRING", pkix.readable(univ.BitString())),
    0x04: ("OCTET STRING", univ.OctetString()),
    0x05: ("NULL", univ.Null()),
    0x06: ("OBJECT IDENTIFIER", univ.ObjectIdentifier()),
    0x0C: ("UTF8String", char.UTF8String()),
    0x13: ("PrintableString", char.PrintableString()),
    0x16: ("IA5String", char.IA5String()),
    0x17: ("UTCTime", useful.UTCTime()),
    0x18: ("GeneralizedTime", useful.GeneralizedTime()),
    0x30: ("SEQUENCE", None),
    0x31: ("SET", None),
}
"""The names of universal tags, and the type of primitive ones."""

_VERSIONS = ("svn", "version", "ver", "version item")
_VERSION_SIZE = 3
_ICCID_SIZE = 10


def text_of(spec: Any, value: Any, content: bytes, name: str) -> tuple[str, str]:
    """A value of a type as text, and what is odd about it, usually "".

    `content` is its bytes, `name` that of the field.
    """
    if isinstance(spec, univ.Boolean):
        odd = "" if content in (b"\x00", b"\xff") else "TRUE is FF in DER"
        return str(value).upper(), odd
    if isinstance(spec, univ.Integer):
        return _number(spec, read_integer(content))
    if isinstance(spec, univ.Null):
        return "NULL", ""
    if isinstance(spec, univ.BitString):
        return _bits(spec, value)
    if isinstance(spec, univ.ObjectIdentifier):
        known = pkix.oid_name(value)
        return f"{value} {known}".strip(), ""
    if isinstance(spec, char.AbstractCharacterString):
        return _string(spec, value)
    return _octets(spec, value, name), ""


def _number(spec: Any, value: int) -> tuple[str, str]:
    names = {int(number): str(one) for one, number in spec.namedValues.items()}
    if value in names:
        return f"{names[value]}({value})", ""
    odd = "not a code of this field" if names else ""
    return (f"{value:#X}" if abs(value) >= LONG_NUMBER else str(value)).replace("X", "x"), odd


def _bits(spec: Any, value: frozenset[int]) -> tuple[str, str]:
    names = {int(number): str(one) for one, number in spec.namedValues.items()}
    text = " | ".join(names.get(bit, f"bit {bit}") for bit in sorted(value))
    odd = sorted(value - set(names)) if names else []
    return text or "(none)", f"bits without a name: {odd}" if odd else ""


def _string(spec: Any, value: str | bytes) -> tuple[str, str]:
    if isinstance(value, bytes):
        value = value.decode(spec.encoding, errors="backslashreplace")
    odd = "" if value.isprintable() else "unprintable characters"
    return json.dumps(value, ensure_ascii=False), odd


def _octets(spec: Any, value: bytes, name: str) -> str:
    if isinstance(spec, pkix.BitOctets):
        unused = f" ({value[0]} bits unused)" if value[:1] > b"\0" else ""
        return value[1:].hex().upper() + unused
    text = value.hex().upper()
    if name == "iccid" and len(value) == _ICCID_SIZE:
        return f"{text} (digits {iccid_digits(value)})"
    if name.lower().endswith(_VERSIONS) and len(value) == _VERSION_SIZE:
        return f"{text} ({'.'.join(map(str, value))})"
    return text or EMPTY
