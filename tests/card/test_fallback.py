"""ExecuteFallbackMechanism and ReturnFromFallback (SGP.32 v1.2 clauses 5.9.20 and 5.9.21).

The card has Profiles A, enabled, B, which has the fallback attribute, and C.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from support.eims import Eim, ask, eim1, tlv, trust
from support.es10 import SELECT_ISDR, es10_sw
from support.hexes import hx
from support.installed import PPR1, ask_in_vain, change, enabled, give, states, switch, told
from support.installing import A, B, C
from support.psmos import delete, disable, enable, order
from support.vectors import vector

from euicc_sim import Card
from euicc_sim.es10.profiles import switching

Send = Callable[[bytes], bytes]

FALL_BACK, FALL_BACK_QUIETLY = hx("BF5D 03 8001FF"), hx("BF5D 03 800100")
RETURN, RETURN_QUIETLY = hx("BF5E 03 8001FF"), hx("BF5E 03 800100")
FELL_BACK, RETURNED = hx("BF5D 03 800100"), hx("BF5E 03 800100")
NOTHING_TO_RETURN_FROM = hx("BF5E 03 800106")
ALLOWED = {"fallback_allowed": True}


@pytest.fixture
def eim(send: Send, card: Card) -> Eim:
    eim = eim1()
    trust(send, eim)
    give(card, A, B, C, enabled=A, B=ALLOWED)
    change(card, fallback_profile=B)
    return eim


@pytest.fixture
def fallen(send: Send, eim: Eim) -> Eim:
    """The eIM, after the card has fallen back."""
    assert ask(send, FALL_BACK) == FELL_BACK
    return eim


# -- ExecuteFallbackMechanism


def test_the_profile_with_the_attribute_takes_over(send: Send, eim: Eim) -> None:
    assert ask(send, vector("ExecuteFallbackMechanism_req")) == vector(
        "ExecuteFallbackMechanism_resp_ok"
    )
    assert states(send) == {A: False, B: True, C: False}


def test_both_profiles_are_told_of(send: Send, eim: Eim, card: Card) -> None:
    change(card, next_seq=5)
    ask(send, FALL_BACK)
    assert told(send) == [(5, "disable", A), (6, "enable", B)]
    ask(send, RETURN)
    assert told(send)[2:] == [(7, "disable", B), (8, "enable", A)]


def test_there_is_no_package_result(send: Send, fallen: Eim, card: Card) -> None:
    ask(send, RETURN)
    assert card.state.results == ()


def test_without_an_enabled_profile_it_is_7(send: Send, eim: Eim, card: Card) -> None:
    order(send, eim, disable(A))
    assert ask_in_vain(send, card, FALL_BACK) == hx("BF5D 03 800107")


def test_without_the_attribute_it_is_6(send: Send, eim: Eim, card: Card) -> None:
    change(card, fallback_profile=None)
    assert ask_in_vain(send, card, FALL_BACK) == vector("ExecuteFallback_resp_not_available")


def test_while_the_emergency_profile_is_enabled_it_is_104(send: Send, eim: Eim, card: Card) -> None:
    give(card, B, C, enabled=C, C={"ecall": True})
    assert ask_in_vain(send, card, FALL_BACK) == hx("BF5D 03 800168")


def test_while_the_fallback_profile_is_enabled_it_is_2(send: Send, fallen: Eim, card: Card) -> None:
    assert ask_in_vain(send, card, FALL_BACK) == hx("BF5D 03 800102")


def test_a_busy_toolkit_is_5_when_a_refresh_is_asked_for(send: Send, eim: Eim, card: Card) -> None:
    switch(card, toolkit_busy=True)
    assert ask_in_vain(send, card, FALL_BACK) == hx("BF5D 03 800105")
    assert ask(send, FALL_BACK_QUIETLY) == FELL_BACK


def test_no_enabled_profile_comes_before_no_attribute(send: Send, eim: Eim, card: Card) -> None:
    give(card, A, B)
    change(card, fallback_profile=None)
    assert ask(send, FALL_BACK) == hx("BF5D 03 800107")


def test_no_attribute_comes_before_an_emergency(send: Send, eim: Eim, card: Card) -> None:
    give(card, A, B, enabled=A, A={"ecall": True})
    change(card, fallback_profile=None)
    assert ask(send, FALL_BACK) == hx("BF5D 03 800106")


def test_the_toolkit_comes_last(send: Send, eim: Eim, card: Card) -> None:
    switch(card, toolkit_busy=True)
    give(card, A, B, enabled=B)
    assert ask(send, FALL_BACK) == hx("BF5D 03 800102")
    give(card, A, B, enabled=A, A={"ecall": True})
    assert ask(send, FALL_BACK) == hx("BF5D 03 800168")


def test_ppr1_of_the_enabled_profile_is_no_hindrance(
    send: Send, eim: Eim, card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(card, A, B, enabled=A, A={"rules": PPR1})
    with monkeypatch.context() as patch:
        patch.setattr(switching, "WAYS_BACK_OVERRULE_PPR1", False)
        assert ask_in_vain(send, card, FALL_BACK) == hx("BF5D 03 80017F")
    assert ask(send, FALL_BACK) == FELL_BACK


# -- ReturnFromFallback


def test_the_profile_before_comes_back(send: Send, fallen: Eim) -> None:
    assert ask(send, vector("ReturnFromFallback_req")) == vector("ReturnFromFallback_resp_ok")
    assert states(send) == {A: True, B: False, C: False}


def test_it_is_done_once(send: Send, fallen: Eim, card: Card) -> None:
    ask(send, RETURN)
    assert ask_in_vain(send, card, RETURN) == NOTHING_TO_RETURN_FROM


def test_the_card_can_fall_back_again(send: Send, fallen: Eim) -> None:
    ask(send, RETURN)
    assert ask(send, FALL_BACK) == FELL_BACK
    assert enabled(send) == B


def test_the_way_back_outlives_a_reset_and_reopening(send: Send, fallen: Eim, card: Card) -> None:
    card.reset()
    send(SELECT_ISDR)
    card.close()
    with Card.open(card.directory, fsync=False) as again:
        again.transmit(SELECT_ISDR)
        assert ask(again.transmit, RETURN) == RETURNED
        assert enabled(again.transmit) == A


def test_without_a_fallback_it_is_6(send: Send, eim: Eim, card: Card) -> None:
    assert ask_in_vain(send, card, RETURN) == NOTHING_TO_RETURN_FROM


def test_without_the_attribute_the_return_is_6(send: Send, eim: Eim, card: Card) -> None:
    change(card, fallback_profile=None, returns=replace(card.state.returns, fallback=B))
    assert ask_in_vain(send, card, RETURN) == NOTHING_TO_RETURN_FROM


def test_without_an_enabled_profile_the_return_is_6(send: Send, fallen: Eim, card: Card) -> None:
    order(send, fallen, disable(B))
    assert ask_in_vain(send, card, RETURN) == NOTHING_TO_RETURN_FROM


def test_after_a_package_has_enabled_the_fallback_profile_it_is_6(
    send: Send, eim: Eim, card: Card
) -> None:
    order(send, eim, enable(B))
    assert ask_in_vain(send, card, RETURN) == NOTHING_TO_RETURN_FROM


def test_a_package_that_enables_a_profile_ends_the_way_back(
    send: Send, fallen: Eim, card: Card
) -> None:
    order(send, fallen, enable(C))
    order(send, fallen, enable(B))
    assert ask_in_vain(send, card, RETURN) == NOTHING_TO_RETURN_FROM


def test_a_package_that_only_disables_the_fallback_profile_does_not_end_it(
    send: Send, fallen: Eim, card: Card
) -> None:
    order(send, fallen, disable(B))
    assert card.state.returns.fallback == A
    assert order(send, fallen, enable(B)) == hx("83 01 00")
    assert ask_in_vain(send, card, RETURN) == NOTHING_TO_RETURN_FROM


def test_after_the_profile_before_is_deleted_it_is_6(send: Send, fallen: Eim, card: Card) -> None:
    assert order(send, fallen, delete(A)) == hx("85 01 15"), "a package may not"
    assert ask(send, tlv("BF33", tlv("5A", A))) == hx("BF33 03 800100"), "an LPA may"
    assert ask_in_vain(send, card, RETURN) == NOTHING_TO_RETURN_FROM


def test_a_busy_toolkit_is_5_when_the_return_asks_for_a_refresh(
    send: Send, fallen: Eim, card: Card
) -> None:
    switch(card, toolkit_busy=True)
    assert ask_in_vain(send, card, RETURN) == hx("BF5E 03 800105")
    assert ask(send, RETURN_QUIETLY) == RETURNED


def test_nothing_to_return_from_comes_before_the_toolkit(send: Send, eim: Eim, card: Card) -> None:
    switch(card, toolkit_busy=True)
    assert ask_in_vain(send, card, RETURN) == NOTHING_TO_RETURN_FROM


def test_ppr1_of_the_fallback_profile_is_no_hindrance(
    send: Send, eim: Eim, card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(card, A, B, enabled=A, B={"rules": PPR1})
    ask(send, FALL_BACK)
    with monkeypatch.context() as patch:
        patch.setattr(switching, "WAYS_BACK_OVERRULE_PPR1", False)
        assert ask_in_vain(send, card, RETURN) == hx("BF5E 03 80017F")
    assert ask(send, RETURN) == RETURNED


# -- an emergency in between, and what cannot be read


def test_an_emergency_in_between_does_not_end_the_way_back(
    send: Send, fallen: Eim, card: Card
) -> None:
    *others, last = card.state.profiles
    change(card, profiles=(*others, replace(last, ecall=True)))
    ask(send, hx("BF5B 03 800100"))
    assert ask_in_vain(send, card, RETURN) == NOTHING_TO_RETURN_FROM
    ask(send, hx("BF5C 03 800100"))
    assert ask(send, RETURN) == RETURNED


@pytest.mark.parametrize("request_", ["BF5D00", "BF5E00", "BF5D 02 8000", "BF5E 04 8002FFFF"])
def test_an_unreadable_request_is_6a80(send: Send, eim: Eim, card: Card, request_: str) -> None:
    before = card.state
    assert es10_sw(send, hx(request_)) == (b"", 0x6A80)
    assert card.state is before
