"""The content octets of ASN.1's simple types (ITU-T X.690 clause 8, DER when writing).

Each rule takes a pyasn1 type and returns its decoder and encoder.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyasn1.type import char, univ

MAX_BIT_STRING = 64
"""The most content bytes of a BIT STRING with named bits."""

MAX_INTEGER = 0x1000
"""The most content bytes of an INTEGER. No message has one of more than 20; up to here, a function
can say that a number is out of its range."""

MAX_STORED = 8
"""The most content bytes of an INTEGER that is stored, as in JSON and SQL."""

MAX_NAMED = 2**63 - 1
"""The largest INTEGER accepted where values have names, as such numbers are stored in JSON."""

MAX_ARC_BYTES = 16
"""The most bytes of one number in an OBJECT IDENTIFIER: enough for a UUID and more."""

Read = Callable[[bytes], Any]
Write = Callable[[Any], bytes]


class Asn1Error(ValueError):
    """Bytes that are not the expected message, or a value that is not of its type."""


class UnknownCode(int):
    """A result code without a name."""

    __slots__ = ()


class Codes(univ.Integer):
    """An INTEGER decoded as the name of its value."""


class StoredInteger(univ.Integer):
    """An INTEGER that is stored: at most `MAX_STORED` bytes."""


class AllBits(univ.BitString):
    """A BIT STRING with a bit for each name, also where DER would cut zeros at the end."""


def rule_for(spec: Any) -> tuple[Read, Write]:
    """The decoder and encoder for the content of a simple type; TypeError for other types."""
    for kind, rule in _RULES.items():
        if isinstance(spec, kind):
            return rule(spec)
    raise TypeError(f"no codec for {type(spec).__name__}")


def read_integer(content: bytes) -> int:
    """Two's complement; Asn1Error if it is empty or has more than `MAX_INTEGER` bytes."""
    if not content:
        raise Asn1Error("an INTEGER has at least one byte")
    if len(content) > MAX_INTEGER:
        raise Asn1Error(f"an INTEGER of {len(content)} bytes; {MAX_INTEGER} are enough")
    return int.from_bytes(content, signed=True)


def write_integer(value: int) -> bytes:
    """The shortest two's complement."""
    size = (value if value >= 0 else ~value).bit_length() // 8 + 1
    return value.to_bytes(size, signed=True)


def _integer(spec: Any) -> tuple[Read, Write]:
    names = {str(name): int(number) for name, number in spec.namedValues.items()}
    instead: dict[str, str] = getattr(spec, "instead", {})
    by_number = {number: name for name, number in names.items()}

    def read_named(content: bytes) -> int:
        number = read_integer(content)
        if abs(number) > MAX_NAMED:
            raise Asn1Error(
                f"a number of {number.bit_length()} bits instead of one of {', '.join(names)}"
            )
        return number

    def read_code(content: bytes) -> str | UnknownCode:
        number = read_named(content)
        return by_number.get(number) or UnknownCode(number)

    def write(value: int | str) -> bytes:
        if isinstance(value, str):
            value = instead.get(value, value)
            if value not in names:
                raise Asn1Error(f"{value} is not a code of {', '.join(names) or 'this INTEGER'}")
            value = names[value]
        return write_integer(value)

    def read_stored(content: bytes) -> int:
        if len(content) > MAX_STORED:
            raise Asn1Error(f"an INTEGER of {len(content)} bytes; {MAX_STORED} are enough")
        return read_integer(content)

    if isinstance(spec, Codes):
        return read_code, write

    def write_stored(value: int) -> bytes:
        content = write_integer(value)
        if len(content) > MAX_STORED:
            raise Asn1Error(f"{value} needs {len(content)} bytes; {MAX_STORED} are enough")
        return content

    if isinstance(spec, StoredInteger):
        return read_stored, write_stored
    return read_named if names else read_integer, write


def _octets(_: Any) -> tuple[Read, Write]:
    return bytes, bytes


def _utf8(_: Any) -> tuple[Read, Write]:
    def read(content: bytes) -> str:
        try:
            return content.decode()
        except UnicodeDecodeError as error:
            raise Asn1Error(f"not UTF-8: {content[:40].hex()}") from error

    return read, str.encode


def _boolean(_: Any) -> tuple[Read, Write]:
    def read(content: bytes) -> bool:
        if len(content) != 1:
            raise Asn1Error("a BOOLEAN has one byte")
        return content != b"\0"

    return read, lambda value: b"\xff" if value else b"\0"


def _null(_: Any) -> tuple[Read, Write]:
    def read(content: bytes) -> None:
        if content:
            raise Asn1Error("NULL has no content")

    return read, lambda _: b""


def _bits(spec: Any) -> tuple[Read, Write]:
    least = len(spec.namedValues) if isinstance(spec, AllBits) else 0

    def read(content: bytes) -> frozenset[int]:
        if not content or len(content) > MAX_BIT_STRING or content[0] > 7:
            raise Asn1Error(f"not a BIT STRING of named bits: {content[:8].hex()}")
        count = 8 * (len(content) - 1) - content[0]
        if count < 0:
            raise Asn1Error("a BIT STRING cannot have unused bits and no bits")
        number = int.from_bytes(content[1:]) >> content[0]
        return frozenset(i for i in range(count) if number >> (count - 1 - i) & 1)

    def write(value: frozenset[int]) -> bytes:
        count = max(least, *(bit + 1 for bit in value), 0)
        size = (count + 7) // 8
        number = sum(1 << (8 * size - 1 - bit) for bit in value)
        return bytes((8 * size - count,)) + number.to_bytes(size)

    return read, write


def _oid(_: Any) -> tuple[Read, Write]:
    return read_oid, write_oid


def read_oid(content: bytes) -> str:
    """The dotted form of an OBJECT IDENTIFIER's content."""
    arcs, number, size = [], 0, 0
    for byte in content:
        number, size = number << 7 | byte & 0x7F, size + 1
        if size > MAX_ARC_BYTES:
            raise Asn1Error("an OBJECT IDENTIFIER with an incomplete number")
        if not byte & 0x80:
            arcs.append(number)
            number, size = 0, 0
    if not arcs or size:
        raise Asn1Error(f"not an OBJECT IDENTIFIER: {content[:40].hex()}")
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


def write_oid(dotted: str) -> bytes:
    """The content of an OBJECT IDENTIFIER; Asn1Error if `dotted` is malformed."""
    parts = dotted.split(".")
    if len(parts) < 2 or not all(one.isdecimal() for one in parts):
        raise Asn1Error(f"{dotted!r} is not a dotted OBJECT IDENTIFIER, such as 2.999.10")
    first, second, *rest = map(int, parts)
    if first > 2 or (first < 2 and second > 39):
        raise Asn1Error(f"{dotted!r} is not an OBJECT IDENTIFIER")
    return b"".join(_arc(number) for number in (40 * first + second, *rest))


def _arc(number: int) -> bytes:
    raw = bytes((number & 0x7F,))
    while number := number >> 7:
        raw = bytes((0x80 | number & 0x7F,)) + raw
    return raw


_RULES: dict[Any, Callable[[Any], tuple[Read, Write]]] = {
    univ.Boolean: _boolean,  # pyasn1's Boolean is an Integer, so it comes first
    univ.Integer: _integer,
    univ.Null: _null,  # and its Null and its strings are OctetStrings
    char.UTF8String: _utf8,
    univ.OctetString: _octets,
    univ.BitString: _bits,
    univ.ObjectIdentifier: _oid,
}


# -- values in messages to people

_SHOWN_BITS = 64


def number(value: int) -> str:
    """A number in digits, or only its size if it is huge, as a sender may choose any."""
    bits = value.bit_length()
    return str(value) if bits <= _SHOWN_BITS else f"of {bits} bits"
