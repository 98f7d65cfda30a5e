"""What is drawn of a server or a card that refuses, and that everything is passed on."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.fresh import pki_in
from support.hexes import hx

from euicc_sim import Card
from euicc_sim.parties.lpa import Lpa
from euicc_sim.parties.messages import LpaError, SmdppError, select_isdr
from euicc_sim.parties.smdpp import Smdpp
from euicc_sim.stories.arrows import Arrow, Arrows
from euicc_sim.stories.drawn import DrawnCard, DrawnServer, outcome

NOTHING_WAITS = hx("BF4F 03 020101")


@pytest.fixture
def arrows() -> Arrows:
    return Arrows(("IPA", "SM-DP+", "card"))


def words(arrows: Arrows) -> list[str]:
    return [_words(one) for one in arrows.take()]


def _words(one: Arrow) -> str:
    refused = " refused" if one.refused else ""
    return f"{one.source} {'<' if one.is_answer else '>'} {one.target}{refused}: {one.text}"


def test_a_download_without_an_order_is_drawn_to_its_cancellation(
    card: Card, pki_folder: Path, arrows: Arrows
) -> None:
    server = DrawnServer(Smdpp.of(pki_in(pki_folder), []), arrows, "IPA", "SM-DP+")
    lpa = Lpa(DrawnCard(card.transmit, arrows, "IPA", "card").transmit)
    with pytest.raises(LpaError, match="No order waits"):
        lpa.download(server, matching_id="y")
    told = words(arrows)
    assert told[6] == "IPA > SM-DP+: AuthenticateClient"
    assert told[7].startswith("SM-DP+ < IPA refused: No order waits for the matchingId 'y'.")
    assert told[8:11] == [
        "IPA > card: CancelSession",
        "card < IPA: cancelSessionResponseOk",
        "IPA > SM-DP+: CancelSession",
    ]
    assert told[11].startswith("SM-DP+ < IPA refused: No transaction ")


def test_a_status_word_is_a_refusal_with_its_meaning(card: Card, arrows: Arrows) -> None:
    drawn = DrawnCard(card.transmit, arrows, "IPA", "card")
    select_isdr(drawn.transmit)
    assert drawn.transmit(hx("80E29100 04 BF580100")) == hx("6A80")
    assert words(arrows) == [
        "IPA > card: ProfileRollback",
        "card < IPA refused: 6A80 wrong data",
    ]


def test_a_piece_of_a_package_out_of_place_is_a_refused_package(card: Card, arrows: Arrows) -> None:
    drawn = DrawnCard(card.transmit, arrows, "IPA", "card")
    select_isdr(drawn.transmit)
    assert drawn.transmit(hx("80E29100 04 A1028800"))[-2:] == hx("6985")
    there, back = arrows.take()
    assert (there.text, there.parts[0].data) == ("LoadBoundProfilePackage", hx("A1028800"))
    assert back.refused


def test_functions_that_only_read_are_not_drawn(card: Card, arrows: Arrows) -> None:
    assert Lpa(DrawnCard(card.transmit, arrows, "IPA", "card").transmit).eid() == card.eid
    assert arrows.take() == ()


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (NOTHING_WAITS, (True, "noEimPackageAvailable")),
        (hx("BF58 03 020100"), (False, "ok")),
        (hx("BF58 03 020101"), (True, "rollbackNotAllowed")),
        (hx("BF51 00"), (False, "?")),
        (hx("0102"), (False, "?")),
    ],
)
def test_the_outcome_of_an_answer_is_a_word(answer: bytes, found: tuple[bool, str]) -> None:
    assert outcome(answer) == found


def test_a_server_s_refusal_is_raised_as_it_was(pki_folder: Path, arrows: Arrows) -> None:
    server = Smdpp.of(pki_in(pki_folder), [])
    with pytest.raises(SmdppError) as plain:
        server.cancel_session(b"\x01", b"")
    with pytest.raises(SmdppError) as drawn:
        DrawnServer(server, arrows, "IPA", "SM-DP+").cancel_session(b"\x01", b"")
    assert str(plain.value) == str(drawn.value)
