"""A pytest plugin: software eUICCs for other people's tests, without pcscd.

    def test_my_client(euicc):
        client = MyClient(send=euicc.transmit)
        assert client.read_eid() == euicc.eid

`euicc` is a fresh card, powered; `euicc_factory` makes more, with options; `euicc_pki` is the
folder of the PKI that issued them all, in the layout of GSMA SGP.26. pytest finds the plugin by
itself, and the card is imported when a fixture is first used, so tests of other things pay nothing.
A card lives in the test's `tmp_path` and is made and kept without fsync.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from euicc_sim import Card, Event
    from euicc_sim.model.identity import CardType

__all__ = ["Es10Error", "Euicc", "EuiccFactory"]


class Es10Error(Exception):
    """An ES10 request that was answered with a status word: which one in `sw`, why in words."""

    def __init__(self, sw: int, sentence: str) -> None:
        """Say what the card said."""
        super().__init__(sentence)
        self.sw = sw


class Euicc:
    """A card and what a test wants of it: bytes in, bytes out, and what the card has to say.

    `card` is the `euicc_sim.Card` inside, for a look at its state.
    """

    def __init__(self, card: Card) -> None:
        """Power the card."""
        self.card = card
        self._events: list[Event] = []
        self.reset()

    @property
    def directory(self) -> Path:
        """Where the card lives; `card.json` there is what it keeps."""
        return self.card.directory

    @property
    def eid(self) -> str:
        """The EID, 32 digits."""
        return self.card.eid

    @property
    def atr(self) -> bytes:
        """The answer to reset, without resetting anything."""
        return self.card.atr

    @property
    def events(self) -> list[str]:
        """What the functions of the card came to so far, oldest first, with the reasons."""
        return [one.text for one in self._all_events()]

    @property
    def refusals(self) -> list[str]:
        """Those of the events in which the card refused something."""
        return [one.text for one in self._all_events() if one.refused]

    def reset(self) -> bytes:
        """Reset the card: channels and sessions are gone; returns the ATR."""
        return self.card.reset()

    def transmit(self, apdu: bytes) -> bytes:
        """Answer a command APDU: data and status word. Nothing is added, not even GET RESPONSE."""
        return self.card.transmit(apdu)

    def es10(self, request: bytes) -> bytes:
        """Answer a whole ES10 request, such as BF3E 03 5C 01 5A, with a whole ES10 answer.

        The ISD-R is selected on the basic channel before. Raises Es10Error.
        """
        if not request:
            raise ValueError("an ES10 request has a tag at least")
        from euicc_sim.parties.messages import StatusWordError, exchange, select_isdr

        try:
            select_isdr(self.transmit)
            return exchange(self.transmit, request)
        except StatusWordError as error:
            why = self.refusals[-1]
            raise Es10Error(error.sw, f"{request[:2].hex().upper()}: {why}") from error

    def _all_events(self) -> list[Event]:
        self._events += self.card.take_events()
        return self._events


class EuiccFactory:
    """Makes cards, each in a directory of its own; they are closed when the test has ended."""

    def __init__(self, folder: Path, pki: Path, open_things: ExitStack) -> None:
        """Make cards in `folder`, below that PKI."""
        self._folder = folder
        self._pki = pki
        self._open_things = open_things
        self._made = 0

    def __call__(
        self,
        *,
        eid: str | None = None,
        seed: int | None = None,
        card_type: CardType | str = "iot",
        sgp32: str = "1.2",
        pki: Path | str | None = None,
        **limits: Any,
    ) -> Euicc:
        """Make a card, powered. Raises CardError.

        The options are those of `Card.create`; `card_type` may be written iot, iot-strict or
        consumer, `limits` are `memory` (bytes), `max_eims`, `results` and `rules`. Without `eid`
        each card of a test has another one, the first that of the GSMA test card.
        """
        from euicc_sim import Card
        from euicc_sim.model.identity import CardType
        from euicc_sim.store.making import DEFAULT_EID
        from keys import make_eid

        self._made += 1
        number = self._made
        card = Card.create(
            self._folder / f"euicc-{number}",
            eid=eid or (DEFAULT_EID if number == 1 else make_eid(DEFAULT_EID[:8], number)),
            seed=seed,
            card_type=CardType(card_type),
            sgp32=sgp32,
            pki=pki or self._pki,
            fsync=False,
            **limits,
        )
        return Euicc(self._open_things.enter_context(card))


@pytest.fixture(scope="session")
def euicc_pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The PKI of this run's cards: CI, EUM, SM-DP+ certificates and keys, as SGP.26 has them."""
    from keys import TestPki

    folder = tmp_path_factory.mktemp("euicc-pki") / "pki"
    TestPki.create().write(folder)
    return folder


@pytest.fixture
def euicc_factory(tmp_path: Path, euicc_pki: Path) -> Iterator[EuiccFactory]:
    """Makes software eUICCs: `euicc_factory(sgp32="1.3", card_type="iot-strict", memory=65536)`."""
    with ExitStack() as open_things:
        yield EuiccFactory(tmp_path, euicc_pki, open_things)


@pytest.fixture
def euicc(euicc_factory: EuiccFactory) -> Euicc:
    """A software eUICC, fresh and powered: `transmit`, `es10`, `reset`, `eid`, `events`."""
    return euicc_factory()
