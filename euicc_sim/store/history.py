"""The history `card.history`: the packages that ran, which a card remembers apart from its eIMs.

    {"packages":2,"checksum":"5f0d19c2"}
    {"fingerprint":"9C3A5D21F00B7E64","counterValue":1,"seqNumber":1}
    {"fingerprint":"03D95BA2C7718E4F","counterValue":2,"seqNumber":2}

Oldest first; the checksum (CRC-32) is that of everything after the first line. The file is replaced
as a whole by a fold. Packages since then are in the change log, each in the line with its other
changes, so remembering one costs the same however many there are. Knows no files.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Annotated
from zlib import crc32

import msgspec
from msgspec import Meta, Struct, field

from euicc_sim.crypto.signature import FINGERPRINT_SIZE
from euicc_sim.model.notification import RanPackage
from euicc_sim.store.kinds import MAX_INTEGER

REMEMBERED = 4096
"""How many packages a card remembers; beyond that the oldest is forgotten."""

Number = Annotated[int, Meta(ge=0, le=MAX_INTEGER)]
_DIGITS = 2 * FINGERPRINT_SIZE
_HEAD = re.compile(rb'\{"packages":(\d{1,9}),"checksum":"([0-9a-f]{8})"\}\n')


class Ran(Struct, forbid_unknown_fields=True, frozen=True):
    """A package that ran, as it is stored."""

    fingerprint: Annotated[str, Meta(pattern=rf"^[0-9A-F]{{{_DIGITS}}}$", max_length=_DIGITS)]
    counter: Number = field(name="counterValue")
    seq_number: Number = field(name="seqNumber")

    @classmethod
    def of(cls, one: RanPackage) -> Ran:
        """From the model."""
        return cls(one.fingerprint.hex().upper(), one.counter, one.seq_number)

    @property
    def package(self) -> RanPackage:
        """For the model."""
        return RanPackage(bytes.fromhex(self.fingerprint), self.counter, self.seq_number)


class HistoryError(ValueError):
    """A damaged history: the place and the reason."""


class History:
    """The packages that a card remembers; `is_stored` is False while the file lacks some."""

    def __init__(self, stored: Iterable[Ran] = ()) -> None:
        """Those that the file has, oldest first."""
        self._packages: OrderedDict[bytes, RanPackage] = OrderedDict()
        self.add(*(one.package for one in stored))
        self.is_stored = True

    def __iter__(self) -> Iterator[RanPackage]:
        """The oldest first."""
        return iter(self._packages.values())

    def __len__(self) -> int:
        """How many there are."""
        return len(self._packages)

    def find(self, fingerprint: bytes) -> RanPackage | None:
        """The last run of the package with that fingerprint."""
        return self._packages.get(fingerprint)

    def add(self, *packages: RanPackage) -> None:
        """Remember packages, in the order in which they ran; it does no harm to add them again."""
        if packages:
            self.is_stored = False
        for one in packages:
            self._packages[one.fingerprint] = one
            self._packages.move_to_end(one.fingerprint)
            if len(self._packages) > REMEMBERED:
                self._packages.popitem(last=False)

    def render(self) -> bytes:
        """The file."""
        lines = msgspec.json.Encoder().encode_lines(map(Ran.of, self))
        return b'{"packages":%d,"checksum":"%08x"}\n' % (len(self), crc32(lines)) + lines


_decode_lines = msgspec.json.Decoder(Ran).decode_lines
_decode = msgspec.json.Decoder(Ran).decode


def read(content: bytes) -> History:
    """Read the file. Raises HistoryError."""
    head = _HEAD.match(content)
    if head is None:
        raise HistoryError("its first line is not the head of a history")
    body = content[head.end() :]
    if crc32(body) != int(head[2], 16):
        raise HistoryError("its checksum does not match")
    try:
        stored = _decode_lines(body)
    except (ValueError, RecursionError) as error:
        raise HistoryError(str(error)) from error
    if len(stored) != int(head[1]):
        raise HistoryError(f"it has {len(stored)} packages, not {int(head[1])}")
    return History(stored)


def readable(content: bytes) -> tuple[History, int]:
    """What can be read of a damaged file, and how many of its lines cannot, or are missing."""
    head = _HEAD.match(content)
    lines = content[head.end() if head else 0 :].splitlines()
    found = []
    for line in lines:
        try:
            found.append(_decode(line))
        except (ValueError, RecursionError):
            continue
    promised = int(head[1]) if head else 0
    return History(found), max(promised, len(lines)) - len(found)
