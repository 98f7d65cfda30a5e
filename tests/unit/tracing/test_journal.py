"""The journal of a served card."""

import os
from pathlib import Path

from euicc_sim.tracing.journal import JOURNAL, MAX_SIZE, Entry, Journal, read


def test_lines_are_read_back_in_order(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.link(1.5, "connected")
    journal.function(2.5, "GetEID", "GetEID: ok", refused=False)
    assert read(tmp_path) == []
    journal.flush()
    journal.function(3.5, "Delete", "Delete: enabled", refused=True)
    journal.flush()
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
            journal.flush()
    journal.flush()
    assert (tmp_path / JOURNAL).stat().st_size < MAX_SIZE + 20000
    link, *rest = read(tmp_path)
    assert link == Entry(1.0, "connected", process=os.getpid())
    assert [one.at for one in rest] == [float(n) for n in range(3000 - len(rest), 3000)]
    assert len(rest) > 800


def test_malformed_lines_are_skipped(tmp_path: Path) -> None:
    (tmp_path / JOURNAL).write_bytes(
        b'{"at": 1, "text": "good"}\nbad\n[]\n{"text": "no time"}\n\xff\n{"at": "x"}\n'
        b'{"at": 2, "text": "odd", "process": "me", "refused": 1}\n{"at": 3, "te'
    )
    assert read(tmp_path) == [Entry(1.0, "good"), Entry(2.0, "odd")]


def test_a_directory_that_cannot_be_written_is_not_an_error(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "nowhere")
    journal.function(1.0, "GetEID", "GetEID: ok", refused=False)
    journal.flush()
    assert read(tmp_path / "nowhere") == []
