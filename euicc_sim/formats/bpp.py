"""A Bound Profile Package as it comes in: a stream of bytes, cut into its parts.

SGP.22 v2.5 clauses 2.5.4 and 2.5.5. Senders cut the package differently, so cuts mean nothing
here. Knows the tags of the package's skeleton and their order; no cryptography, no ASN.1 types,
nothing of the card.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field
from typing import NamedTuple

MAX_PACKAGE = 0x100000
"""Bytes that a package may declare: 1 MiB, more than any card has room for."""
MAX_PART = 0x4000
"""Bytes of InitialiseSecureChannel or of one protected part; senders use up to about 1 KiB."""

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
"""The tag of what each of the four sequences is made of."""

CONTINUING = frozenset(SEGMENTS) | frozenset(SEGMENTS.values())
"""The tags by which a package that was begun goes on, clause 2.5.5."""

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
    """Bytes that are no Bound Profile Package.

    `section` is what was being read: 0 before the package, then BF36, BF23, A0, A1, A2 or A3.
    """

    def __init__(self, section: int, why: str) -> None:
        """In that section, for that reason."""
        super().__init__(why)
        self.section = section


class Part(NamedTuple):
    """BF23 whole, the head (tag and length) of A0 to A3, or a protected 87, 88 or 86 whole.

    `section` is the sequence that a protected part is in; of the others it is their own tag.
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
    """One package on its way in. Holds no more of it than the part that is not complete yet."""

    section: int = _START
    """The section that was begun last, as in BppError."""
    position: int = 0
    """Bytes of the package that were given out, its own tag and length with them."""
    _buffer: bytes = field(default=b"", repr=False)
    _at: int = 0
    _package_left: int = 0
    _section_left: int = 0

    def feed(self, data: bytes) -> Iterator[Part]:
        """Take the next bytes; gives the parts that they complete, each when it is asked for.

        Raises BppError where the package goes wrong, after the parts before that place. What is
        not asked for comes with the next bytes. After an error every further call raises it too.
        """
        self._buffer = self._buffer[self._at :] + data
        self._at = 0
        return self._parts()

    @property
    def complete(self) -> bool:
        """Whether all bytes that the package declares were given out."""
        return self.section == PROFILE_ELEMENTS and self._package_left == 0

    @property
    def section_complete(self) -> bool:
        """Whether the sequence A0 to A3 that was begun last has come to its end."""
        return self.section in SEGMENTS and self._section_left == 0

    @property
    def pending(self) -> int:
        """Bytes of a part that is not complete yet. 0: the next bytes begin with a tag."""
        return len(self._buffer) - self._at

    def fork(self) -> BppStream:
        """The same stream again; what one of the two does the other does not know."""
        return copy(self)

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
        """The tag and length that come next; None when they are not complete yet."""
        data = self._buffer[self._at : self._at + _MAX_HEAD]
        if not data:
            return None
        if self.complete:
            raise self._error(f"{self.pending} bytes after the package")
        width = 2 if data[0] & 0x1F == 0x1F else 1
        if len(data) < width:
            return None
        tag = int.from_bytes(data[:width])
        if tag not in self._due():
            due = " or ".join(f"{one:X}" for one in self._due())
            raise self._error(f"{tag:X} where {due} is due")
        return self._length(tag, data, width)

    def _length(self, tag: int, data: bytes, width: int) -> _Head | None:
        if len(data) == width:
            return None
        first, size = data[width], width + 1
        if first < 0x80:
            return _Head(tag, size, first)
        more = first & 0x7F
        if not 0 < more <= _MAX_LENGTH_BYTES:
            raise self._error(f"{tag:X} has the length {first:02X}, which cannot be read")
        if len(data) < size + more:
            return None
        return _Head(tag, size + more, int.from_bytes(data[size : size + more]))

    def _due(self) -> tuple[int, ...]:
        return (SEGMENTS[self.section],) if self._section_left else _NEXT[self.section]

    def _check(self, head: _Head) -> None:
        """Believe a length only if everything around it has room for it, and no room to spare."""
        name = f"{head.tag:X}"
        if not head.length:
            raise self._error(f"{name} is empty")
        most = MAX_PACKAGE if head.tag == PACKAGE or head.tag in SEGMENTS else MAX_PART
        if head.length > most:
            raise self._error(f"{name} claims {head.length} bytes, at most {most} are taken")
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
            raise self._error(f"the package has {after} bytes after {name}")
        if head.tag != PROFILE_ELEMENTS and not after:
            raise self._error(f"the package ends with {name}, without {PROFILE_ELEMENTS:X}")

    def _error(self, why: str) -> BppError:
        return BppError(self.section, f"byte {self.position} of the package: {why}")
