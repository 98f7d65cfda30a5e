"""The counter of an eIM: strictly greater each time, up to 8388607, and never forgotten."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.eims import (
    LIST_EIM,
    MAX_COUNTER,
    Eim,
    ask,
    eim1,
    eim2,
    error_code,
    read_result,
    trust,
    vector_key,
)
from support.es10 import SELECT_ISDR
from support.hexes import hx

from euicc_sim import Card

Send = Callable[[bytes], bytes]
REPLAY, OUT_OF_RANGE = 4, 6


@pytest.fixture
def eim(send: Send) -> Eim:
    eim = eim1()
    trust(send, eim)
    return eim


def refused(send: Send, eim: Eim, counter: int) -> int:
    return error_code(ask(send, eim.package(LIST_EIM, counter=counter)))


def test_the_first_package_has_the_configured_counter_plus_one(send: Send) -> None:
    eim = eim1(counter=7)
    trust(send, eim)
    assert refused(send, eim, 7) == REPLAY
    assert eim.load(send, LIST_EIM, counter=8)


def test_the_same_package_twice_is_a_replay(send: Send, eim: Eim) -> None:
    package = eim.package(LIST_EIM)
    assert read_result(ask(send, package))
    assert error_code(ask(send, package)) == REPLAY
    assert error_code(ask(send, package)) == REPLAY


@pytest.mark.parametrize("counter", [1, 2, 127, 128, 255, 256, 32768, 65536, MAX_COUNTER])
def test_a_counter_may_leap(send: Send, eim: Eim, counter: int) -> None:
    assert eim.load(send, LIST_EIM, counter=counter)
    assert refused(send, eim, counter) == REPLAY
    assert refused(send, eim, counter - 1) == REPLAY


def test_nothing_comes_after_8388607(send: Send, eim: Eim) -> None:
    assert eim.load(send, LIST_EIM, counter=MAX_COUNTER)
    assert refused(send, eim, MAX_COUNTER) == REPLAY
    assert refused(send, eim, MAX_COUNTER + 1) == OUT_OF_RANGE


def test_8388607_is_written_in_three_bytes_and_accepted(send: Send, eim: Eim) -> None:
    package = eim.package(LIST_EIM, counter=MAX_COUNTER)
    assert hx("81 03 7FFFFF") in package
    assert hx("81 03 7FFFFF 83 01 01") in ask(send, package)


def test_an_eim_at_its_end_can_start_again_with_a_new_key(send: Send) -> None:
    eim = eim1(counter=MAX_COUNTER - 1)
    other = eim2()
    trust(send, eim, other)
    assert eim.load(send, LIST_EIM)
    new = Eim(eim.name, vector_key("eim1_new"))
    fields = new.configuration()
    assert other.load(send, ("updateEim", fields)) == [("updateEimResult", 0)]
    assert new.load(send, LIST_EIM)


def test_an_eim_at_its_end_is_deleted_and_added_with_a_token(send: Send) -> None:
    eim = eim1(counter=MAX_COUNTER)
    other = eim2()
    trust(send, eim, other)
    again = eim1()
    found = other.load(
        send,
        ("deleteEim", {"eimId": eim.name}),
        ("addEim", again.configuration(token_wanted=True)),
    )
    assert found == [("deleteEimResult", 0), ("addEimResult", ("associationToken", 1))]
    again.token = 1
    assert again.load(send, LIST_EIM)


def test_an_eim_added_with_8388607_can_never_send(send: Send) -> None:
    eim = eim1(counter=MAX_COUNTER)
    trust(send, eim)
    assert refused(send, eim, MAX_COUNTER) == REPLAY
    assert refused(send, eim, MAX_COUNTER + 1) == OUT_OF_RANGE


def test_each_eim_has_its_own_counter(send: Send) -> None:
    one, two = eim1(), eim2()
    trust(send, one, two)
    assert one.load(send, LIST_EIM, counter=100)
    assert two.load(send, LIST_EIM, counter=1)
    assert refused(send, one, 100) == REPLAY
    assert refused(send, two, 1) == REPLAY


def test_a_counter_outlives_a_reset(send: Send, eim: Eim, card: Card) -> None:
    eim.load(send, LIST_EIM, counter=5)
    card.reset()
    send(SELECT_ISDR)
    assert refused(send, eim, 5) == REPLAY
    assert eim.load(send, LIST_EIM, counter=6)


def test_a_counter_outlives_the_process(card: Card) -> None:
    eim = eim1()
    trust(card.transmit, eim)
    eim.load(card.transmit, LIST_EIM, counter=5)
    card.close()
    with Card.open(card.directory, fsync=False) as again:
        again.transmit(SELECT_ISDR)
        assert refused(again.transmit, eim, 5) == REPLAY
        assert eim.load(again.transmit, LIST_EIM, counter=6)


def test_a_refused_counter_is_not_kept(send: Send, eim: Eim) -> None:
    refused(send, eim, MAX_COUNTER + 1)
    assert eim.load(send, LIST_EIM, counter=1)
