"""Fixtures: a card in a directory of its own, and two ways to send it commands."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from support.es10 import SELECT_ISDR
from support.fresh import fresh_card
from support.installed import switch
from support.over_pcsc import chosen
from support.reader import Reader

from euicc_sim import Card
from euicc_sim.model.state import Strictness
from keys import TestPki

Send = Callable[[bytes], bytes]

# Under CI the examples are always the same: a change is judged by itself, not by the dice.
_usual = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", _usual, max_examples=500, print_blob=True, derandomize=True)
settings.register_profile("quick", _usual, max_examples=60)
settings.load_profile("ci" if os.environ.get("CI") else "quick")


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # So a shell starts what runs in its background; programs that tests start would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def pki_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A test PKI that repeats, so that answers do too."""
    folder = tmp_path_factory.mktemp("pki") / "pki"
    TestPki.create(seed=1).write(folder)
    return folder


@pytest.fixture
def card(tmp_path: Path, pki_folder: Path) -> Iterator[Card]:
    """A fresh card."""
    with Card.open(fresh_card(tmp_path / "card", pki_folder), fsync=False) as card:
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


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--pcsc-all", action="store_true", help="play every card test over PC/SC, not a chosen few"
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Play a card test straight, and the chosen ones over PC/SC too."""
    if "send" not in metafunc.fixturenames:
        return
    ways = ["direct"]
    if metafunc.config.getoption("--pcsc-all") or _cases(metafunc.definition):
        ways.append("pcsc")
    over_pcsc = pytest.mark.pcsc
    params = [pytest.param(way, marks=over_pcsc if way == "pcsc" else ()) for way in ways]
    metafunc.parametrize("send", params, indirect=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of a chosen test, leave only the chosen cases to PC/SC."""
    if config.getoption("--pcsc-all"):
        return
    over_pcsc: dict[str, list[tuple[str, pytest.Item]]] = {}
    for item in items:
        if not isinstance(item, pytest.Function) or "send" not in item.fixturenames:
            continue
        if item.callspec.params["send"] == "pcsc":
            case = item.callspec.id.removesuffix("pcsc").removeprefix("pcsc").strip("-")
            over_pcsc.setdefault(item.nodeid.partition("[")[0], []).append((case, item))

    left_out: set[pytest.Item] = set()
    for name, found in over_pcsc.items():
        wanted = [case or found[0][0] for case in _cases(found[0][1])]
        left_out.update(item for case, item in found if case not in wanted)
        gone = set(wanted) - {case for case, _ in found}
        if gone and not any("[" in one for one in config.args):
            raise pytest.UsageError(f"support/over_pcsc.py: {name} has no case {sorted(gone)}.")
    config.hook.pytest_deselected(items=list(left_out))
    items[:] = [item for item in items if item not in left_out]


def _cases(item: pytest.Item) -> list[str]:
    """The cases of a test that play over PC/SC."""
    name = item.name.partition("[")[0]
    return chosen().get((item.path.stem, name), []) if item.path.parent.name == "card" else []


@pytest.fixture
def send(request: pytest.FixtureRequest, card: Card) -> Send:
    """Commands to the card, straight and over PC/SC: bytes in, data and status word out."""
    if request.param == "direct":
        card.reset()
        return card.transmit
    reader: Reader = request.getfixturevalue("reader")
    reader.insert(card)
    return reader.transmit


@pytest.fixture
def lenient(card: Card) -> None:
    """Makes the card serve whatever it understands."""
    switch(card, strictness=Strictness.LENIENT)


@pytest.fixture
def isdr(send: Send) -> Send:
    """The same with the ISD-R selected."""
    send(SELECT_ISDR)
    return send
