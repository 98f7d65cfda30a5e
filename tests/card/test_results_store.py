"""Package results: numbered, kept, found, removed; the oldest dropped when there are too many."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.eims import (
    LIST_EIM,
    Eim,
    ask,
    build,
    eim1,
    eim2,
    read_result,
    stored_results,
    tlv,
    trust,
    vector_key,
)
from support.es10 import SELECT_ISDR
from support.fresh import fresh_card
from support.hexes import hx

from euicc_sim import Card

Send = Callable[[bytes], bytes]
ROOM = 3


@pytest.fixture
def card(tmp_path: Path, pki_folder: Path) -> Iterator[Card]:
    """A card with room for three results."""
    with Card.open(fresh_card(tmp_path / "card", pki_folder, results=ROOM), fsync=False) as card:
        yield card


@pytest.fixture
def eim(send: Send) -> Eim:
    eim = eim1()
    trust(send, eim, eim2())
    return eim


def numbers(send: Send) -> list[int]:
    return [read_result(one).data["seqNumber"] for one in stored_results(send)]


def test_numbers_count_from_1(send: Send, eim: Eim) -> None:
    for _ in range(ROOM):
        eim.load(send, LIST_EIM)
    assert numbers(send) == [1, 2, 3]


def test_all_eims_share_one_row_of_numbers(send: Send, eim: Eim) -> None:
    eim.load(send, LIST_EIM)
    eim2().load(send, LIST_EIM)
    assert numbers(send) == [1, 2]


def test_what_waits_is_what_was_answered_signature_and_all(
    send: Send, eim: Eim, card: Card
) -> None:
    answer = ask(send, eim.package(LIST_EIM, transaction=hx("A1B2C3D4")))
    assert stored_results(send) == [answer]
    read_result(answer).check(card.identity.credentials[0].euicc_certificate)


def test_a_full_store_drops_the_oldest(send: Send, eim: Eim) -> None:
    for _ in range(ROOM + 2):
        eim.load(send, LIST_EIM)
    assert numbers(send) == [3, 4, 5]


def test_a_removed_number_is_not_given_again(send: Send, eim: Eim) -> None:
    eim.load(send, LIST_EIM)
    ask(send, hx("BF30 03 800101"))
    eim.load(send, LIST_EIM)
    assert numbers(send) == [2]


def test_a_refused_package_uses_up_no_number(send: Send, eim: Eim) -> None:
    eim.load(send, LIST_EIM)
    ask(send, build(eim, LIST_EIM, counter=1))
    ask(send, build(eim, LIST_EIM, counter=2, key=vector_key("eim2")))
    eim.load(send, LIST_EIM)
    assert numbers(send) == [1, 2]


def test_a_failed_operation_has_a_stored_result(send: Send, eim: Eim) -> None:
    answer = ask(send, eim.package(("deleteEim", {"eimId": "nobody"})))
    assert stored_results(send) == [answer]


def test_a_lost_answer_is_found_though_the_package_is_a_replay(send: Send, eim: Eim) -> None:
    package = eim.package(LIST_EIM)
    answer = ask(send, package)
    ask(send, package)
    assert stored_results(send) == [answer]


def test_number_128_is_found_and_removed(send: Send, eim: Eim) -> None:
    for _ in range(128):
        send(SELECT_ISDR)
        eim.load(send, LIST_EIM)
    assert numbers(send)[-1] == 128
    newest = stored_results(send)[-1]
    assert hx("83 02 00 80") in newest
    assert ask(send, hx("BF2B 06 A004 80020080")) == tlv("BF2B", tlv("A2", newest))
    assert ask(send, hx("BF30 04 80020080")) == hx("BF30 03 800100")
    assert numbers(send) == [126, 127]


def test_results_outlive_a_reset(send: Send, eim: Eim, card: Card) -> None:
    eim.load(send, LIST_EIM)
    before = stored_results(send)
    card.reset()
    send(SELECT_ISDR)
    assert stored_results(send) == before


def test_results_outlive_the_process_and_numbers_go_on(card: Card) -> None:
    eim = eim1()
    trust(card.transmit, eim)
    eim.load(card.transmit, LIST_EIM)
    before = stored_results(card.transmit)
    card.close()
    with Card.open(card.directory, fsync=False) as again:
        again.transmit(SELECT_ISDR)
        assert stored_results(again.transmit) == before
        eim.load(again.transmit, LIST_EIM)
        assert numbers(again.transmit) == [1, 2]


def test_numbers_outlive_a_memory_reset(send: Send, eim: Eim) -> None:
    eim.load(send, LIST_EIM)
    ask(send, hx("BF64 04 82020204"))
    assert numbers(send) == [1]
    again = eim1()
    trust(send, again)
    again.load(send, LIST_EIM)
    assert numbers(send) == [1, 2]
