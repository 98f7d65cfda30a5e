"""A pytest plugin: software eUICCs for other people's tests, without pcscd.

    def test_my_client(euicc):
        client = MyClient(send=euicc.transmit)
        assert client.read_eid() == euicc.eid

`euicc` is a new card, powered on; `euicc_factory` makes more, with options; `euicc_pki` is the
folder of the PKI that issued them all, in the layout of GSMA SGP.26. pytest finds the plugin by
itself and imports the card when a fixture is first used, so other tests pay nothing. A card is a
directory in the test's `tmp_path`, written without fsync. What the cards of a test that fails have
said is a section of its report.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from euicc_sim import Card, Event
    from euicc_sim.model.identity import CardType

__all__ = ["Es10Error", "Euicc", "EuiccFactory"]


class Es10Error(Exception):
    """An ES10 request answered with a status word: `sw`, with the card's reason as text."""

    def __init__(self, sw: int, sentence: str) -> None:
        super().__init__(sentence)
        self.sw = sw


class Euicc:
    """A powered card for a test: commands, responses, events and refusals.

    `card` is the `euicc_sim.Card` inside, for access to its state.
    """

    def __init__(self, card: Card) -> None:
        self.card = card
        self._events: list[Event] = []
        self.reset()

    @property
    def directory(self) -> Path:
        """The card's directory; `card.json` in it is what the card keeps."""
        return self.card.directory

    @property
    def eid(self) -> str:
        """The EID, 32 digits."""
        return self.card.eid

    @property
    def atr(self) -> bytes:
        """The answer to reset; does not reset the card."""
        return self.card.atr

    @property
    def events(self) -> list[str]:
        """The outcomes of the card's functions so far, with reasons, oldest first."""
        return [one.text for one in self._all_events()]

    @property
    def refusals(self) -> list[str]:
        """Those of the events that are refusals."""
        return [one.text for one in self._all_events() if one.refused]

    def reset(self) -> bytes:
        """Reset the card: channels and sessions are gone; returns the ATR."""
        return self.card.reset()

    def transmit(self, apdu: bytes) -> bytes:
        """Answer a command APDU: data and status word. No GET RESPONSE is added."""
        return self.card.transmit(apdu)

    def es10(self, request: bytes) -> bytes:
        """Answer a complete ES10 request, such as BF3E 03 5C 01 5A, with the complete response.

        Selects the ISD-R on the basic channel first. Raises Es10Error.
        """
        if not request:
            raise ValueError("an ES10 request has at least a tag")
        from euicc_sim.parties.messages import StatusWordError, exchange, select_isdr

        try:
            select_isdr(self.transmit)
            return exchange(self.transmit, request)
        except StatusWordError as error:
            raise Es10Error(error.sw, self.refusals[-1]) from error

    def _all_events(self) -> list[Event]:
        self._events += self.card.take_events()
        return self._events


class EuiccFactory:
    """Makes cards, each in a directory of its own; they are closed at the end of the test."""

    def __init__(self, folder: Path, pki: Path, open_things: ExitStack) -> None:
        self._folder = folder
        self._pki = pki
        self._open_things = open_things
        self._made: list[Euicc] = []

    def __call__(
        self,
        *,
        eid: str | None = None,
        seed: int | None = None,
        card_type: CardType | str = "iot",
        sgp32: str = "1.2",
        pki: Path | str | None = None,
        **properties: Any,
    ) -> Euicc:
        """Make a card and power it on. Raises CardError.

        The options are those of `Card.create`; `card_type` may be given as iot, iot-strict or
        consumer. `properties` are its others: `memory` (bytes), `max_eims`, `results`, `rules`,
        `sgp22`, `security_level`, `test_profile_servers`, `highest_svn`, `ipae`. Without
        `eid` every card of a test has a different one; the first has that of the GSMA test card.
        """
        from euicc_sim import Card
        from euicc_sim.model.identity import CardType
        from euicc_sim.store import DEFAULT_EID
        from keys import make_eid

        number = len(self._made) + 1
        card = Card.create(
            self._folder / f"euicc-{number}",
            eid=eid or (DEFAULT_EID if number == 1 else make_eid(DEFAULT_EID[:8], number)),
            seed=seed,
            card_type=CardType(card_type),
            sgp32=sgp32,
            pki=pki or self._pki,
            fsync=False,
            **properties,
        )
        self._made.append(Euicc(self._open_things.enter_context(card)))
        return self._made[-1]

    @property
    def said(self) -> str:
        """What the cards have said, a line for each event; with their numbers if several have."""
        return "\n".join(
            f"card {number}: {text}" if len(self._made) > 1 else text
            for number, one in enumerate(self._made, 1)
            for text in one.events
        )


@pytest.fixture(scope="session")
def euicc_pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The PKI of this run's cards: CI, EUM and SM-DP+ certificates and keys, as in SGP.26."""
    from keys import TestPki

    folder = tmp_path_factory.mktemp("euicc-pki") / "pki"
    TestPki.create().write(folder)
    return folder


_FACTORY = pytest.StashKey[EuiccFactory]()


@pytest.fixture
def euicc_factory(
    request: pytest.FixtureRequest, tmp_path: Path, euicc_pki: Path
) -> Iterator[EuiccFactory]:
    """Makes software eUICCs: `euicc_factory(sgp32="1.3", card_type="iot-strict", memory=65536)`."""
    with ExitStack() as open_things:
        factory = EuiccFactory(tmp_path, euicc_pki, open_things)
        request.node.stash[_FACTORY] = factory
        yield factory


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """Add what the cards have said to the report of a test that has failed."""
    report = yield
    factory = item.stash.get(_FACTORY, None)
    if report.failed and factory is not None and (said := factory.said):
        report.sections.append(("what the card said", said))
    return report


@pytest.fixture
def euicc(euicc_factory: EuiccFactory) -> Euicc:
    """A new software eUICC, powered on: `transmit`, `es10`, `reset`, `eid`, `events`."""
    return euicc_factory()
