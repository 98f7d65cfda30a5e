"""States of a card before and after its Profiles change, and what opening it finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from euicc_sim import Card
from euicc_sim.model.identity import Identity
from euicc_sim.model.state import State
from euicc_sim.store.directory import Disk, JsonStore
from support import saip
from support.installing import A_DIGITS, B_DIGITS, A
from support.managing import profile

OLD = profile(A_DIGITS, enabled=True)
NEW = profile(B_DIGITS, package=saip.package(B_DIGITS, size=9000))


def install_at_once(state: State) -> State:
    new = replace(NEW, aid=b"\xa0" * 16, ci_pk_id=bytes(20))
    return replace(state, profiles=(*state.profiles, new), next_seq=state.next_seq + 1)


def delete_at_once(state: State) -> State:
    return state.without_profile(A)


Change = Callable[[State], State]
CHANGES: dict[str, Change] = {"install": install_at_once, "delete": delete_at_once}
changes = pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)


def opened(directory: Path, disk: Disk) -> tuple[JsonStore, Identity, State]:
    store = JsonStore(directory, disk=disk)
    return store, *store.load()


def opened_once(directory: Path) -> State:
    """The state that a card has when it is opened; nothing is left over then."""
    with Card.open(directory, fsync=False) as card:
        found = card.state
    names = {one.name for one in (directory / "profiles").glob("*")}
    assert names == {package_name(one.iccid) for one in found.profiles}
    return found


def package_name(iccid: bytes) -> str:
    digits = bytes(byte >> 4 | (byte & 0xF) << 4 for byte in iccid).hex().upper()
    return digits.rstrip("F") + ".upp"
