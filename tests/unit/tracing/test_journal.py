"""The journal of a served card."""

import os
from pathlib import Path

import pytest

from euicc_sim.tracing.journal import JOURNAL, MAX_GROWN, MAX_SIZE, Entry, Journal, read


def settle(journal: Journal) -> None:
    """What a pause does."""
    journal.flush()
    journal.tidy()


def test_lines_are_read_back_in_order(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.link(1.5, "connected")
    journal.function(2.5, "GetEID", "GetEID: ok", refused=False)
    assert read(tmp_path) == []
    settle(journal)
    journal.function(3.5, "Delete", "Delete: enabled", refused=True)
    settle(journal)
    assert read(tmp_path) == [
        Entry(1.5, "connected", process=os.getpid()),
        Entry(2.5, "GetEID: ok", "GetEID"),
        Entry(3.5, "Delete: enabled", "Delete", refused=True),
    ]


def test_the_end_of_serving_is_a_line_without_text(tmp_path: Path) -> None:
    Journal(tmp_path).end()
    (entry,) = read(tmp_path)
    assert (entry.text, entry.process) == ("", os.getpid())


def test_a_long_journal_loses_its_older_half_but_keeps_the_link(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.link(1.0, "connected")
    for number in range(3000):
        journal.function(float(number), "GetEID", f"{number}: {'x' * 100}", refused=False)
        if number % 100 == 0:
            settle(journal)
    settle(journal)
    assert (tmp_path / JOURNAL).stat().st_size < MAX_SIZE + 20000
    link, *rest = read(tmp_path)
    assert link == Entry(1.0, "connected", process=os.getpid())
    assert [one.at for one in rest] == [float(n) for n in range(3000 - len(rest), 3000)]
    assert len(rest) > 800


def test_a_refusal_that_is_counted_is_one_entry_in_the_place_of_the_last(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.function(1.0, "Delete", "Delete: enabled", refused=True)
    journal.function(1.5, "GetEID", "GetEID: ok", refused=False)
    journal.again(2.0, "Delete", "Delete: enabled", times=2, since=1.0)
    journal.again(2.5, "Delete", "Delete: enabled", times=7, since=1.0)
    journal.function(9.0, "Delete", "Delete: enabled", refused=True)
    settle(journal)
    assert read(tmp_path) == [
        Entry(1.5, "GetEID: ok", "GetEID"),
        Entry(2.5, "Delete: enabled", "Delete", refused=True, times=7, since=1.0),
        Entry(9.0, "Delete: enabled", "Delete", refused=True),
    ]


def test_counting_a_refusal_takes_no_room_from_other_functions(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.link(0.5, "connected", reader="R")
    journal.function(1.0, "GetEID", "GetEID: ok", refused=False)
    journal.function(2.0, "Delete", "Delete: enabled", refused=True)
    for times in range(2, 10_000):
        journal.again(2.0 + times, "Delete", "Delete: enabled", times=times, since=2.0)
        if times % 100 == 0:
            settle(journal)
    settle(journal)
    assert read(tmp_path) == [
        Entry(0.5, "connected", process=os.getpid(), reader="R"),
        Entry(1.0, "GetEID: ok", "GetEID"),
        Entry(10_001.0, "Delete: enabled", "Delete", refused=True, times=9_999, since=2.0),
    ]
    assert (tmp_path / JOURNAL).stat().st_size < MAX_SIZE + 20_000


def test_of_each_link_a_long_journal_keeps_the_last_state(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.link(1.0, "waiting", reader="R")
    journal.link(2.0, "connected", reader="R")
    journal.link(3.0, "waiting for TCP clients")
    for number in range(2000):
        journal.function(float(number), "GetEID", "x" * 200, refused=False)
    settle(journal)
    assert read(tmp_path)[:2] == [
        Entry(2.0, "connected", process=os.getpid(), reader="R"),
        Entry(3.0, "waiting for TCP clients", process=os.getpid()),
    ]


def test_malformed_lines_are_skipped(tmp_path: Path) -> None:
    (tmp_path / JOURNAL).write_bytes(
        b'{"at": 1, "text": "good"}\nbad\n[]\n{"text": "no time"}\n\xff\n{"at": "x"}\n'
        b'{"at": 2, "text": "odd", "process": "me", "refused": 1}\n'
        b'{"at": 3, "text": "x", "times": 1e400}\n{"at": 3, "te'
    )
    assert read(tmp_path) == [Entry(1.0, "good"), Entry(2.0, "odd"), Entry(3.0, "x")]


def test_a_directory_that_cannot_be_written_is_not_an_error(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "nowhere")
    journal.function(1.0, "GetEID", "GetEID: ok", refused=False)
    settle(journal)
    assert read(tmp_path / "nowhere") == []


def noted(directory: Path) -> Journal:
    """A journal with a line to write."""
    journal = Journal(directory)
    journal.function(1.0, "GetEID", "GetEID: ok", refused=False)
    return journal


@pytest.mark.parametrize("is_there", [True, False], ids=["outside", "dangling"])
def test_a_journal_that_is_a_link_is_not_followed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, is_there: bool
) -> None:
    outside = tmp_path / "outside"
    if is_there:
        outside.write_text("mine")
    (tmp_path / JOURNAL).symlink_to(outside)
    journal = noted(tmp_path)
    settle(journal)
    journal.end()
    assert outside.exists() == is_there
    assert not is_there or outside.read_text() == "mine"
    assert read(tmp_path) == []
    assert [one.getMessage() for one in caplog.records] == [
        f"{tmp_path / JOURNAL} is not a plain file: remove it, or have no journal"
    ]


def test_a_journal_that_is_a_fifo_keeps_nobody_waiting(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    os.mkfifo(tmp_path / JOURNAL)
    settle(noted(tmp_path))
    assert read(tmp_path) == []
    assert "is not a plain file" in caplog.text


def test_a_draft_of_the_journal_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("mine")
    (tmp_path / f"{JOURNAL}.new").symlink_to(outside)
    (tmp_path / JOURNAL).write_text("x" * MAX_SIZE + "\n")
    settle(noted(tmp_path))
    assert outside.read_text() == "mine"
    assert (tmp_path / JOURNAL).stat().st_size < MAX_SIZE


NESTED = b"[" * 100_000
HUGE = b"1" + b"0" * 400


@pytest.mark.parametrize(
    "line",
    [
        *(b'{"at": %s}' % one for one in (b"NaN", b"Infinity", b"-1", b"1e300", HUGE, b"true")),
        *(b'{"at": %s}' % one for one in (b"[]", b'"1"', b"null", b"4294967296", b"9" * 5000)),
        *(b"\xff" * 9, b'{"at": 1, "text": "\xff"}', NESTED, b'{"at": 1, "text": ' + NESTED),
        *(b"1", b"null", b'"at"', b'{"at": 1', b"\x00"),
    ],
    ids=lambda line: ascii(line)[1:25],
)
def test_a_line_that_no_card_wrote_is_skipped(tmp_path: Path, line: bytes) -> None:
    (tmp_path / JOURNAL).write_bytes(line + b'\n{"at": 2, "text": "good"}\n' + line)
    assert read(tmp_path) == [Entry(2.0, "good")]


@pytest.mark.parametrize("value", [b"NaN", b"1e300", HUGE, b"-1", b"true", b"[1]", b'"9"', b"0"])
@pytest.mark.parametrize("name", ["process", "times", "since"])
def test_a_number_that_no_card_wrote_is_as_if_it_was_not_there(
    tmp_path: Path, name: str, value: bytes
) -> None:
    line = b'{"at": 1, "text": "t", "%s": %s}' % (name.encode(), value)
    (tmp_path / JOURNAL).write_bytes(line)
    assert read(tmp_path) == [Entry(1.0, "t")]


@pytest.mark.parametrize("before", [b"\xff" * 300_000, b"\n" * 300_000, b"\xff" * 10, b'{"at": 1'])
def test_what_is_written_after_bytes_of_somebody_else_is_read(
    tmp_path: Path, before: bytes
) -> None:
    (tmp_path / JOURNAL).write_bytes(before)
    settle(noted(tmp_path))
    assert read(tmp_path) == [Entry(1.0, "GetEID: ok", "GetEID")]
    assert (tmp_path / JOURNAL).stat().st_size <= MAX_SIZE


def test_of_a_journal_of_a_gigabyte_only_the_end_is_read(tmp_path: Path) -> None:
    with open(tmp_path / JOURNAL, "wb") as file:
        file.truncate(1 << 30)
        file.seek(0, os.SEEK_END)
        file.write(b'\n{"at": 1, "text": "last"}\n')
    assert read(tmp_path) == [Entry(1.0, "last")]
    settle(noted(tmp_path))
    assert [one.text for one in read(tmp_path)] == ["last", "GetEID: ok"]
    assert (tmp_path / JOURNAL).stat().st_size <= MAX_SIZE


def test_a_journal_is_not_shortened_while_commands_come(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    for number in range(10_000):
        journal.function(1.0, "GetEID", f"GetEID: {number}", refused=False)
    journal.flush()
    assert MAX_SIZE < (tmp_path / JOURNAL).stat().st_size < MAX_GROWN
    journal.tidy()
    assert (tmp_path / JOURNAL).stat().st_size < MAX_SIZE


def test_a_journal_is_bounded_although_no_pause_comes(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    for number in range(60_000):
        journal.function(1.0, "GetEID", f"GetEID: {number}", refused=False)
        if number % 500 == 0:
            journal.flush()
    assert (tmp_path / JOURNAL).stat().st_size < MAX_GROWN
