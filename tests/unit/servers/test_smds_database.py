"""The events of an SM-DS in a file: kept before it answers, for its owner alone."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from euicc_sim.parties.messages.errors import SmdppError
from euicc_sim.parties.smds import Event, EventBook, Events
from euicc_sim.servers.database import SmdsDatabase

EID, OTHER = "89049032123451234512345678901235", "89049032000001000000128452480177"
ONE = Event(eid=EID, event_id="A", address="smdp.example.com", owner="2.999.10")
TWO = Event(eid=EID, event_id="B", address="smdp.example.com", owner="2.999.10", forwarded=True)
THIRD = Event(eid=OTHER, event_id="A", address="smds.example.com:8445", owner="2.999.15")


@pytest.fixture(params=["memory", "file"])
def events(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Events]:
    if request.param == "memory":
        yield EventBook()
        return
    with SmdsDatabase(tmp_path / "events.db", fsync=False) as found:
        yield found


def add(events: Events, *given: Event) -> None:
    with events.changing() as draft:
        for one in given:
            draft.add(one)


def test_events_are_found_by_card_and_by_event_id(events: Events) -> None:
    add(events, ONE, THIRD, TWO)
    assert events.of_card(EID) == [ONE, TWO]
    assert events.event(EID, "B") == TWO
    assert events.event(OTHER, "B") is None
    assert events.count() == len(list(events)) == 3


def test_what_is_removed_is_gone(events: Events) -> None:
    add(events, ONE, TWO)
    with events.changing() as draft:
        draft.remove(ONE)
    assert list(events) == [TWO]


def test_a_unit_of_work_that_raises_changes_nothing(events: Events) -> None:
    add(events, ONE)
    with suppress(ZeroDivisionError), events.changing() as draft:
        draft.remove(ONE)
        draft.add(TWO)
        1 / 0  # noqa: B018 - it fails here
    assert list(events) == [ONE]


def test_events_outlive_the_program_and_are_their_owner_s_alone(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    with SmdsDatabase(path) as events:
        add(events, ONE, TWO, THIRD)
    with SmdsDatabase(path) as events:
        assert list(events) == [ONE, TWO, THIRD]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_of_another_kind_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    path.write_bytes(b"not a database, but a text that is long enough to be looked at" * 20)
    with pytest.raises(SmdppError, match="is damaged"):
        SmdsDatabase(path)
