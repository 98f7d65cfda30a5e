"""The database of an SM-DS: its `Events` in a SQLite file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam as given

from euicc_sim.parties.messages import Refusal, SmdppError
from euicc_sim.parties.smds import Event
from euicc_sim.servers.database.sqlite_file import FileKind, SqliteFile

KIND = FileKind("the database of an SM-DS", 0x6555_5332, 1)

_tables = sa.MetaData()
_events = sa.Table(
    "events",
    _tables,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("eid", sa.Text, nullable=False),
    sa.Column("event_id", sa.Text, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("forwarded", sa.Boolean, nullable=False),
    sa.UniqueConstraint("eid", "event_id"),
    sqlite_autoincrement=True,
)

# Built once: to build a statement takes longer than to execute it.
_ALL = sa.select(_events).order_by(_events.c.number)
_OF_CARD = _ALL.where(_events.c.eid == given("of"))
_EVENT = _OF_CARD.where(_events.c.event_id == given("named"))
_COUNT = sa.select(sa.func.count()).select_from(_events)
_REMOVE = sa.delete(_events).where(
    _events.c.eid == given("of"), _events.c.event_id == given("named")
)


def _failed(sentence: str) -> SmdppError:
    return SmdppError(Refusal.SMDS, sentence)


class SmdsDatabase:
    """The `Events` in a file; errors of the file are SmdppError with SMDS."""

    def __init__(self, path: Path, *, fsync: bool = True) -> None:
        """Open the file, or make it. Raises SmdppError."""
        self._file = SqliteFile(path, KIND, _tables, _failed, fsync=fsync)

    def __enter__(self) -> SmdsDatabase:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __iter__(self) -> Iterator[Event]:
        with self._reading() as rows:
            return iter(list(rows))

    def of_card(self, eid: str) -> list[Event]:
        """Those of a card."""
        with self._reading() as rows:
            return rows.of_card(eid)

    def event(self, eid: str, event_id: str) -> Event | None:
        """That of a card with that EventID."""
        with self._reading() as rows:
            return rows.event(eid, event_id)

    def count(self) -> int:
        """How many there are."""
        with self._reading() as rows:
            return rows.count()

    @contextmanager
    def changing(self) -> Iterator[_Draft]:
        """A unit of work: a transaction, the only one that writes."""
        with self._file.writing() as connection:
            yield _Draft(connection)

    @contextmanager
    def _reading(self) -> Iterator[_Draft]:
        with self._file.reading() as connection:
            yield _Draft(connection)


class _Draft:
    """An `EventDraft`: rows as they are in a transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def __iter__(self) -> Iterator[Event]:
        return iter(self._found(_ALL))

    def of_card(self, eid: str) -> list[Event]:
        return self._found(_OF_CARD, of=eid)

    def event(self, eid: str, event_id: str) -> Event | None:
        return next(iter(self._found(_EVENT, of=eid, named=event_id)), None)

    def count(self) -> int:
        return int(self._connection.execute(_COUNT).scalar_one())

    def add(self, event: Event) -> None:
        self._connection.execute(
            _events.insert(),
            {
                "eid": event.eid,
                "event_id": event.event_id,
                "address": event.address,
                "owner": event.owner,
                "forwarded": event.forwarded,
            },
        )

    def remove(self, event: Event) -> None:
        self._connection.execute(_REMOVE, {"of": event.eid, "named": event.event_id})

    def _found(self, asked: sa.Select[Any], **key: str) -> list[Event]:
        return [
            Event(
                eid=one.eid,
                event_id=one.event_id,
                address=one.address,
                owner=one.owner,
                forwarded=one.forwarded,
            )
            for one in self._connection.execute(asked, key)
        ]
