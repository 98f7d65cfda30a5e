"""The Emergency Profile (SGP.32 v1.2 clauses 5.9.22 and 5.9.23).

The card has Profiles A, enabled, B, and C, which has an ecallIndication.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.eims import (
    LIST_EIM,
    Eim,
    ask,
    eim1,
    eim2,
    read_error,
    stored_results,
    tlv,
    trust,
    unsigned_error,
)
from support.es10 import SELECT_ISDR, es10_sw
from support.hexes import hx
from support.installed import PPR1, ask_in_vain, change, enabled, give, states, switch, told
from support.installing import D_DIGITS, A, B, C, install
from support.psmos import disable, enable, order, package
from support.vectors import vector

from euicc_sim import Card
from euicc_sim.es10.profiles import switching
from euicc_sim.parties.messages.errors import LpaError

Send = Callable[[bytes], bytes]

EMERGENCY, EMERGENCY_QUIETLY = hx("BF5B 03 8001FF"), hx("BF5B 03 800100")
OVER, OVER_QUIETLY = hx("BF5C 03 8001FF"), hx("BF5C 03 800100")
BEGUN, ENDED = hx("BF5B 03 800100"), hx("BF5C 03 800100")
SPECIAL = {"ecall": True}


@pytest.fixture
def eim(send: Send, card: Card) -> Eim:
    eim = eim1()
    trust(send, eim)
    give(card, A, B, C, enabled=A, C=SPECIAL)
    return eim


@pytest.fixture
def calling(send: Send, eim: Eim) -> Eim:
    """The eIM, after an emergency has begun."""
    assert ask(send, EMERGENCY) == BEGUN
    return eim


# -- EnableEmergencyProfile


def test_the_emergency_profile_takes_over(send: Send, eim: Eim) -> None:
    assert ask(send, vector("EnableEmergencyProfile_req")) == vector(
        "EnableEmergencyProfile_resp_ok"
    )
    assert states(send) == {A: False, B: False, C: True}


def test_it_takes_over_where_no_profile_was_enabled(send: Send, eim: Eim, card: Card) -> None:
    give(card, A, C, C=SPECIAL)
    assert ask(send, EMERGENCY) == BEGUN
    assert enabled(send) == C
    assert ask(send, OVER) == ENDED
    assert enabled(send) is None


def test_an_earlier_emergency_is_forgotten(send: Send, calling: Eim) -> None:
    ask(send, OVER)
    assert order(send, calling, disable(A)) == hx("84 01 00")
    ask(send, EMERGENCY)
    assert ask(send, OVER) == ENDED
    assert enabled(send) is None


def test_both_profiles_are_told_of(send: Send, eim: Eim, card: Card) -> None:
    change(card, next_seq=5)
    ask(send, EMERGENCY)
    assert told(send) == [(5, "disable", A), (6, "enable", C)]
    ask(send, OVER)
    assert told(send)[2:] == [(7, "disable", C), (8, "enable", A)]


def test_the_list_shows_which_one_it_is(send: Send, eim: Eim) -> None:
    shown = ask(send, hx("BF2D 05 5C03 5A 9F7B"))
    assert tlv("E3", tlv("5A", C), hx("9F7B 01 FF")) in shown
    assert shown.count(hx("9F7B")) == 1


def test_the_card_says_that_it_can(send: Send, eim: Eim) -> None:
    assert hx("B4 0B A005 0403 010200 8100 8200") in ask(send, hx("BF2200"))


@pytest.mark.parametrize("indication", [None, False])
def test_without_an_emergency_profile_it_is_8(
    send: Send, eim: Eim, card: Card, indication: bool | None
) -> None:
    give(card, A, C, enabled=A, C={"ecall": indication})
    assert ask_in_vain(send, card, EMERGENCY) == hx("BF5B 03 800108")


def test_during_an_emergency_it_is_2(send: Send, calling: Eim, card: Card) -> None:
    assert ask_in_vain(send, card, EMERGENCY) == hx("BF5B 03 800102")


def test_a_busy_toolkit_is_5_when_a_refresh_is_asked_for(send: Send, eim: Eim, card: Card) -> None:
    switch(card, toolkit_busy=True)
    assert ask_in_vain(send, card, EMERGENCY) == hx("BF5B 03 800105")
    assert ask(send, EMERGENCY_QUIETLY) == BEGUN


def test_the_toolkit_comes_last(send: Send, eim: Eim, card: Card) -> None:
    switch(card, toolkit_busy=True)
    give(card, A, enabled=A)
    assert ask(send, EMERGENCY) == hx("BF5B 03 800108")
    give(card, A, C, enabled=C, C=SPECIAL)
    assert ask(send, EMERGENCY) == hx("BF5B 03 800102")


def test_ppr1_of_the_enabled_profile_is_no_hindrance(
    send: Send, eim: Eim, card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(card, A, C, enabled=A, A={"rules": PPR1}, C=SPECIAL)
    with monkeypatch.context() as patch:
        patch.setattr(switching, "WAYS_BACK_OVERRULE_PPR1", False)
        assert ask_in_vain(send, card, EMERGENCY) == hx("BF5B 03 80017F")
    assert ask(send, EMERGENCY) == BEGUN


# -- during an emergency


def test_a_good_package_is_104_signed(send: Send, calling: Eim, card: Card) -> None:
    before = card.state
    answer = read_error(ask(send, package(calling, enable(B), transaction=hx("A1B2"))))
    assert answer.data == {
        "eimId": calling.name,
        "counterValue": 1,
        "eimTransactionId": hx("A1B2"),
        "euiccPackageErrorCode": 104,
    }
    answer.check(card.identity.credentials[0].euicc_certificate)
    assert card.state == before
    assert stored_results(send) == []


def test_its_counter_can_still_be_used_afterwards(send: Send, calling: Eim) -> None:
    request = package(calling, enable(B))
    ask(send, request)
    ask(send, OVER)
    assert hx("30 03 83 01 00") in ask(send, request)


def test_104_comes_before_the_eid_and_the_counter(send: Send, calling: Eim, card: Card) -> None:
    for options in ({"eid": bytes(16)}, {"counter": 0}, {"counter": 8388608}):
        answer = read_error(ask(send, calling.package(LIST_EIM, **options)))
        assert answer.data["euiccPackageErrorCode"] == 104


def test_who_asks_comes_before_104(send: Send, calling: Eim) -> None:
    assert unsigned_error(ask(send, eim2().package(LIST_EIM))) == {"eimId": "eim2.example.com"}
    assert unsigned_error(ask(send, calling.package(LIST_EIM, key=eim2().key)))


@pytest.mark.parametrize("bits", ["8202 0204", "8202 0780", "8202 01FE"])
def test_a_memory_reset_is_104(send: Send, calling: Eim, card: Card, bits: str) -> None:
    assert ask_in_vain(send, card, tlv("BF64", hx(bits))) == hx("BF64 03 800168")


def test_no_profile_can_be_downloaded(
    send: Send, calling: Eim, card: Card, pki_folder: Path
) -> None:
    profiles = card.state.profiles
    with pytest.raises(LpaError) as refusal:
        install(send, pki_folder, D_DIGITS)
    assert refusal.value.code == "installFailedDueToUnknownError"
    assert card.state.profiles == profiles


def test_going_back_by_other_ways_is_not_possible(send: Send, calling: Eim, card: Card) -> None:
    change(card, fallback_profile=B)
    assert ask_in_vain(send, card, hx("BF5D 03 800100")) == hx("BF5D 03 800168")
    assert ask_in_vain(send, card, hx("BF5E 03 800100")) == hx("BF5E 03 800106")
    assert ask_in_vain(send, card, hx("BF58 03 800100")) == hx("BF58 03 020101")


# -- DisableEmergencyProfile


def test_the_profile_before_comes_back(send: Send, calling: Eim) -> None:
    assert ask(send, vector("DisableEmergencyProfile_req")) == vector(
        "DisableEmergencyProfile_resp_ok"
    )
    assert states(send) == {A: True, B: False, C: False}


def test_without_an_emergency_it_is_2(send: Send, eim: Eim, card: Card) -> None:
    assert ask_in_vain(send, card, OVER) == hx("BF5C 03 800102")


def test_without_an_emergency_profile_to_end_it_is_2(send: Send, eim: Eim, card: Card) -> None:
    give(card, A, enabled=A)
    assert ask_in_vain(send, card, OVER) == hx("BF5C 03 800102")


def test_it_is_done_once(send: Send, calling: Eim, card: Card) -> None:
    ask(send, OVER)
    assert ask_in_vain(send, card, OVER) == hx("BF5C 03 800102")


def test_a_busy_toolkit_is_5_when_the_end_asks_for_a_refresh(
    send: Send, calling: Eim, card: Card
) -> None:
    switch(card, toolkit_busy=True)
    assert ask_in_vain(send, card, OVER) == hx("BF5C 03 800105")
    assert ask(send, OVER_QUIETLY) == ENDED


def test_the_state_comes_before_the_toolkit(send: Send, eim: Eim, card: Card) -> None:
    switch(card, toolkit_busy=True)
    assert ask_in_vain(send, card, OVER) == hx("BF5C 03 800102")


def test_no_profile_comes_back_when_an_lpa_has_deleted_it(send: Send, calling: Eim) -> None:
    assert ask(send, tlv("BF33", tlv("5A", A))) == hx("BF33 03 800100")
    assert ask(send, OVER) == ENDED
    assert states(send) == {B: False, C: False}


def test_the_emergency_outlives_a_reset_and_reopening(send: Send, calling: Eim, card: Card) -> None:
    card.reset()
    send(SELECT_ISDR)
    card.close()
    with Card.open(card.directory, fsync=False) as again:
        again.transmit(SELECT_ISDR)
        assert enabled(again.transmit) == C
        assert ask(again.transmit, OVER) == ENDED
        assert enabled(again.transmit) == A


def test_afterwards_packages_are_accepted_again(send: Send, calling: Eim) -> None:
    ask(send, OVER)
    assert order(send, calling, enable(B)) == hx("83 01 00")


@pytest.mark.parametrize("request_", ["BF5B00", "BF5C00", "BF5B 02 8000", "BF5C 04 8002FFFF"])
def test_an_unreadable_request_is_6a80(send: Send, eim: Eim, card: Card, request_: str) -> None:
    before = card.state
    assert es10_sw(send, hx(request_)) == (b"", 0x6A80)
    assert card.state is before


def test_an_emergency_profile_comes_with_a_download(
    send: Send, card: Card, pki_folder: Path
) -> None:
    install(send, pki_folder, ecall_indication=True)
    assert ask(send, EMERGENCY) == BEGUN
    assert enabled(send) == A
