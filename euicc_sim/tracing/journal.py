"""The journal of a served card: the outcome of its functions, one JSON object per line.

`serve` appends to it beside card.json, and `watch` reads it. Its size is bounded, and a card whose
journal cannot be written works all the same.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

JOURNAL = "events.jsonl"
MAX_SIZE = 0x40000
"""Bytes; of a longer journal only the newer half is kept, and the state of the link."""


class Entry(NamedTuple):
    """A line: the time (seconds since 1970) and either a function's outcome or the link's state.

    For a function, `name` is its name and `refused` whether it refused; `process` is None. For the
    link, `process` is the process ID of the server; an empty text means that it has ended.
    """

    at: float
    text: str
    name: str = ""
    refused: bool = False
    process: int | None = None


class Journal:
    """Writes the journal in a card's directory: lines are noted at once and written by `flush`."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / JOURNAL
        self._noted: list[Entry] = []
        self._link: Entry | None = None

    def function(self, at: float, name: str, text: str, *, refused: bool) -> None:
        """Note the outcome of a function."""
        self._noted.append(Entry(at, text, name, refused))

    def link(self, at: float, text: str) -> None:
        """Note the state of this process's link."""
        self._link = Entry(at, text, process=os.getpid())
        self._noted.append(self._link)

    def end(self) -> None:
        """Write that this process no longer serves the card."""
        self.link(time.time(), "")
        self.flush()

    def flush(self) -> None:
        """Write what was noted; ignores errors."""
        if not self._noted:
            return
        noted, self._noted = self._noted, []
        with suppress(OSError):
            with self._path.open("a") as file:
                file.writelines(map(_line, noted))
                size = file.tell()
            if size > MAX_SIZE:
                self._shorten()

    def _shorten(self) -> None:
        half = self._path.read_text()[-MAX_SIZE // 2 :]
        link = _line(self._link) if self._link else ""
        draft = self._path.with_name(f"{JOURNAL}.new")
        draft.write_text(link + half[half.find("\n") + 1 :])
        draft.replace(self._path)


def read(directory: Path) -> list[Entry]:
    """The journal of a card, oldest first; empty when there is none. Skips malformed lines."""
    try:
        content = (directory / JOURNAL).read_text(errors="replace")
    except OSError:
        return []
    return [one for line in content.splitlines() if (one := _entry(line)) is not None]


def _line(entry: Entry) -> str:
    given = {name: one for name, one in entry._asdict().items() if one or name == "at"}
    return f"{json.dumps(given)}\n"


def _entry(line: str) -> Entry | None:
    try:
        found = json.loads(line)
        return Entry(
            float(found["at"]),
            str(found.get("text", "")),
            str(found.get("name", "")),
            found.get("refused") is True,
            found.get("process") if isinstance(found.get("process"), int) else None,
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
