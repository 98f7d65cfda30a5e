"""The PSMOs setFallbackAttribute and unsetFallbackAttribute (SGP.32 v1.2 3.4.6 and 3.4.7).

The card has Profiles A, enabled, B and C; B and C may be fallen back to.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.eims import Eim, ask, eim1, trust
from support.hexes import hx
from support.installed import UNKNOWN, give, refused, told
from support.installing import A, B, C
from support.psmos import GET_RAT, UNSET_FALLBACK, enable, order, set_fallback

from euicc_sim import Card

Send = Callable[[bytes], bytes]
ALLOWED = {"fallback_allowed": True}


@pytest.fixture
def eim(send: Send, card: Card) -> Eim:
    eim = eim1()
    trust(send, eim)
    give(card, A, B, C, enabled=A, B=ALLOWED, C=ALLOWED)
    return eim


def holders(send: Send) -> bytes:
    """What the Profiles show of the attribute, and of whether they may have it."""
    return ask(send, hx("BF2D 07 5C05 5A 9F26 9F67"))


def test_a_profile_gets_the_attribute(send: Send, eim: Eim) -> None:
    assert order(send, eim, hx("A8 0C 5A0A 98001032547698103224")) == hx("8D 01 00")
    assert holders(send) == hx(
        "BF2D 38 A036"
        "E30C 5A0A 98001032547698103214"
        "E314 5A0A 98001032547698103224 9F2601 FF 9F6701 FF"
        "E310 5A0A 98001032547698103234 9F6701 FF"
    )


def test_the_attribute_moves(send: Send, eim: Eim, card: Card) -> None:
    order(send, eim, set_fallback(B))
    assert order(send, eim, set_fallback(C)) == hx("8D 01 00")
    assert card.state.fallback_profile == C
    assert holders(send).count(hx("9F26")) == 1


def test_the_enabled_profile_can_get_it(send: Send, eim: Eim, card: Card) -> None:
    give(card, A, enabled=A, A=ALLOWED)
    assert order(send, eim, set_fallback(A)) == hx("8D 01 00")


def test_the_attribute_is_no_event(send: Send, eim: Eim) -> None:
    order(send, eim, set_fallback(B), UNSET_FALLBACK)
    assert told(send) == []


def test_setting_it_again_is_ok_and_changes_nothing(send: Send, eim: Eim, card: Card) -> None:
    order(send, eim, set_fallback(B))
    assert refused(send, eim, card, set_fallback(B)) == hx("8D 01 00")


def test_setting_it_again_is_ok_even_while_the_fallback_profile_is_enabled(
    send: Send, eim: Eim, card: Card
) -> None:
    order(send, eim, set_fallback(B), enable(B))
    assert refused(send, eim, card, set_fallback(B)) == hx("8D 01 00")


# -- result codes of setFallbackAttribute, and nothing else has changed


def test_an_unknown_iccid_is_1(send: Send, eim: Eim, card: Card) -> None:
    assert refused(send, eim, card, set_fallback(UNKNOWN)) == hx("8D 01 01")


@pytest.mark.parametrize(
    "fields",
    [{}, {"fallback_allowed": False}, {"fallback_allowed": True, "ecall": True}],
    ids=["says nothing", "says no", "is for emergencies"],
)
def test_a_profile_that_may_not_be_fallen_back_to_is_2(
    send: Send, eim: Eim, card: Card, fields: dict[str, Any]
) -> None:
    give(card, A, B, enabled=A, B=fields)
    assert refused(send, eim, card, set_fallback(B)) == hx("8D 01 02")


def test_another_fallback_profile_that_is_enabled_is_3(send: Send, eim: Eim, card: Card) -> None:
    order(send, eim, set_fallback(B), enable(B))
    assert refused(send, eim, card, set_fallback(C)) == hx("8D 01 03")


def test_whether_it_is_allowed_comes_before_whether_another_is_enabled(
    send: Send, eim: Eim, card: Card
) -> None:
    order(send, eim, set_fallback(B), enable(B))
    assert refused(send, eim, card, set_fallback(A)) == hx("8D 01 02")


def test_an_unknown_iccid_comes_first(send: Send, eim: Eim, card: Card) -> None:
    order(send, eim, set_fallback(B), enable(B))
    assert refused(send, eim, card, set_fallback(UNKNOWN)) == hx("8D 01 01")


@pytest.mark.parametrize("damaged", ["A8 00", "A8 04 5A02 9800", "A9 01 00"])
def test_a_damaged_operation_ends_the_list(send: Send, eim: Eim, card: Card, damaged: str) -> None:
    assert refused(send, eim, card, hx(damaged), GET_RAT) == hx("02 01 02")


# -- unsetFallbackAttribute


def test_the_attribute_is_taken_away(send: Send, eim: Eim, card: Card) -> None:
    order(send, eim, set_fallback(B))
    assert order(send, eim, hx("A900")) == hx("8E 01 00")
    assert card.state.fallback_profile is None
    assert hx("9F26") not in holders(send)


def test_no_attribute_to_take_away_is_2(send: Send, eim: Eim, card: Card) -> None:
    assert refused(send, eim, card, UNSET_FALLBACK) == hx("8E 01 02")


def test_taking_it_from_an_enabled_profile_is_3(send: Send, eim: Eim, card: Card) -> None:
    order(send, eim, set_fallback(B), enable(B))
    assert refused(send, eim, card, UNSET_FALLBACK) == hx("8E 01 03")


# -- with other operations of the package


def test_an_enable_in_the_same_package_counts(send: Send, eim: Eim) -> None:
    found = order(send, eim, set_fallback(B), enable(B), UNSET_FALLBACK)
    assert found == hx("8D0100 830100 8E0103")


def test_the_attribute_can_be_taken_away_and_given_in_one_package(
    send: Send, eim: Eim, card: Card
) -> None:
    found = order(send, eim, set_fallback(B), UNSET_FALLBACK, set_fallback(C), enable(C))
    assert found == hx("8D0100 8E0100 8D0100 830100")
    assert card.state.fallback_profile == C


def test_the_attribute_outlives_reopening(send: Send, eim: Eim, card: Card) -> None:
    order(send, eim, set_fallback(C))
    card.close()
    with Card.open(card.directory, fsync=False) as again:
        assert again.state.fallback_profile == C
