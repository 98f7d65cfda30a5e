"""The PSMO enable (SGP.32 v1.2 clause 3.4.1) on a card with Profiles A, enabled, B and C."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.eims import Eim, ask, eim1, trust
from support.es10 import SELECT_ISDR
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
from support.installing import A, B, C
from support.psmos import GET_RAT, LIST, delete, disable, enable, order

from euicc_sim import Card
from euicc_sim.es10.packages import psmos as psmo
from euicc_sim.model.profile import ProfileClass, ProfileEvent, Recipient
from euicc_sim.model.state import Returns

Send = Callable[[bytes], bytes]


@pytest.fixture
def eim(send: Send, card: Card) -> Eim:
    eim = eim1()
    trust(send, eim)
    give(card, A, B, C, enabled=A)
    return eim


def test_enabling_a_profile_disables_the_enabled_one(send: Send, eim: Eim) -> None:
    assert order(send, eim, hx("A3 0C 5A0A 98001032547698103224")) == hx("83 01 00")
    assert states(send) == {A: False, B: True, C: False}


def test_a_profile_is_enabled_where_none_was(send: Send, eim: Eim, card: Card) -> None:
    give(card, A, B)
    assert order(send, eim, enable(B)) == hx("83 01 00")
    assert states(send) == {A: False, B: True}


def test_the_enabled_profile_outlives_a_reset(
    send: Send, eim: Eim, card: Card, tmp_path: Path
) -> None:
    order(send, eim, enable(B))
    card.reset()
    send(SELECT_ISDR)
    assert enabled(send) == B
    card.close()
    with Card.open(tmp_path / "card", fsync=False) as again:
        again.transmit(SELECT_ISDR)
        assert enabled(again.transmit) == B


# -- result codes, and nothing else has changed


def test_an_unknown_iccid_is_1(send: Send, eim: Eim, card: Card) -> None:
    assert refused(send, eim, card, enable(UNKNOWN)) == hx("83 01 01")


def test_the_enabled_profile_is_2(send: Send, eim: Eim, card: Card) -> None:
    assert refused(send, eim, card, enable(A)) == hx("83 01 02")


def test_ppr1_of_the_enabled_profile_is_3(send: Send, eim: Eim, card: Card) -> None:
    give(card, A, B, enabled=A, A={"rules": PPR1})
    assert refused(send, eim, card, enable(B)) == hx("83 01 03")


def test_ppr1_of_the_profile_to_enable_is_no_matter(send: Send, eim: Eim, card: Card) -> None:
    give(card, A, B, enabled=A, B={"rules": PPR1})
    assert order(send, eim, enable(B)) == hx("83 01 00")


def test_the_emergency_profile_is_3(send: Send, eim: Eim, card: Card) -> None:
    give(card, A, B, enabled=A, B={"ecall": True})
    assert refused(send, eim, card, enable(B)) == hx("83 01 03")


def test_a_card_that_reads_the_rule_otherwise_lets_an_eim_enable_the_emergency_profile(
    send: Send, eim: Eim, card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(psmo, "EMERGENCY_PROFILE_IS_FOR_EMERGENCIES", False)
    give(card, A, B, enabled=A, B={"ecall": True})
    assert order(send, eim, enable(B)) == hx("83 01 00")


def test_a_busy_toolkit_is_5(send: Send, eim: Eim, card: Card) -> None:
    switch(card, toolkit_busy=True)
    assert refused(send, eim, card, enable(B)) == hx("83 01 05")


def test_a_card_that_needs_no_refresh_for_a_package_is_never_busy(
    send: Send, eim: Eim, card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(psmo, "PACKAGE_SWITCHES_NEED_REFRESH", False)
    switch(card, toolkit_busy=True)
    assert order(send, eim, enable(B)) == hx("83 01 00")


def test_a_rollback_without_an_enabled_profile_is_20(send: Send, eim: Eim, card: Card) -> None:
    give(card, A, B)
    assert refused(send, eim, card, enable(B, rollback=True)) == hx("83 01 14")


def test_a_rollback_to_the_profile_itself_is_20(send: Send, eim: Eim) -> None:
    assert order(send, eim, disable(A), enable(A, rollback=True)) == hx("840100 830114")
    assert enabled(send) is None, "the disable before it stands"


def test_a_rollback_to_a_profile_that_the_package_has_deleted_is_20(send: Send, eim: Eim) -> None:
    found = order(send, eim, disable(A), delete(A), enable(B, rollback=True))
    assert found == hx("840100 850100 830114")
    assert states(send) == {B: False, C: False}


def test_a_second_enable_is_127_and_the_first_stands(send: Send, eim: Eim) -> None:
    assert order(send, eim, enable(B), enable(C)) == hx("830100 83017F")
    assert enabled(send) == B


def test_the_profile_enabled_before_cannot_be_enabled_again_in_one_package(
    send: Send, eim: Eim
) -> None:
    assert order(send, eim, enable(B), enable(A)) == hx("830100 83017F")
    assert enabled(send) == B


def test_the_next_package_may_enable_again(send: Send, eim: Eim) -> None:
    order(send, eim, enable(B))
    assert order(send, eim, enable(C)) == hx("83 01 00")


def test_a_profile_that_the_package_has_deleted_is_1(send: Send, eim: Eim) -> None:
    assert order(send, eim, delete(B), enable(B)) == hx("850100 830101")
    assert states(send) == {A: True, C: False}


@pytest.mark.parametrize(
    "damaged",
    ["A3 00", "A3 0B 5A09 980010325476981032", "A3 0F 5A0A 98001032547698103224 0501 00"],
    ids=["no iccid", "a short iccid", "a flag with content"],
)
def test_a_damaged_enable_ends_the_list(send: Send, eim: Eim, card: Card, damaged: str) -> None:
    assert refused(send, eim, card, hx(damaged), GET_RAT) == hx("02 01 02")


# -- which check comes first


def test_a_second_enable_is_not_looked_at_any_further(send: Send, eim: Eim) -> None:
    assert order(send, eim, enable(B), enable(UNKNOWN)) == hx("830100 83017F")


def test_the_state_comes_before_policy_rollback_and_toolkit(
    send: Send, eim: Eim, card: Card
) -> None:
    give(card, A, B, enabled=A, A={"rules": PPR1, "ecall": None})
    switch(card, toolkit_busy=True)
    assert order(send, eim, enable(A, rollback=True)) == hx("83 01 02")


def test_the_rollback_comes_before_the_policy(send: Send, eim: Eim, card: Card) -> None:
    give(card, A, B, B={"ecall": True})
    assert order(send, eim, enable(B, rollback=True)) == hx("83 01 14")


def test_the_policy_comes_before_the_toolkit(send: Send, eim: Eim, card: Card) -> None:
    give(card, A, B, C, enabled=A, A={"rules": PPR1}, C={"ecall": True})
    switch(card, toolkit_busy=True)
    assert order(send, eim, enable(B)) == hx("83 01 03")
    assert order(send, eim, enable(C)) == hx("83 01 03")


# -- Notifications


def test_the_notifications_are_numbered_after_the_result(send: Send, eim: Eim, card: Card) -> None:
    change(card, next_seq=13)
    assert order(send, eim, enable(B)) == hx("83 01 00")
    assert card.state.results[-1].seq_number == 13
    assert told(send) == [(14, "disable", A), (15, "enable", B)]


def test_an_event_is_told_to_those_who_asked_for_it(send: Send, eim: Eim, card: Card) -> None:
    both, disabling = {ProfileEvent.ENABLE, ProfileEvent.DISABLE}, {ProfileEvent.DISABLE}
    recipients = (Recipient(frozenset(both), "one"), Recipient(frozenset(disabling), "two"))
    give(card, A, B, enabled=A, A={"recipients": recipients}, B={"recipients": ()})
    order(send, eim, enable(B))
    assert [one.address for one in card.state.notifications] == ["one", "two"]
    assert {event for _, event, _ in told(send)} == {"disable"}


def test_a_refused_enable_is_told_to_nobody(send: Send, eim: Eim) -> None:
    order(send, eim, enable(A))
    assert ask(send, hx("BF2800")) == hx("BF28 02 A000")


# -- a result that does not fit, and test Profiles


def test_an_enable_whose_result_does_not_fit_is_undone(send: Send, eim: Eim, card: Card) -> None:
    size = len(order(send, eim, LIST))
    lists, left = divmod(0x8000, size)
    filling = [LIST] * lists + [GET_RAT] * (left // 2)
    before = card.state
    found = order(send, eim, *filling, enable(B, rollback=True), GET_RAT)
    assert found.endswith(hx("A600 02 01 01") if left > 1 else hx("02 01 01"))
    assert only_a_result_is_new(before, card.state)
    assert told(send) == []


def test_ppr1_holds_against_a_test_profile_too(send: Send, eim: Eim, card: Card) -> None:
    give(card, A, B, enabled=A, A={"rules": PPR1}, B={"profile_class": ProfileClass.TEST})
    assert refused(send, eim, card, enable(B)) == hx("83 01 03")


def test_a_card_that_reads_the_rule_otherwise_lets_a_test_profile_stop_one_with_ppr1(
    send: Send, eim: Eim, card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(psmo, "PPR1_HOLDS_AGAINST_TEST_PROFILES", False)
    give(card, A, B, enabled=A, A={"rules": PPR1}, B={"profile_class": ProfileClass.TEST})
    assert order(send, eim, enable(B)) == hx("83 01 00")


def test_what_came_before_a_test_profile_is_forgotten_when_a_package_switches(
    send: Send, eim: Eim, card: Card
) -> None:
    give(card, A, B, C, enabled=C, C={"profile_class": ProfileClass.TEST})
    change(card, returns=Returns(test=A))
    assert order(send, eim, enable(B)) == hx("83 01 00")
    assert order(send, eim, enable(C)) == hx("83 01 00")
    assert ask(send, hx("BF32 11 A00C 5A0A 98001032547698103234 8101FF")) == hx("BF32 03 800100")
    assert enabled(send) is None
