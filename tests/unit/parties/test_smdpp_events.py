"""An SM-DP+ registers orders at an SM-DS, and deletes them there when they are done (ES12)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace
from support.euiccs import ADDRESS, EID, shared_pki
from support.registry import Registry

from euicc_sim.env import SeededEnv
from euicc_sim.parties.messages.errors import Refusal, SmdppError
from euicc_sim.parties.smdpp import (
    Es2Plus,
    EventKeeper,
    FinalStatus,
    Order,
    OrderBook,
    OrderState,
    made_up_package,
)
from euicc_sim.parties.smds import Smds

ICCID = "89000000000000001010"
SMDS = "smds.example.com"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
AVAILABLE = OrderState.AVAILABLE


@pytest.fixture
def registry() -> Registry:
    return Registry(Smds.of(shared_pki(), address=SMDS))


@pytest.fixture
def orders() -> OrderBook:
    return OrderBook()


@pytest.fixture
def keeper(orders: OrderBook, registry: Registry) -> EventKeeper:
    return EventKeeper(orders, registry, ADDRESS, clock=lambda: NOW)


def order(**options: object) -> Order:
    return Order(made_up_package(ICCID, "x"), **{"smds": SMDS, "eid": EID, **options})  # type: ignore[arg-type]


def settle(keeper: EventKeeper) -> list[str]:
    return [keeper.settle(one.number) for one in keeper.unsettled()]


# -- orders of a folder


def test_a_released_order_for_a_card_is_an_event_with_its_matching_id(
    orders: OrderBook, keeper: EventKeeper, registry: Registry
) -> None:
    orders.add(order(matching_id="BLUE"))
    assert settle(keeper) == [f"registered at the SM-DS {SMDS} for EID {EID}"]
    assert registry.events == [(EID, "BLUE", ADDRESS)]
    assert settle(keeper) == []


@pytest.mark.parametrize(
    "options",
    [
        {"matching_id": "BLUE", "state": OrderState.CONFIRMED},
        {"matching_id": "BLUE", "eid": None},
        {"matching_id": "BLUE", "smds": ""},
        {"matching_id": ""},
        {"matching_id": "BLUE", "expires": NOW},
    ],
    ids=lambda one: ", ".join(f"{name}={value}" for name, value in one.items()),
)
def test_an_order_that_no_card_can_fetch_through_an_sm_ds_is_no_event(
    orders: OrderBook, keeper: EventKeeper, registry: Registry, options: dict[str, object]
) -> None:
    orders.add(order(**options))
    assert settle(keeper) == []
    assert registry.calls == []


def test_orders_for_a_card_go_to_the_sm_ds_of_the_server_unless_they_name_one(
    orders: OrderBook, registry: Registry
) -> None:
    keeper = EventKeeper(orders, registry, ADDRESS, "other.example.com")
    orders.add(order(matching_id="BLUE", smds=""))
    orders.add(order(matching_id="RED"))
    orders.add(order(matching_id="ANY", smds="", eid=None))
    settle(keeper)
    assert registry.calls == [("contacted", "other.example.com"), ("contacted", SMDS)]


@pytest.mark.parametrize("state", [OrderState.INSTALLED, OrderState.ERROR, OrderState.UNAVAILABLE])
def test_an_order_that_is_done_is_deleted_at_the_sm_ds(
    orders: OrderBook, keeper: EventKeeper, registry: Registry, state: OrderState
) -> None:
    number = orders.add(order(matching_id="BLUE")).number
    settle(keeper)
    with orders.changing() as draft:
        draft.put(replace(draft.record(number), state=OrderState.DOWNLOADED))
    assert settle(keeper) == []
    with orders.changing() as draft:
        draft.put(replace(draft.record(number), state=state))
    assert settle(keeper) == [f"deleted at the SM-DS {SMDS}"]
    assert registry.events == []
    assert orders.record(number).event is None


def test_an_order_that_expires_is_deleted_at_the_sm_ds(
    orders: OrderBook, registry: Registry
) -> None:
    now = [NOW]
    keeper = EventKeeper(orders, registry, ADDRESS, clock=lambda: now[0])
    orders.add(order(matching_id="BLUE", expires=NOW + timedelta(hours=1)))
    settle(keeper)
    assert registry.events == [(EID, "BLUE", ADDRESS)]
    now[0] += timedelta(hours=1)
    settle(keeper)
    assert registry.events == []


def test_an_sm_dpp_of_another_address_is_registered_anew(
    orders: OrderBook, keeper: EventKeeper, registry: Registry
) -> None:
    orders.add(order(matching_id="BLUE"))
    settle(keeper)
    moved = EventKeeper(orders, registry, "smdp2.example.com", clock=lambda: NOW)
    settle(moved)
    assert registry.events == [(EID, "BLUE", "smdp2.example.com")]


def test_an_sm_ds_that_is_away_is_asked_again(
    orders: OrderBook, keeper: EventKeeper, registry: Registry
) -> None:
    orders.add(order(matching_id="BLUE"))
    registry.away = True
    with pytest.raises(SmdppError, match="did not take this over: https://smds") as caught:
        settle(keeper)
    assert caught.value.refusal is Refusal.SMDS
    registry.away = False
    assert len(settle(keeper)) == 1
    assert registry.events == [(EID, "BLUE", ADDRESS)]


def test_an_event_that_the_sm_ds_has_lost_is_deleted(
    orders: OrderBook, keeper: EventKeeper, registry: Registry
) -> None:
    number = orders.add(order(matching_id="BLUE")).number
    settle(keeper)
    registry.delete_event(EID, "BLUE")
    with orders.changing() as draft:
        draft.put(replace(draft.record(number), state=OrderState.INSTALLED))
    settle(keeper)
    assert orders.record(number).event is None


# -- ES2+


@pytest.fixture
def es2plus(orders: OrderBook, keeper: EventKeeper) -> Es2Plus:
    orders.add(Order(made_up_package(ICCID, "x"), state=AVAILABLE, name="P"))
    return Es2Plus(orders, ADDRESS, SeededEnv(1).random, events=keeper)


def test_confirmorder_with_an_smds_address_registers_the_matching_id(
    es2plus: Es2Plus, keeper: EventKeeper, registry: Registry
) -> None:
    es2plus.download_order(iccid=ICCID, eid=EID)
    found = es2plus.confirm_order(ICCID, release=True, smds_address=SMDS)
    assert registry.events == [(EID, found.matching_id, ADDRESS)]
    assert registry.calls == [("contacted", SMDS)]
    assert keeper.unsettled() == []


def test_confirmorder_again_says_the_same_and_registers_nothing(
    es2plus: Es2Plus, registry: Registry
) -> None:
    es2plus.download_order(iccid=ICCID, eid=EID)
    first = es2plus.confirm_order(ICCID, release=True, smds_address=SMDS)
    assert es2plus.confirm_order(ICCID, release=True, smds_address=SMDS) == first
    assert len(registry.calls) == 1


def test_an_order_that_is_kept_back_is_registered_when_it_is_released(
    es2plus: Es2Plus, keeper: EventKeeper, registry: Registry
) -> None:
    es2plus.download_order(iccid=ICCID, eid=EID)
    found = es2plus.confirm_order(ICCID, release=False, smds_address=SMDS)
    assert registry.events == []
    es2plus.release_profile(ICCID)
    assert registry.events == [(EID, found.matching_id, ADDRESS)]
    assert keeper.unsettled() == []


def test_cancelorder_deletes_the_event(
    es2plus: Es2Plus, keeper: EventKeeper, registry: Registry
) -> None:
    es2plus.download_order(iccid=ICCID, eid=EID)
    es2plus.confirm_order(ICCID, release=True, smds_address=SMDS)
    es2plus.cancel_order(ICCID, final=FinalStatus.AVAILABLE, eid=EID)
    settle(keeper)
    assert registry.events == []


def refused(codes: str, call: Callable[..., object], *given: object, **named: object) -> None:
    with pytest.raises(SmdppError) as caught:
        call(*given, **named)
    assert f"{caught.value.subject}/{caught.value.reason}" == codes


def test_an_sm_ds_that_is_away_refuses_and_the_order_stays_as_it_was(
    es2plus: Es2Plus, registry: Registry
) -> None:
    es2plus.download_order(iccid=ICCID, eid=EID)
    before = list(es2plus.orders)
    registry.away = True
    refused("8.9/5.1", es2plus.confirm_order, ICCID, release=True, smds_address=SMDS)
    assert list(es2plus.orders) == before
    registry.away = False
    es2plus.confirm_order(ICCID, release=False, smds_address=SMDS)
    confirmed = list(es2plus.orders)
    registry.away = True
    refused("8.9/5.1", es2plus.release_profile, ICCID)
    assert list(es2plus.orders) == confirmed


@pytest.mark.parametrize(
    ("given", "codes"),
    [({}, "8.1.1/2.2"), ({"eid": EID, "matching_id": ""}, "1/2.1")],
)
def test_an_event_needs_a_card_and_a_matching_id(
    es2plus: Es2Plus, registry: Registry, given: dict[str, str], codes: str
) -> None:
    es2plus.download_order(iccid=ICCID)
    refused(codes, es2plus.confirm_order, ICCID, release=True, smds_address=SMDS, **given)
    assert registry.calls == []
