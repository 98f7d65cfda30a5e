"""The database of an SM-DP+: its `Orders` in a SQLite file.

A row has a `document`, the whole record, as JSON; the other columns repeat what rows are found by.
Packages and metadata stay where they are: `profile` says what was ordered first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec.structs import replace
from sqlalchemy import bindparam as given

from euicc_sim.parties.messages import Refusal, SmdppError
from euicc_sim.parties.smdpp import Order, OrderChangedError, OrderRecord, OrderState
from euicc_sim.servers.database.sqlite_file import FileKind, SqliteFile

KIND = FileKind("the database of an SM-DP+", 0x6555_5331, 1)

_tables = sa.MetaData()
_orders = sa.Table(
    "orders",
    _tables,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("matching_id", sa.Text, nullable=False),
    sa.Column("eid", sa.Text),
    sa.Column("iccid", sa.Text),
    sa.Column("profile_type", sa.Text, nullable=False),
    sa.Column("transaction_id", sa.LargeBinary),
    sa.Column("document", sa.Text, nullable=False),
    sa.Index("orders_by_name", "name"),
    sa.Index("orders_by_matching_id", "matching_id"),
    sa.Index("orders_by_eid", "eid"),
    sa.Index("orders_by_iccid", "iccid"),
    sa.Index("orders_by_transaction", "transaction_id"),
    sa.Index("orders_by_type", "state", "profile_type", "number"),
    sqlite_autoincrement=True,
)

# Built once: to build a statement takes longer than to execute it.
_ALL = sa.select(_orders.c.document).order_by(_orders.c.number)
_BY = {
    name: _ALL.where(_orders.c[name] == given("key"))
    for name in ("number", "matching_id", "eid", "iccid", "transaction_id")
}
_AVAILABLE = _ALL.where(
    _orders.c.state == OrderState.AVAILABLE.value, _orders.c.profile_type == given("key")
).limit(1)
_NAMES = sa.select(_orders.c.name).distinct()
_COLUMNS = (
    *("revision", "name", "state", "matching_id", "eid", "iccid", "profile_type"),
    *("transaction_id", "document"),
)
_CHANGE = (
    sa.update(_orders)
    .where(_orders.c.number == given("of_number"), _orders.c.revision == given("of_revision"))
    .values({name: given(name) for name in _COLUMNS})
)

_encode = msgspec.json.Encoder().encode
_RECORDS = msgspec.json.Decoder(OrderRecord)


def _failed(sentence: str) -> SmdppError:
    return SmdppError(Refusal.UNAVAILABLE, sentence)


class SmdppDatabase:
    """The `Orders` in a file; `profile` returns what was ordered first.

    Errors of the file are SmdppError with UNAVAILABLE.
    """

    def __init__(
        self, path: Path, profile: Callable[[OrderRecord], Order], *, fsync: bool = True
    ) -> None:
        """Open the file, or make it. Raises SmdppError."""
        self._file = SqliteFile(path, KIND, _tables, _failed, fsync=fsync)
        self.profile = profile
        self.changed: Callable[[OrderRecord], None] = lambda _: None
        """Called with each order that a unit of work has changed."""

    def __enter__(self) -> SmdppDatabase:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def names(self) -> set[str]:
        """The names of all orders."""
        with self._file.reading() as connection:
            return set(connection.execute(_NAMES).scalars())

    def __iter__(self) -> Iterator[OrderRecord]:
        with self._file.reading() as connection:
            return iter(list(_Draft(self._file.path, connection)))

    def record(self, number: int) -> OrderRecord:
        """An order by its number. Raises KeyError."""
        with self._reading() as rows:
            return rows.record(number)

    def with_matching_id(self, matching_id: str) -> list[OrderRecord]:
        """Those with that matchingId."""
        with self._reading() as rows:
            return rows.with_matching_id(matching_id)

    def with_eid(self, eid: str) -> list[OrderRecord]:
        """Those that were placed for that EID."""
        with self._reading() as rows:
            return rows.with_eid(eid)

    def with_iccid(self, iccid: str) -> list[OrderRecord]:
        """Those of the Profile with that ICCID."""
        with self._reading() as rows:
            return rows.with_iccid(iccid)

    def with_transaction(self, transaction_id: bytes) -> OrderRecord | None:
        """That whose last delivery was in that transaction."""
        with self._reading() as rows:
            return rows.with_transaction(transaction_id)

    def available(self, profile_type: str) -> OrderRecord | None:
        """The first of that profileType that is Available."""
        with self._reading() as rows:
            return rows.available(profile_type)

    def add(self, order: Order) -> OrderRecord:
        """A unit of work of that alone."""
        with self.changing() as draft:
            return draft.add(order)

    @contextmanager
    def changing(self) -> Iterator[_Draft]:
        """A unit of work: a transaction, the only one that writes."""
        with self._file.writing() as connection:
            draft = _Draft(self._file.path, connection)
            yield draft
        for record in draft.changed.values():
            self.changed(record)

    @contextmanager
    def _reading(self) -> Iterator[_Draft]:
        with self._file.reading() as connection:
            yield _Draft(self._file.path, connection)


class _Draft:
    """An `OrderDraft`: rows as they are in a transaction."""

    def __init__(self, path: Path, connection: sa.Connection) -> None:
        self._path = path
        self._connection = connection
        self.changed: dict[int, OrderRecord] = {}

    def __iter__(self) -> Iterator[OrderRecord]:
        return iter(self._found(_ALL))

    def record(self, number: int) -> OrderRecord:
        found = self._by("number", number)
        if not found:
            raise KeyError(number)
        return found[0]

    def with_matching_id(self, matching_id: str) -> list[OrderRecord]:
        return self._by("matching_id", matching_id) if matching_id else []

    def with_eid(self, eid: str) -> list[OrderRecord]:
        return self._by("eid", eid)

    def with_iccid(self, iccid: str) -> list[OrderRecord]:
        return self._by("iccid", iccid)

    def with_transaction(self, transaction_id: bytes) -> OrderRecord | None:
        return next(iter(self._by("transaction_id", transaction_id)), None)

    def available(self, profile_type: str) -> OrderRecord | None:
        return next(iter(self._found(_AVAILABLE, key=profile_type)), None)

    def add(self, order: Order) -> OrderRecord:
        # The number is SQLite's: it is in the document, too, so the row is made in two steps.
        empty = _row(OrderRecord.of(order, 0))
        done = self._connection.execute(_orders.insert(), empty)
        number = done.inserted_primary_key
        record = OrderRecord.of(order, int(number[0]) if number else 0)
        self._change(record, 0)
        return record

    def put(self, record: OrderRecord) -> OrderRecord:
        new = replace(record, revision=record.revision + 1)
        self._change(new, record.revision)
        return new

    def _change(self, record: OrderRecord, before: int) -> None:
        where = {"of_number": record.number, "of_revision": before}
        if self._connection.execute(_CHANGE, _row(record) | where).rowcount != 1:
            raise OrderChangedError(f"order {record.number} was changed meanwhile")
        self.changed[record.number] = record

    def _by(self, column: str, key: str | int | bytes) -> list[OrderRecord]:
        return self._found(_BY[column], key=key)

    def _found(self, asked: sa.Select[Any], **key: object) -> list[OrderRecord]:
        documents = self._connection.execute(asked, key).scalars()
        return [self._read(one) for one in documents]

    def _read(self, document: str) -> OrderRecord:
        try:
            return _RECORDS.decode(document)
        except msgspec.MsgspecError as error:
            raise _failed(
                f"{self._path} has an order that cannot be read: {error}. Restore a copy of it."
            ) from error


def _row(record: OrderRecord) -> dict[str, Any]:
    delivery = record.delivery
    return {
        "revision": record.revision,
        "name": record.name,
        "state": record.state.value,
        "matching_id": record.matching_id,
        "eid": record.eid,
        "iccid": record.iccid,
        "profile_type": record.profile_type,
        "transaction_id": None if delivery is None else delivery.transaction_id,
        "document": _encode(record).decode(),
    }
