"""An IPA that lives for weeks: it polls again and again, through failures, until it is stopped.

A failure is repeated after a pause that doubles each time and has a random part, so that many
devices do not come back at once. Knows no card and no network: it is given a function that polls.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from euicc_sim.parties.ipa.ipa import Poll
from euicc_sim.parties.messages.errors import LpaError

LEAST = 0.05
"""The shortest first pause after a failure, in seconds: nothing is tried without pauses."""
TOLD_AT_MOST = 16
"""The most different sentences about one outage."""


class StoppedError(Exception):
    """A poll ends early, because the IPA is to stop; what it did not finish is on the card."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds: between polls, the first and the longest pause after a failure, between summaries.

    The pause after the n-th failure in a row is half to all of first * 2 ** (n - 1). Who polls more
    often than that begins with the time between polls, but with LEAST at least.
    """

    every: float = 30.0
    first: float = 1.0
    longest: float = 300.0
    summary: float = 3600.0

    def after_failure(self, count: int, chance: float) -> float:
        """The pause after so many failures in a row; `chance` is random, from 0 to 1."""
        doubled = min(self.first, max(self.every, LEAST)) * 2.0 ** min(count - 1, 64)
        return min(self.longest, doubled) * (0.5 + chance / 2)


ReportEvent = Literal["step", "poll", "failure", "recovered", "summary", "stopped"]


@dataclass(frozen=True, slots=True)
class Report:
    """Something that happened: a line for people, and the same as `facts` for programs.

    A "step" is one of a poll, which ends in "poll" if it did anything. "failure" and "recovered"
    are the beginning and the end of an outage.
    """

    event: ReportEvent
    text: str
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass
class Counts:
    """What was done since the start."""

    polls: int = 0
    failures: int = 0
    packages: int = 0
    refused: int = 0


@dataclass
class Resident:
    """Polls until it is stopped.

    `poll` may raise LpaError, the `failures`, which are others of its own, and StoppedError; after
    a failure `let_go` is called to close what is open. `wait` returns after so many seconds, or
    earlier and True when the IPA is to stop. `chance` returns a random number from 0 to 1, `clock`
    the seconds of a clock that nobody sets.
    """

    poll: Callable[[], Poll]
    let_go: Callable[[], None]
    report: Callable[[Report], None]
    wait: Callable[[float], bool]
    chance: Callable[[], float]
    pace: Pace = field(default_factory=Pace)
    failures: tuple[type[Exception], ...] = ()
    clock: Callable[[], float] = time.monotonic
    counts: Counts = field(default_factory=Counts, init=False)
    _in_a_row: int = field(default=0, init=False)
    _since: float = field(default=0.0, init=False)
    _due: float = field(default=0.0, init=False)
    _told: set[str] = field(default_factory=set, init=False)
    _remaining: set[str] = field(default_factory=set, init=False)
    _remained: set[str] = field(default_factory=set, init=False)

    def run(self) -> None:
        """Poll until `wait` says that it is to stop."""
        self._due = self.clock() + self.pace.summary
        while not self._turn():
            self._summarise()
        self.report(Report("stopped", f"stopped after {self._sums()}", self._facts()))

    def remains(self, text: str) -> None:
        """Report what remains on the card, unless the poll before reported the same."""
        self._remaining.add(text)
        if text not in self._remained:
            self.report(Report("step", text))

    def _turn(self) -> bool:
        """One poll and the pause after it; return whether to stop."""
        expected: tuple[type[Exception], ...] = (LpaError, *self.failures)
        try:
            found = self.poll()
        except StoppedError as error:
            self.report(Report("step", str(error)))
            return True
        except expected as error:
            return self.wait(self._failed(error))
        self._remained, self._remaining = self._remaining, set()
        self._succeeded(found)
        return self.wait(self.pace.every)

    def _failed(self, error: Exception) -> float:
        """Close what is open and report the failure; return the pause."""
        self.let_go()
        self.counts.failures += 1
        self._in_a_row += 1
        if self._in_a_row == 1:
            self._since = self.clock()
        pause = self.pace.after_failure(self._in_a_row, self.chance())
        text = str(error)
        if text not in self._told and len(self._told) < TOLD_AT_MOST:
            self._told.add(text)
            facts = {"failure": self._in_a_row, "again": round(pause, 1)}
            self.report(Report("failure", f"{text} (again in {_seconds(pause)})", facts))
        return pause

    def _succeeded(self, found: Poll) -> None:
        counts = self.counts
        counts.polls += found.asked
        counts.packages += found.packages
        counts.refused += found.refused
        if self._in_a_row and found.asked:
            away = self.clock() - self._since
            times = _many(self._in_a_row, "failure")
            facts = {"failures": self._in_a_row, "seconds": round(away, 1)}
            self.report(Report("recovered", f"again after {times} in {_seconds(away)}", facts))
            self._in_a_row = 0
            self._told.clear()
        if found.packages or found.rolled_back:
            self.report(polled(found, f"{_many(found.packages, 'package')} done"))

    def _summarise(self) -> None:
        """Report a summary if it is time for one."""
        now = self.clock()
        if now >= self._due:
            self._due = now + self.pace.summary
            self.report(Report("summary", f"{self._sums()} so far", self._facts()))

    def _sums(self) -> str:
        counts = self.counts
        return ", ".join(
            (
                _many(counts.polls, "poll"),
                _many(counts.packages, "package"),
                _many(counts.failures, "failure"),
            )
        )

    def _facts(self) -> dict[str, object]:
        counts = self.counts
        return {
            "polls": counts.polls,
            "packages": counts.packages,
            "refused": counts.refused,
            "failures": counts.failures,
        }


def polled(found: Poll, text: str) -> Report:
    """The report of a poll."""
    facts = {
        "packages": found.packages,
        "refused": found.refused,
        "kept": found.kept,
        "rolledBack": found.rolled_back,
    }
    return Report("poll", text, facts)


def _many(count: int, name: str) -> str:
    return f"{count} {name}{'' if count == 1 else 's'}"


def _seconds(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s" if seconds >= 1 else f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
