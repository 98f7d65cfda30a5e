"""The card application toolkit around a switch of Profiles: 91XX, FETCH, REFRESH, the reset.

ETSI TS 102 221 11.2 and TS 102 223. The card has Profiles A, enabled, B and C.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.eims import Eim, ask, eim1, raw_package, trust
from support.es10 import SELECT_ISDR, es10_sw
from support.hexes import hx
from support.installed import change, enabled, give, switch
from support.installing import B_DIGITS, A, B, C
from support.managing import disable as disable_by_lpa
from support.managing import ef_iccid
from support.managing import enable as enable_by_lpa
from support.psmos import disable, enable, order, package

from euicc_sim import Card
from euicc_sim.parties.lpa import Lpa

Send = Callable[[bytes], bytes]

TERMINAL_PROFILE = hx("80100000 03 FFFFFF")
FETCH = hx("80120000 0B")
REFRESH = hx("D009 8103 010104 8202 8182")
DONE = hx("80140000 0C 8103 010104 8202 8281 8301 00")
WAITS = hx("910B")
GET_EID = hx("BF3E 03 5C015A")
SELECT_MF = hx("00A4000C 02 3F00")
BLANK = b"\xff" * 10


@pytest.fixture
def eim(send: Send, card: Card) -> Eim:
    eim = eim1()
    trust(send, eim)
    give(card, A, B, C, enabled=A, B={"fallback_allowed": True}, C={"ecall": True})
    change(card, fallback_profile=B)
    return eim


@pytest.fixture
def phone(send: Send, eim: Eim) -> Eim:
    """The eIM of a card whose terminal has a toolkit."""
    assert send(TERMINAL_PROFILE) == hx("9000")
    return eim


SWITCHES: dict[str, tuple[Callable[[Eim], bytes], bytes]] = {
    "EnableProfile": (lambda _: enable_by_lpa(B, "FF"), B),
    "DisableProfile": (lambda _: disable_by_lpa(A, "FF"), BLANK),
    "a package's enable": (lambda eim: package(eim, enable(B)), B),
    "a package's disable": (lambda eim: package(eim, disable(A)), BLANK),
    "a package's disable and enable": (lambda eim: package(eim, disable(A), enable(B)), B),
    "ExecuteFallbackMechanism": (lambda _: hx("BF5D 03 8001FF"), B),
    "EnableEmergencyProfile": (lambda _: hx("BF5B 03 8001FF"), C),
    "eUICCMemoryReset": (lambda _: hx("BF64 04 82020780"), BLANK),
}


# -- a switch


@pytest.mark.parametrize("name", SWITCHES)
def test_the_last_word_of_a_switch_is_910b(send: Send, phone: Eim, name: str) -> None:
    request, _ = SWITCHES[name]
    answer, sw = es10_sw(send, request(phone))
    assert answer
    assert sw == 0x910B


@pytest.mark.parametrize("name", SWITCHES)
def test_the_files_are_the_old_ones_until_the_reset(
    send: Send, card: Card, phone: Eim, name: str
) -> None:
    request, new = SWITCHES[name]
    es10_sw(send, request(phone))
    assert send(FETCH) == REFRESH + hx("9000")
    assert ef_iccid(send) == A
    assert send(DONE) == hx("9000")
    assert ef_iccid(send) == A
    card.reset()
    assert ef_iccid(send) == new


def test_a_rollback_is_refreshed_too(send: Send, card: Card, eim: Eim) -> None:
    order(send, eim, enable(B, rollback=True))
    send(TERMINAL_PROFILE)
    answer, sw = es10_sw(send, hx("BF58 03 8001FF"))
    assert answer.startswith(hx("BF58"))
    assert sw == 0x910B
    assert send(FETCH) == REFRESH + hx("9000")
    assert ef_iccid(send) == B
    card.reset()
    assert ef_iccid(send) == A


def test_every_9000_is_910b_until_fetch(send: Send, phone: Eim) -> None:
    assert send(hx("0070000101")) == hx("9000")
    es10_sw(send, enable_by_lpa(B, "FF"))
    assert send(SELECT_MF) == WAITS
    assert send(hx("01A4000C 02 3F00")) == WAITS
    assert send(hx("80F2000C00")) == WAITS
    assert send(hx("80AA0000 05 A903810100")) == WAITS
    assert send(SELECT_ISDR)[:1] == hx("61")
    assert send(hx("00C0000005"))[-2] == 0x61
    assert send(hx("00C0000000"))[-2:] == WAITS
    assert send(FETCH) == REFRESH + hx("9000")
    assert send(SELECT_MF) == hx("9000")


def test_the_answer_of_a_switch_is_given_whole_before_910b(send: Send, phone: Eim) -> None:
    request = package(phone, enable(B))
    head = bytes((0x80, 0xE2, 0x91, 0x00, len(request)))
    first = send(head + request)
    assert first[0] == 0x61
    assert send(bytes((0x00, 0xC0, 0x00, 0x00, first[1])))[-2:] == WAITS


def test_other_status_words_stay(send: Send, phone: Eim) -> None:
    es10_sw(send, enable_by_lpa(B, "FF"))
    assert send(hx("00A4000C 02 7F99")) == hx("6A82")
    assert send(hx("00FF000000")) == hx("6D00")


def test_es10_is_6985_until_the_reset(send: Send, card: Card, phone: Eim) -> None:
    es10_sw(send, enable_by_lpa(B, "FF"))
    send(SELECT_ISDR)
    assert es10_sw(send, GET_EID) == (b"", 0x6985)
    assert "REFRESH asks for a reset" in card.take_events()[-1].text
    send(FETCH)
    send(DONE)
    assert es10_sw(send, GET_EID) == (b"", 0x6985)
    card.reset()
    send(SELECT_ISDR)
    assert enabled(send) == B


def test_a_power_cut_in_between_finds_the_new_profile(send: Send, card: Card, phone: Eim) -> None:
    es10_sw(send, package(phone, enable(B)))
    card.close()
    with Card.open(card.directory, fsync=False) as again:
        again.reset()
        assert ef_iccid(again.transmit) == B


def test_a_reset_forgets_the_terminal(send: Send, card: Card, phone: Eim) -> None:
    card.reset()
    send(SELECT_ISDR)
    assert ask(send, enable_by_lpa(B, "FF")) == hx("BF31 03 800100")
    assert ef_iccid(send) == B
    assert send(FETCH) == hx("6985")


# -- no REFRESH


def test_without_terminal_profile_a_switch_is_done_at_once(send: Send, eim: Eim) -> None:
    assert ask(send, package(eim, enable(B)))
    assert send(SELECT_MF) == hx("9000")
    assert ef_iccid(send) == B


@pytest.mark.parametrize(
    "request_", [enable_by_lpa(B, "00"), hx("BF5D 03 800100"), hx("BF5B 03 800100")], ids=bytes.hex
)
def test_without_refresh_flag_a_switch_is_done_at_once(
    send: Send, phone: Eim, request_: bytes
) -> None:
    assert es10_sw(send, request_)[1] == 0x9000
    assert ef_iccid(send) != A


def test_a_card_without_toolkit_never_says_91(send: Send, card: Card, eim: Eim) -> None:
    switch(card, toolkit=False)
    assert send(TERMINAL_PROFILE) == hx("9000")
    assert ask(send, package(eim, enable(B)))
    assert send(SELECT_MF) == hx("9000")
    assert ef_iccid(send) == B
    assert send(FETCH) == hx("6985")


def test_what_is_refused_asks_for_nothing(send: Send, phone: Eim) -> None:
    assert ask(send, enable_by_lpa(A, "FF")) == hx("BF31 03 800102")
    assert ask(send, raw_package(phone, hx("A000"), counter=0))
    assert send(SELECT_MF) == hx("9000")


def test_our_own_lpa_takes_910b_for_success(send: Send, phone: Eim) -> None:
    send(SELECT_ISDR)
    lpa = Lpa(send)
    lpa.enable(B_DIGITS, refresh=True)
    assert send(FETCH) == REFRESH + hx("9000")


# -- FETCH and TERMINAL RESPONSE


def test_fetch_of_another_length_is_6c0b_and_it_still_waits(send: Send, phone: Eim) -> None:
    es10_sw(send, enable_by_lpa(B, "FF"))
    assert send(hx("8012000000")) == hx("6C0B")
    assert send(hx("80120000")) == hx("6C0B")
    assert send(hx("801200000A")) == hx("6C0B")
    assert send(FETCH) == REFRESH + hx("9000")
    assert send(FETCH) == hx("6985")


def test_fetch_has_the_class_80(send: Send, phone: Eim, card: Card) -> None:
    es10_sw(send, enable_by_lpa(B, "FF"))
    card.take_events()
    assert send(hx("001200000B")) == hx("6D00")
    (event,) = card.take_events()
    assert "FETCH has the class 80 on channel 0" in event.text
    assert send(FETCH) == REFRESH + hx("9000")


def test_a_terminal_response_without_fetch_is_6985(send: Send, phone: Eim) -> None:
    assert send(DONE) == hx("6985")
    es10_sw(send, enable_by_lpa(B, "FF"))
    assert send(DONE) == hx("6985")


@pytest.mark.parametrize(
    "response",
    ["8103 010103 8202 8281 8301 00", "8103 010104 8202 8281", "8103 0101", "8301 00", "8300"],
)
def test_a_wrong_terminal_response_is_6a80_and_may_be_repeated(
    send: Send, phone: Eim, response: str
) -> None:
    es10_sw(send, enable_by_lpa(B, "FF"))
    send(FETCH)
    content = hx(response)
    assert send(hx("80140000") + bytes((len(content),)) + content) == hx("6A80")
    assert send(DONE) == hx("9000")


def test_tags_without_the_comprehension_flag_are_the_same(send: Send, phone: Eim) -> None:
    es10_sw(send, enable_by_lpa(B, "FF"))
    send(FETCH)
    assert send(hx("80140000 0C 0103 010104 0202 8281 0301 00")) == hx("9000")


def test_a_terminal_that_cannot_refresh_is_told_of(send: Send, card: Card, phone: Eim) -> None:
    es10_sw(send, enable_by_lpa(B, "FF"))
    send(FETCH)
    card.take_events()
    assert send(hx("80140000 0D 8103 010104 8202 8281 8302 2001")) == hx("9000")
    (event,) = card.take_events()
    assert event.text == "TERMINAL RESPONSE: REFRESH: the terminal could not perform it (result 20)"


def test_events_name_what_is_fetched(send: Send, card: Card, phone: Eim) -> None:
    es10_sw(send, enable_by_lpa(B, "FF"))
    card.take_events()
    send(FETCH)
    send(DONE)
    assert [one.text for one in card.take_events()] == [
        "FETCH: REFRESH",
        "TERMINAL RESPONSE: REFRESH: done (result 00)",
    ]


# -- TERMINAL PROFILE, ENVELOPE, STATUS, POLL INTERVAL


def test_terminal_profile_without_a_byte_is_6700(send: Send, eim: Eim) -> None:
    assert send(hx("80100000")) == hx("6700")
    assert es10_sw(send, enable_by_lpa(B, "FF"))[1] == 0x9000


def test_an_envelope_changes_nothing(send: Send, phone: Eim) -> None:
    assert send(hx("80C20000 09 D607 990103 82028281")) == hx("9000")
    assert send(hx("80C20000 02 D607")) == hx("6A80")


POLL = hx("D00D 8103 010300 8202 8182 8402 011E")


def test_a_card_may_ask_to_be_polled(send: Send, card: Card, eim: Eim) -> None:
    switch(card, poll_interval=30)
    assert send(TERMINAL_PROFILE) == hx("910F")
    assert send(hx("801200000F")) == POLL + hx("9000")
    assert send(hx("80F2000C00")) == hx("9000")
    assert send(hx("80140000 10 8103 010300 8202 8281 8301 00 8402 011E")) == hx("9000")
    assert send(TERMINAL_PROFILE) == hx("9000")


def test_a_proactive_session_in_progress_is_cat_busy(send: Send, card: Card, eim: Eim) -> None:
    switch(card, poll_interval=30)
    send(TERMINAL_PROFILE)
    send(hx("801200000F"))
    send(SELECT_ISDR)
    assert ask(send, enable_by_lpa(B, "FF")) == hx("BF31 03 800105")
    send(hx("80140000 0C 8103 010300 8202 8281 8301 00"))
    assert es10_sw(send, enable_by_lpa(B, "FF")) == (hx("BF31 03 800100"), 0x910B)


def test_what_waits_is_fetched_in_order(send: Send, card: Card, eim: Eim) -> None:
    switch(card, poll_interval=30)
    send(TERMINAL_PROFILE)
    assert es10_sw(send, enable_by_lpa(B, "FF")) == (hx("BF31 03 800100"), 0x910F)
    assert send(hx("801200000F")) == POLL + WAITS
    assert send(hx("80140000 0C 8103 010300 8202 8281 8301 00")) == WAITS
    assert send(FETCH) == REFRESH + hx("9000")
