"""The change log `card.changes`: the changes of each command, as one JSON line.

    {"number":1,"card":"5b0e…","changes":{"nextSeqNumber":8,"eims":{"change":[{"eimId":"eim1",
     "counterValue":7}]},"results":{"add":[{…}]}},"checksum":"8d0c33a1"}

`card` is the digest of the `card.json` at the time; the checksum (CRC-32) continues from the line
before, so that no line can be missing, altered or out of order. A line with `folded` instead of
`changes` says that the `card.json` with that digest contains everything up to here. The log thus
leads from one `card.json` to the present state, and a sound `card.json` is one of the stations on
the way. `ran` beside the changes is the package that made them, for the history. Recovery is
described in docs/store.md. Knows no files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from operator import is_
from typing import Any
from zlib import crc32

import msgspec
from msgspec import Struct

from euicc_sim.model.notification import RanPackage
from euicc_sim.model.state import State
from euicc_sim.store.history import Ran
from euicc_sim.store.kinds import Record
from euicc_sim.store.schema import ITEMS, KEYS, STATE

_CHECKSUM = b',"checksum":"%08x"}\n'
_TAIL = len(_CHECKSUM % 0)


class Line(Struct, forbid_unknown_fields=True, kw_only=True):
    """A parsed line: `changes`, perhaps those of a package that `ran`, or `folded`."""

    number: int
    card: str
    changes: dict[str, Any] | None = None
    ran: Ran | None = None
    folded: str | None = None
    checksum: str


class LogError(ValueError):
    """An invalid change log: the number of the line, and the reason."""

    def __init__(self, line: int, why: str) -> None:
        """Keep the number."""
        super().__init__(why)
        self.line = line


class EditedError(ValueError):
    """The change log belongs to another `card.json` than the present one."""


@dataclass(frozen=True, slots=True)
class End:
    """The end of a log: the number of bytes and lines, and the checksum of the last line."""

    size: int = 0
    number: int = 0
    checksum: int = 0

    def line(self, card: str, **content: Any) -> tuple[bytes, End]:
        """The next line, and the end of the log after it."""
        body = msgspec.json.encode({"number": self.number + 1, "card": card} | content)[:-1]
        checksum = crc32(body, self.checksum)
        line = body + _CHECKSUM % checksum
        return line, End(self.size + len(line), self.number + 1, checksum)


@dataclass(frozen=True, slots=True)
class Log:
    """A parsed log: its lines, their end, and the number of bytes of a torn line after them."""

    lines: tuple[Line, ...] = ()
    end: End = End()
    torn: int = 0

    def waiting(self, card: str) -> tuple[Line, ...]:
        """The lines whose changes are not in the `card.json` with that digest.

        Raises EditedError if that file is not one of the stations.
        """
        stations = [self.lines[0].card] if self.lines else [card]
        stations += [one.folded or "" for one in self.lines]
        if card not in stations:
            raise EditedError
        last = len(stations) - 1 - stations[::-1].index(card)
        return tuple(one for one in self.lines[last:] if one.changes is not None)


def digest(document: bytes) -> str:
    """The digest that identifies a `card.json`."""
    return sha256(document).hexdigest()[:32]


def read(content: bytes) -> Log:
    """Read a log. Raises LogError.

    A power cut or kill can leave an incomplete last line: without an end of line, or with blocks
    that were never written, which read as zeros.
    """
    lines: list[Line] = []
    cards: set[str] = set()
    end = End()
    while end.size < len(content):
        after = content.find(b"\n", end.size) + 1 or len(content)
        raw = content[end.size : after]
        try:
            line, end = _line(raw, end)
        except ValueError as error:
            if after == len(content) and (not raw.endswith(b"\n") or b"\0" in raw):
                return Log(tuple(lines), end, len(raw))
            raise LogError(len(lines) + 1, str(error)) from error
        cards = cards or {line.card}
        if line.card not in cards:
            raise LogError(line.number, "it belongs to another card.json than the lines before it")
        cards.add(line.folded or line.card)
        lines.append(line)
    return Log(tuple(lines), end)


def _line(raw: bytes, end: End) -> tuple[Line, End]:
    body = raw[:-_TAIL]
    checksum = crc32(body, end.checksum)
    if raw[-_TAIL:] != _CHECKSUM % checksum:
        raise ValueError("its checksum does not match this line and the one before")
    try:
        line = msgspec.json.decode(raw, type=Line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it is not a line of changes: {error}") from error
    is_one = (line.changes is None) != (line.folded is None) and not (line.ran and line.folded)
    if line.number != end.number + 1 or not is_one:
        raise ValueError("it is not a line of changes")
    return line, End(end.size + len(raw), line.number, checksum)


# -- changes

_FIELDS = [(one.name, one.attribute, one.written, ITEMS.get(one.name)) for one in STATE.fields]


def differences(old: State, new: State) -> dict[str, Any]:
    """The changes between two states, empty if they are equal. Unchanged parts are skipped."""
    found: dict[str, Any] = {}
    for name, attribute, written, record in _FIELDS:
        before, now = getattr(old, attribute), getattr(new, attribute)
        if before is now:
            continue
        if record is None:
            if before != now:
                found[name] = written(new)
        elif items := _items(before, now, record, KEYS[name]):
            found[name] = items
    return found


def _items(
    before: Sequence[Any], now: Sequence[Any], record: Record, key_name: str
) -> dict[str, Any] | list[Any]:
    """The items removed, changed and added, by key; the whole list if the order has changed."""
    start = _common(before, now)
    old, new = before[start:], now[start:]
    if not old:
        return _found(record, key_name, added=new)
    key = record.by_name[key_name]
    behind = new[len(old) - 1 :]
    if _common(old[1:], new) == len(old) - 1 and key.value(old[0]) not in map(key.value, behind):
        return _found(record, key_name, gone=old[:1], added=behind)  # the oldest was dropped
    same = _common(old[::-1], new[::-1])
    old, new = old[: len(old) - same], new[: len(new) - same]
    there = set(map(key.value, new))
    gone = [one for one in old if key.value(one) not in there]
    kept = [one for one in old if key.value(one) in there]
    pairs, added = list(zip(kept, new, strict=False)), new[len(kept) :]
    if (added and same) or any(key.value(one) != key.value(two) for one, two in pairs):
        return [record.write(one) for one in now]
    return _found(record, key_name, gone, pairs, added)


def _found(
    record: Record,
    key_name: str,
    gone: Sequence[Any] = (),
    pairs: Sequence[tuple[Any, Any]] = (),
    added: Sequence[Any] = (),
) -> dict[str, Any]:
    """The changes as they are written; empty if there are none."""
    key = record.by_name[key_name]
    changed = [
        {key_name: key.written(two)} | fields
        for one, two in pairs
        if one is not two and (fields := record.differences(one, two))
    ]
    found = {
        "remove": [key.written(one) for one in gone],
        "change": changed,
        "add": [record.write(one) for one in added],
    }
    return {name: items for name, items in found.items() if items}


def _common(one: Sequence[Any], other: Sequence[Any]) -> int:
    """The number of leading items that are identical objects."""
    same = list(map(is_, one, other))
    try:
        return same.index(False)
    except ValueError:
        return len(same)


def put(tree: dict[str, Any], changes: dict[str, Any]) -> None:
    """Apply the changes of a line to a document. Raises ValueError if they do not fit."""
    for name, value in changes.items():
        if name not in STATE.by_name:
            raise ValueError(f"a card has no field {name}")
        if name in KEYS and isinstance(value, dict):
            tree[name] = _put_items(tree.get(name, []), name, value)
        else:
            tree[name] = value


def _put_items(items: list[Any], name: str, change: dict[str, Any]) -> list[Any]:
    key, record = KEYS[name], ITEMS[name]
    try:
        found = {one[key]: one for one in items}
        if len(found) != len(items):
            raise ValueError(f"two of the items it changes have the same {key}")
        for one in change.get("remove", ()):
            del found[one]
        for one in change.get("change", ()):
            found[one[key]] = record.put(found[one[key]], one)
        for one in change.get("add", ()):
            if found.setdefault(one[key], one) is not one:
                raise ValueError(f"{key} {one[key]} exists already")
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"it changes something that does not exist: {error}") from error
    return list(found.values())


def ran(lines: Sequence[Line]) -> list[RanPackage]:
    """The packages that ran, in their order."""
    return [one.ran.package for one in lines if one.ran is not None]


class _Rest(Struct):
    """What is needed of a line in a damaged log."""

    ran: Ran | None = None


def readable(content: bytes) -> tuple[list[RanPackage], int]:
    """The packages that ran, as far as the lines of a damaged log can be read, and how many cannot.

    Lines are read by themselves: it does no harm to remember a package that did not run.
    """
    found = []
    unreadable = 0
    for line in content.splitlines(keepends=True):
        try:
            one = msgspec.json.decode(line, type=_Rest)
        except (ValueError, RecursionError):
            unreadable += line.endswith(b"\n")
            continue
        if one.ran is not None:
            found.append(one.ran.package)
    return found, unreadable


def removed(lines: Sequence[Line]) -> set[bytes]:
    """ICCIDs of the Profiles that the lines remove."""
    found: set[bytes] = set()
    for one in lines:
        profiles = (one.changes or {}).get("profiles")
        if isinstance(profiles, dict):
            found.update(map(bytes.fromhex, profiles.get("remove", ())))
    return found
