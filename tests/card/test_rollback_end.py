"""ProfileRollback (SGP.32 v1.2 clauses 3.3.2 and 5.9.16): when it is not allowed, or not any more.

The card has Profiles A, enabled, B and C.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from support.eims import LIST_EIM, Eim, add_initial, ask, eim1, eim2, tlv, trust
from support.hexes import hx
from support.installed import PPR1, UNKNOWN, change, enabled, give, states
from support.installing import A, B, C
from support.psmos import GET_RAT, enable, order
from support.rollback import COMMAND_ERROR, NOT_ALLOWED, ROLLBACK, still_granted

from euicc_sim import Card
from euicc_sim.es10.profiles import switching
from euicc_sim.model.profile import ProfileClass
from euicc_sim.model.state import Returns

Send = Callable[[bytes], bytes]


@pytest.fixture
def eim(send: Send, card: Card) -> Eim:
    eim = eim1()
    trust(send, eim, eim2(), token_wanted=True)
    give(card, A, B, C, enabled=A)
    return eim


@pytest.fixture
def granted(send: Send, eim: Eim) -> Eim:
    """The eIM, after a package of its that enables B and lets the IPA go back to A."""
    assert order(send, eim, enable(B, rollback=True)) == hx("83 01 00")
    return eim


# -- never granted, or ended


def test_it_is_not_allowed_on_a_new_card(send: Send, eim: Eim, card: Card) -> None:
    before = card.state
    assert ask(send, ROLLBACK) == NOT_ALLOWED
    assert card.state is before


def test_an_enable_without_the_flag_allows_nothing(send: Send, eim: Eim) -> None:
    order(send, eim, enable(B))
    assert not still_granted(send)


def test_a_refused_enable_allows_nothing(send: Send, eim: Eim) -> None:
    order(send, eim, enable(UNKNOWN, rollback=True))
    assert not still_granted(send)


@pytest.mark.parametrize("operations", [[], [GET_RAT], [enable(UNKNOWN)], [hx("AF00")]])
def test_any_accepted_package_ends_it(send: Send, granted: Eim, operations: list[bytes]) -> None:
    order(send, granted, *operations)
    assert not still_granted(send)
    assert enabled(send) == B


def test_an_accepted_package_of_another_eim_ends_it(send: Send, granted: Eim) -> None:
    other = eim2(token=2)
    assert other.load(send, LIST_EIM)
    assert not still_granted(send)


def test_another_grant_takes_its_place(send: Send, granted: Eim) -> None:
    assert order(send, granted, enable(C, rollback=True)) == hx("83 01 00")
    assert still_granted(send)
    assert enabled(send) == B
    assert not still_granted(send)


def test_it_ends_with_its_eim(send: Send, granted: Eim) -> None:
    assert ask(send, hx("BF64 04 82020204")) == hx("BF64 06 800100 810100")
    assert not still_granted(send)


def test_it_does_not_come_back_with_an_eim_of_the_same_name(send: Send, granted: Eim) -> None:
    ask(send, hx("BF64 04 82020204"))
    ask(send, add_initial(replace(eim2(), name=granted.name).configuration()))
    assert not still_granted(send)


# -- the Profile to go back to


def test_it_ends_when_an_lpa_deletes_the_profile(send: Send, granted: Eim) -> None:
    assert ask(send, tlv("BF33", tlv("5A", A))) == hx("BF33 03 800100")
    assert not still_granted(send)


def test_it_ends_when_a_memory_reset_deletes_the_profile(
    send: Send, granted: Eim, card: Card
) -> None:
    test = replace(card.state.profiles[0], profile_class=ProfileClass.TEST)
    change(card, profiles=(test, *card.state.profiles[1:]))
    assert ask(send, hx("BF64 04 82020640")) == hx("BF64 03 800100")
    assert not still_granted(send)
    assert states(send) == {B: True, C: False}


def by_lpa(send: Send, iccid: bytes) -> None:
    """EnableProfile of SGP.22."""
    request = tlv("BF31", tlv("A0", tlv("5A", iccid)), hx("8101FF"))
    assert ask(send, request) == hx("BF31 03 800100")


def test_a_profile_that_an_lpa_has_enabled_is_7_and_it_stays_allowed(
    send: Send, granted: Eim, card: Card
) -> None:
    by_lpa(send, A)
    before = card.state
    assert ask(send, ROLLBACK) == COMMAND_ERROR
    assert card.state == before
    by_lpa(send, B)
    assert still_granted(send)


def test_it_leads_back_from_whatever_an_lpa_has_enabled(send: Send, granted: Eim) -> None:
    by_lpa(send, C)
    assert still_granted(send)
    assert states(send) == {A: True, B: False, C: False}


def test_ppr1_of_the_enabled_profile_is_no_hindrance(
    send: Send, eim: Eim, card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(card, A, B, enabled=A, B={"rules": PPR1})
    order(send, eim, enable(B, rollback=True))
    monkeypatch.setattr(switching, "WAYS_BACK_OVERRULE_PPR1", False)
    assert ask(send, ROLLBACK) == COMMAND_ERROR
    monkeypatch.undo()
    assert still_granted(send)


# -- functions that switch


def test_execute_fallback_mechanism_ends_it(send: Send, granted: Eim, card: Card) -> None:
    change(card, fallback_profile=C)
    assert ask(send, hx("BF5D 03 800100")) == hx("BF5D 03 800100")
    assert not still_granted(send)


def test_return_from_fallback_ends_it(send: Send, granted: Eim, card: Card) -> None:
    returns = replace(card.state.returns, fallback=A)
    change(card, fallback_profile=B, returns=returns)
    assert ask(send, hx("BF5E 03 800100")) == hx("BF5E 03 800100")
    assert not still_granted(send)


@pytest.mark.parametrize(("flag", "kept"), [("00", True), ("FF", False)])
def test_enabling_the_emergency_profile_ends_it_with_a_refresh(
    send: Send, granted: Eim, card: Card, flag: str, kept: bool
) -> None:
    change(card, profiles=(*card.state.profiles[:2], replace(card.state.profiles[2], ecall=True)))
    assert ask(send, hx(f"BF5B 03 8001{flag}")) == hx("BF5B 03 800100")
    assert (card.state.returns.rollback is not None) == kept


@pytest.mark.parametrize(("flag", "kept"), [("00", True), ("FF", False)])
def test_disabling_the_emergency_profile_ends_it_with_a_refresh(
    send: Send, granted: Eim, card: Card, flag: str, kept: bool
) -> None:
    grant = card.state.returns.rollback
    give(card, A, B, C, enabled=C, C={"ecall": True})
    change(card, returns=Returns(rollback=grant, emergency=B))
    assert ask(send, hx(f"BF5C 03 8001{flag}")) == hx("BF5C 03 800100")
    assert (card.state.returns.rollback is not None) == kept


def test_it_leads_back_after_an_emergency_without_a_refresh(
    send: Send, granted: Eim, card: Card
) -> None:
    change(card, profiles=(*card.state.profiles[:2], replace(card.state.profiles[2], ecall=True)))
    for request in ("BF5B 03 800100", "BF5C 03 800100"):
        ask(send, hx(request))
    assert still_granted(send)


def test_a_card_that_reads_the_rule_otherwise_ends_it_without_a_refresh(
    send: Send, granted: Eim, card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(switching, "ROLLBACK_ENDS_WITHOUT_REFRESH", True)
    change(card, profiles=(*card.state.profiles[:2], replace(card.state.profiles[2], ecall=True)))
    for request in ("BF5B 03 800100", "BF5C 03 800100"):
        ask(send, hx(request))
    assert not still_granted(send)
