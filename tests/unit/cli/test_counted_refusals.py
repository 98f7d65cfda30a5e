"""What `serve` prints when a command is refused again and again."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console
from support.served_log import START, Served

from euicc_sim import Event
from euicc_sim.cli.watch_screen import _functions
from euicc_sim.tracing.journal import Entry, read

WRONG = Event("SELECT", refused=True, text="SELECT: 6A82, there is no such application")
EARLY = Event("STORE DATA", refused=True, text="STORE DATA: 6985, no ISD-R is selected")
GOOD = Event("GetEID", refused=False, text="GetEID: ok")


@pytest.fixture
def piped(tmp_path: Path) -> Served:
    return Served(tmp_path)


def test_in_a_pipe_the_count_is_a_line_when_two_seconds_have_passed(piped: Served) -> None:
    for _ in range(5):
        piped.hear(WRONG, after=0.1)
    assert piped.printed == [WRONG.text]
    piped.now += 2.1
    piped.log.idle()
    assert piped.printed == [WRONG.text, f"{WRONG.text} (5 times since)"]
    piped.log.idle()
    assert len(piped.printed) == 2


def test_a_refusal_that_comes_later_than_two_seconds_is_a_new_one(piped: Served) -> None:
    piped.hear(WRONG)
    piped.hear(WRONG, after=2.1)
    assert piped.printed == [WRONG.text, WRONG.text]


def test_two_refusals_in_turn_are_counted_each(piped: Served) -> None:
    for _ in range(10):
        piped.hear(WRONG, after=0.1)
        piped.hear(EARLY, after=0.1)
    piped.now += 3
    piped.log.idle()
    assert piped.printed == [
        WRONG.text,
        EARLY.text,
        f"{WRONG.text} (10 times since)",
        f"{EARLY.text} (10 times since)",
    ]


def test_a_loop_of_an_hour_takes_a_line_a_minute_at_most(piped: Served) -> None:
    for _ in range(3600):
        piped.hear(WRONG, after=1.0)
    assert 60 <= len(piped.printed) <= 66


def test_refusals_without_a_pause_are_one_line_with_their_count(piped: Served) -> None:
    for _ in range(5):
        piped.hear(WRONG, after=0.1, pause=False)
    piped.log.idle()
    assert piped.printed == [f"{WRONG.text} (5 times since)"]


def test_a_client_that_leaves_no_pause_is_told_of_all_the_same(piped: Served) -> None:
    for _ in range(50):
        piped.hear(WRONG, after=0.1, pause=False)
    assert f"{WRONG.text} (21 times since)" in piped.printed[0]


def test_what_has_succeeded_is_printed_each_time(piped: Served) -> None:
    for _ in range(3):
        piped.hear(GOOD)
    assert piped.printed == [GOOD.text] * 3


def test_at_the_end_of_the_server_the_count_is_printed(piped: Served) -> None:
    piped.hear(WRONG)
    piped.hear(WRONG)
    piped.log.end()
    assert piped.printed == [WRONG.text, f"{WRONG.text} (2 times since)"]


def test_with_verbose_each_refusal_stands_below_its_bytes(tmp_path: Path) -> None:
    served = Served(tmp_path, verbose=True)
    served.hear(WRONG)
    served.hear(WRONG)
    served.log.end()
    assert served.printed == ["→ 0000", "← 0000", WRONG.text] * 2


def test_on_a_terminal_the_count_is_in_the_line_itself(tmp_path: Path) -> None:
    served = Served(tmp_path, terminal=True)
    served.hear(WRONG)
    before = len(served.raw)
    served.hear(WRONG, after=0.1)
    assert served.raw[before:].startswith("\x1b[1A\x1b[2K")
    assert "(2 times since" in served.raw[before:]
    assert served.raw[before:].count("\n") == 1


def test_a_line_of_two_rows_is_cleared_in_both(tmp_path: Path) -> None:
    served = Served(tmp_path, terminal=True)
    long = Event("SELECT", refused=True, text="x" * 80)
    served.hear(long)
    before = len(served.raw)
    served.hear(long)
    assert served.raw[before:].startswith("\x1b[1A\x1b[2K\x1b[1A\x1b[2K")


def test_a_line_that_is_not_the_last_is_left_alone(tmp_path: Path) -> None:
    served = Served(tmp_path, terminal=True)
    served.hear(WRONG)
    served.hear(GOOD)
    served.hear(WRONG)
    served.log.end()
    assert "\x1b[1A" not in served.raw
    assert served.printed == [WRONG.text, GOOD.text, f"{WRONG.text} (2 times since)"]


def test_what_others_have_printed_is_not_overwritten(tmp_path: Path) -> None:
    served = Served(tmp_path, terminal=True)
    served.hear(WRONG)
    served.lines.interrupted()
    served.hear(WRONG)
    assert "\x1b[1A" not in served.raw


def test_the_journal_has_one_entry_with_the_count(piped: Served, tmp_path: Path) -> None:
    for _ in range(4):
        piped.hear(WRONG, after=0.5)
    assert read(tmp_path) == [
        Entry(START + 2, WRONG.text, "SELECT", refused=True, times=4, since=START + 0.5)
    ]


def test_watch_shows_the_count(piped: Served, tmp_path: Path) -> None:
    piped.hear(WRONG)
    piped.hear(WRONG)
    out = Console(file=io.StringIO(), width=200)
    out.print(_functions(read(tmp_path), 10))
    assert isinstance(out.file, io.StringIO)
    assert f"{WRONG.text} (2 times since " in out.file.getvalue()
