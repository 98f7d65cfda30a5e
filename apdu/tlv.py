"""BER-TLV with definite lengths (ISO/IEC 8825-1): writes DER, reads strictly within bounds.

A tag is an integer made of its bytes: 0x30, 0xBF57. Knows nothing of ASN.1 schemas.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

MAX_TAG_BYTES = 4
MAX_LENGTH_BYTES = 4

_SHORT = tuple(bytes((length,)) for length in range(0x80))


class TlvError(ValueError):
    """Bytes that are not BER-TLV with definite lengths."""


class Tlv(NamedTuple):
    """One object in a buffer: its tag, and the offsets of its start, its value and its end."""

    tag: int
    start: int
    value: int
    end: int


def tlv(tag: int, *parts: bytes) -> bytes:
    """Encode one object in DER; its value is `parts` joined."""
    content = b"".join(parts)
    return tag_bytes(tag) + length_bytes(len(content)) + content


@lru_cache(maxsize=1024)
def tag_bytes(tag: int) -> bytes:
    """The bytes of a tag."""
    return tag.to_bytes((tag.bit_length() + 7) // 8 or 1)


def length_bytes(length: int) -> bytes:
    """The shortest form of a length."""
    if length < 0x80:
        return _SHORT[length]
    size = (length.bit_length() + 7) // 8
    return bytes((0x80 | size,)) + length.to_bytes(size)


def read(data: bytes, start: int = 0, end: int | None = None) -> Tlv:
    """Read the object that begins at `start` and ends no later than `end`.

    Raises TlvError for truncated, indefinite or over-long tags and lengths.
    """
    end = len(data) if end is None else end
    if start + 2 <= end and data[start] & 0x1F != 0x1F and data[start + 1] < 0x80:
        tag, length, value = data[start], data[start + 1], start + 2
    else:
        tag, at = read_tag(data, start, end)
        length, value = _read_length(data, at, end)
    if length > end - value:
        raise TlvError(f"object {tag:X} at byte {start} claims {length} bytes, {end - value} left")
    return Tlv(tag, start, value, value + length)


def children(data: bytes, start: int = 0, end: int | None = None) -> list[Tlv]:
    """Read the objects between `start` and `end`, which they must fill exactly; else TlvError."""
    end = len(data) if end is None else end
    found = []
    while start < end:
        item = read(data, start, end)
        found.append(item)
        start = item.end
    return found


def whole(data: bytes) -> Tlv:
    """Read `data` as one object; raises TlvError when bytes follow it."""
    item = read(data)
    if item.end != len(data):
        raise TlvError(f"{len(data) - item.end} bytes after object {item.tag:X}")
    return item


def read_tag(data: bytes, start: int = 0, end: int | None = None) -> tuple[int, int]:
    """Read a tag; return it and the offset of its end. Raises TlvError."""
    end = len(data) if end is None else end
    if start >= end:
        raise TlvError(f"no tag at byte {start}")
    tag, at = data[start], start + 1
    if tag & 0x1F != 0x1F:
        return tag, at
    while True:
        if at >= end or at - start >= MAX_TAG_BYTES:
            raise TlvError(f"tag at byte {start} does not end")
        byte = data[at]
        if at == start + 1 and byte == 0x80:
            raise TlvError(f"tag at byte {start} has a leading zero")
        tag, at = tag << 8 | byte, at + 1
        if not byte & 0x80:
            return tag, at


def _read_length(data: bytes, at: int, end: int) -> tuple[int, int]:
    if at >= end:
        raise TlvError(f"no length at byte {at}")
    first, at = data[at], at + 1
    if first < 0x80:
        return first, at
    size = first & 0x7F
    if not size or size > MAX_LENGTH_BYTES or size > end - at:
        raise TlvError(f"length {first:02X} before byte {at} cannot be read")
    return int.from_bytes(data[at : at + size]), at + size
