"""The journal of a served card: the outcome of its functions, one JSON object per line.

`serve` appends to it beside card.json, and `watch` reads it. Its size is bounded, and a card whose
journal cannot be written works all the same.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import stat
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

JOURNAL = "events.jsonl"
MAX_SIZE = 0x40000
"""Bytes; of a longer journal only the newer half is kept, and the state of the links."""
MAX_GROWN = 8 * MAX_SIZE
"""Bytes; so long it may grow while no pause comes."""

MAX_AT = 0xFFFFFFFF
"""Seconds since 1970, in 2106: what a line says of a later time is not believed."""
MAX_PROCESS = 0x400000
"""The greatest process ID of Linux."""
MAX_TIMES = 10**9

log = logging.getLogger(__name__)


class Entry(NamedTuple):
    """A line: the time (seconds since 1970) and either a function's outcome or a link's state.

    For a function, `name` is its name and `refused` whether it refused; `process` is None.
    `warning` says that it was served although chips refuse it. A refusal that came several `times`
    did so from `since` (seconds since 1970) to `at`. For a link, `process` is the process ID of the
    server, and `reader` the PC/SC reader if it is one of vpcd's; an empty text means that the
    process has ended.
    """

    at: float
    text: str
    name: str = ""
    refused: bool = False
    process: int | None = None
    times: int = 1
    since: float = 0.0
    reader: str = ""
    warning: bool = False


class Journal:
    """Writes the journal in a card's directory: lines are noted at once and written by `flush`.

    A journal that is too long is shortened by `tidy`, which takes longer than a command may wait.
    """

    def __init__(self, directory: Path) -> None:
        self._path = directory / JOURNAL
        self._noted: list[Entry] = []
        self._links: dict[str, Entry] = {}
        self._is_refused = False
        self._is_long = False

    def function(
        self, at: float, name: str, text: str, *, refused: bool, warning: bool = False
    ) -> None:
        """Note the outcome of a function."""
        self._noted.append(Entry(at, text, name, refused, warning=warning))

    def again(self, at: float, name: str, text: str, *, times: int, since: float) -> None:
        """Note that the refusal of `since` has come so many times by now.

        For readers, this line replaces the earlier ones.
        """
        self._noted.append(Entry(at, text, name, refused=True, times=times, since=since))

    def link(self, at: float, text: str, *, reader: str = "") -> None:
        """Note the state of this process's link; `reader` is that of a link to vpcd."""
        entry = Entry(at, text, process=os.getpid(), reader=reader)
        self._links.pop(reader, None)
        self._links[reader] = entry
        self._noted.append(entry)

    def end(self) -> None:
        """Write that this process no longer serves the card."""
        self._links.clear()
        self.link(time.time(), "")
        self.flush()
        self.tidy()

    def tidy(self) -> None:
        """Shorten a journal that has grown too long; ignores errors."""
        if not self._is_long:
            return
        self._is_long = False
        with suppress(OSError):
            self._shorten()

    def flush(self) -> None:
        """Write what was noted; ignores errors.

        A journal that is not a plain file of the directory is left alone, with one log line.
        """
        if not self._noted:
            return
        noted, self._noted = self._noted, []
        try:
            with open(_opened(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT), "ab+") as file:
                file.write(_end_of_line(file))
                file.writelines(map(_line, noted))
                size = file.tell()
            self._is_long = size > MAX_SIZE
            if size > MAX_GROWN:
                self.tidy()
        except _NotPlainError:
            if not self._is_refused:
                log.warning("%s is not a plain file: remove it, or have no journal", self._path)
            self._is_refused = True
        except OSError:
            pass

    def _shorten(self) -> None:
        lines = list(map(_line, _counted(_entries(_content(self._path)))))
        kept, size = len(lines), 0
        while kept and (size := size + len(lines[kept - 1])) <= MAX_SIZE // 2:
            kept -= 1
        links = map(_line, self._links.values()) if kept else ()
        draft = self._path.with_name(f"{JOURNAL}.new")
        draft.unlink(missing_ok=True)
        with open(_opened(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as file:
            file.writelines([*links, *lines[kept:]])
        draft.replace(self._path)


class _NotPlainError(OSError):
    """A link, FIFO, socket or device in the place of the journal."""


def _opened(path: Path, flags: int) -> int:
    """Open a plain file; a link is not followed, and a FIFO does not keep us waiting."""
    try:
        fd = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):
            raise _NotPlainError(error.errno, error.strerror) from error
        raise
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise _NotPlainError(errno.EINVAL, "it is not a plain file")
    return fd


def _end_of_line(file: BinaryIO) -> bytes:
    """What separates a new line from a last one that is torn; leaves the file at its end."""
    if not file.seek(0, os.SEEK_END):
        return b""
    file.seek(-1, os.SEEK_END)
    return b"" if file.read(1) == b"\n" else b"\n"


def _content(path: Path) -> bytes:
    """The end of the file, as much as a journal of ours can have; from the start of a line."""
    with open(_opened(path, os.O_RDONLY), "rb") as file:
        start = max(file.seek(0, os.SEEK_END) - 2 * MAX_SIZE, 0)
        file.seek(start)
        content = file.read(2 * MAX_SIZE)
    return content[content.find(b"\n") + 1 :] if start else content


def read(directory: Path) -> list[Entry]:
    """The journal of a card, oldest first; empty when there is none. Skips malformed lines.

    A refusal that came several times is one entry, in the place of the last time.
    """
    try:
        content = _content(directory / JOURNAL)
    except OSError:
        return []
    return _counted(_entries(content))


def _entries(content: bytes) -> list[Entry]:
    return [one for line in content.split(b"\n") if line and (one := _entry(line)) is not None]


def _counted(entries: Iterable[Entry]) -> list[Entry]:
    """The entries without those that a later count of the same refusal replaces."""
    found: dict[object, Entry] = {}
    for number, one in enumerate(entries):
        since = one.at if one.times == 1 else one.since
        key = (one.name, one.text, since) if one.refused else number
        found.pop(key, None)
        found[key] = one
    return list(found.values())


def _line(entry: Entry) -> bytes:
    given = {name: one for name, one in entry._asdict().items() if one or name == "at"}
    if entry.times == 1:
        del given["times"]
    return f"{json.dumps(given)}\n".encode()


def _entry(line: bytes) -> Entry | None:
    """A line of whoever could write the file; None if it does not say when something was."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    at = _number(found.get("at"), MAX_AT) if isinstance(found, dict) else None
    if at is None:
        return None
    process = _number(found.get("process"), MAX_PROCESS)
    return Entry(
        float(at),
        _text(found.get("text")),
        _text(found.get("name")),
        found.get("refused") is True,
        process if isinstance(process, int) and process else None,
        int(_number(found.get("times"), MAX_TIMES) or 1),
        float(_number(found.get("since"), MAX_AT) or 0.0),
        _text(found.get("reader")),
        found.get("warning") is True,
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object, most: int) -> int | float | None:
    """A number from 0 to `most`, which NaN is not; None for anything else."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= most:
        return value
    return None
