"""Beside the server: orders are registered at an SM-DS when they change, and when it is back."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import pytest
from support.euiccs import ADDRESS, EID, shared_pki
from support.registry import Registry
from support.web import DEADLINE, Lines

from euicc_sim.parties.smdpp import EventKeeper, Order, OrderRecord, made_up_package
from euicc_sim.parties.smds import Smds
from euicc_sim.servers.database import SmdppDatabase
from euicc_sim.servers.event_registration import EventRegistration

SMDS = "smds.example.com"
BLUE = Order(made_up_package("89000000000000001010", "x"), "BLUE", eid=EID, smds=SMDS)


@pytest.fixture
def registry() -> Registry:
    return Registry(Smds.of(shared_pki(), address=SMDS))


def opened(path: Path) -> SmdppDatabase:
    def profile(_: OrderRecord) -> Order:
        return BLUE

    return SmdppDatabase(path / "orders.db", profile, fsync=False)


def working(
    orders: SmdppDatabase, registry: Registry, log: Lines, retry: float = 3600.0
) -> EventRegistration:
    found = EventRegistration(EventKeeper(orders, registry, ADDRESS), log, retry)
    orders.changed = found.changed
    return found


def test_an_order_is_registered_when_it_is_added(tmp_path: Path, registry: Registry) -> None:
    log = Lines()
    with opened(tmp_path) as orders, working(orders, registry, log).running():
        orders.add(BLUE)
        assert registry.told.wait(DEADLINE)
    assert registry.events == [(EID, "BLUE", ADDRESS)]
    assert log.all == [f"order 1: registered at the SM-DS {SMDS} for EID {EID}"]


def test_what_an_earlier_run_has_left_is_registered(tmp_path: Path, registry: Registry) -> None:
    with opened(tmp_path) as orders:
        orders.add(BLUE)
    with opened(tmp_path) as orders, working(orders, registry, Lines()).running():
        assert registry.told.wait(DEADLINE)
    with opened(tmp_path) as orders, working(orders, registry, Lines()).running():
        pass
    assert len(registry.calls) == 1


def test_an_sm_ds_that_was_away_is_asked_again(tmp_path: Path, registry: Registry) -> None:
    back, log = Event(), Lines()

    def tell(text: str, *, refused: bool = False) -> None:
        log(text, refused=refused)
        if refused:
            registry.away = False
            back.set()

    registry.away = True
    with opened(tmp_path) as orders:
        found = EventRegistration(EventKeeper(orders, registry, ADDRESS), tell, 0.01)
        orders.changed = found.changed
        with found.running():
            orders.add(BLUE)
            assert back.wait(DEADLINE)
            assert registry.told.wait(DEADLINE)
    assert "does not answer" in log.refused[0]
    assert registry.events == [(EID, "BLUE", ADDRESS)]


def test_an_order_that_concerns_no_sm_ds_disturbs_nobody(
    tmp_path: Path, registry: Registry
) -> None:
    with opened(tmp_path) as orders, working(orders, registry, Lines()).running():
        orders.add(Order(BLUE.package, "ANY"))
    assert registry.calls == []
