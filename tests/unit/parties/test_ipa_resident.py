"""An IPA that polls for weeks: what it does between polls, and what it says of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from euicc_sim.parties.ipa import Pace, Poll, Report, Resident, StoppedError
from euicc_sim.parties.messages import LpaError


class ReaderError(Exception):
    """What a link to a card raises."""


@dataclass
class Weeks:
    """The life of an IPA: one outcome for each poll, and then SIGTERM. Time passes in pauses."""

    given: Sequence[Poll | Exception]
    pace: Pace = field(default_factory=Pace)
    chance: float = 1.0
    outcomes: list[Poll | Exception] = field(init=False)
    before: Callable[[Resident], None] = lambda _: None
    now: float = 0.0
    pauses: list[float] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    let_go: int = 0

    def live(self) -> list[str]:
        """What it says."""
        self.outcomes = list(self.given)
        resident = Resident(
            lambda: self._poll(resident),
            self._let_go,
            self.reports.append,
            self._wait,
            lambda: self.chance,
            self.pace,
            (ReaderError,),
            lambda: self.now,
        )
        resident.run()
        return [one.text for one in self.reports]

    def _poll(self, resident: Resident) -> Poll:
        self.before(resident)
        found = self.outcomes.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    def _let_go(self) -> None:
        self.let_go += 1

    def _wait(self, seconds: float) -> bool:
        self.pauses.append(seconds)
        self.now += seconds
        return not self.outcomes


AWAY = LpaError("The eIM does not answer.")
NOTHING = Poll(0)


def test_a_poll_that_finds_nothing_says_nothing() -> None:
    assert Weeks([NOTHING] * 3).live() == ["stopped after 3 polls, 0 packages, 0 failures"]


def test_a_poll_that_did_something_is_one_line() -> None:
    weeks = Weeks([Poll(1), Poll(2, refused=1, kept=1)])
    assert weeks.live()[:2] == ["1 package done", "2 packages done"]
    assert weeks.reports[1].facts == {
        "packages": 2,
        "refused": 1,
        "kept": 1,
        "rolledBack": False,
    }


def test_between_polls_are_so_many_seconds() -> None:
    weeks = Weeks([NOTHING, Poll(1)], Pace(every=45))
    weeks.live()
    assert weeks.pauses == [45, 45]


def test_the_pause_after_failures_doubles_up_to_the_longest() -> None:
    weeks = Weeks([AWAY] * 8 + [NOTHING], Pace(every=30, longest=40))
    weeks.live()
    assert weeks.pauses == [1, 2, 4, 8, 16, 32, 40, 40, 30]


def test_who_polls_without_pauses_has_pauses_after_failures_that_double() -> None:
    weeks = Weeks([AWAY] * 3 + [NOTHING], Pace(every=0))
    weeks.live()
    assert weeks.pauses == [0.05, 0.1, 0.2, 0]


def test_a_poll_that_was_stopped_before_it_asked_is_none_and_no_end_of_an_outage() -> None:
    assert Weeks([AWAY, Poll(0, asked=False)]).live() == [
        "The eIM does not answer. (again in 1 s)",
        "stopped after 0 polls, 0 packages, 1 failure",
    ]


@pytest.mark.parametrize(("chance", "pause"), [(0.0, 0.5), (0.5, 0.75), (1.0, 1.0)])
def test_half_of_a_pause_after_a_failure_is_random(chance: float, pause: float) -> None:
    assert Pace().after_failure(1, chance) == pause


def test_after_years_of_failures_the_pause_is_still_the_longest() -> None:
    assert Pace().after_failure(10**7, 1.0) == 300


def test_an_outage_is_two_lines_however_long_it_is() -> None:
    weeks = Weeks([AWAY] * 50 + [NOTHING], Pace(summary=1e9))
    assert weeks.live() == [
        "The eIM does not answer. (again in 1 s)",
        "again after 50 failures in 4 h",
        "stopped after 1 poll, 0 packages, 50 failures",
    ]
    assert weeks.reports[0].facts == {"failure": 1, "again": 1.0}
    assert weeks.reports[1].facts == {"failures": 50, "seconds": 12811.0}
    assert weeks.let_go == 50


def test_each_reason_of_an_outage_is_told_once() -> None:
    gone = ReaderError("There is no card.")
    weeks = Weeks([AWAY, gone, AWAY, gone, NOTHING, AWAY])
    texts = [one.text.partition(" (")[0] for one in weeks.reports] if weeks.live() else []
    assert texts == [
        "The eIM does not answer.",
        "There is no card.",
        "again after 4 failures in 15 s",
        "The eIM does not answer.",
        "stopped after 1 poll, 0 packages, 5 failures",
    ]


def test_an_eim_that_always_says_something_else_does_not_fill_the_log() -> None:
    weeks = Weeks([LpaError(f"No. {number}.") for number in range(1000)], Pace(summary=1e9))
    assert len(weeks.live()) == 17


def test_an_error_of_no_known_kind_ends_it() -> None:
    with pytest.raises(ZeroDivisionError):
        Weeks([ZeroDivisionError()]).live()


def test_a_summary_comes_now_and_then() -> None:
    weeks = Weeks([NOTHING] * 5, Pace(every=1000, summary=2000))
    texts = weeks.live()
    assert texts == [
        "2 polls, 0 packages, 0 failures so far",
        "4 polls, 0 packages, 0 failures so far",
        "stopped after 5 polls, 0 packages, 0 failures",
    ]
    assert weeks.reports[0].event == "summary"
    assert weeks.reports[0].facts["polls"] == 2


def test_what_remains_on_the_card_is_told_once() -> None:
    said: list[Any] = [["a"], ["a", "b"], ["a", "b"], [], ["a"]]

    def remain(resident: Resident) -> None:
        for one in said.pop(0):
            resident.remains(one)

    assert Weeks([Poll(0, kept=1)] * 5, before=remain).live()[:-1] == ["a", "b", "a"]


def test_it_stops_in_the_middle_of_a_poll() -> None:
    weeks = Weeks([NOTHING, StoppedError("stops here"), NOTHING])
    assert weeks.live() == ["stops here", "stopped after 1 poll, 0 packages, 0 failures"]
