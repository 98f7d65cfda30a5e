"""Who keeps orders: what is found, and that a unit of work is whole. For each that keeps them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from msgspec.structs import replace

from euicc_sim.parties.smdpp import (
    Delivery,
    Metadata,
    Order,
    OrderBook,
    OrderChangedError,
    OrderRecord,
    Orders,
    OrderState,
    made_up_package,
)
from euicc_sim.servers.database import SmdppDatabase

EID, OTHER = "89049032123451234512345678901235", "89049032000000000000000000000123"
ICCID, BLUE = "89001234567890123456", "89001234567890123464"
RED = made_up_package(ICCID, "Red")

Make = Callable[[Iterable[Order]], Orders]


@pytest.fixture(params=["memory", "database"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    """Makes one with these orders."""
    if request.param == "memory":
        yield OrderBook
        return
    with ExitStack() as stack:

        def database(given: Iterable[Order]) -> Orders:
            ordered: dict[int, Order] = {}
            path = tmp_path / "orders.db"
            found = SmdppDatabase(path, lambda one: ordered[one.number], fsync=False)
            stack.callback(found.close)
            for one in given:
                ordered[found.add(one).number] = one
            return found

        yield database


def numbers(records: Iterable[OrderRecord]) -> list[int]:
    return [one.number for one in records]


def to(eid: str, transaction_id: bytes) -> Delivery:
    return Delivery(eid=eid, transaction_id=transaction_id, key=b"", ci_pk_id=b"", oid="1.2")


def test_orders_are_listed_as_they_came_whatever_changes(make: Make) -> None:
    orders = make([Order(RED, "A"), Order(RED, "B"), Order(RED, "C")])
    with orders.changing() as draft:
        draft.put(next(iter(draft)).given_wrong_code())
    assert [one.matching_id for one in orders] == ["A", "B", "C"]


def test_a_record_is_found_by_what_it_has(make: Make) -> None:
    orders = make(
        [
            Order(RED, "A"),
            Order(RED, "B", eid=EID),
            Order(made_up_package(BLUE, "Blue"), "A", eid=OTHER),
            Order(RED, eid=EID),
        ]
    )
    a, b, blue, default = numbers(orders)
    assert numbers(orders.with_matching_id("A")) == [a, blue]
    assert numbers(orders.with_eid(EID)) == [b, default]
    assert numbers(orders.with_iccid(BLUE)) == [blue]
    assert numbers(orders.with_iccid(ICCID)) == [a, b, default]
    assert orders.record(b).eid == EID
    assert orders.profile(orders.record(blue)).package == made_up_package(BLUE, "Blue")


def test_what_is_nowhere_is_not_found(make: Make) -> None:
    orders = make([Order(RED, "A")])
    assert orders.with_matching_id("a") == []
    assert orders.with_eid(EID) == []
    assert orders.with_iccid(BLUE) == []
    assert orders.with_transaction(bytes(16)) is None
    assert orders.available("") is None
    with pytest.raises(KeyError):
        orders.record(99)


@pytest.mark.parametrize(
    "metadata",
    [
        Metadata(iccid="890012345678901234"),
        Metadata(iccid="890012345678901234ff"),
        bytes.fromhex("BF250C 5A0A98002143658709214 3FF".replace(" ", "")),
    ],
    ids=["values", "with its filler", "bytes"],
)
def test_an_iccid_of_18_digits_is_found(make: Make, metadata: Metadata | bytes) -> None:
    (record,) = make([Order(RED, "A", metadata=metadata)])
    assert record.iccid == "890012345678901234"


@pytest.mark.parametrize("metadata", ["", "BF25", "BF2500", "30025A00", "BF25025A20"])
def test_metadata_without_an_iccid_is_found_by_none(make: Make, metadata: str) -> None:
    (record,) = make([Order(RED, "A", metadata=bytes.fromhex(metadata))])
    assert not record.iccid


def test_an_order_without_a_readable_profile_is_kept_too(make: Make) -> None:
    (record,) = make([Order(b"?", "A")])
    assert record.iccid is None


def test_a_record_is_found_by_what_it_has_now(make: Make) -> None:
    orders = make([Order(RED, "A", eid=EID)])
    with orders.changing() as draft:
        (record,) = draft
        record = draft.put(replace(record, matching_id="B", eid=None))
        record = draft.put(record.delivered(to(EID, b"\x01")))
        draft.put(record.delivered(to(EID, b"\x02")))
    assert orders.with_matching_id("A") == orders.with_eid(EID) == []
    assert orders.with_transaction(b"\x01") is None
    assert orders.with_transaction(b"\x02") == orders.with_matching_id("B")[0]


def test_available_profiles_are_given_out_in_order(make: Make) -> None:
    orders = make(
        [
            Order(RED, name="1", profile_type="X", state=OrderState.AVAILABLE),
            Order(RED, name="2", profile_type="Test", state=OrderState.AVAILABLE),
            Order(RED, name="3", profile_type="Test", state=OrderState.AVAILABLE),
            Order(RED, "4", profile_type="Test"),
        ]
    )
    given = []
    while (record := orders.available("Test")) is not None:
        given.append(record.name)
        with orders.changing() as draft:
            draft.put(replace(record, state=OrderState.ALLOCATED))
    assert given == ["2", "3"]


def test_a_unit_of_work_that_raises_changed_nothing(make: Make) -> None:
    orders = make([Order(RED, "A"), Order(RED, "B")])
    before = list(orders)

    def work() -> None:
        with orders.changing() as draft:
            first, second = draft
            first = draft.put(replace(first, matching_id="C"))
            draft.put(first.given_wrong_code())
            draft.put(second.refused(EID))
            draft.add(Order(RED, "D"))
            assert [one.matching_id for one in draft] == ["C", "B", "D"]
            assert draft.with_matching_id("C")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert list(orders) == before
    assert numbers(orders.with_matching_id("A")) == [before[0].number]
    assert orders.with_matching_id("C") == orders.with_matching_id("D") == []


def test_a_record_that_is_not_the_last_is_refused(make: Make) -> None:
    orders = make([Order(RED, "A")])
    (old,) = orders
    with orders.changing() as draft:
        new = draft.put(old.given_wrong_code())
    assert new.revision == old.revision + 1

    def work() -> None:
        with orders.changing() as draft:
            draft.put(replace(new, matching_id="B"))
            draft.put(old.given_wrong_code())

    with pytest.raises(OrderChangedError):
        work()
    assert list(orders) == [new]


def test_units_of_work_at_once_come_one_after_the_other(make: Make) -> None:
    orders = make([Order(RED, "A")])
    (record,) = orders

    def count(_: int) -> None:
        with orders.changing() as draft:
            now = draft.record(record.number)
            draft.put(replace(now, downloads=now.downloads + 1))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count, range(200)))
    (record,) = orders
    assert (record.downloads, record.revision) == (200, 200)


def test_a_unit_of_work_within_another_ends_with_it() -> None:
    """Only in memory: a database has one transaction at a time."""
    orders = OrderBook([Order(RED, "A")])
    before = list(orders)

    def work() -> None:
        with orders.changing():
            orders.add(Order(RED, "B"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert list(orders) == before
