"""`euicc-sim ipa run` with a card in a reader, which it keeps from poll to poll."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.esipa import EID, World, nobody
from support.living_ipa import Living, living, served
from support.reader import READER, Reader

from euicc_sim import Card

pytestmark = [pytest.mark.slow, pytest.mark.pcsc]


@pytest.fixture
def world(tmp_path: Path, card: Card) -> World:
    world = World(tmp_path / "eim", nobody)
    world.trusted_by(card)
    return world


@pytest.fixture
def ipa(world: World, card: Card, reader: Reader) -> Iterator[Living]:
    """An IPA that has polled."""
    reader.insert(card)
    world.service.order(EID, ["listEim"])
    with (
        served(world) as port,
        living("--reader", READER, "--eim", f"http://127.0.0.1:{port}") as ipa,
    ):
        ipa.until("poll")
        yield ipa


def test_it_survives_a_card_that_is_pulled_out(world: World, reader: Reader, ipa: Living) -> None:
    reader.pull()
    ipa.until("failure")
    world.service.order(EID, ["getRAT"])
    reader.push()
    ipa.until("recovered")
    assert ipa.until("poll")["packages"] == 1


def test_it_survives_the_reset_by_another_program(
    world: World, card: Card, reader: Reader, ipa: Living
) -> None:
    reader.insert(card)
    ipa.until("recovered")
    world.service.order(EID, ["getRAT"])
    assert ipa.until("poll")["packages"] == 1
    assert ipa.stop() == 0
