"""Every status word that says no is an event with its reason; what says yes is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.es10 import SELECT_ISDR
from support.examples import relaxed
from support.hexes import hx

from apdu import Command, Response, counts_tries, refuses
from euicc_sim import Card, Event
from euicc_sim.applications.isdr import IsdR

RESERVED_CLASS = hx("20A40004023F00")
CHANNEL_3 = hx("03A40004023F00")


def refused(card: Card, *apdus: bytes) -> list[Event]:
    """The events of the last command."""
    for one in apdus[:-1]:
        card.transmit(one)
    card.take_events()
    card.transmit(apdus[-1])
    return card.take_events()


@pytest.mark.parametrize(
    ("apdus", "text"),
    [
        (
            [hx("00A404000CA0000005591010FFFFFFFF")],
            "SELECT: 6700, Lc is 12, but 11 bytes follow",
        ),
        ([hx("00A4040005A000000009")], "SELECT: 6A82, no application has the AID A000000009"),
        (
            [hx("00A40004026F07")],
            "SELECT: 6A82, MF has no file 6F07, nor is there one that can be selected from there",
        ),
        ([CHANNEL_3], "SELECT: 6881, channel 3 is not open"),
        ([RESERVED_CLASS], "SELECT: 6E00, class 20 is reserved"),
        ([hx("0070800000")], "MANAGE CHANNEL: 6A86, the basic channel cannot be closed"),
        ([hx("0070800500")], "MANAGE CHANNEL: 6881, channel 5 is not open"),
        ([hx("00C0000010")], "GET RESPONSE: 6985, there is no response data to fetch"),
        (
            [hx("90E200000101"), hx("80E291000101")],
            "STORE DATA: 6883, INS E2 arrived before the last command of a chained E2",
        ),
        (
            [hx("80E2910003BF3E00")],
            "STORE DATA: 6985, no ISD-R is selected on this channel: select it first",
        ),
        (
            [SELECT_ISDR, hx("80E2110101AA")],
            "STORE DATA: 6A86, expected block 00, got 01",
        ),
        (
            [SELECT_ISDR, hx("80E2910003BF7F00")],
            "ES10: 6A88, this card has no ES10 function with the tag BF7F",
        ),
        (
            [hx("00FE0000")],
            "INS FE: 6D00, a SIM does not have INS FE, nor does any application of this card",
        ),
        ([hx("00")], "command: 6700, a command has at least 4 bytes, not 1"),
    ],
    ids=lambda value: value.split(",")[0] if isinstance(value, str) else "",
)
def test_a_refusal_is_one_event_with_the_word_and_the_reason(
    card: Card, apdus: list[bytes], text: str
) -> None:
    assert refused(card, *apdus) == [Event(text.split(":")[0], refused=True, text=text)]


@pytest.mark.parametrize(
    "apdus",
    [
        [hx("00A40004023F00")],
        [SELECT_ISDR],
        [hx("0070000001")],
    ],
    ids=["9000", "61xx", "a channel opens"],
)
def test_what_is_not_refused_is_not_an_event(card: Card, apdus: list[bytes]) -> None:
    assert refused(card, *apdus) == []


def test_a_le_to_be_corrected_is_not_an_event(card: Card) -> None:
    card.transmit(SELECT_ISDR)
    waiting = card.transmit(SELECT_ISDR)[1]
    assert card.transmit(bytes((0, 0xC0, 0, 0, waiting + 1))) == bytes((0x6C, waiting))
    assert card.take_events() == []


@relaxed
@given(
    apdu=st.binary(max_size=40)
    | st.tuples(st.sampled_from([0, 1, 0x80, 0x90]), st.binary(min_size=3, max_size=12)).map(
        lambda one: bytes((one[0],)) + one[1]
    )
)
def test_any_command_that_is_refused_says_why_and_no_other_does(card: Card, apdu: bytes) -> None:
    card.take_events()
    sw = int.from_bytes(card.transmit(apdu)[-2:])
    events = [one for one in card.take_events() if f"{sw:04X}, " in one.text]
    assert len(events) == refuses(sw)
    assert all(one.refused and one.text.split(", ", 1)[1] for one in events)


def test_an_application_that_answers_no_without_a_reason_is_a_fault_of_the_program(
    card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    def call(_: IsdR, command: Command) -> Response:
        return Response(sw=0x6983)

    monkeypatch.setattr(IsdR, "call", call)
    card.transmit(SELECT_ISDR)
    assert card.transmit(hx("80E2910003BF3E00")) == hx("6F00")


def test_a_query_for_a_pin_is_answered_with_its_tries_and_is_not_an_event(
    card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    def call(_: IsdR, command: Command) -> Response:
        return Response(sw=0x63C3)

    monkeypatch.setattr(IsdR, "call", call)
    card.transmit(SELECT_ISDR)
    assert card.transmit(hx("0020000100")) == hx("63C3")
    assert counts_tries(0x63C3)
    assert card.take_events() == []
