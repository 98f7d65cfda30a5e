"""A card whose enabled Profile is a SIM made up for tests; `card` and `send` are those here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.sims import Send, copied, make_sim

from euicc_sim import Card


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
def sim(send: Send) -> Send:
    """Commands to that card, straight and over PC/SC."""
    return send
