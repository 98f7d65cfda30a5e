"""The page in the browser as a link to cards: for `serve --web` and `web`."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from euicc_sim import Card, Event
from euicc_sim.cli.console import fail
from euicc_sim.model.state import Switches
from euicc_sim.transport.link import LinkObserver
from euicc_sim.transport.shared import SharedCard
from euicc_sim.transport.vpcd import Control, PoweredCard

if TYPE_CHECKING:
    from euicc_sim.web.live import Lines, LiveCard, Reason
    from euicc_sim.web.page import Page

MAX_PORT = 0xFFFF
TakeEvents = Callable[[], Sequence[Event]]


def page_of(
    cards: Sequence[LiveCard],
    eims: Path | None = None,
    pki: Path | None = None,
    recorded: Lines | None = None,
    name: str = "",
) -> Page:
    """A page on these cards; without NiceGUI, the command ends with a sentence."""
    try:
        from euicc_sim.web.page import Page
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in ("nicegui", "fastapi"):
            raise
        fail(
            "The page needs NiceGUI, which is not installed; "
            "install it with: pip install 'euicc-sim[web]'"
        )
    return Page(cards, eims, pki, recorded, name)


def page_port(given: str | None) -> int | None:
    """The port that `--web` names; 0 is a free one, and None no page."""
    if given is None:
        return None
    if given and not (given.isascii() and given.isdecimal() and int(given[:6]) <= MAX_PORT):
        fail(f"{given[:40]!r} is not a port; write a number from 0 to {MAX_PORT}, or --web alone.")
    return int(given or 0)


class Ear:
    """Hears what a card says of its commands, and who takes its events for a log."""

    def __init__(self, take: TakeEvents) -> None:
        self._take = take
        self._reasons: list[Reason] = []

    def __call__(self) -> Sequence[Event]:
        """The events, as from the card."""
        from euicc_sim.web.live import Reason

        events = self._take()
        self._reasons += [Reason(one.text, one.refused) for one in events]
        return events

    def reasons(self) -> list[Reason]:
        """What was said since the last time."""
        found, self._reasons = self._reasons, []
        return found


class HeardLink:
    """A `LinkObserver` that passes everything on to `heard`, and also tells the page."""

    def __init__(self, heard: LinkObserver, ear: Ear, live: LiveCard, atr: bytes) -> None:
        self._heard = heard
        self._ear = ear
        self._live = live
        self._atr = atr
        self.idle = heard.idle
        self.waiting = heard.waiting
        self.connected = heard.connected
        self.disconnected = heard.disconnected
        self.silent = heard.silent
        self.another = heard.another

    def powered(self, control: Control) -> None:
        """Pass it on; a reset is a line of the conversation."""
        self._heard.powered(control)
        if control is not Control.POWER_OFF:
            self._live.heard(time.time(), None, self._atr)

    def answered(self, apdu: bytes, answer: bytes) -> None:
        """Pass it on, and then tell the page what the log has taken from the card."""
        self._heard.answered(apdu, answer)
        self._live.heard(time.time(), apdu, answer, self._ear.reasons())


class OnPage(Protocol):
    """A served card, as far as the page uses it."""

    card: Card
    shared: SharedCard | None

    @property
    def contacts(self) -> PoweredCard:
        """The card for one of its links."""
        ...

    def hear(self, live: LiveCard) -> None:
        """From now on, let the page hear what the observers of links hear."""
        ...

    def page_observer(self) -> LinkObserver:
        """The observer of what is done on the page."""
        ...


def live_card(one: OnPage) -> LiveCard:
    """A served card for the page; acts reach it as commands of a link do, and are logged."""
    from euicc_sim.web.live import LiveCard

    observers: list[LinkObserver] = []

    def transmit(apdu: bytes) -> bytes:
        answer = one.contacts.transmit(apdu)
        observers[0].answered(apdu, answer)
        return answer

    def reset() -> None:
        one.contacts.reset()
        observers[0].powered(Control.RESET)

    def set_switches(switches: Switches) -> None:
        with one.shared.held() if one.shared else nullcontext():
            one.card.set_switches(switches)

    live = LiveCard(
        one.card.directory,
        lambda: nullcontext(transmit),
        reset=reset,
        set_switches=set_switches,
        idle=lambda: observers[0].idle(),
    )
    one.hear(live)
    observers.append(one.page_observer())
    return live
