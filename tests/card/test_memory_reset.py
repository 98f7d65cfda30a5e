"""eUICCMemoryReset: the eIMs, the addresses and the immediate-enable configuration."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.eims import (
    LIST_EIM,
    Eim,
    ask,
    configurations,
    eim1,
    eim2,
    stored_results,
    tlv,
    trust,
    unsigned_error,
    value_of,
)
from support.es10 import SELECT_ISDR, es10_sw
from support.hexes import hx
from support.vectors import vector

from euicc_sim import Card

Send = Callable[[bytes], bytes]

PROFILES, ADDRESS, EIMS, IMMEDIATE = 0x80, 0x20, 0x04, 0x02
SET_ADDRESS = tlv("BF65", tlv("80", b"smdp.example.com"))


@pytest.fixture
def eim(isdr: Send) -> Eim:
    eim = eim1()
    trust(isdr, eim, eim2(), token_wanted=True)
    return eim


def reset(send: Send, bits: int) -> bytes:
    unused = (bits & -bits).bit_length() - 1
    return ask(send, tlv("BF64", tlv("82", bytes((unused, bits)))))


def test_the_vector_removes_every_eim(isdr: Send, eim: Eim) -> None:
    assert ask(isdr, vector("MemoryReset_req")) == vector("MemoryReset_resp")
    assert configurations(isdr) == {}


def test_a_removed_eim_is_unknown(isdr: Send, eim: Eim) -> None:
    reset(isdr, EIMS)
    assert unsigned_error(ask(isdr, eim.package(LIST_EIM))) == {"eimId": eim.name}


def test_no_eim_is_nothing_to_delete(isdr: Send) -> None:
    assert reset(isdr, EIMS) == hx("BF64 06 800101 810101")


def test_the_eims_stay_when_they_are_not_asked_for(isdr: Send, eim: Eim) -> None:
    assert reset(isdr, PROFILES | ADDRESS | IMMEDIATE) == hx("BF64 06 800101 820100")
    assert len(configurations(isdr)) == 2


def test_results_of_removed_eims_stay(isdr: Send, eim: Eim) -> None:
    answer = ask(isdr, eim.package(LIST_EIM))
    reset(isdr, EIMS)
    assert stored_results(isdr) == [answer]


@pytest.mark.parametrize("bit", [0x80, 0x40, 0x10, 0x08])
def test_no_profile_is_nothing_to_delete(isdr: Send, bit: int) -> None:
    assert reset(isdr, bit) == hx("BF64 03 800101")


def test_a_default_dp_address_is_removed(isdr: Send) -> None:
    ask(isdr, SET_ADDRESS)
    assert reset(isdr, ADDRESS) == hx("BF64 03 800100")
    assert "defaultDpAddress" not in value_of(ask(isdr, hx("BF3C00")))


def test_no_default_dp_address_is_nothing_to_delete(isdr: Send) -> None:
    assert reset(isdr, ADDRESS) == hx("BF64 03 800101")


def test_the_address_stays_when_it_is_not_asked_for(isdr: Send, eim: Eim) -> None:
    ask(isdr, SET_ADDRESS)
    reset(isdr, EIMS)
    assert value_of(ask(isdr, hx("BF3C00")))["defaultDpAddress"] == "smdp.example.com"


def test_the_immediate_enable_configuration_is_removed(isdr: Send, eim: Eim) -> None:
    eim.load(isdr, ("configureImmediateEnable", {"immediateEnableFlag": 0}))
    assert reset(isdr, IMMEDIATE) == hx("BF64 06 800100 820100")
    assert reset(isdr, IMMEDIATE) == hx("BF64 06 800101 820100")


def test_everything_at_once(isdr: Send, eim: Eim) -> None:
    ask(isdr, SET_ADDRESS)
    assert ask(isdr, hx("BF64 04 820201FE")) == hx("BF64 09 800100 810100 820100")


def test_no_option_is_nothing_to_delete(isdr: Send, eim: Eim) -> None:
    assert ask(isdr, hx("BF64 03 820100")) == hx("BF64 03 800101")
    assert len(configurations(isdr)) == 2


@pytest.mark.parametrize(
    "request_", ["BF6400", "BF64 02 8200", "BF64 04 82020904", "BF64 03 820101"]
)
def test_unreadable_options_are_6a80(isdr: Send, request_: str) -> None:
    assert es10_sw(isdr, hx(request_)) == (b"", 0x6A80)


def test_a_memory_reset_outlives_a_card_reset(isdr: Send, eim: Eim, card: Card) -> None:
    reset(isdr, EIMS)
    card.reset()
    isdr(SELECT_ISDR)
    assert configurations(isdr) == {}


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ("BF6403 820100", "nothingToDelete: the card has nothing that the options select"),
        (
            "BF6404 82020204",
            "no eIM to remove; nothingToDelete: the card has nothing that the options select",
        ),
    ],
)
def test_a_reset_that_finds_nothing_says_so_in_its_event(
    card: Card, isdr: Send, request_: str, said: str
) -> None:
    card.take_events()
    ask(isdr, hx(request_))
    assert [one.text for one in card.take_events()] == [f"eUICCMemoryReset: {said}"]
