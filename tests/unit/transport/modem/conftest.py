"""A modem with a card on which a Profile is enabled, whose package is made up for tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.eims import ask
from support.es10 import SELECT_ISDR
from support.fresh import fresh_card
from support.installing import install
from support.managing import enable
from support.sims import copied, make_sim

from euicc_sim import Card
from euicc_sim.asn1.iccid import iccid_from
from euicc_sim.formats.saip.sample import IMSI, iccid_of, sample
from euicc_sim.transport.blank import SilentObserver
from euicc_sim.transport.modem.commands import Modem

At = Callable[[str], list[str]]


@pytest.fixture(scope="session")
def sim_template(tmp_path_factory: pytest.TempPathFactory, pki_folder: Path) -> Path:
    """The card as it is before each test."""
    return make_sim(tmp_path_factory.mktemp("sim") / "card", pki_folder)


@pytest.fixture
def card(tmp_path: Path, sim_template: Path) -> Iterator[Card]:
    """A card with an enabled Profile."""
    with Card.open(copied(sim_template, tmp_path / "card"), fsync=False) as card:
        yield card


@pytest.fixture
def tested(tmp_path: Path, pki_folder: Path) -> Iterator[At]:
    """The same for a modem with the test Profile, whose PIN is disabled."""
    with Card.open(fresh_card(tmp_path / "tested", pki_folder), fsync=False) as card:
        install(card.transmit, pki_folder, iccid_of(IMSI), package=sample())
        card.transmit(SELECT_ISDR)
        ask(card.transmit, enable(iccid_from(iccid_of(IMSI)), "FF"))
        modem = Modem(card, SilentObserver())
        modem.power_on()
        yield lambda line: [one for group in modem.answer(line) for one in group]


@pytest.fixture
def modem(card: Card) -> Modem:
    """A modem that has just been switched on."""
    modem = Modem(card, SilentObserver(), version="1.2.3")
    modem.power_on()
    return modem


@pytest.fixture
def at(modem: Modem) -> At:
    """The lines that answer a command line."""
    return lambda line: [one for group in modem.answer(line) for one in group]
