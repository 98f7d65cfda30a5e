"""The database of an eIM: an `EimStore` in a SQLite file.

A row has a `document`, the whole of what is kept, as JSON; the other columns repeat what rows are
found by. Order of locks: none, as every change is one transaction and SQLite admits one at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa
from sqlalchemy import bindparam as given

from euicc_sim.parties.eim.server.card_records import (
    NOTIFICATIONS,
    CardRecord,
    CardSummary,
    Forward,
    Order,
    OrderKind,
    Relayed,
    Result,
    StateChange,
    StorageError,
    checked_eid,
    unknown_card,
)
from euicc_sim.parties.messages.errors import EimError
from euicc_sim.servers.database.folder_of_cards import TAKEN_OVER, kept_cards
from euicc_sim.servers.database.sqlite_file import FileKind, SqliteFile

KIND = FileKind("the database of an eIM", 0x6555_4D31, 1)
RELAYED_AT_ONCE = 64
"""The most relayed downloads of one card, or of one host whose card is not known."""
RELAYED_FOR = timedelta(days=1)
"""How long a relayed download is remembered."""
SENDERS_WAITING = 10_000
"""The most notifications that wait in all."""

_AT_ONCE = ""  # the time before which nothing is postponed

_tables = sa.MetaData()
_cards = sa.Table(
    "cards",
    _tables,
    sa.Column("eid", sa.Text, primary_key=True),
    sa.Column("last_poll", sa.Text),
    sa.Column("host", sa.Text),
    sa.Column("results", sa.Integer, nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sa.Index("cards_by_host", "host"),
)
_orders = sa.Table(
    "orders",
    _tables,
    sa.Column("eid", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("place", sa.Integer, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("held", sa.Boolean, nullable=False),
    sa.Column("delivered", sa.Boolean, nullable=False),
    sa.Column("lost", sa.Boolean, nullable=False),
    sa.Column("not_before", sa.Text, nullable=False),
    sa.Column("transaction_id", sa.LargeBinary),
    sa.Column("counter", sa.Integer),
    sa.Column("document", sa.Text, nullable=False),
    sa.Index("orders_next", "eid", "held", "place"),
    sa.Index("orders_delivered", "eid", "delivered", "place"),
    sa.Index("orders_by_transaction", "transaction_id"),
    sa.Index("orders_by_counter", "eid", "counter"),
)
_results = sa.Table(
    "results",
    _tables,
    sa.Column("eid", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("transaction_id", sa.LargeBinary),
    sa.Column("digest", sa.LargeBinary),
    sa.Column("document", sa.Text),
    sa.Index("results_by_transaction", "transaction_id"),
    sa.Index("results_by_digest", "eid", "digest", unique=True),
)
_forwards = sa.Table(
    "notifications",
    _tables,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("sender", sa.Text, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("not_before", sa.Text, nullable=False),
    sa.Column("digest", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("document", sa.Text, nullable=False),
    sa.Index("notifications_by_sender", "sender"),
    sa.Index("notifications_by_address", "address"),
    sa.Index("notifications_next", "not_before", "number"),
)
_relays = sa.Table(
    "relayed_downloads",
    _tables,
    sa.Column("transaction_id", sa.LargeBinary, primary_key=True),
    sa.Column("sender", sa.Text, nullable=False),
    sa.Column("begun_at", sa.Text, nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sa.Index("relayed_downloads_by_sender", "sender", "begun_at"),
    sa.Index("relayed_downloads_by_age", "begun_at"),
)

# Built once: to build a statement takes longer than to execute it.
_EID: sa.BindParameter[str] = given("eid")
_CARD = sa.select(_cards.c.document).where(_cards.c.eid == _EID)
_NEXT = (
    sa.select(_orders.c.document)
    .where(
        _orders.c.eid == _EID,
        _orders.c.held.is_(False),
        _orders.c.not_before <= given("at"),
    )
    .order_by(_orders.c.place)
    .limit(1)
)
_IDLE = sa.select(
    _cards.c.document,
    sa.exists().where(
        _orders.c.eid == _EID, _orders.c.held.is_(False), _orders.c.not_before <= given("at")
    ),
).where(_cards.c.eid == _EID)
_BY_NUMBER = sa.select(_orders.c.document).where(
    _orders.c.eid == _EID, _orders.c.number == given("number")
)
_BY_TRANSACTION = sa.select(_orders.c.document).where(
    _orders.c.transaction_id == given("transaction"), _orders.c.eid == _EID
)
_BY_COUNTER = sa.select(_orders.c.document).where(
    _orders.c.eid == _EID, _orders.c.counter == given("counter")
)
_DELIVERED = (
    sa.select(_orders.c.document)
    .where(_orders.c.eid == _EID, _orders.c.delivered)
    .order_by(_orders.c.place)
    .limit(1)
)
_DELIVERED_KIND = _DELIVERED.where(_orders.c.kind == given("kind"))
_LOST = (
    sa.select(_orders.c.document)
    .where(_orders.c.eid == _EID, _orders.c.delivered, _orders.c.lost)
    .order_by(_orders.c.place)
)
_QUEUE = sa.select(_orders.c.document).where(_orders.c.eid == _EID).order_by(_orders.c.place)
_FIRST_PLACE = sa.select(sa.func.min(_orders.c.place)).where(_orders.c.eid == _EID)
_CHANGE_ORDER = (
    sa.update(_orders)
    .where(_orders.c.eid == given("of_eid"), _orders.c.number == given("of_number"))
    .values(
        {
            name: given(name)
            for name in (
                "kind",
                "held",
                "delivered",
                "lost",
                "not_before",
                "transaction_id",
                "counter",
                "document",
            )
        }
    )
)
_REMOVE_ORDER = sa.delete(_orders).where(_orders.c.eid == _EID, _orders.c.number == given("number"))
_CHANGE_CARD = (
    sa.update(_cards)
    .where(_cards.c.eid == given("of_eid"))
    .values({name: given(name) for name in ("last_poll", "host", "results", "document")})
)
_HAS_RESULT = sa.select(_results.c.number).where(
    _results.c.eid == _EID, _results.c.digest == given("digest")
)
_ADD_RESULT = _results.insert().prefix_with("OR IGNORE")
_RESULT_OF = (
    sa.select(_results.c.document)
    .where(
        _results.c.transaction_id == given("transaction"),
        _results.c.eid == _EID,
        _results.c.document.is_not(None),
    )
    .order_by(_results.c.number)
    .limit(1)
)
_FORGET_RESULTS = (
    sa.update(_results)
    .where(
        _results.c.eid == given("of_eid"),
        _results.c.number.between(given("first"), given("last")),
    )
    .values(document=None)
)
_RELAYED = sa.select(_relays.c.document).where(_relays.c.transaction_id == given("transaction"))

T = TypeVar("T")
_encode = msgspec.json.Encoder().encode
_CARDS, _ORDERS = msgspec.json.Decoder(CardRecord), msgspec.json.Decoder(Order)
_RESULTS, _FORWARDS = msgspec.json.Decoder(Result), msgspec.json.Decoder(Forward)
_RELAYS, _CHANGES = msgspec.json.Decoder(Relayed), msgspec.json.Decoder(StateChange)


class EimDatabase:
    """The `EimStore` in a file; of each card's results only the last `keep_results` are kept."""

    def __init__(
        self,
        path: Path,
        *,
        keep_results: int | None = None,
        folder: Path | None = None,
        taken_over: Callable[[str], None] = lambda _: None,
        fsync: bool = True,
    ) -> None:
        """Open the file, or make it. Raises StorageError.

        A new one takes over the cards of a `folder` of version 0.2.0 if there is one, and says so
        with `taken_over`; the folder is renamed. Without `fsync` a commit survives the end of the
        process, but not of the machine.
        """
        self._file = SqliteFile(path, KIND, _tables, StorageError, fsync=fsync)
        self._keep_results = keep_results
        if keep_results is not None:
            self._forget_results(keep_results)
        if folder is not None and folder.is_dir():
            self._take_over(folder, taken_over)

    @property
    def path(self) -> Path:
        """The file."""
        return self._file.path

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    # -- cards

    def cards(self) -> list[CardSummary]:
        """All cards, by EID."""
        waiting = sa.select(sa.func.count()).where(_orders.c.eid == _cards.c.eid).scalar_subquery()
        change = sa.func.json_extract(_cards.c.document, "$.stateChange")
        asked = sa.select(
            _cards.c.eid, waiting, _cards.c.results, _cards.c.last_poll, change
        ).order_by(_cards.c.eid)
        with self._file.reading() as connection:
            return [
                CardSummary(eid, orders, results, at, changed and self.read(_CHANGES, changed))
                for eid, orders, results, at, changed in connection.execute(asked)
            ]

    def card(self, eid: str) -> CardRecord:
        """The record of a card."""
        with self._file.reading() as connection:
            return self._card(connection, eid)

    def queue(self, eid: str) -> list[Order]:
        """The orders of a card that wait for a result, in order of delivery."""
        with self._file.reading() as connection:
            self._card(connection, eid)
            found = connection.execute(_QUEUE, {"eid": eid}).scalars()
            return [self.read(_ORDERS, one) for one in found]

    def results(self, eid: str, *, after: int = 0, last: int | None = None) -> list[Result]:
        """The results of a card in order, without the first `after`, or the last ones."""
        asked = sa.select(_results.c.document).where(
            _results.c.eid == eid, _results.c.number > after, _results.c.document.is_not(None)
        )
        if last is None:
            asked = asked.order_by(_results.c.number)
        else:
            asked = asked.order_by(_results.c.number.desc()).limit(last)
        with self._file.reading() as connection:
            self._card(connection, eid)
            found = [self.read(_RESULTS, one) for one in connection.execute(asked).scalars()]
        return found if last is None else found[::-1]

    @contextmanager
    def changing(self, eid: str, new: CardRecord | None = None) -> Iterator[_Draft]:
        """A transaction on a card; with `new` the card is added first unless it is known."""
        with self._file.writing() as connection:
            if new is not None:
                _add_card(connection, new)
            draft = _Draft(self, connection, self._card(connection, checked_eid(eid)))
            before = draft.record.next_result
            yield draft
            draft.save()
            if self._keep_results is not None and draft.record.next_result > before:
                first = max(before - self._keep_results, 1)
                last = draft.record.next_result - 1 - self._keep_results
                which = {"of_eid": eid, "first": first, "last": last}
                connection.execute(_FORGET_RESULTS, which)

    def idle(self, eid: str, at: str) -> CardRecord | None:
        """The record of a card for which nothing is to be delivered at that time, or None."""
        with self._file.reading() as connection:
            found = connection.execute(_IDLE, {"eid": checked_eid(eid), "at": at}).first()
        if found is None:
            raise unknown_card(eid)
        document, waiting = found
        return None if waiting else self.read(_CARDS, document)

    def card_of(self, transaction: bytes) -> str | None:
        """The EID of the card that has an order or a result with that eimTransactionId."""
        asked = sa.union_all(
            sa.select(_orders.c.eid).where(_orders.c.transaction_id == transaction),
            sa.select(_results.c.eid).where(_results.c.transaction_id == transaction),
        ).limit(1)
        with self._file.reading() as connection:
            return connection.execute(asked).scalar_one_or_none()

    def cards_at(self, host: str) -> list[str]:
        """The EIDs of up to two cards that polled last from that host."""
        asked = sa.select(_cards.c.eid).where(_cards.c.host == host).limit(2)
        with self._file.reading() as connection:
            return list(connection.execute(asked).scalars())

    def _forget_results(self, keep: int) -> None:
        """Forget what was kept before with another `keep_results`."""
        old = _results.c.number <= (
            sa.select(_cards.c.results - keep)
            .where(_cards.c.eid == _results.c.eid)
            .scalar_subquery()
        )
        with self._file.writing() as connection:
            connection.execute(
                sa.update(_results).where(old, _results.c.document.is_not(None)),
                {"document": None},
            )

    def _take_over(self, folder: Path, tell: Callable[[str], None]) -> None:
        """The cards of a folder of version 0.2.0, all of them or none; known ones stay."""
        count = 0
        with self._file.writing() as connection:
            for card in kept_cards(folder):
                eid = card.record.eid
                if connection.execute(_CARD, {"eid": eid}).first() is not None:
                    continue
                _add_card(connection, card.record)
                draft = _Draft(self, connection, card.record)
                for order in card.orders:
                    draft.insert(order)
                for result in card.results:
                    draft.keep(result)
                draft.save()
                for waiting in card.notifications:
                    _add_forward(connection, waiting)
                for download in card.downloads:
                    connection.execute(_relays.insert(), _relayed_row(download))
                count += 1
        left = folder.with_name(folder.name + TAKEN_OVER)
        try:
            folder.rename(left)
        except OSError as error:
            raise StorageError(
                f"The cards of {folder} are in {self.path}, but the folder cannot be renamed to "
                f"{left}: {error.strerror}. Rename it yourself."
            ) from error
        cards = "1 card" if count == 1 else f"{count} cards"
        tell(f"{cards} of {folder} taken over into {self.path}; the folder is {left} now")

    # -- relayed downloads

    def relay(self, download: Relayed) -> None:
        """Keep a relayed download; the oldest of the same sender make room for it."""
        oldest = (datetime.fromisoformat(download.begun_at) - RELAYED_FOR).isoformat()
        newest = (
            sa.select(_relays.c.transaction_id)
            .where(_relays.c.sender == download.sender)
            .order_by(_relays.c.begun_at.desc(), sa.literal_column("rowid").desc())
            .offset(RELAYED_AT_ONCE)
        )
        with self._file.writing() as connection:
            connection.execute(_relays.insert().prefix_with("OR REPLACE"), _relayed_row(download))
            connection.execute(sa.delete(_relays).where(_relays.c.begun_at < oldest))
            connection.execute(sa.delete(_relays).where(_relays.c.transaction_id.in_(newest)))

    def relayed(self, transaction: bytes) -> Relayed | None:
        """A relayed download by its transactionId."""
        with self._file.reading() as connection:
            return self.relayed_in(connection, transaction)

    # -- notifications

    def forward(self, waiting: Forward) -> None:
        """Keep a notification for its SM-DP+ unless it is kept already."""
        with self._file.writing() as connection:
            _add_forward(connection, waiting)

    def waiting(self, sender: str) -> list[Forward]:
        """The notifications of a sender that wait for their SM-DP+s, oldest first."""
        asked = (
            sa.select(_forwards.c.number, _forwards.c.not_before, _forwards.c.document)
            .where(_forwards.c.sender == sender)
            .order_by(_forwards.c.number)
        )
        with self._file.reading() as connection:
            return [self._forward(*row) for row in connection.execute(asked)]

    def claim(self, at: str, until: str) -> Forward | None:
        """A notification to be passed on at that time, which nobody else gets before `until`."""
        asked = (
            sa.select(_forwards.c.number, _forwards.c.not_before, _forwards.c.document)
            .where(_forwards.c.not_before <= at)
            .order_by(_forwards.c.not_before, _forwards.c.number)
            .limit(1)
        )
        with self._file.reading() as connection:
            if connection.execute(asked).first() is None:
                return None
        with self._file.writing() as connection:
            row = connection.execute(asked).first()
            if row is None:
                return None
            found = self._forward(*row)
            changed = sa.update(_forwards).where(_forwards.c.number == found.number)
            connection.execute(changed.values(not_before=until))
            return found

    def next_forward(self) -> str | None:
        """The earliest time at which a notification may be passed on; None if none waits."""
        asked = sa.select(_forwards.c.not_before).order_by(_forwards.c.not_before).limit(1)
        with self._file.reading() as connection:
            found = connection.execute(asked).scalar_one_or_none()
            return datetime.min.replace(tzinfo=UTC).isoformat() if found == _AT_ONCE else found

    def passed_on(self, waiting: Forward, problem: str | None, not_before: str | None) -> None:
        """Forget a claimed notification, or with a `problem` keep it for later.

        Those for the same server then wait as long.
        """
        this = _forwards.c.number == waiting.number
        with self._file.writing() as connection:
            if problem is None:
                connection.execute(sa.delete(_forwards).where(this))
                return
            waiting.tries, waiting.problem = waiting.tries + 1, problem
            waiting.not_before = not_before
            changed = sa.update(_forwards).values(not_before=not_before or _AT_ONCE)
            connection.execute(changed.where(this), {"document": _text(waiting)})
            connection.execute(
                changed.where(
                    _forwards.c.address == waiting.address,
                    _forwards.c.not_before < (not_before or _AT_ONCE),
                )
            )

    # -- reading

    def _card(self, connection: sa.Connection, eid: str) -> CardRecord:
        found = connection.execute(_CARD, {"eid": checked_eid(eid)}).scalar_one_or_none()
        if found is None:
            raise unknown_card(eid)
        return self.read(_CARDS, found)

    def relayed_in(self, connection: sa.Connection, transaction: bytes) -> Relayed | None:
        """A relayed download, as it is in a transaction."""
        found = connection.execute(_RELAYED, {"transaction": transaction}).scalar_one_or_none()
        return None if found is None else self.read(_RELAYS, found)

    def _forward(self, number: int, not_before: str, document: str) -> Forward:
        found = self.read(_FORWARDS, document)
        found.number, found.not_before = number, not_before or None
        return found

    def read(self, decoder: msgspec.json.Decoder[T], document: str) -> T:
        """A document of this file. Raises StorageError."""
        try:
            return decoder.decode(document)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise StorageError(
                f"{self.path} has a record that cannot be read: {error}. Restore a copy of it."
            ) from error


class _Draft:
    """A `CardDraft`: orders that were returned are written when they differ."""

    def __init__(self, database: EimDatabase, connection: sa.Connection, record: CardRecord):
        self.record = record
        self._database = database
        self._connection = connection
        self._before = _text(record)
        self._orders: dict[int, tuple[Order, str]] = {}

    def next(self, at: str) -> Order | None:
        return self._first(_NEXT, at=at)

    def order(
        self,
        *,
        number: int | None = None,
        transaction: bytes | None = None,
        counter: int | None = None,
    ) -> Order | None:
        if number is not None:
            return self._first(_BY_NUMBER, number=number)
        if transaction is not None:
            return self._first(_BY_TRANSACTION, transaction=transaction)
        return None if counter is None else self._first(_BY_COUNTER, counter=counter)

    def delivered(self, kind: OrderKind | None = None) -> Order | None:
        return self._first(_DELIVERED) if kind is None else self._first(_DELIVERED_KIND, kind=kind)

    def lost(self) -> list[Order]:
        return self._all(_LOST)

    def add(self, order: Order, *, first: bool = False) -> None:
        order.number, self.record.next_order = self.record.next_order, self.record.next_order + 1
        self.insert(order, first=first)

    def insert(self, order: Order, *, first: bool = False) -> None:
        """Queue an order that has its number."""
        place = order.number
        if first:
            lowest = self._connection.execute(_FIRST_PLACE, {"eid": self.record.eid}).scalar_one()
            place = place if lowest is None else lowest - 1
        row = _order_row(order) | {"eid": self.record.eid, "number": order.number, "place": place}
        self._connection.execute(_orders.insert(), row)
        self._orders[order.number] = order, row["document"]

    def remove(self, order: Order) -> None:
        self._orders.pop(order.number, None)
        where = {"eid": self.record.eid, "number": order.number}
        self._connection.execute(_REMOVE_ORDER, where)

    def keep(self, result: Result) -> None:
        row = {
            "eid": self.record.eid,
            "number": self.record.next_result,
            "transaction_id": result.transaction_id,
            "digest": None if result.message is None else _digest(result.message),
            "document": _text(result),
        }
        self.record.next_result += self._connection.execute(_ADD_RESULT, row).rowcount

    def has_result(self, message: bytes) -> bool:
        where = {"eid": self.record.eid, "digest": _digest(message)}
        return self._connection.execute(_HAS_RESULT, where).first() is not None

    def result(self, transaction: bytes) -> Result | None:
        where = {"eid": self.record.eid, "transaction": transaction}
        found = self._connection.execute(_RESULT_OF, where).scalar_one_or_none()
        return None if found is None else self._database.read(_RESULTS, found)

    def relayed(self, transaction: bytes) -> Relayed | None:
        found = self._database.relayed_in(self._connection, transaction)
        return found if found is not None and found.eid == self.record.eid else None

    def forward(self, waiting: Forward) -> None:
        _add_forward(self._connection, waiting)

    def save(self) -> None:
        """Write what differs."""
        self._write_orders()
        after = _text(self.record)
        if after != self._before:
            row = _card_row(self.record) | {"of_eid": self.record.eid}
            self._connection.execute(_CHANGE_CARD, row)

    def _first(self, asked: sa.Select[Any], **where: object) -> Order | None:
        return next(iter(self._all(asked, **where)), None)

    def _all(self, asked: sa.Select[Any], **where: object) -> list[Order]:
        self._write_orders()
        documents = self._connection.execute(asked, {"eid": self.record.eid, **where}).scalars()
        found = []
        for document in documents:
            order = self._database.read(_ORDERS, document)
            known, _ = self._orders.setdefault(order.number, (order, document))
            found.append(known)
        return found

    def _write_orders(self) -> None:
        for number, (order, before) in self._orders.items():
            row = _order_row(order)
            if row["document"] != before:
                where = {"of_eid": self.record.eid, "of_number": number}
                self._connection.execute(_CHANGE_ORDER, row | where)
                self._orders[number] = order, row["document"]


def _add_card(connection: sa.Connection, record: CardRecord) -> None:
    row = _card_row(record) | {"eid": checked_eid(record.eid)}
    connection.execute(_cards.insert().prefix_with("OR IGNORE"), row)


def _add_forward(connection: sa.Connection, waiting: Forward) -> None:
    digest = _digest(waiting.message)
    known = sa.select(_forwards.c.number).where(_forwards.c.digest == digest)
    if connection.execute(known).first() is not None:
        return
    count = sa.select(sa.func.count()).select_from(_forwards)
    of_sender = connection.execute(count.where(_forwards.c.sender == waiting.sender)).scalar_one()
    if of_sender >= NOTIFICATIONS or connection.execute(count).scalar_one() >= SENDERS_WAITING:
        raise EimError(f"{of_sender} notifications are waiting already. Send it again later.")
    row = {
        "sender": waiting.sender,
        "address": waiting.address,
        "not_before": waiting.not_before or _AT_ONCE,
        "digest": digest,
        "document": _text(waiting),
    }
    connection.execute(_forwards.insert(), row)


def _card_row(record: CardRecord) -> dict[str, Any]:
    return {
        "last_poll": record.last_poll,
        "host": record.host,
        "results": record.next_result - 1,
        "document": _text(record),
    }


def _order_row(order: Order) -> dict[str, Any]:
    return {
        "kind": order.kind,
        "held": order.held,
        "delivered": order.deliveries > 0,
        "lost": order.lost,
        "not_before": order.not_before or _AT_ONCE,
        "transaction_id": order.transaction_id,
        "counter": order.counter,
        "document": _text(order),
    }


def _relayed_row(download: Relayed) -> dict[str, Any]:
    return {
        "transaction_id": download.transaction_id,
        "sender": download.sender,
        "begun_at": download.begun_at,
        "document": _text(download),
    }


def _text(value: msgspec.Struct) -> str:
    return _encode(value).decode()


def _digest(message: bytes) -> bytes:
    return sha256(message).digest()
