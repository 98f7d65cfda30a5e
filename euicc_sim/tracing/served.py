"""Which cards are being served on this machine, by whom, and in which reader. Only reads.

A served card is found by its lock, which the server's process holds open, and its reader by what
that process has written into the card's journal.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from euicc_sim.tracing.journal import Entry, read

LOCK = "lock"
"""The file in a card's directory that whoever has opened the card holds open."""

PROCESSES = Path("/proc")


def serving(entries: Sequence[Entry]) -> Entry | None:
    """What the process that serves the card said last of its link; None if there is none."""
    last = next((one for one in reversed(entries) if one.process is not None), None)
    if last is None or not last.text or not _lives(last.process):
        return None
    return last


def served_in(reader: str, processes: Path = PROCESSES) -> list[Path]:
    """The directories of cards that a living process of this user has put into that reader.

    Usually there is one. There is none if the reader is a real one, or if the card is served from
    another machine or by another user; and there are several if several pcscds have readers of the
    same name, so compare the EID where it matters.
    """
    return [
        directory
        for process, directory in _opened_by(processes)
        if _reader_of(process, read(directory)) == reader
    ]


def _reader_of(process: int, entries: Sequence[Entry]) -> str:
    """The reader that the process has named last; empty if it serves the card no longer."""
    own = [one for one in entries if one.process == process]
    if not own or not own[-1].text:
        return ""
    return next((one.reader for one in reversed(own) if one.reader), "")


def _opened_by(processes: Path) -> Iterator[tuple[int, Path]]:
    """Processes, each with a directory in which it holds a file named like a card's lock."""
    for process in processes.glob("[0-9]*"):
        with suppress(OSError):  # it has ended, or belongs to somebody else
            for name in os.listdir(process / "fd"):
                with suppress(OSError):
                    target = Path(os.readlink(process / "fd" / name))
                    if target.name == LOCK:
                        yield int(process.name), target.parent


def _lives(process: int | None) -> bool:
    if process is None or process <= 0:
        return False
    try:
        os.kill(process, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return True
