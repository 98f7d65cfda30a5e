"""The configured addresses: GetEuiccConfiguredAddresses, SetDefaultDpAddress in both forms."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.eims import ask, tlv, value_of
from support.es10 import SELECT_ISDR, es10_sw
from support.hexes import hx
from support.vectors import vector

from euicc_sim import Card

Send = Callable[[bytes], bytes]
GET = hx("BF3C00")
ROOT = b"testrootsmds.example.com"


def test_a_new_card_has_no_default_dp_address(isdr: Send) -> None:
    assert ask(isdr, GET) == tlv("BF3C", tlv("81", ROOT))


@pytest.mark.parametrize("tag", ["BF65", "BF3F"])
def test_an_address_is_kept(isdr: Send, tag: str) -> None:
    request = tlv(tag, tlv("80", b"smdp.example.com"))
    assert ask(isdr, request) == hx(tag) + hx("03 80 01 00")
    assert ask(isdr, GET) == tlv("BF3C", tlv("80", b"smdp.example.com"), tlv("81", ROOT))


def test_the_vector_sets_the_address(isdr: Send) -> None:
    assert ask(isdr, vector("SetDefaultDp_req")) == vector("SetDefaultDp_resp")


@pytest.mark.parametrize("tag", ["BF65", "BF3F"])
def test_an_empty_address_removes_it(isdr: Send, tag: str) -> None:
    ask(isdr, tlv("BF65", tlv("80", b"smdp.example.com")))
    assert ask(isdr, hx(tag) + hx("02 80 00")) == hx(tag) + hx("03 80 01 00")
    assert ask(isdr, GET) == tlv("BF3C", tlv("81", ROOT))


def test_a_new_address_replaces_the_old(isdr: Send) -> None:
    ask(isdr, tlv("BF65", tlv("80", b"one.example.com")))
    ask(isdr, tlv("BF3F", tlv("80", b"two.example.com")))
    assert value_of(ask(isdr, GET))["defaultDpAddress"] == "two.example.com"


@pytest.mark.parametrize("tag", ["BF65", "BF3F"])
def test_256_characters_are_too_many_and_leave_the_old_address(isdr: Send, tag: str) -> None:
    ask(isdr, tlv("BF65", tlv("80", b"a" * 255)))
    assert ask(isdr, tlv(tag, tlv("80", b"b" * 256))) == hx(tag) + hx("03 80 01 7F")
    assert value_of(ask(isdr, GET))["defaultDpAddress"] == "a" * 255


def test_an_address_that_is_not_utf8_is_6a80(isdr: Send) -> None:
    assert es10_sw(isdr, hx("BF65 03 80 01 FF")) == (b"", 0x6A80)


def test_an_address_outlives_a_reset(isdr: Send, card: Card) -> None:
    ask(isdr, tlv("BF65", tlv("80", b"smdp.example.com")))
    card.reset()
    isdr(SELECT_ISDR)
    assert value_of(ask(isdr, GET))["defaultDpAddress"] == "smdp.example.com"


def test_an_address_outlives_the_process(card: Card) -> None:
    card.transmit(SELECT_ISDR)
    ask(card.transmit, tlv("BF65", tlv("80", "ünïcode.example".encode())))
    card.close()
    with Card.open(card.directory, fsync=False) as again:
        again.transmit(SELECT_ISDR)
        found = value_of(ask(again.transmit, GET))
    assert found["defaultDpAddress"] == "ünïcode.example"
