"""The PSMO delete (SGP.32 v1.2 clause 3.4.3) on a card with Profiles A, enabled, B and C."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.eims import Eim, ask, eim1, trust, value_of
from support.es10 import SELECT_ISDR
from support.hexes import hx
from support.installed import (
    PPR1,
    PPR2,
    UNKNOWN,
    change,
    give,
    refused,
    states,
    switch,
    told,
)
from support.installing import A_DIGITS, C_DIGITS, A, B, C, install
from support.psmos import GET_RAT, delete, disable, enable, order

from euicc_sim import Card
from euicc_sim.model.state import Returns
from euicc_sim.store import copy_card

Send = Callable[[bytes], bytes]


@pytest.fixture
def eim(send: Send, card: Card) -> Eim:
    eim = eim1()
    trust(send, eim)
    give(card, A, B, C, enabled=A)
    return eim


def in_fallback(card: Card) -> None:
    """B, with the attribute, has taken over from A."""
    give(card, A, B, C, enabled=B)
    change(card, fallback_profile=B, returns=Returns(fallback=A))


def test_a_disabled_profile_is_gone(send: Send, eim: Eim) -> None:
    assert order(send, eim, hx("A5 0C 5A0A 98001032547698103234")) == hx("85 01 00")
    assert states(send) == {A: True, B: False}


def test_its_package_is_not_a_part_of_the_card_any_more(
    send: Send, eim: Eim, tmp_path: Path
) -> None:
    kept = tmp_path / "copy" / "profiles"
    order(send, eim, delete(C))
    copy_card(tmp_path / "card", tmp_path / "copy")
    assert {one.name for one in kept.iterdir()} == {
        "89000123456789012341.upp",
        "89000123456789012342.upp",
    }


def test_its_memory_and_its_aid_are_free(send: Send, card: Card, pki_folder: Path) -> None:
    send(SELECT_ISDR)
    free = value_of(ask(send, hx("BF2200")))["extCardResource"]
    first = install(send, pki_folder, A_DIGITS)
    eim = eim1()
    trust(send, eim)
    assert value_of(ask(send, hx("BF2200")))["extCardResource"] != free
    assert order(send, eim, delete(A)) == hx("85 01 00")
    assert value_of(ask(send, hx("BF2200")))["extCardResource"] == free
    assert install(send, pki_folder, C_DIGITS).aid == first.aid


# -- result codes, and nothing else has changed


def test_an_unknown_iccid_is_1(send: Send, eim: Eim, card: Card) -> None:
    assert refused(send, eim, card, delete(UNKNOWN)) == hx("85 01 01")


def test_a_deleted_profile_is_1(send: Send, eim: Eim) -> None:
    assert order(send, eim, delete(C), delete(C)) == hx("850100 850101")
    assert states(send) == {A: True, B: False}


def test_the_enabled_profile_is_2(send: Send, eim: Eim, card: Card) -> None:
    assert refused(send, eim, card, delete(A)) == hx("85 01 02")


def test_a_profile_that_the_package_has_enabled_is_2(send: Send, eim: Eim) -> None:
    assert order(send, eim, enable(B), delete(B)) == hx("830100 850102")
    assert states(send) == {A: False, B: True, C: False}


def test_ppr2_is_3(send: Send, eim: Eim, card: Card) -> None:
    give(card, A, B, enabled=A, B={"rules": PPR2})
    assert refused(send, eim, card, delete(B)) == hx("85 01 03")


def test_ppr1_is_no_reason(send: Send, eim: Eim, card: Card) -> None:
    give(card, A, B, enabled=A, B={"rules": PPR1})
    assert order(send, eim, delete(B)) == hx("85 01 00")


def test_where_a_rollback_of_this_package_leads_is_20(send: Send, eim: Eim) -> None:
    assert order(send, eim, enable(B, rollback=True), delete(A)) == hx("830100 850114")
    assert states(send) == {A: False, B: True, C: False}


def test_where_a_rollback_leads_is_20_when_the_package_has_disabled_it_first(
    send: Send, eim: Eim
) -> None:
    found = order(send, eim, disable(A), enable(B, rollback=True), delete(A))
    assert found == hx("840100 830100 850114")


def test_another_profile_than_that_of_the_rollback_can_go(send: Send, eim: Eim) -> None:
    assert order(send, eim, enable(B, rollback=True), delete(C)) == hx("830100 850100")


def test_where_an_earlier_rollback_would_have_led_can_go(send: Send, eim: Eim) -> None:
    order(send, eim, enable(B, rollback=True))
    assert order(send, eim, delete(A)) == hx("85 01 00")
    assert states(send) == {B: True, C: False}


def test_where_return_from_fallback_leads_is_21(send: Send, eim: Eim, card: Card) -> None:
    in_fallback(card)
    assert refused(send, eim, card, delete(A)) == hx("85 01 15")


def test_it_can_go_when_the_package_has_disabled_the_fallback_profile(
    send: Send, eim: Eim, card: Card
) -> None:
    in_fallback(card)
    assert order(send, eim, disable(B), delete(A)) == hx("840100 850100")
    assert card.state.returns == Returns()


def test_it_can_go_when_the_package_has_enabled_another(send: Send, eim: Eim, card: Card) -> None:
    in_fallback(card)
    assert order(send, eim, enable(C), delete(A)) == hx("830100 850100")


def test_another_profile_than_the_one_of_the_fallback_can_go(
    send: Send, eim: Eim, card: Card
) -> None:
    in_fallback(card)
    assert order(send, eim, delete(C)) == hx("85 01 00")


@pytest.mark.parametrize("damaged", ["A5 00", "A5 02 5A00", "A5 0D 5A0B 9800103254769810323400"])
def test_a_damaged_delete_ends_the_list(send: Send, eim: Eim, card: Card, damaged: str) -> None:
    assert refused(send, eim, card, hx(damaged), GET_RAT) == hx("02 01 02")


# -- which check comes first


def test_the_state_comes_before_the_policy(send: Send, eim: Eim, card: Card) -> None:
    give(card, A, B, enabled=A, A={"rules": PPR2})
    assert order(send, eim, delete(A)) == hx("85 01 02")


def test_rollback_and_fallback_come_before_the_policy(send: Send, eim: Eim, card: Card) -> None:
    give(card, A, B, C, enabled=A, A={"rules": PPR2})
    assert order(send, eim, enable(B, rollback=True), delete(A)) == hx("830100 850114")
    give(card, A, B, C, enabled=B, A={"rules": PPR2})
    change(card, fallback_profile=B, returns=Returns(fallback=A))
    assert order(send, eim, delete(A)) == hx("85 01 15")


def test_a_busy_toolkit_is_no_reason(send: Send, eim: Eim, card: Card) -> None:
    switch(card, toolkit_busy=True)
    assert order(send, eim, delete(C)) == hx("85 01 00")


# -- with other operations, and what goes along


def test_a_profile_can_be_disabled_and_deleted_in_one_package(send: Send, eim: Eim) -> None:
    assert order(send, eim, disable(A), delete(A)) == hx("840100 850100")
    assert states(send) == {B: False, C: False}
    assert [one[1:] for one in told(send)] == [("disable", A), ("delete", A)]


def test_the_profile_that_an_enable_has_stopped_can_be_deleted(send: Send, eim: Eim) -> None:
    assert order(send, eim, enable(B), delete(A)) == hx("830100 850100")
    assert states(send) == {B: True, C: False}


def test_all_profiles_can_go_in_one_package(send: Send, eim: Eim) -> None:
    found = order(send, eim, delete(B), delete(C), disable(A), delete(A))
    assert found == hx("850100 850100 840100 850100")
    assert ask(send, hx("BF2D00")) == hx("BF2D 02 A000")


def test_the_fallback_attribute_goes_with_its_profile(send: Send, eim: Eim, card: Card) -> None:
    change(card, fallback_profile=B)
    assert order(send, eim, delete(B), hx("A900")) == hx("850100 8E0102")
    assert card.state.fallback_profile is None


def test_the_emergency_profile_can_be_deleted(send: Send, eim: Eim, card: Card) -> None:
    give(card, A, B, enabled=A, B={"ecall": True})
    assert order(send, eim, delete(B)) == hx("85 01 00")


def test_the_notification_is_numbered_after_the_result(send: Send, eim: Eim, card: Card) -> None:
    change(card, next_seq=7)
    order(send, eim, delete(B), delete(C))
    assert card.state.results[-1].seq_number == 7
    assert told(send) == [(8, "delete", B), (9, "delete", C)]
