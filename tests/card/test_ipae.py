"""A card with an IPA of its own: what it announces, which IPA is active, and its own ISD-R."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from support.hexes import hx
from support.judge import judged

from euicc_sim import Card, CardError
from euicc_sim.parties.messages import exchange, select_isdr

SELECT = "00A4040010 A0000005591010FFFFFFFF8900000100 00"
ACTIVATE, OK, NOT_SUPPORTED = "BF42 04 80020780", "BF42 03 800100", "BF42 03 800101"
IPAD = hx("80AA000005A903840101")
"""TERMINAL CAPABILITY with an IPAd."""
EID = "BF3E 12 5A10 89049032123451234512345678901235"


@pytest.fixture
def card(tmp_path: Path, pki_folder: Path) -> Iterator[Card]:
    with Card.create(tmp_path / "ipae", pki=pki_folder, ipae=True, fsync=False) as card:
        card.reset()
        yield card


def es10(card: Card, request: str) -> bytes:
    select_isdr(card.transmit)
    return exchange(card.transmit, hx(request))


def of_ipae(card: Card, request: str) -> bytes:
    return exchange(partial(card.transmit, of_ipae=True), hx(request))


def mode(card: Card) -> object:
    """The ipaMode of EUICCInfo2, as GSMA's module reads it."""
    return judged("EUICCInfo2", es10(card, "BF2200"))["ipaMode"]


def test_the_answer_to_select_announces_it(card: Card) -> None:
    assert card.transmit(hx(SELECT)) == hx(
        "6F1E 8410 A0000005591010FFFFFFFF8900000100 A504 9F6501FF E104 80020680 9000"
    )


def test_a_card_without_one_announces_none(tmp_path: Path, pki_folder: Path) -> None:
    with Card.create(tmp_path / "none", pki=pki_folder, fsync=False) as card:
        card.reset()
        assert hx("E104 80020600") in card.transmit(hx(SELECT))
        assert es10(card, ACTIVATE) == hx(NOT_SUPPORTED)


def test_without_a_word_of_the_device_it_is_the_active_ipa(card: Card) -> None:
    assert mode(card) == 1
    assert card.ipae_runs


def test_an_ipad_of_the_device_takes_its_place(card: Card) -> None:
    card.transmit(IPAD)
    assert mode(card) == 0
    assert not card.ipae_runs


def test_the_device_activates_it_until_the_next_reset(card: Card) -> None:
    card.transmit(IPAD)
    assert es10(card, ACTIVATE) == hx(OK)
    assert mode(card) == 1
    card.transmit(IPAD)
    assert mode(card) == 1
    card.reset()
    card.transmit(IPAD)
    assert mode(card) == 0


def test_an_activation_of_nothing_is_not_supported(card: Card) -> None:
    card.transmit(IPAD)
    assert es10(card, "BF42 03 800100") == hx(NOT_SUPPORTED)
    assert mode(card) == 0


def test_it_has_an_isdr_of_its_own(card: Card) -> None:
    assert of_ipae(card, "BF3E 03 5C015A") == hx(EID)
    found = card.transmit(hx("80E2910006BF3E035C015A"))
    assert found != hx(EID) + b"\x90\x00"  # the basic channel has not selected the ISD-R
    assert card.transmit(hx(SELECT))[-2:] == b"\x90\x00"
    assert card.transmit(hx("80E2110003BF3E03")) == b"\x90\x00"
    assert of_ipae(card, "BF3E 03 5C015A") == hx(EID)  # between two blocks of another program
    assert card.transmit(hx("80E29101035C015A"))[:1] in (b"\x61", b"\xbf")


def test_where_an_ipad_is_required_it_goes_on(card: Card) -> None:

    card.set_switches(replace(card.state.switches, ipad_required=True))
    card.transmit(hx(SELECT))
    assert card.transmit(hx("80E2910006BF3E035C015A")) == hx("6985")
    assert of_ipae(card, "BF3E 03 5C015A") == hx(EID)


def test_a_request_that_a_reset_cut_is_forgotten(card: Card) -> None:
    assert card.transmit(hx("80E2110003BF3E03"), of_ipae=True) == b"\x90\x00"
    card.reset()
    assert card.transmit(hx("80E29101035C015A"), of_ipae=True) == hx("6A86")
    assert of_ipae(card, "BF3E 03 5C015A") == hx(EID)


@pytest.mark.parametrize("command", ["", "80", "80CA0000", "80E29100FF01", "FFFFFFFFFF"])
def test_any_command_of_it_gets_an_answer(card: Card, command: str) -> None:
    answer = card.transmit(hx(command), of_ipae=True)
    assert len(answer) >= 2
    assert answer[-2:] != hx("6F00")


def test_it_is_kept(card: Card) -> None:
    directory = card.directory
    card.close()
    with Card.open(directory, fsync=False) as again:
        assert again.identity.has_ipae


def test_a_consumer_card_has_none(tmp_path: Path, pki_folder: Path) -> None:
    with pytest.raises(CardError, match=r"an IPAe is of SGP\.32"):
        Card.create(tmp_path / "no", pki=pki_folder, card_type="consumer", ipae=True)
    assert not (tmp_path / "no").exists()
