"""What a package may make the card say and keep is bounded."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.eims import Eim, ask, eim1, raw_package, read_result, tlv, trust
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
