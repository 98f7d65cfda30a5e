"""Which cards are served on this machine, found without asking the card."""

import os
from pathlib import Path
from uuid import uuid4

import pytest

from euicc_sim import Card
from euicc_sim.tracing.journal import Entry, Journal
from euicc_sim.tracing.served import served_in, serving

OURS, OTHER = (f"Reader {uuid4()}" for _ in "12")
"""Names that no other process on this machine has."""
DEAD_PROCESS = 2**22 + 1
"""Above the greatest process number of Linux."""


def test_who_serves_is_the_last_that_said_so_and_lives() -> None:
    here = Entry(1.0, "connected", process=os.getpid())
    function = Entry(3.0, "GetEID: ok", "GetEID")
    assert serving([]) is None
    assert serving([here, function]) == here
    assert serving([here, Entry(2.0, "", process=os.getpid())]) is None
    assert serving([here, Entry(2.0, "connected", process=DEAD_PROCESS)]) is None
    assert serving([Entry(1.0, "connected", process=1)]) is not None


def test_a_process_of_somebody_else_serves_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def kill(process: int, number: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", kill)
    assert serving([Entry(1.0, "connected", process=1)]) is not None


@pytest.mark.parametrize("process", [0, -1, 2**70])
def test_a_number_that_no_process_has_serves_nothing(process: int) -> None:
    assert serving([Entry(1.0, "connected", process=process)]) is None


@pytest.fixture
def journal(card: Card) -> Journal:
    """That of a card which this process has open."""
    return Journal(card.directory)


def test_a_card_is_found_by_the_reader_that_its_server_names(card: Card, journal: Journal) -> None:
    journal.link(1.0, "connected", reader=OURS)
    journal.link(2.0, "waiting for TCP clients")
    journal.flush()
    assert served_in(OURS) == [card.directory]
    assert served_in(OTHER) == []


def test_the_reader_that_was_named_last_counts(card: Card, journal: Journal) -> None:
    journal.link(1.0, "connected", reader=OURS)
    journal.link(2.0, "connected", reader=OTHER)
    journal.flush()
    assert served_in(OURS) == []
    assert served_in(OTHER) == [card.directory]


def test_a_server_that_has_ended_is_not_found(card: Card, journal: Journal) -> None:
    journal.link(1.0, "connected", reader=OURS)
    journal.end()
    assert served_in(OURS) == []


def test_a_card_that_is_closed_is_not_found(card: Card, journal: Journal) -> None:
    journal.link(1.0, "connected", reader=OURS)
    journal.flush()
    card.close()
    assert served_in(OURS) == []


def test_the_word_of_a_process_that_has_not_opened_the_card_counts_for_nothing(
    card: Card, tmp_path: Path
) -> None:
    """The journal names another process than the one that holds the lock."""
    (card.directory / "events.jsonl").write_text(
        f'{{"at": 1.0, "text": "connected", "process": {DEAD_PROCESS}, "reader": "{OURS}"}}\n'
    )
    assert served_in(OURS) == []
    assert served_in(OURS, tmp_path) == []
