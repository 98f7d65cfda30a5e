"""ImmediateEnable (SGP.32 v1.2 clause 5.9.15): of a Profile that was downloaded just now.

The card has Profile B, enabled; A comes by a download from an SM-DP+ of a known OID and address.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.eims import ask, stored_results, tlv
from support.es10 import SELECT_ISDR, es10_sw
from support.hexes import hx
from support.installed import (
    PPR1,
    ask_in_vain,
    change,
    enabled,
    give,
    states,
    switch,
    told,
)
from support.installing import B_DIGITS, C_DIGITS, SMDP, A, B, C, install

from euicc_sim import Card
from euicc_sim.es10.profiles import immediate_enable
from euicc_sim.model.profile import Rollback
from euicc_sim.model.state import ImmediateEnable, Returns
from euicc_sim.parties.messages.errors import LpaError
from keys import profiles

Send = Callable[[bytes], bytes]

ENABLE, QUIETLY = hx("BF5A 03 8001FF"), hx("BF5A 03 800100")
OK, NOT_AVAILABLE, NO_CONTEXT = hx("BF5A 03 800100"), hx("BF5A 03 800101"), hx("BF5A 03 800104")
BUSY, UNDEFINED = hx("BF5A 03 800105"), hx("BF5A 03 80017F")


@pytest.fixture
def ready(send: Send, card: Card) -> Card:
    """The card, before the download."""
    send(SELECT_ISDR)
    give(card, B, enabled=B)
    configure(card, smdp_address=SMDP)
    return card


def configure(card: Card, **fields: Any) -> None:
    """Switch immediate enabling on, for these."""
    change(card, immediate_enable=ImmediateEnable(True, **fields))


@pytest.fixture
def loaded(send: Send, ready: Card, pki_folder: Path) -> Card:
    """The card, after the download."""
    install(send, pki_folder)
    return ready


def test_the_downloaded_profile_is_enabled(send: Send, loaded: Card) -> None:
    assert ask(send, ENABLE) == OK
    assert states(send) == {B: False, A: True}


def test_it_is_enabled_where_no_profile_was(send: Send, card: Card, pki_folder: Path) -> None:
    configure(card, smdp_address=SMDP)
    install(send, pki_folder)
    assert ask(send, QUIETLY) == OK
    assert enabled(send) == A


def test_both_profiles_are_told_of_and_there_is_no_package_result(send: Send, loaded: Card) -> None:
    change(loaded, notifications=(), next_seq=30)
    ask(send, ENABLE)
    assert told(send) == [(30, "disable", B), (31, "enable", A)]
    assert stored_results(send) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"smdp_address": SMDP},
        {"smdp_oid": profiles.DP_OID},
        {"smdp_oid": profiles.DP_OID, "smdp_address": SMDP},
    ],
    ids=["address", "OID", "both"],
)
def test_what_is_configured_has_to_match(
    send: Send, ready: Card, pki_folder: Path, fields: dict[str, str]
) -> None:
    configure(ready, **fields)
    install(send, pki_folder)
    assert ask(send, ENABLE) == OK


@pytest.mark.parametrize(
    "fields",
    [
        {"smdp_address": "other.example.com"},
        {"smdp_oid": "2.999.11"},
        {"smdp_oid": "2.999.11", "smdp_address": SMDP},
        {"smdp_oid": profiles.DP_OID, "smdp_address": "other.example.com"},
    ],
    ids=["address", "OID", "OID of two", "address of two"],
)
def test_another_sm_dp_is_1(send: Send, loaded: Card, fields: dict[str, str]) -> None:
    configure(loaded, **fields)
    assert ask_in_vain(send, loaded, ENABLE) == NOT_AVAILABLE


def test_switched_off_it_is_1(send: Send, loaded: Card) -> None:
    change(loaded, immediate_enable=ImmediateEnable(False, profiles.DP_OID, SMDP))
    assert ask_in_vain(send, loaded, ENABLE) == NOT_AVAILABLE


def test_for_neither_oid_nor_address_it_is_1(send: Send, loaded: Card) -> None:
    configure(loaded)
    assert ask_in_vain(send, loaded, ENABLE) == NOT_AVAILABLE


def test_a_card_that_reads_the_rule_otherwise_takes_neither_as_any(
    send: Send, loaded: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(immediate_enable, "IMMEDIATE_ENABLE_NEEDS_A_SERVER", False)
    configure(loaded)
    assert ask(send, ENABLE) == OK


def test_1_without_a_look_at_the_session_leaves_it(send: Send, loaded: Card) -> None:
    change(loaded, immediate_enable=ImmediateEnable())
    assert ask(send, ENABLE) == NOT_AVAILABLE
    configure(loaded, smdp_address=SMDP)
    assert ask(send, ENABLE) == OK


# -- the session's context


def test_without_a_download_it_is_4(send: Send, ready: Card) -> None:
    assert ask_in_vain(send, ready, ENABLE) == NO_CONTEXT


def test_it_is_done_once(send: Send, loaded: Card) -> None:
    ask(send, ENABLE)
    assert ask_in_vain(send, loaded, ENABLE) == NO_CONTEXT


def test_a_reset_ends_the_session(send: Send, loaded: Card) -> None:
    loaded.reset()
    send(SELECT_ISDR)
    assert ask_in_vain(send, loaded, ENABLE) == NO_CONTEXT


def test_a_new_challenge_ends_the_session(send: Send, loaded: Card) -> None:
    ask(send, hx("BF2E00"))
    assert ask_in_vain(send, loaded, ENABLE) == NO_CONTEXT


def test_cancel_session_ends_the_session(send: Send, loaded: Card) -> None:
    session = loaded._volatile.session
    assert session is not None
    request = tlv("BF41", tlv("80", session.transaction_id), hx("81017F"))
    assert ask(send, request).startswith(hx("BF41 61 A0"))
    assert ask_in_vain(send, loaded, ENABLE) == NO_CONTEXT


def test_a_failed_download_leaves_no_session(send: Send, loaded: Card, pki_folder: Path) -> None:
    with pytest.raises(LpaError):
        install(send, pki_folder, B_DIGITS)
    assert ask_in_vain(send, loaded, ENABLE) == NO_CONTEXT


def test_the_last_download_counts(send: Send, loaded: Card, pki_folder: Path) -> None:
    install(send, pki_folder, C_DIGITS)
    assert ask(send, ENABLE) == OK
    assert enabled(send) == C


def test_other_functions_do_not_end_the_session(send: Send, loaded: Card) -> None:
    for request in ("BF2D00", "BF2B00", "BF30 03 800101", "BF2200", "BF5F00"):
        ask(send, hx(request))
    send(SELECT_ISDR)
    assert ask(send, ENABLE) == OK


def test_another_sm_dp_has_used_the_session_up(send: Send, loaded: Card) -> None:
    configure(loaded, smdp_address="other.example.com")
    assert ask(send, ENABLE) == NOT_AVAILABLE
    configure(loaded, smdp_address=SMDP)
    assert ask_in_vain(send, loaded, ENABLE) == NO_CONTEXT


# -- other reasons


def test_a_busy_toolkit_is_5_and_has_used_the_session_up(send: Send, loaded: Card) -> None:
    switch(loaded, toolkit_busy=True)
    assert ask_in_vain(send, loaded, ENABLE) == BUSY
    assert ask_in_vain(send, loaded, QUIETLY) == NO_CONTEXT


def test_a_busy_toolkit_is_no_matter_without_a_refresh(send: Send, loaded: Card) -> None:
    switch(loaded, toolkit_busy=True)
    assert ask(send, QUIETLY) == OK


def test_ppr1_of_the_enabled_profile_is_127(send: Send, ready: Card, pki_folder: Path) -> None:
    give(ready, B, enabled=B, B={"rules": PPR1})
    install(send, pki_folder)
    assert ask_in_vain(send, ready, ENABLE) == UNDEFINED
    assert ask(send, ENABLE) == NO_CONTEXT


def test_a_refusal_that_uses_the_session_up_is_an_event_that_says_so(
    send: Send, ready: Card, pki_folder: Path
) -> None:
    give(ready, B, enabled=B, B={"rules": PPR1})
    install(send, pki_folder)
    ready.take_events()
    assert ask(send, ENABLE) == UNDEFINED
    (event,) = ready.take_events()
    assert (event.name, event.refused) == ("ImmediateEnable", True)
    assert "PPR1" in event.text


def test_the_emergency_profile_is_127(send: Send, ready: Card, pki_folder: Path) -> None:
    install(send, pki_folder, ecall_indication=True)
    assert ask_in_vain(send, ready, ENABLE) == UNDEFINED


def test_during_an_emergency_it_is_127(send: Send, loaded: Card) -> None:
    give_emergency(loaded)
    assert ask(send, hx("BF5B 03 800100")) == hx("BF5B 03 800100")
    assert ask_in_vain(send, loaded, ENABLE) == UNDEFINED
    assert enabled(send) == C


def give_emergency(card: Card) -> None:
    """C beside the others, as the Emergency Profile."""
    there = card.state.profiles
    give(card, C, C={"ecall": True})
    change(card, profiles=(*there, *card.state.profiles))


def by_lpa(send: Send, request: bytes) -> None:
    """A function of SGP.22 that must succeed."""
    assert ask(send, request)[-3:] == hx("800100")


def test_a_profile_that_is_enabled_already_is_127(send: Send, loaded: Card) -> None:
    by_lpa(send, tlv("BF31", tlv("A0", tlv("5A", A)), hx("8101FF")))
    assert ask_in_vain(send, loaded, ENABLE) == UNDEFINED


def test_a_profile_that_was_deleted_is_127(send: Send, loaded: Card) -> None:
    by_lpa(send, tlv("BF33", tlv("5A", A)))
    assert ask_in_vain(send, loaded, ENABLE) == UNDEFINED


# -- which check comes first, and what goes along


def test_the_configuration_comes_before_the_session(send: Send, ready: Card) -> None:
    change(ready, immediate_enable=ImmediateEnable())
    assert ask(send, ENABLE) == NOT_AVAILABLE


def test_the_server_comes_before_the_toolkit(send: Send, loaded: Card) -> None:
    switch(loaded, toolkit_busy=True)
    configure(loaded, smdp_address="other.example.com")
    assert ask(send, ENABLE) == NOT_AVAILABLE


ROLLBACK = Rollback(B, "eim1.example.com", 1, None, 1)


@pytest.mark.parametrize(("request_", "kept"), [(ENABLE, None), (QUIETLY, ROLLBACK)])
def test_a_return_from_fallback_ends_and_a_rollback_does_with_a_refresh(
    send: Send, loaded: Card, request_: bytes, kept: Rollback | None
) -> None:
    change(loaded, returns=Returns(ROLLBACK, fallback=B))
    assert ask(send, request_) == OK
    assert loaded.state.returns == Returns(rollback=kept)


@pytest.mark.parametrize("request_", ["BF5A00", "BF5A 02 8000", "BF5A 04 8002FFFF"])
def test_an_unreadable_request_is_6a80_and_leaves_the_session(
    send: Send, loaded: Card, request_: str
) -> None:
    assert es10_sw(send, hx(request_)) == (b"", 0x6A80)
    assert ask(send, ENABLE) == OK
