"""What a package may make the card say and keep is bounded."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.eims import (
    Eim,
    ask,
    configurations,
    eim1,
    eim2,
    objects,
    raw_package,
    read_result,
    tlv,
    trust,
    vector_key,
)
from support.hexes import hx

from euicc_sim import Card

Send = Callable[[bytes], bytes]


@pytest.fixture
def eim(send: Send) -> Eim:
    eim = eim1()
    trust(send, eim)
    return eim


def test_results_beyond_32_kib_end_with_result_size_overflow(send: Send, eim: Eim) -> None:
    lists = hx("AB00") * 2000
    answer = read_result(ask(send, raw_package(eim, tlv("A1", lists), counter=1)))
    results = answer.data["euiccResult"]
    assert results[-1] == ("processingTerminated", 1)
    assert {name for name, _ in results[:-1]} == {"listEimResult"}
    size = len(hx("AB16 A014 3012 8010")) + len("eim1.example.com")
    assert (len(results) - 1) * size <= 0x8000 < len(results) * size


def test_an_overflowing_package_has_used_its_counter_and_stands_in_the_store(
    send: Send, card: Card, eim: Eim
) -> None:
    ask(send, raw_package(eim, tlv("A1", hx("AB00") * 2000), counter=7))
    assert card.state.eims[0].counter == 7
    assert len(card.state.results) == 1


def test_results_of_32_kib_to_the_byte_fit(send: Send) -> None:
    """Each result is AB1E A01C 301A 8018 and an eimId of 24 characters: 32 bytes, 1024 times."""
    eim = Eim("eim-with-24-characters.x", vector_key("eim1"))
    trust(send, eim)
    lists = hx("AB00")
    full = read_result(ask(send, raw_package(eim, tlv("A1", lists * 1024), counter=1)))
    assert [name for name, _ in full.data["euiccResult"]] == ["listEimResult"] * 1024
    over = read_result(ask(send, raw_package(eim, tlv("A1", lists * 1025), counter=2)))
    assert over.data["euiccResult"][1024:] == [("processingTerminated", 1)]


def test_an_operation_whose_result_does_not_fit_is_undone(send: Send) -> None:
    """After 1024 results of 32 bytes there is no room for that of addEim."""
    eim, other = Eim("eim-with-24-characters.x", vector_key("eim1")), eim2()
    trust(send, eim)
    ((_, _, inside),) = objects(eim.package(("addEim", other.configuration())))
    (_, _, signed), _ = objects(inside)
    *_, (_, _, add) = objects(signed)
    answer = ask(send, raw_package(eim, tlv("A1", hx("AB00") * 1024, add), counter=1))
    assert read_result(answer).data["euiccResult"][1024:] == [("processingTerminated", 1)]
    assert list(configurations(send)) == [eim.name]


def test_an_overflow_is_an_event_that_is_a_refusal(send: Send, card: Card, eim: Eim) -> None:
    card.take_events()
    ask(send, raw_package(eim, tlv("A1", hx("AB00") * 2000), counter=1))
    (event,) = card.take_events()
    assert (event.name, event.refused) == ("LoadEuiccPackage", True)
    assert event.text.endswith("; resultSizeOverflow: the results exceed 32768 bytes")
