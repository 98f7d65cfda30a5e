"""Fixtures: a card in a directory of its own, and two ways to send it commands."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from support.es10 import SELECT_ISDR
from support.reader import Reader

from euicc_sim import Card
from keys import TestPki

Send = Callable[[bytes], bytes]

# Under CI the examples are always the same: a change is judged by itself, not by the dice.
_usual = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", _usual, max_examples=500, print_blob=True, derandomize=True)
settings.register_profile("quick", _usual, max_examples=60)
settings.load_profile("ci" if os.environ.get("CI") else "quick")


@pytest.fixture(scope="session")
def pki_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A test PKI that repeats, so that answers do too."""
    folder = tmp_path_factory.mktemp("pki") / "pki"
    TestPki.create(seed=1).write(folder)
    return folder


@pytest.fixture
def card(tmp_path: Path, pki_folder: Path) -> Iterator[Card]:
    """A fresh card."""
    with Card.create(tmp_path / "card", pki=pki_folder, seed=1, fsync=False) as card:
        yield card


@pytest.fixture(scope="session")
def reader() -> Iterator[Reader]:
    """The reader of this test run."""
    try:
        reader = Reader()
    except LookupError as error:
        pytest.skip(str(error))
    yield reader
    reader.close()


@pytest.fixture(params=["direct", pytest.param("pcsc", marks=pytest.mark.pcsc)])
def send(request: pytest.FixtureRequest, card: Card) -> Send:
    """Commands to the card, straight and over PC/SC: bytes in, data and status word out."""
    if request.param == "direct":
        card.reset()
        return card.transmit
    reader: Reader = request.getfixturevalue("reader")
    reader.insert(card)
    return reader.transmit


@pytest.fixture
def isdr(send: Send) -> Send:
    """The same with the ISD-R selected."""
    send(SELECT_ISDR)
    return send
