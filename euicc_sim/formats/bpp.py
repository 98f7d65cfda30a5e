"""Splits the byte stream of a Bound Profile Package into its parts.

SGP.22 v2.5 clauses 2.5.4 and 2.5.5. Senders split the package differently, so splits do not matter
here. Knows the outer tags of the package and their order, and nothing of cryptography, ASN.1 types
or the card.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

MAX_PACKAGE = 0x100000
"""The longest package accepted, in bytes: 1 MiB, more than any card has room for."""
MAX_PART = 0x4000
"""The longest InitialiseSecureChannel or protected part, in bytes; senders use about 1 KiB."""

PACKAGE = 0xBF36
INITIALISE_SECURE_CHANNEL = 0xBF23
CONFIGURE_ISDP, STORE_METADATA, REPLACE_SESSION_KEYS, PROFILE_ELEMENTS = 0xA0, 0xA1, 0xA2, 0xA3
_START = 0

SEGMENTS = {
    CONFIGURE_ISDP: 0x87,
    STORE_METADATA: 0x88,
    REPLACE_SESSION_KEYS: 0x87,
    PROFILE_ELEMENTS: 0x86,
}
"""The four sequences, each with the tag of its elements."""

CONTINUING = frozenset(SEGMENTS) | frozenset(SEGMENTS.values())
"""The tags that continue a package, clause 2.5.5."""

_NEXT = {
    _START: (PACKAGE,),
    PACKAGE: (INITIALISE_SECURE_CHANNEL,),
    INITIALISE_SECURE_CHANNEL: (CONFIGURE_ISDP,),
    CONFIGURE_ISDP: (STORE_METADATA,),
    STORE_METADATA: (REPLACE_SESSION_KEYS, PROFILE_ELEMENTS),
    REPLACE_SESSION_KEYS: (PROFILE_ELEMENTS,),
    PROFILE_ELEMENTS: (),
}
_MAX_LENGTH_BYTES = 4
_MAX_HEAD = 2 + 1 + _MAX_LENGTH_BYTES


class BppError(ValueError):
    """Bytes that are not a Bound Profile Package.

    `section` is what was being read: 0 before the package, then BF36, BF23, A0, A1, A2 or A3.
    """

    def __init__(self, section: int, why: str) -> None:
        super().__init__(why)
        self.section = section


class Part(NamedTuple):
    """A complete BF23, the tag and length of A0 to A3, or a complete protected 87, 88 or 86.

    `section` is the sequence that a protected part belongs to; for the others, their own tag.
    """

    tag: int
    section: int
    data: bytes


class _Head(NamedTuple):
    tag: int
    size: int
    length: int

    @property
    def total(self) -> int:
        return self.size + self.length


@dataclass(slots=True)
class BppStream:
    """One package being received. Holds only the part that is not complete yet."""

    section: int = _START
    """The section begun last, as in BppError."""
    position: int = 0
    """How many bytes of the package have been given out, including its own tag and length."""
    _buffer: bytes = field(default=b"", repr=False)
    _at: int = 0
    _package_left: int = 0
    _section_left: int = 0

    def feed(self, data: bytes) -> Iterator[Part]:
        """Add the next bytes; yield the parts they complete.

        Raises BppError at the first fault, after yielding the parts before it; every later call
        raises it again. Parts that the caller does not take are yielded by the next call.
        """
        self._buffer = self._buffer[self._at :] + data
        self._at = 0
        return self._parts()

    @property
    def complete(self) -> bool:
        """Whether all bytes that the package declares have been given out."""
        return self.section == PROFILE_ELEMENTS and self._package_left == 0

    @property
    def section_complete(self) -> bool:
        """Whether the sequence begun last (A0 to A3) is complete."""
        return self.section in SEGMENTS and self._section_left == 0

    @property
    def pending(self) -> int:
        """Bytes held of a part that is not complete yet; 0 when the next byte begins a tag."""
        return len(self._buffer) - self._at

    def fork(self) -> BppStream:
        """An independent copy."""
        made = BppStream(self.section, self.position)
        made._buffer, made._at = self._buffer, self._at
        made._package_left, made._section_left = self._package_left, self._section_left
        return made

    def _parts(self) -> Iterator[Part]:
        while (head := self._head()) is not None:
            self._check(head)
            opens = head.tag == PACKAGE or head.tag in SEGMENTS
            size = head.size if opens else head.total
            if self.pending < size:
                return
            data = self._take(head, size)
            if head.tag != PACKAGE:
                yield Part(head.tag, self.section, data)

    def _take(self, head: _Head, size: int) -> bytes:
        data = self._buffer[self._at : self._at + size]
        self._at += size
        self.position += size
        if head.tag == PACKAGE:
            self.section, self._package_left = head.tag, head.length
            return data
        self._package_left -= size
        if self._section_left:
            self._section_left -= size
        else:
            self.section = head.tag
            self._section_left = head.length if head.tag in SEGMENTS else 0
        return data

    def _head(self) -> _Head | None:
        """The next tag and length; None when they are not complete yet."""
        data = self._buffer[self._at : self._at + _MAX_HEAD]
        if not data:
            return None
        if self.complete:
            raise self._error(f"{self.pending} bytes follow the package")
        width = 2 if data[0] & 0x1F == 0x1F else 1
        if len(data) < width:
            return None
        tag = int.from_bytes(data[:width])
        if tag not in self._due():
            due = " or ".join(f"{one:X}" for one in self._due())
            raise self._error(f"expected {due}, got {tag:X}")
        return self._length(tag, data, width)

    def _length(self, tag: int, data: bytes, width: int) -> _Head | None:
        if len(data) == width:
            return None
        first, size = data[width], width + 1
        if first < 0x80:
            return _Head(tag, size, first)
        more = first & 0x7F
        if not 0 < more <= _MAX_LENGTH_BYTES:
            raise self._error(f"the length {first:02X} of {tag:X} cannot be read")
        if len(data) < size + more:
            return None
        return _Head(tag, size + more, int.from_bytes(data[size : size + more]))

    def _due(self) -> tuple[int, ...]:
        return (SEGMENTS[self.section],) if self._section_left else _NEXT[self.section]

    def _check(self, head: _Head) -> None:
        """Refuse a length that does not fit exactly into everything around it."""
        name = f"{head.tag:X}"
        if not head.length:
            raise self._error(f"{name} is empty")
        most = MAX_PACKAGE if head.tag == PACKAGE or head.tag in SEGMENTS else MAX_PART
        if head.length > most:
            raise self._error(f"{name} claims {head.length} bytes, the limit is {most}")
        if head.tag == PACKAGE:
            return
        left = self._section_left or self._package_left
        if head.total > left:
            around = self.section if self._section_left else PACKAGE
            raise self._error(f"{name} has {head.total} bytes, {left} are left in {around:X}")
        if self._section_left:
            return
        after = left - head.total
        if head.tag == PROFILE_ELEMENTS and after:
            raise self._error(f"{after} bytes of the package follow {name}")
        if head.tag != PROFILE_ELEMENTS and not after:
            raise self._error(f"the package ends with {name}, without {PROFILE_ELEMENTS:X}")

    def _error(self, why: str) -> BppError:
        return BppError(self.section, f"byte {self.position} of the package: {why}")
