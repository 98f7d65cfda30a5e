"""ProfileRollback (SGP.32 v1.2 clauses 3.3.2 and 5.9.16): what it does, and what keeps it.

The card has Profiles A, enabled, B and C; the eIM has an association token.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.eims import (
    LIST_EIM,
    Eim,
    ask,
    eim1,
    eim2,
    error_code,
    read_result,
    stored_results,
    trust,
    unsigned_error,
)
from support.es10 import SELECT_ISDR, es10_sw
from support.hexes import hx
from support.installed import change, enabled, give, states, switch, told
from support.installing import A, B, C
from support.psmos import GET_RAT, disable, elements, enable, order, package
from support.rollback import BUSY, NOT_ALLOWED, ROLLBACK, result_in, still_granted

from euicc_sim import Card

Send = Callable[[bytes], bytes]

TRANSACTION = hx("A1B2C3D4")


@pytest.fixture
def eim(send: Send, card: Card) -> Eim:
    eim = eim1()
    trust(send, eim, eim2(), token_wanted=True)
    give(card, A, B, C, enabled=A)
    return eim


@pytest.fixture
def granted(send: Send, eim: Eim) -> Eim:
    """The eIM, after a package of its that enables B and lets the IPA go back to A."""
    found = order(send, eim, enable(B, rollback=True), transaction=TRANSACTION)
    assert found == hx("83 01 00")
    return eim


# -- done once


def test_the_profile_before_comes_back(send: Send, granted: Eim) -> None:
    assert ask(send, ROLLBACK).startswith(hx("BF58 70 020100 BF51 6A A068"))
    assert states(send) == {A: True, B: False, C: False}


def test_the_result_repeats_the_package_and_has_a_number_of_its_own(
    send: Send, granted: Eim, card: Card
) -> None:
    change(card, next_seq=40)
    assert read_result(result_in(ask(send, ROLLBACK))).data == {
        "eimId": granted.name,
        "counterValue": 1,
        "eimTransactionId": TRANSACTION,
        "seqNumber": 40,
        "euiccResult": [("rollbackResult", 0)],
    }


def test_the_result_has_no_transaction_id_when_the_package_had_none(send: Send, eim: Eim) -> None:
    order(send, eim, enable(B, rollback=True))
    result = result_in(ask(send, ROLLBACK))
    assert elements(result) == hx("8C 01 00")
    assert "eimTransactionId" not in read_result(result).data


def test_the_result_is_signed_for_the_eim(send: Send, granted: Eim, card: Card) -> None:
    certificate = card.identity.credentials[0].euicc_certificate
    assert granted.token == 1
    read_result(result_in(ask(send, ROLLBACK))).check(certificate, granted.token)


def test_the_result_takes_the_place_of_that_of_the_package(
    send: Send, eim: Eim, card: Card
) -> None:
    first = ask(send, eim.package(LIST_EIM))
    granting = ask(send, package(eim, enable(B, rollback=True)))
    assert stored_results(send) == [first, granting]
    result = result_in(ask(send, ROLLBACK))
    assert stored_results(send) == [first, result]


def test_a_result_that_was_taken_away_changes_nothing(send: Send, granted: Eim) -> None:
    assert ask(send, hx("BF30 03 800101")) == hx("BF30 03 800100")
    result = result_in(ask(send, ROLLBACK))
    assert stored_results(send) == [result]


def test_the_notifications_are_numbered_after_the_result(send: Send, granted: Eim) -> None:
    assert told(send) == [(2, "disable", A), (3, "enable", B)]
    assert read_result(result_in(ask(send, ROLLBACK))).data["seqNumber"] == 4
    assert told(send)[2:] == [(5, "disable", B), (6, "enable", A)]


def test_the_counter_of_the_eim_stays(send: Send, granted: Eim) -> None:
    ask(send, ROLLBACK)
    assert error_code(ask(send, granted.package(LIST_EIM, counter=1))) == 4
    assert order(send, granted, GET_RAT) == hx("A600")


def test_it_is_allowed_once(send: Send, granted: Eim, card: Card) -> None:
    ask(send, ROLLBACK)
    after = card.state
    assert ask(send, ROLLBACK) == NOT_ALLOWED
    assert card.state == after


def test_it_can_be_done_without_a_refresh(send: Send, granted: Eim) -> None:
    result_in(ask(send, hx("BF58 03 800100")))
    assert enabled(send) == A


def test_after_a_disable_in_the_package_it_leads_to_the_disabled_profile(
    send: Send, eim: Eim
) -> None:
    order(send, eim, disable(A), enable(B, rollback=True))
    assert still_granted(send)
    assert enabled(send) == A


# -- kept


def test_it_outlives_a_reset_and_reopening(send: Send, granted: Eim, card: Card) -> None:
    card.reset()
    send(SELECT_ISDR)
    card.close()
    with Card.open(card.directory, fsync=False) as again:
        again.transmit(SELECT_ISDR)
        result = result_in(ask(again.transmit, ROLLBACK))
        assert read_result(result).data["eimTransactionId"] == TRANSACTION
        assert enabled(again.transmit) == A


def test_refused_packages_do_not_end_it(send: Send, granted: Eim) -> None:
    stranger = Eim("nobody", eim2().key)
    wrong_key = granted.package(LIST_EIM, key=eim2().key)
    assert unsigned_error(ask(send, wrong_key))
    assert unsigned_error(ask(send, stranger.package(LIST_EIM)))
    assert error_code(ask(send, granted.package(LIST_EIM, eid=bytes(16)))) == 3
    assert error_code(ask(send, granted.package(LIST_EIM, counter=1))) == 4
    assert error_code(ask(send, granted.package(LIST_EIM, counter=8388608))) == 6
    assert still_granted(send)


@pytest.mark.parametrize("refused", ["BF5D 03 8001FF", "BF5E 03 8001FF", "BF5A 03 8001FF"])
def test_refused_functions_do_not_end_it(send: Send, granted: Eim, refused: str) -> None:
    ask(send, hx(refused))
    assert still_granted(send)


def test_reading_does_not_end_it(send: Send, granted: Eim) -> None:
    for request in ("BF2D00", "BF5F00", "BF5500", "BF2B00", "BF4300"):
        ask(send, hx(request))
    assert still_granted(send)


# -- a busy toolkit, and what cannot be read


def test_a_busy_toolkit_is_5_and_it_stays_allowed(send: Send, granted: Eim, card: Card) -> None:
    switch(card, toolkit_busy=True)
    before = card.state
    assert ask(send, ROLLBACK) == BUSY
    assert card.state == before
    assert result_in(ask(send, hx("BF58 03 800100")))


def test_whether_it_is_allowed_comes_before_the_toolkit(
    send: Send, granted: Eim, card: Card
) -> None:
    switch(card, toolkit_busy=True)
    order(send, granted, GET_RAT)
    assert ask(send, ROLLBACK) == NOT_ALLOWED


@pytest.mark.parametrize("request_", ["BF5800", "BF58 02 8000", "BF58 04 8002FFFF"])
def test_an_unreadable_request_is_6a80(send: Send, granted: Eim, card: Card, request_: str) -> None:
    before = card.state
    assert es10_sw(send, hx(request_)) == (b"", 0x6A80)
    assert card.state is before


@pytest.mark.parametrize("request_", ["BF58 03 0101FF", "BF58 03 800101"])
@pytest.mark.usefixtures("lenient")
def test_other_forms_of_the_flag_are_read(send: Send, granted: Eim, request_: str) -> None:
    assert result_in(ask(send, hx(request_)))
