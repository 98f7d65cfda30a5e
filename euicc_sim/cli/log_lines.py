"""The lines of a running log: a refusal that comes again is counted, not printed again.

On a terminal the count is in the refusal's own line as long as that is the last one. Elsewhere it
is in a line of its own, when the refusals have ended and after 2, 4, 8, … seconds until then.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import IO, NamedTuple

from rich.cells import cell_len
from rich.console import Console
from rich.control import Control
from rich.segment import ControlType
from rich.text import Text

from euicc_sim.cli.console import printable

AGAIN_SECONDS = 2.0
"""A refusal is counted with an earlier one if no more time has passed since that came last."""
LONGEST_WAIT = 60.0
"""Seconds that a count waits for its line at most."""


class Line(NamedTuple):
    """A line of the log: when (seconds since 1970, None for no time), which card, and what.

    The text may come from anywhere.
    """

    at: float | None
    card: str
    text: str
    style: str = ""

    @property
    def plain(self) -> str:
        """The line as it is without a terminal."""
        return f"{self._time}{self.card}{printable(self.text)}"

    @property
    def styled(self) -> Text:
        """The line as it is on a terminal."""
        return Text.assemble((self._time, "dim"), self.card, (printable(self.text), self.style))

    @property
    def _time(self) -> str:
        return "" if self.at is None else f"{clock_time(self.at)} "


class LogLines:
    """Lines on a console, of which the last can be replaced on a terminal. Safe for threads.

    Nothing is replaced when `shared`: other programs print between the lines. `clock` gives the
    seconds since 1970. Lines are written together, without Rich where there is no terminal, and not
    at all on /dev/null: a command may be waiting.
    """

    def __init__(
        self, out: Console, *, shared: bool = False, clock: Callable[[], float] = time.time
    ) -> None:
        self.clock = clock
        self._out = out
        self._replaces = out.is_terminal and not out.is_dumb_terminal and not shared
        self._is_read = not _is_nowhere(out.file)
        self._lock = Lock()
        self._number = 0
        self._last: tuple[int, int] | None = None
        """Rows of the last line and the width of the terminal when it was printed."""

    @property
    def can_replace(self) -> bool:
        """Whether the last line can be replaced."""
        return self._replaces

    def add(self, *lines: Line) -> range:
        """Print lines by one write; returns their numbers, for `replace`."""
        with self._lock:
            first = self._number + 1
            self._number += len(lines)
            if lines and self._is_read:
                self._write(lines)
            return range(first, self._number + 1)

    def replace(self, number: int, line: Line) -> bool:
        """Print a line in the place of that one; False if it is not the last any more."""
        with self._lock:
            rows = self._rows_to_clear() if number == self._number else 0
            if rows:
                up = (ControlType.CURSOR_UP, 1), (ControlType.ERASE_IN_LINE, 2)
                self._out.control(Control(*up * rows))
                self._write([line])
            return bool(rows)

    def interrupted(self) -> None:
        """Something else was printed: nothing is replaced until there is a new line."""
        with self._lock:
            self._last = None

    def _write(self, lines: Sequence[Line]) -> None:
        if not self._out.is_terminal:
            self._out.file.write("".join([f"{one.plain}\n" for one in lines]))
            self._out.file.flush()
            return
        self._out.print(Text("\n").join(one.styled for one in lines))
        width = self._out.width
        self._last = max(1, -(-cell_len(lines[-1].plain) // width)), width

    def _rows_to_clear(self) -> int:
        if self._last is None or not self._replaces:
            return 0
        rows, width = self._last
        return rows if width == self._out.width else 0


def _is_nowhere(file: IO[str]) -> bool:
    """Whether it is /dev/null."""
    try:
        found, nowhere = os.fstat(file.fileno()), os.stat(os.devnull)
    except (OSError, ValueError):  # a file in memory has no number
        return False
    return stat.S_ISCHR(found.st_mode) and found.st_rdev == nowhere.st_rdev


@dataclass(slots=True)
class Repeated:
    """A refusal and how often it has come; times in seconds since 1970.

    `told` and `kept` are the counts that the console and the journal have, `line` is its line.
    """

    name: str
    text: str
    since: float
    last: float
    times: int = 1
    told: int = 0
    told_at: float = 0.0
    kept: int = 1
    line: int = 0

    @property
    def shown(self) -> str:
        """The text, with the count if there is one."""
        return self.text + count_of(self.times, self.since)

    def has_told(self, now: float) -> None:
        """Note that the count so far was printed."""
        self.told, self.told_at = self.times, now

    def is_due(self, now: float) -> bool:
        """Whether the count gets a line of its own now."""
        if self.times == self.told:
            return False
        waits = min(max(self.told_at - self.since, AGAIN_SECONDS), LONGEST_WAIT)
        return self.has_ended(now) or now - self.told_at >= waits

    def has_ended(self, now: float) -> bool:
        """Whether the next refusal of this kind begins a new count."""
        return not 0 <= now - self.last <= AGAIN_SECONDS


class Refusals:
    """The refusals of a card that may come again."""

    def __init__(self) -> None:
        self._found: dict[str, Repeated] = {}
        self._ended: list[Repeated] = []

    def take(self, at: float, name: str, text: str) -> Repeated | None:
        """Count a refusal; returns it if it begins a count, None if it was counted."""
        found = self._found.get(text)
        if found is not None and not found.has_ended(at):
            found.times += 1
            found.last = at
            return None
        if found is not None:
            self._ended.append(found)
        self._found[text] = fresh = Repeated(name, text, at, at)
        return fresh

    def __len__(self) -> int:
        return len(self._ended) + len(self._found)

    def __iter__(self) -> Iterator[Repeated]:
        """All that have not been forgotten, those that have ended first."""
        yield from self._ended
        yield from self._found.values()

    def forget(self, now: float) -> None:
        """Forget those that have ended."""
        self._ended.clear()
        self._found = {text: one for text, one in self._found.items() if not one.has_ended(now)}


def count_of(times: int, since: float) -> str:
    """How the count of a refusal is shown behind its text."""
    return f" ({times} times since {clock_time(since)})" if times > 1 else ""


def clock_time(at: float) -> str:
    """Hours, minutes and seconds here; `at` in seconds since 1970."""
    return _clock_time(int(at))


@lru_cache(8)
def _clock_time(at: int) -> str:
    return time.strftime("%H:%M:%S", time.localtime(at))
