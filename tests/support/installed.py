"""Profiles put into a card's state without a download, and what bytes say of a card's Profiles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from euicc_sim import Card
from euicc_sim.model.profile import Profile, ProfileEvent, Recipient, Rule, isdp_aid
from euicc_sim.model.state import State
from support import saip
from support.eims import Eim, ask, value_of
from support.hexes import hx
from support.installing import A_DIGITS, B_DIGITS, C_DIGITS, D_DIGITS, RECIPIENT, A, B, C, D
from support.psmos import order

Send = Callable[[bytes], bytes]

DIGITS = {A: A_DIGITS, B: B_DIGITS, C: C_DIGITS, D: D_DIGITS}
UNKNOWN = hx("98001032547698109999")
EVERYTHING = (Recipient(frozenset(ProfileEvent), RECIPIENT),)
PPR1 = frozenset({Rule.PPR1_NO_DISABLE})
PPR2 = frozenset({Rule.PPR2_NO_DELETE})


def profile(card: Card, iccid: bytes, **fields: Any) -> Profile:
    """A Profile for that card; RECIPIENT is told of all its events."""
    usual: dict[str, Any] = {
        "iccid": iccid,
        "aid": isdp_aid(0x10 + list(DIGITS).index(iccid)),
        "service_provider": "Test Operator",
        "name": "Test",
        "ci_pk_id": card.identity.credentials[0].ci_pk_id,
        "package": saip.package(DIGITS[iccid]),
        "recipients": EVERYTHING,
    }
    return Profile(**(usual | fields))


def give(
    card: Card, *iccids: bytes, enabled: bytes | None = None, **special: dict[str, Any]
) -> None:
    """Put Profiles into a card; `special` has fields by the Profile's letter: A={"ecall": True}."""
    letters = {A: "A", B: "B", C: "C", D: "D"}
    profiles = tuple(
        profile(card, one, enabled=one == enabled, **special.get(letters[one], {}))
        for one in iccids
    )
    change(card, profiles=profiles)


def change(card: Card, **fields: Any) -> None:
    """Replace fields of a card's state, on disk too."""
    state = replace(card.state, **fields)
    card._store.save(state)
    card._state = state
    card._show(state.enabled)


def switch(card: Card, **switches: Any) -> None:
    """Make a card difficult: toolkit_busy, memory_full, reset_after_switch, strictness."""
    change(card, switches=replace(card.state.switches, **switches))


def only_a_result_is_new(before: State, after: State) -> bool:
    """Whether an accepted package has left its result, its counter, and nothing else.

    A rollback that was authorised before is not any more.
    """
    expected = replace(
        before,
        eims=tuple(replace(old, counter=new.counter) for old, new in zip_eims(before, after)),
        results=(*before.results, after.results[-1]),
        next_seq=before.next_seq + 1,
        returns=replace(before.returns, rollback=None),
    )
    return after == expected


def refused(send: Send, eim: Eim, card: Card, *operations: bytes) -> bytes:
    """The elements of a package that must change nothing but its eIM's counter."""
    before = card.state
    found = order(send, eim, *operations)
    if not only_a_result_is_new(before, card.state):
        raise AssertionError(f"{found.hex()} has changed the card")
    return found


def ask_in_vain(send: Send, card: Card, request: bytes) -> bytes:
    """The answer to what must change nothing."""
    before = card.state
    answer = ask(send, request)
    if card.state != before:
        raise AssertionError(f"{request.hex()} has changed the card")
    return answer


def zip_eims(before: State, after: State) -> list[tuple[Any, Any]]:
    """The eIMs before and after, side by side."""
    return list(zip(before.eims, after.eims, strict=True))


# -- what a card shows


def states(send: Send) -> dict[bytes, bool]:
    """The Profiles by ICCID, in their order: enabled or not."""
    kind, found = value_of(ask(send, hx("BF2D 05 5C03 5A9F70")))
    if kind != "profileInfoListOk":
        raise AssertionError(f"{kind} {found}")
    return {one["iccid"]: bool(one["profileState"]) for one in found}


def enabled(send: Send) -> bytes | None:
    """The ICCID of the enabled Profile."""
    return next((iccid for iccid, state in states(send).items() if state), None)


def told(send: Send) -> list[tuple[int, str, bytes | None]]:
    """The Notifications that wait: number, event and ICCID of each."""
    kind, found = value_of(ask(send, hx("BF2800")))
    if kind != "notificationMetadataList":
        raise AssertionError(f"{kind} {found}")
    return [
        (one["seqNumber"], _event(one["profileManagementOperation"]), one.get("iccid"))
        for one in found
    ]


def _event(bits: tuple[int, int]) -> str:
    value, size = bits
    names = ["install", "enable", "disable", "delete"]
    return "+".join(name for at, name in enumerate(names[:size]) if value >> (size - 1 - at) & 1)
