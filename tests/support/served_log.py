"""The log of a served card on a console in memory, with a clock that a test moves."""

from __future__ import annotations

import io
import re
from pathlib import Path

from rich.console import Console

from euicc_sim import Event
from euicc_sim.cli.card_log import CardLog
from euicc_sim.cli.log_lines import LogLines
from euicc_sim.tracing.journal import Journal

START = 1_700_000_000.0
"""Seconds since 1970."""


class Served:
    """A log on a console of this test, whose clock stands still until it is told."""

    def __init__(self, folder: Path, *, terminal: bool = False, verbose: bool = False) -> None:
        self.now = START
        self._events: list[Event] = []
        self._file = io.StringIO()
        out = Console(
            file=self._file,
            force_terminal=terminal,
            color_system=None,
            width=60,
            soft_wrap=True,
            highlight=False,
        )
        self.journal = Journal(folder)
        self.lines = LogLines(out, clock=lambda: self.now)
        self.log = CardLog(self._take, self.lines, verbose=verbose, journal=self.journal)

    def _take(self) -> list[Event]:
        taken, self._events = self._events, []
        return taken

    def hear(self, event: Event, after: float = 0.0, *, pause: bool = True) -> None:
        """One command with that outcome, then a pause in which the log is printed."""
        self.now += after
        self._events.append(event)
        self.log.answered(b"\0\0", b"\0\0")
        if pause:
            self.log.idle()

    @property
    def raw(self) -> str:
        return self._file.getvalue()

    @property
    def screen(self) -> list[str]:
        """What a terminal of 60 columns shows, without the time; wrapped lines are joined."""
        rows, at = [""], 0
        for part in re.findall(r"\x1b\[1A|\x1b\[2K|\n|[^\x1b\n]+", self.raw):
            if part == "\x1b[1A":
                at -= 1
            elif part == "\x1b[2K":
                rows[at] = ""
            else:
                pieces = [""] if part == "\n" else re.findall(".{1,60}", part)
                for number, piece in enumerate(pieces):
                    at += part == "\n" or number > 0
                    rows[at:] = rows[at:] or [""]
                    rows[at] += piece
        found: list[str] = []
        for row in filter(None, rows):
            if re.match(r"\d\d:\d\d:\d\d ", row):
                found.append(row[9:])
            else:
                found[-1] += row
        return found

    @property
    def printed(self) -> list[str]:
        """Lines without the time at their beginning, and with that in the count as seconds."""
        return [re.sub(r"since .*\)", "since)", line[9:]) for line in self.raw.splitlines()]
