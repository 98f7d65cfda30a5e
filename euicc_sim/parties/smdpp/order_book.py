"""Who keeps the orders of an SM-DP+: the protocol `Orders`, and the `OrderBook` in memory.

    with orders.changing() as draft:
        record = draft.record(number)
        draft.put(record.installed(seq_number))

A change is one unit of work: all of it is kept when the block ends, nothing if it raises.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import RLock
from typing import Protocol

from msgspec.structs import replace

from euicc_sim.parties.messages.errors import Refusal, SmdppError
from euicc_sim.parties.smdpp.download_orders import (
    Order,
    OrderRecord,
    OrderState,
    nothing_waits,
)


class OrderChangedError(Exception):
    """A record that was put is not made from the last one: somebody else changed it meanwhile."""


class OrderRows(Protocol):
    """Orders to look up, as they are at that moment. Lists are in order of arrival."""

    def __iter__(self) -> Iterator[OrderRecord]:
        """All of them, for people; nothing that a card asks for needs them."""
        ...

    def record(self, number: int) -> OrderRecord:
        """An order by its number. Raises KeyError."""
        ...

    def with_matching_id(self, matching_id: str) -> list[OrderRecord]:
        """Those with that matchingId, which is not empty."""
        ...

    def with_eid(self, eid: str) -> list[OrderRecord]:
        """Those that were placed for that EID."""
        ...

    def with_iccid(self, iccid: str) -> list[OrderRecord]:
        """Those of the Profile with that ICCID, printed digits."""
        ...

    def with_transaction(self, transaction_id: bytes) -> OrderRecord | None:
        """That whose last delivery was in that transaction."""
        ...

    def available(self, profile_type: str) -> OrderRecord | None:
        """The first of that profileType that is Available."""
        ...


class OrderDraft(OrderRows, Protocol):
    """A unit of work; it sees its own changes."""

    def add(self, order: Order) -> OrderRecord:
        """Add an order."""
        ...

    def put(self, record: OrderRecord) -> OrderRecord:
        """Replace an order's last record by that one, which was made from it.

        Compares `revision` and sets it to the next: the record that is returned has it. Raises
        OrderChangedError if somebody else was first.
        """
        ...


class Orders(OrderRows, Protocol):
    """The orders of an SM-DP+. Threads and processes may use them at once."""

    def changing(self) -> AbstractContextManager[OrderDraft]:
        """A unit of work. Nobody else changes anything in between; it should be short."""
        ...

    def add(self, order: Order) -> OrderRecord:
        """A unit of work of that alone."""
        ...

    def profile(self, record: OrderRecord) -> Order:
        """What was ordered first: the Profile Package and its metadata."""
        ...


def find_order(orders: OrderRows, matching_id: str, eid: str) -> OrderRecord:
    """The order that a card asks for: that of its matchingId, without one that of its EID.

    Of several, the last that waits. Raises SmdppError if there is none (clause 5.6.3).
    """
    found = orders.with_matching_id(matching_id) if matching_id else orders.with_eid(eid)
    if not found:
        raise nothing_waits(matching_id, eid)
    return next((one for one in reversed(found) if one.open), found[-1])


def check_eligible(record: OrderRecord, rules: Iterable[int], forbidden: Iterable[int]) -> None:
    """Raise SmdppError if the Profile has a policy rule that the card forbids (clause 3.1.3)."""
    both = set(rules) & set(forbidden)
    if both:
        names = ", ".join(_RULES.get(one, str(one)) for one in sorted(both))
        raise SmdppError(
            Refusal.NOT_ELIGIBLE,
            f"The Profile of the {record.what} has a policy rule that the card forbids: {names}. "
            "Order one without it.",
        )


_RULES = {0: "pprUpdateControl", 1: "ppr1", 2: "ppr2"}


class OrderBook:
    """The orders in memory."""

    def __init__(self, orders: Iterable[Order] = ()) -> None:
        self._lock = RLock()
        self._records: dict[int, OrderRecord] = {}
        self._orders: dict[int, Order] = {}
        self._numbers: dict[tuple[str, str | bytes], set[int]] = defaultdict(set)
        self._undo: list[tuple[int, OrderRecord | None]] | None = None
        self._next = 1
        self.changed: Callable[[OrderRecord], None] = lambda _: None
        """Called with each order that a unit of work has changed."""
        for order in orders:
            self.add(order)

    def __iter__(self) -> Iterator[OrderRecord]:
        with self._lock:
            return iter(list(self._records.values()))

    def record(self, number: int) -> OrderRecord:
        """An order by its number. Raises KeyError."""
        with self._lock:
            return self._records[number]

    def profile(self, record: OrderRecord) -> Order:
        """What was ordered first."""
        with self._lock:
            return self._orders[record.number]

    def with_matching_id(self, matching_id: str) -> list[OrderRecord]:
        """Those with that matchingId."""
        return self._found("matching_id", matching_id)

    def with_eid(self, eid: str) -> list[OrderRecord]:
        """Those that were placed for that EID."""
        return self._found("eid", eid)

    def with_iccid(self, iccid: str) -> list[OrderRecord]:
        """Those of the Profile with that ICCID."""
        return self._found("iccid", iccid)

    def with_transaction(self, transaction_id: bytes) -> OrderRecord | None:
        """That whose last delivery was in that transaction."""
        return next(iter(self._found("transaction", transaction_id)), None)

    def available(self, profile_type: str) -> OrderRecord | None:
        """The first of that profileType that is Available."""
        with self._lock:
            numbers = self._numbers.get(("available", profile_type))
            return self._records[min(numbers)] if numbers else None

    @contextmanager
    def changing(self) -> Iterator[OrderDraft]:
        """A unit of work, while nobody else reads or changes anything."""
        with self._lock:
            outer = self._undo
            undo: list[tuple[int, OrderRecord | None]] = []
            self._undo = undo
            try:
                yield self
            except BaseException:
                for number, record in reversed(undo):
                    self._set(number, record)
                raise
            else:
                if outer is not None:
                    outer.extend(undo)
            finally:
                self._undo = outer
            if outer is None:
                for number in dict.fromkeys(number for number, _ in undo):
                    self.changed(self._records[number])

    def add(self, order: Order) -> OrderRecord:
        """Add an order; of equal matchingIds the last that waits is used."""
        with self._lock:
            number, self._next = self._next, self._next + 1
            self._orders[number] = order
            record = OrderRecord.of(order, number)
            self._change(record)
            return record

    def put(self, record: OrderRecord) -> OrderRecord:
        """Replace a record. Raises OrderChangedError."""
        with self._lock:
            if self._records[record.number].revision != record.revision:
                raise OrderChangedError(f"order {record.number} was changed meanwhile")
            new = replace(record, revision=record.revision + 1)
            self._change(new)
            return new

    def _found(self, index: str, key: str | bytes) -> list[OrderRecord]:
        with self._lock:
            return [self._records[one] for one in sorted(self._numbers.get((index, key), ()))]

    def _change(self, record: OrderRecord) -> None:
        if self._undo is not None:
            self._undo.append((record.number, self._records.get(record.number)))
        self._set(record.number, record)

    def _set(self, number: int, record: OrderRecord | None) -> None:
        for key in _keys(self._records.get(number)):
            self._numbers[key].discard(number)
            if not self._numbers[key]:
                del self._numbers[key]
        for key in _keys(record):
            self._numbers[key].add(number)
        if record is None:
            del self._records[number]
        else:
            self._records[number] = record


def _keys(record: OrderRecord | None) -> Iterator[tuple[str, str | bytes]]:
    """Under what an order is found."""
    if record is None:
        return
    if record.matching_id:
        yield "matching_id", record.matching_id
    if record.eid is not None:
        yield "eid", record.eid
    if record.iccid is not None:
        yield "iccid", record.iccid
    if record.delivery is not None:
        yield "transaction", record.delivery.transaction_id
    if record.state is OrderState.AVAILABLE:
        yield "available", record.profile_type
