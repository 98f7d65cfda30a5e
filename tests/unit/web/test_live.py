"""A card of the page: its conversation with reasons, and acts on a channel of their own."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext

import pytest
from support.es10 import SELECT_ISDR
from support.hexes import hx

from euicc_sim import Card
from euicc_sim.model.replacing import replace
from euicc_sim.parties.lpa import Lpa
from euicc_sim.tracing.journal import Journal
from euicc_sim.web.live import HEARD_KEPT, LINES_KEPT, ActError, LiveCard, Reason

GET_EID = hx("80E29100 06 BF3E035C015A")
Live = Callable[[bytes], bytes]


@pytest.fixture
def live(card: Card) -> LiveCard:
    """The card of the page; what acts do is heard."""

    def transmit(apdu: bytes) -> bytes:
        answer = card.transmit(apdu)
        found.heard(1.0, apdu, answer, said(card))
        return answer

    found = LiveCard(
        card.directory,
        lambda: nullcontext(transmit),
        reset=card.reset,
        set_switches=card.set_switches,
    )
    return found


def said(card: Card) -> list[Reason]:
    return [Reason(one.text, one.refused) for one in card.take_events()]


def hear(live: LiveCard, card: Card, *commands: bytes) -> None:
    for one in commands:
        live.heard(1.0, one, card.transmit(one), said(card))


def test_a_request_and_its_pieces_are_one_line_with_what_the_card_said(
    live: LiveCard, card: Card
) -> None:
    hear(live, card, SELECT_ISDR, GET_EID, hx("00C0000015"))
    lines = live.look().kept
    assert [one.name for one in lines] == ["SELECT", "GetEID"]
    assert lines[1].why == card.eid
    assert not lines[1].refused
    assert [one.name for one in lines[1].shown.trees] == [  # type: ignore[union-attr]
        "GetEuiccDataRequest",
        "GetEuiccDataResponse",
    ]


def test_a_refusal_has_its_reason_whatever_its_status_word(live: LiveCard, card: Card) -> None:
    hear(live, card, SELECT_ISDR, hx("80E29100 02 BF99"), hx("00A40004 02 9999"))
    lines = live.look().kept
    assert [one.refused for one in lines] == [False, True, True]
    assert all(one.why for one in list(lines)[1:])


def test_a_reset_is_a_line(live: LiveCard, card: Card) -> None:
    live.heard(1.0, None, card.atr)
    (line,) = live.look().kept
    assert (line.name, line.about) == ("reset", f"ATR {card.atr.hex().upper()}")


def test_a_pin_is_never_kept(live: LiveCard, card: Card) -> None:
    verify = hx("00200001 08 31323334FFFFFFFF")
    hear(live, card, verify, SELECT_ISDR)
    shown = repr(list(live.look().kept))
    assert "1234" not in shown
    assert verify.hex() not in shown


def test_what_nobody_looks_at_is_bounded(live: LiveCard, card: Card) -> None:
    answer = card.transmit(SELECT_ISDR)
    for _ in range(HEARD_KEPT + 10):
        live.heard(1.0, SELECT_ISDR, answer)
    lines = live.look()
    assert len(lines.kept) == LINES_KEPT
    assert lines.kept[-1].number == lines.last


def test_an_act_does_not_disturb_who_uses_the_basic_channel(live: LiveCard, card: Card) -> None:
    card.transmit(hx("00A4000C 02 3F00"))
    assert live.act(lambda transmit: Lpa(transmit).eid()) == card.eid
    assert card.transmit(GET_EID)[-2:] != hx("9000")
    assert card.transmit(hx("0070000001")) == hx("019000")


def test_the_channel_of_an_act_is_closed_after_a_failure_too(live: LiveCard, card: Card) -> None:
    def work(_: object) -> None:
        raise OSError("it failed")

    with pytest.raises(OSError, match="it failed"):
        live.act(work)
    assert card.transmit(hx("0070000001")) == hx("019000")


def test_without_a_free_channel_an_act_is_a_sentence(live: LiveCard, card: Card) -> None:
    while card.transmit(hx("0070000001"))[-2:] == hx("9000"):
        pass
    with pytest.raises(ActError, match=r"no free channel\. Close one, or reset the card"):
        live.act(lambda transmit: Lpa(transmit).eid())


def test_a_card_that_can_only_be_watched_says_why(card: Card) -> None:
    watched = LiveCard(card.directory, why_not="Somebody else has it.")
    assert not watched.can_act
    assert not watched.can_switch
    with pytest.raises(ActError, match="Somebody else has it"):
        watched.act(lambda transmit: transmit(GET_EID))
    with pytest.raises(ActError, match="Somebody else has it"):
        watched.reset()


def test_the_journal_of_a_card_served_elsewhere_is_the_conversation(
    card: Card,
) -> None:
    journal = Journal(card.directory)
    journal.link(1.0, "connected", reader="r")
    journal.function(2.0, "GetEID", "GetEID: 8904", refused=False)
    journal.flush()
    watched = LiveCard(card.directory, from_journal=True)
    assert [one.why for one in watched.look().kept] == ["GetEID: 8904"]
    journal.function(3.0, "EnableProfile", "EnableProfile: catBusy", refused=True)
    journal.flush()
    lines = watched.look().kept
    assert [(one.name, one.refused) for one in lines] == [
        ("GetEID", False),
        ("EnableProfile", True),
    ]
    assert len(watched.look().kept) == 2


def test_a_switch_is_kept_by_the_card_and_works_at_once(live: LiveCard, card: Card) -> None:
    live.switch(replace(card.state.switches, ipad_required=True))
    assert live.moment().state.switches.ipad_required
    card.transmit(SELECT_ISDR)
    assert card.transmit(GET_EID) == hx("6985")


def test_switches_that_a_card_cannot_have_are_a_sentence(live: LiveCard, card: Card) -> None:
    with pytest.raises(ActError, match=r"^without its standard AID the ISD-R needs another one\.$"):
        live.switch(replace(card.state.switches, standard_isdr_aid=False))
    assert live.moment().state.switches.standard_isdr_aid
