"""GET RESPONSE: what waits is fetched on its channel, by any class, in pieces of any size."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.es10 import SELECT_ISDR
from support.hexes import hx

Send = Callable[[bytes], bytes]
GET_EID = hx("80E2 9100 06 BF3E035C015A")
EID_ANSWER = hx("BF3E 12 5A10 89049032123451234512345678901235")


@pytest.mark.parametrize("cla", [0x00, 0x80])
def test_any_class_of_the_channel_fetches(isdr: Send, cla: int) -> None:
    assert isdr(GET_EID) == hx("6115")
    assert isdr(bytes((cla, 0xC0, 0x00, 0x00, 0x15))) == EID_ANSWER + hx("9000")


@pytest.mark.parametrize("cla", [0x4E, 0xCE])
def test_any_class_of_a_further_channel_fetches(send: Send, cla: int) -> None:
    send(hx("0070 0012 00"))
    send(hx("4E") + SELECT_ISDR[1:])
    assert send(hx("CE") + GET_EID[1:]) == hx("6115")
    assert send(bytes((cla, 0xC0, 0x00, 0x00, 0x15))) == EID_ANSWER + hx("9000")


def test_an_answer_may_be_fetched_in_pieces(isdr: Send) -> None:
    isdr(GET_EID)
    assert isdr(hx("80C0 0000 01")) == EID_ANSWER[:1] + hx("6114")
    assert isdr(hx("00C0 0000 0A")) == EID_ANSWER[1:11] + hx("610A")
    assert isdr(hx("80C0 0000 0A")) == EID_ANSWER[11:] + hx("9000")


def test_le_00_fetches_all_that_waits(isdr: Send) -> None:
    isdr(GET_EID)
    assert isdr(hx("80C0 0000 00")) == EID_ANSWER + hx("9000")


def test_without_le_nothing_is_fetched_and_61_says_again_what_waits(isdr: Send) -> None:
    isdr(GET_EID)
    assert isdr(hx("80C0 0000")) == hx("6115")
    assert isdr(hx("80C0 0000 15")) == EID_ANSWER + hx("9000")


def test_a_le_that_is_too_long_is_6cxx_and_nothing_is_lost(isdr: Send) -> None:
    isdr(GET_EID)
    assert isdr(hx("80C0 0000 16")) == hx("6C15")
    assert isdr(hx("80C0 0000 15")) == EID_ANSWER + hx("9000")


def test_nothing_waiting_is_6985(isdr: Send) -> None:
    isdr(hx("80C0 0000 00"))
    assert isdr(hx("80C0 0000 00")) == hx("6985")


def test_an_answer_is_fetched_once(isdr: Send) -> None:
    isdr(GET_EID)
    isdr(hx("80C0 0000 15"))
    assert isdr(hx("80C0 0000 15")) == hx("6985")


@pytest.mark.parametrize("parameters", ["0100", "0001", "FFFF"])
def test_p1_or_p2_other_than_00_is_6a86(isdr: Send, parameters: str) -> None:
    isdr(GET_EID)
    assert isdr(hx("80C0") + hx(parameters) + hx("15")) == hx("6A86")


def test_any_other_command_drops_what_waits(isdr: Send) -> None:
    isdr(GET_EID)
    isdr(hx("80AA 0000 05 A903830107"))
    assert isdr(hx("80C0 0000 15")) == hx("6985")


def test_a_new_answer_takes_the_place_of_one_that_was_not_fetched(isdr: Send) -> None:
    assert isdr(GET_EID) == hx("6115")
    assert isdr(hx("80C0 0000 15")) == EID_ANSWER + hx("9000")


def test_a_refused_command_leaves_nothing_to_fetch(isdr: Send) -> None:
    isdr(GET_EID)
    assert isdr(hx("80E2 9100 03 BF7F00")) == hx("6A88")
    assert isdr(hx("80C0 0000 15")) == hx("6985")


def test_a_command_on_another_channel_leaves_what_waits(isdr: Send) -> None:
    isdr(hx("0070 0001 00"))
    isdr(GET_EID)
    isdr(hx("01A4 0004 02 3F00"))
    assert isdr(hx("80C0 0000 15")) == EID_ANSWER + hx("9000")
