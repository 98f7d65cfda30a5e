"""Notifications and package results: listed, fetched, removed, in one row of numbers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.eims import LIST_EIM, Eim, ask, eim1, stored_results, tlv, trust, value_of
from support.es10 import SELECT_ISDR, es10_sw
from support.hexes import hx
from support.vectors import vector

Send = Callable[[bytes], bytes]


@pytest.fixture
def eim(send: Send) -> Eim:
    """An eIM the card trusts, two of whose package results wait."""
    eim = eim1()
    trust(send, eim)
    eim.load(send, LIST_EIM)
    eim.load(send, LIST_EIM)
    return eim


def fresh(send: Send) -> None:
    send(SELECT_ISDR)


@pytest.mark.parametrize("request_", ["BF2800", "BF28 04 8102 0560"])
def test_a_new_card_lists_no_notification(send: Send, request_: str) -> None:
    fresh(send)
    assert ask(send, hx(request_)) == hx("BF28 02 A000")


def test_a_new_card_has_no_notification_to_fetch(send: Send) -> None:
    fresh(send)
    assert ask(send, vector("retrieve_req_all")) == vector("retrieve_resp_none")
    assert ask(send, vector("retrieve_req_events")) == vector("retrieve_resp_none")


def test_a_new_card_has_no_result_to_fetch(send: Send) -> None:
    fresh(send)
    assert ask(send, vector("retrieve_req_epr")) == hx("BF2B 02 A200")


def test_results_are_fetched_oldest_first(send: Send, eim: Eim) -> None:
    _, found = value_of(ask(send, hx("BF2B 04 A0028200")))
    numbers = [
        content["euiccPackageResultDataSigned"]["seqNumber"]
        for kind, content in found
        if kind == "euiccPackageResultSigned"
    ]
    assert numbers == [1, 2]


def test_a_result_is_fetched_as_it_was_answered(send: Send, eim: Eim) -> None:
    answer = ask(send, eim.package(LIST_EIM))
    assert stored_results(send)[-1] == answer


def test_a_criterion_may_lack_its_wrapper(send: Send, eim: Eim) -> None:
    assert ask(send, hx("BF2B 02 8200")) == ask(send, hx("BF2B 04 A0028200"))


def test_a_result_is_fetched_by_its_number(send: Send, eim: Eim) -> None:
    second = stored_results(send)[1]
    assert ask(send, hx("BF2B 05 A003 800102")) == tlv("BF2B", tlv("A2", second))


def test_an_unknown_number_is_an_empty_list(send: Send, eim: Eim) -> None:
    assert ask(send, hx("BF2B 05 A003 80017F")) == hx("BF2B 02 A000")


def test_without_criterion_there_are_no_results(send: Send, eim: Eim) -> None:
    assert ask(send, hx("BF2B00")) == hx("BF2B 02 A000")


def test_results_are_not_listed_as_notifications(send: Send, eim: Eim) -> None:
    assert ask(send, hx("BF2800")) == hx("BF28 02 A000")


def test_an_eco_leaves_no_notification(send: Send, eim: Eim) -> None:
    eim.load(send, ("deleteEim", {"eimId": eim.name}))
    assert ask(send, hx("BF2B00")) == hx("BF2B 02 A000")


def test_fetching_removes_nothing(send: Send, eim: Eim) -> None:
    assert stored_results(send) == stored_results(send)
    assert len(stored_results(send)) == 2


def test_a_result_is_removed_by_its_number_once(send: Send, eim: Eim) -> None:
    second = stored_results(send)[1]
    assert ask(send, hx("BF30 03 800101")) == hx("BF30 03 800100")
    assert stored_results(send) == [second]
    assert ask(send, hx("BF30 03 800101")) == hx("BF30 03 800101")


@pytest.mark.parametrize("number", ["8001FF", "800100", "80020080", "800900FFFFFFFFFFFFFFFF"])
def test_removing_what_is_not_there_is_nothing_to_delete(send: Send, eim: Eim, number: str) -> None:
    assert ask(send, tlv("BF30", hx(number))) == hx("BF30 03 800101")
    assert len(stored_results(send)) == 2


def test_the_vectors_of_removal(send: Send) -> None:
    fresh(send)
    assert ask(send, vector("remove_notif_req")) == vector("remove_notif_resp_none")


@pytest.mark.parametrize(
    "request_", ["BF2B 04 A0028300", "BF2B 02 A000", "BF2B 07 A005 8001018200", "BF2B 04 A0028000"]
)
def test_another_criterion_is_6a80(send: Send, request_: str) -> None:
    fresh(send)
    assert es10_sw(send, hx(request_)) == (b"", 0x6A80)
