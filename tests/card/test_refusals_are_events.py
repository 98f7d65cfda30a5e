"""Every status word that says no is an event with its reason; what says yes is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.es10 import SELECT_ISDR
from support.examples import relaxed
from support.hexes import hx
from support.installed import switch

from apdu import Command, Response, counts_tries, refuses
from euicc_sim import Card, Event
from euicc_sim.applications.isdr import IsdR
from euicc_sim.model.state import Strictness

RESERVED_CLASS = hx("20A40004023F00")
CHANNEL_3 = hx("03A40004023F00")


def refused(card: Card, *apdus: bytes) -> list[Event]:
    """The events of the last command."""
    for one in apdus[:-1]:
        card.transmit(one)
    card.take_events()
    card.transmit(apdus[-1])
    return card.take_events()


ON_CHANNEL_1 = [hx("0070000001"), hx("01") + SELECT_ISDR[1:]]


@pytest.mark.parametrize(
    ("apdus", "text"),
    [
        (
            [hx("80E2910006BF3E035C015A")],
            "STORE DATA: 6985, no ISD-R is selected on channel 0; "
            "SELECT it there first, by its AID (00A40400)",
        ),
        (
            [*ON_CHANNEL_1, hx("80E2910006BF3E035C015A")],
            "STORE DATA: 6985, no ISD-R is selected on channel 0; channel 1 has the ISD-R: CLA 81",
        ),
        (
            [*ON_CHANNEL_1, hx("81E2910006BF3E035C015A"), hx("00C0000015")],
            "GET RESPONSE: 6985, no answer waits on this channel; channel 1 has 21 bytes: CLA 01",
        ),
        (
            [hx("00C0000010")],
            "GET RESPONSE: 6985, no answer waits on this channel; GET RESPONSE comes right after "
            "the answer 61XX, before any other command",
        ),
        (
            [hx("00A404000CA0000005591010FFFFFFFF")],
            "SELECT: 6700, Lc is 12, but 11 bytes follow; some data is missing: "
            "Lc counts the data, not Le",
        ),
        (
            [hx("00A40400020102FFFF")],
            "SELECT: 6700, Lc is 2, but 4 bytes follow; only Le may follow the data: "
            "Lc counts the data, not Le",
        ),
        (
            [hx("00A4040005A000000009")],
            "SELECT: 6A82, no application has the AID A000000009; the card has "
            "A0000005591010FFFFFFFF8900000100, A0000005591010FFFFFFFF8900000200",
        ),
        (
            [hx("00A4040010A0000005591010FFFFFFFF8900000101")],
            "SELECT: 6A82, no application has the AID A0000005591010FFFFFFFF8900000101; "
            "A0000005591010FFFFFFFF8900000100 differs from it in byte 16",
        ),
        (
            [hx("00A40400023F00")],
            "SELECT: 6A82, no application has the AID 3F00; P1 00 selects a file by its identifier",
        ),
        (
            [hx("00A40004026F07")],
            "SELECT: 6A82, from MF no file 6F07 can be selected; no Profile is enabled, "
            "and only the card's own files are there",
        ),
        (
            [hx("00A4000410A0000005591010FFFFFFFF8900000100")],
            "SELECT: 6A82, a file identifier has 2 bytes, not 16; an AID is selected with P1 04",
        ),
        ([CHANNEL_3], "SELECT: 6881, channel 3 is not open, only 0 is; 0070000300 opens it"),
        (
            [hx("0070800300")],
            "MANAGE CHANNEL: 6881, channel 3 is not open, only 0 is",
        ),
        (
            [hx("0070800000")],
            "MANAGE CHANNEL: 6A86, the basic channel cannot be closed; "
            "P2 is the number of the channel to close, such as 00708001",
        ),
        (
            [SELECT_ISDR, hx("00E2910006BF3E035C015A")],
            "STORE DATA: 6E00, STORE DATA has no class 00; "
            "STORE DATA has the class 80 on channel 0",
        ),
        (
            [RESERVED_CLASS],
            "SELECT: 6E00, class 20 is reserved; use 00 to 03 or 80 to 83 for channels 0 to 3, "
            "40 to 4F or C0 to CF for 4 to 19",
        ),
        (
            [hx("A0F2000016")],
            "STATUS: 6E00, class A0 is for 2G SIMs, and this card is a UICC; "
            "SELECT and READ have class 00",
        ),
        (
            [hx("90E200000101"), hx("80E291000101")],
            "STORE DATA: 6883, STORE DATA 91 00 arrived in a chain of STORE DATA 00 00, which is "
            "dropped: 1 command (1 byte); the commands of a chain differ in data only, and in the "
            "class of the last 10 is not set",
        ),
        (
            [SELECT_ISDR, hx("80E2110101AA")],
            "STORE DATA: 6A86, block 01 came, and 00 was expected; P2 counts the blocks of each "
            "request from 00, with P1 91 in the last",
        ),
        (
            [SELECT_ISDR, hx("80E2910003BF7F00")],
            "ES10: 6A88, this card has no ES10 function with the tag BF7F",
        ),
        (
            [hx("00B0000000")],
            "READ BINARY: 6986, no elementary file is selected, MF is a directory: "
            "SELECT a file first",
        ),
        ([hx("00FE0000")], "INS FE: 6D00, this card has no INS FE"),
        (
            [hx("00")],
            "command: 6700, a command has at least 4 bytes, not 1; CLA, INS, P1 and P2 come first",
        ),
    ],
    ids=lambda value: value.partition(";")[0] if isinstance(value, str) else "",
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
def test_what_is_not_refused_is_not_told_as_a_refusal(card: Card, apdus: list[bytes]) -> None:
    assert not any(one.refused for one in refused(card, *apdus))


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


@pytest.mark.parametrize(
    ("last", "by"),
    [
        ("00A40004023F00", "SELECT"),
        ("0070000001", "MANAGE CHANNEL"),
        ("80AA0000", "TERMINAL CAPABILITY"),
        ("80E2910003BF3E00", "a new block 00"),
    ],
)
def test_a_request_that_never_ends_is_told_when_it_is_dropped(
    card: Card, last: str, by: str
) -> None:
    first, *_ = refused(card, SELECT_ISDR, hx("80E2110003BF3E03"), hx(last))
    text = f"an unfinished request of 1 block (3 bytes) is dropped by {by}"
    assert first == Event(
        "STORE DATA", refused=True, text=f"STORE DATA: {text}; the last block has P1 91"
    )


def test_blocks_without_data_come_to_an_end(card: Card) -> None:
    card.transmit(SELECT_ISDR)
    answers = {card.transmit(hx(f"80E211{number % 256:02X}")) for number in range(0x2000)}
    assert answers == {hx("9000")}
    assert card.transmit(hx("80E21100")) == hx("6A84")


def test_a_channel_that_is_open_is_opened_anew_and_that_is_told(card: Card) -> None:
    card.transmit(hx("00700001"))
    (event,) = refused(card, hx("01") + SELECT_ISDR[1:], hx("00700001"))
    assert (event.refused, event.text) == (
        False,
        "MANAGE CHANNEL: channel 1 was open already: it is opened anew, and what was selected "
        "there is gone. A chip may answer 6A86 (card set --strict)",
    )


def test_a_strict_card_opens_no_open_channel(card: Card) -> None:
    switch(card, strictness=Strictness.STRICT)
    assert card.transmit(hx("00700001")) == hx("9000")
    assert card.transmit(hx("00700001")) == hx("6A86")
