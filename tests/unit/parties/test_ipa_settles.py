"""After a change of the enabled Profile, an IPA resets a card that waits for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.esipa import EID, World, kept
from support.heard import A, B, Heard
from support.hexes import hx
from support.installing import A_DIGITS, B_DIGITS

from euicc_sim import Card
from euicc_sim.model.state import Switches
from euicc_sim.parties.ipa import ShortMemory
from euicc_sim.parties.ipa.ipa import Poll
from euicc_sim.parties.messages.errors import LpaError

TERMINAL_PROFILE = hx("8010 0000 01 FF")


class Resets:
    """Counts the resets of a card."""

    def __init__(self, card: Card) -> None:
        self._card = card
        self.count = 0

    def __call__(self) -> None:
        self._card.reset()
        self.count += 1


@pytest.fixture
def resets(card: Card) -> Resets:
    return Resets(card)


@pytest.fixture
def world(tmp_path: Path, card: Card, pki_folder: Path) -> World:
    """An eIM that has installed A and orders to enable it, to install B and to enable that."""
    server = Heard().by(pki_folder)
    world = World(tmp_path / "cards", lambda _: server)
    world.trusted_by(card, token=True)
    world.service.order(EID, [A])
    world.ipa(card).poll()
    for one in (f"enable:{A_DIGITS}", B, f"enable:{B_DIGITS}"):
        world.service.order(EID, [one])
    return world


@pytest.mark.parametrize("remembering", [False, True])
def test_a_card_that_refuses_es10_until_its_reset_is_reset(
    world: World, card: Card, resets: Resets, remembering: bool
) -> None:
    card.set_switches(Switches(reset_after_switch=True))
    memory = ShortMemory() if remembering else None
    ipa = world.ipa(card, reset=resets, memory=memory)
    assert ipa.poll() == Poll(4)
    assert resets.count == 2
    assert [one.state for one in kept(world).results][-3:] == ["done"] * 3
    assert (ipa.card.results(), ipa.card.notifications()) == ([], [])


def test_a_card_that_refreshes_is_reset(world: World, card: Card, resets: Resets) -> None:
    assert card.transmit(TERMINAL_PROFILE)[-2:] == hx("9000")
    world.service.withdraw(EID, 3)
    world.service.withdraw(EID, 4)
    assert world.ipa(card, reset=resets).poll().done
    assert resets.count == 1


def test_a_card_that_goes_on_is_not_reset(world: World, card: Card, resets: Resets) -> None:
    card.set_switches(Switches(toolkit=False))
    assert world.ipa(card, reset=resets).poll().done
    assert resets.count == 0


def test_an_ipa_that_cannot_reset_its_card_is_told(world: World, card: Card) -> None:
    card.set_switches(Switches(reset_after_switch=True))
    with pytest.raises(LpaError, match="6985"):
        world.ipa(card).poll()
