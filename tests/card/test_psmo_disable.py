"""The PSMO disable (SGP.32 v1.2 clause 3.4.2) on a card with Profiles A, enabled, B and C."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.eims import Eim, ask, eim1, trust
from support.fresh import fresh_card
from support.hexes import hx
from support.installed import (
    PPR1,
    UNKNOWN,
    change,
    enabled,
    give,
    only_a_result_is_new,
    refused,
    states,
    switch,
    told,
)
from support.installing import A, B, C, install
from support.psmos import GET_RAT, LIST, disable, enable, order

from euicc_sim import Card
from euicc_sim.model.profile import AuthorisationRule, Operator, ProfileClass, Rule
from euicc_sim.model.state import Returns
from euicc_sim.parties.smdpp.metadata import Owner, PolicyRule

Send = Callable[[bytes], bytes]
OWNER = hx("00F110")


@pytest.fixture
def card(tmp_path: Path, pki_folder: Path) -> Iterator[Card]:
    """A card whose Rules Authorisation Table lets one operator use PPR1."""
    rule = AuthorisationRule(frozenset({Rule.PPR1_NO_DISABLE}), (Operator(OWNER),))
    with Card.open(fresh_card(tmp_path / "card", pki_folder, rules=(rule,)), fsync=False) as card:
        yield card


@pytest.fixture
def eim(send: Send, card: Card) -> Eim:
    eim = eim1()
    trust(send, eim)
    give(card, A, B, C, enabled=A)
    return eim


def test_the_enabled_profile_is_disabled_and_none_takes_over(send: Send, eim: Eim) -> None:
    assert order(send, eim, hx("A4 0C 5A0A 98001032547698103214")) == hx("84 01 00")
    assert states(send) == {A: False, B: False, C: False}


def test_the_fallback_profile_does_not_take_over_either(send: Send, eim: Eim, card: Card) -> None:
    change(card, fallback_profile=B)
    order(send, eim, disable(A))
    assert enabled(send) is None


def test_the_profile_before_a_test_profile_does_not_come_back(
    send: Send, eim: Eim, card: Card
) -> None:
    give(card, A, B, enabled=B, B={"profile_class": ProfileClass.TEST})
    change(card, returns=Returns(test=A))
    assert order(send, eim, disable(B)) == hx("84 01 00")
    assert enabled(send) is None
    assert card.state.returns == Returns()


# -- result codes, and nothing else has changed


def test_an_unknown_iccid_is_1(send: Send, eim: Eim, card: Card) -> None:
    assert refused(send, eim, card, disable(UNKNOWN)) == hx("84 01 01")


def test_a_disabled_profile_is_2(send: Send, eim: Eim, card: Card) -> None:
    assert refused(send, eim, card, disable(B)) == hx("84 01 02")


def test_ppr1_is_3(send: Send, eim: Eim, card: Card) -> None:
    give(card, A, B, enabled=A, A={"rules": PPR1})
    assert refused(send, eim, card, disable(A)) == hx("84 01 03")


def test_ppr1_that_came_with_a_download_is_3(send: Send, card: Card, pki_folder: Path) -> None:
    rules = frozenset({PolicyRule.PPR1})
    install(send, pki_folder, policy_rules=rules, owner=Owner(OWNER))
    eim = eim1()
    trust(send, eim)
    assert order(send, eim, enable(A)) == hx("83 01 00")
    assert refused(send, eim, card, disable(A)) == hx("84 01 03")


def test_a_busy_toolkit_is_5(send: Send, eim: Eim, card: Card) -> None:
    switch(card, toolkit_busy=True)
    assert refused(send, eim, card, disable(A)) == hx("84 01 05")


def test_a_second_disable_is_127_and_the_first_stands(send: Send, eim: Eim) -> None:
    assert order(send, eim, disable(A), disable(A)) == hx("840100 84017F")
    assert enabled(send) is None


def test_a_disable_after_an_enable_is_127_and_the_enable_stands(send: Send, eim: Eim) -> None:
    assert order(send, eim, enable(B), disable(B)) == hx("830100 84017F")
    assert enabled(send) == B


@pytest.mark.parametrize("damaged", ["A4 00", "A4 0C 5A09 980010325476981032 00"])
def test_a_damaged_disable_ends_the_list(send: Send, eim: Eim, card: Card, damaged: str) -> None:
    assert refused(send, eim, card, hx(damaged), GET_RAT) == hx("02 01 02")


# -- which check comes first


def test_a_second_disable_is_not_looked_at_any_further(send: Send, eim: Eim) -> None:
    assert order(send, eim, disable(A), disable(UNKNOWN)) == hx("840100 84017F")


def test_the_state_comes_before_the_policy(send: Send, eim: Eim, card: Card) -> None:
    give(card, A, B, enabled=A, B={"rules": PPR1})
    assert order(send, eim, disable(B)) == hx("84 01 02")


def test_the_policy_comes_before_the_toolkit(send: Send, eim: Eim, card: Card) -> None:
    give(card, A, B, enabled=A, A={"rules": PPR1})
    switch(card, toolkit_busy=True)
    assert order(send, eim, disable(A)) == hx("84 01 03")
    assert order(send, eim, disable(B)) == hx("84 01 02")


# -- with other operations of the package


def test_a_package_disables_one_profile_and_enables_another(send: Send, eim: Eim) -> None:
    assert order(send, eim, disable(A), enable(B)) == hx("840100 830100")
    assert states(send) == {A: False, B: True, C: False}
    assert [one[1:] for one in told(send)] == [("disable", A), ("enable", B)]


def test_a_package_may_enable_again_what_it_has_disabled(send: Send, eim: Eim) -> None:
    assert order(send, eim, disable(A), enable(A)) == hx("840100 830100")
    assert enabled(send) == A
    assert [one[1:] for one in told(send)] == [("disable", A), ("enable", A)]


def test_an_operation_before_a_failure_stands_and_none_after_it_runs(send: Send, eim: Eim) -> None:
    assert order(send, eim, disable(A), enable(UNKNOWN), enable(B)) == hx("840100 830101")
    assert enabled(send) is None
    assert [one[1:] for one in told(send)] == [("disable", A)]


def test_a_failed_disable_keeps_the_rest_from_running(send: Send, eim: Eim, card: Card) -> None:
    assert refused(send, eim, card, disable(B), enable(C)) == hx("84 01 02")


def test_the_list_shows_what_the_package_has_done(send: Send, eim: Eim) -> None:
    listed = hx("BF2D 05 5C03 5A9F70")
    found = order(send, eim, disable(A), listed, enable(B))
    assert found == (
        hx("84 01 00")
        + hx("BF2D 38 A036")
        + b"".join(hx("E310 5A0A") + one + hx("9F7001 00") for one in (A, B, C))
        + hx("83 01 00")
    )


# -- Notifications, and a result that does not fit


def test_the_notification_is_numbered_after_the_result(send: Send, eim: Eim, card: Card) -> None:
    change(card, next_seq=29)
    order(send, eim, disable(A))
    assert card.state.results[-1].seq_number == 29
    assert told(send) == [(30, "disable", A)]


def test_a_disable_whose_result_does_not_fit_is_undone(send: Send, eim: Eim, card: Card) -> None:
    size = len(order(send, eim, LIST))
    lists, left = divmod(0x8000, size)
    before = card.state
    found = order(send, eim, *[LIST] * lists, *[GET_RAT] * left, disable(A))
    assert found.endswith(hx("02 01 01"))
    assert only_a_result_is_new(before, card.state)
    assert ask(send, hx("BF2800")) == hx("BF28 02 A000")
