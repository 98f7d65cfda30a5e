"""The lines of a running log: a refusal that comes again is counted, not printed again.

On a terminal the count is in the refusal's own line as long as that is the last one. Elsewhere it
is in a line of its own, when the refusals have ended and after 2, 4, 8, … seconds until then.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from rich.cells import cell_len
from rich.console import Console
from rich.control import Control
from rich.segment import ControlType
from rich.text import Text

AGAIN_SECONDS = 2.0
"""A refusal is counted with an earlier one if no more time has passed since that came last."""
LONGEST_WAIT = 60.0
"""Seconds that a count waits for its line at most."""


class LogLines:
    """Lines on a console, of which the last can be replaced on a terminal. Safe for threads.

    Nothing is replaced when `shared`: other programs print between the lines. `clock` gives the
    seconds since 1970.
    """

    def __init__(
        self, out: Console, *, shared: bool = False, clock: Callable[[], float] = time.time
    ) -> None:
        self.clock = clock
        self._out = out
        self._replaces = out.is_terminal and not out.is_dumb_terminal and not shared
        self._lock = Lock()
        self._number = 0
        self._last: tuple[int, int] | None = None
        """Rows of the last line and the width of the terminal when it was printed."""

    def add(self, line: Text) -> int:
        """Print a line; returns its number, for `replace`."""
        with self._lock:
            self._out.print(line)
            return self._printed(line)

    def replace(self, number: int, line: Text) -> bool:
        """Print a line in the place of that one; False if it is not the last any more."""
        with self._lock:
            rows = self._rows_to_clear() if number == self._number else 0
            if rows:
                up = (ControlType.CURSOR_UP, 1), (ControlType.ERASE_IN_LINE, 2)
                self._out.control(Control(*up * rows))
                self._out.print(line)
                self._printed(line)
                self._number = number
            return bool(rows)

    def interrupted(self) -> None:
        """Something else was printed: nothing is replaced until there is a new line."""
        with self._lock:
            self._last = None

    def _printed(self, line: Text) -> int:
        width = self._out.width
        self._last = max(1, -(-cell_len(line.plain) // width)), width
        self._number += 1
        return self._number

    def _rows_to_clear(self) -> int:
        if self._last is None or not self._replaces:
            return 0
        rows, width = self._last
        return rows if width == self._out.width else 0


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
    return datetime.fromtimestamp(at).astimezone().strftime("%H:%M:%S")
