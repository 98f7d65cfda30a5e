"""The links to the cards that `serve` has opened: vpcd's slots, TCP, standard input and output."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from euicc_sim import Card, __version__
from euicc_sim.cli.card_log import CardLog, ModemLog, PageLog, StdioLog, TcpLog
from euicc_sim.cli.console import complain
from euicc_sim.cli.log_lines import Line, LogLines
from euicc_sim.cli.page import Ear, HeardLink, live_card, page_of
from euicc_sim.cli.ready_file import Readiness
from euicc_sim.cli.tracing import TracedLink
from euicc_sim.tracing.journal import Journal
from euicc_sim.tracing.recorder import Recorder
from euicc_sim.transport.blank import BlankCard, SilentObserver
from euicc_sim.transport.link import (
    ConnectingLink,
    Link,
    LinkError,
    LinkObserver,
    ListeningLink,
    Service,
)
from euicc_sim.transport.lpac_stdio import LpacStdio
from euicc_sim.transport.modem.commands import Habits, Modem
from euicc_sim.transport.modem.terminal import ModemLink
from euicc_sim.transport.readers import SLOTS_PER_READER, reader_name
from euicc_sim.transport.shared import SharedCard
from euicc_sim.transport.stdio import StdioLink
from euicc_sim.transport.tcp import TcpLink
from euicc_sim.transport.vpcd import PoweredCard

if TYPE_CHECKING:
    from euicc_sim.web.live import LiveCard

MAX_PORT = 0xFFFF
_USUAL_MODEM = Habits()


@dataclass(frozen=True, slots=True)
class Ways:
    """The kinds of links to serve: ports are the first card's, None means no such link."""

    host: str
    vpcd: int | None = None
    listen: bool = False
    tcp: int | None = None
    stdio: bool = False
    at: str | None = None
    """Where the link to the modem's terminal is; empty for no link."""
    habits: Habits = _USUAL_MODEM
    web: int | None = None
    """The port of the page in the browser."""

    @property
    def are_several(self) -> bool:
        """Whether commands can come from several threads."""
        given = [self.vpcd, self.tcp, self.at, self.web, self.stdio or None]
        return sum(one is not None for one in given) > 1

    def slots(self, cards: int) -> int:
        """How many slots of vpcd are used; in reversed mode, all slots of each reader."""
        return cards + cards % SLOTS_PER_READER if self.listen else cards

    def check(self, cards: int) -> None:
        """Raise LinkError if there are too many cards for the ports, or for one pipe."""
        slots = self.slots(cards)
        if self.vpcd is not None and self.vpcd + slots - 1 > MAX_PORT:
            raise LinkError(f"Port {self.vpcd} leaves no room for {slots} slots.")
        if self.tcp is not None and self.tcp + cards - 1 > MAX_PORT:
            raise LinkError(f"TCP port {self.tcp} leaves no room for {cards} cards.")
        if self.stdio and cards != 1:
            raise LinkError("--lpac-stdio serves a single card; give --card once.")


@dataclass(frozen=True, slots=True)
class IpaeHabits:
    """Of IPAes: seconds between polls, and where the eIM is, if not where the card says."""

    every: float
    eim: str | None = None


@dataclass(slots=True)
class Served:
    """An open card, and what all links to it share; `shared` has a lock if they are several.

    It is the card with that index, from 0, of `cards` that this command serves.
    """

    card: Card
    index: int
    cards: int
    name: str
    shared: SharedCard | None
    journal: Journal
    recorder: Recorder
    lines: LogLines
    verbose: bool
    open_things: ExitStack
    live: LiveCard | None = None
    _ear: Ear | None = None

    def hear(self, live: LiveCard) -> None:
        """From now on, let the page hear what the observers of links hear."""
        self.live, self._ear = live, Ear(self.card.take_events)

    def page_observer(self) -> LinkObserver:
        """The observer of what is done on the page."""
        return self.observer(PageLog)

    def observer(
        self, kind: type[CardLog], ready: Callable[[bool], None] | None = None, **words: str
    ) -> LinkObserver:
        """The observer of one link; `ready` and `words` are passed to its log."""
        log = kind(
            self._ear or self.card.take_events,
            self.lines,
            name=self.name,
            verbose=self.verbose,
            journal=self.journal,
            ready=ready,
            **words,
        )
        self.open_things.callback(log.end)
        traced = self._heard(self._traced(log))
        return self.shared.observer(traced) if self.shared else traced

    def _heard(self, observer: LinkObserver) -> LinkObserver:
        if self.live is None or self._ear is None:
            return observer
        return HeardLink(observer, self._ear, self.live, self.card.atr)

    @property
    def contacts(self) -> PoweredCard:
        """The card for one of its links."""
        return self.shared or self.card

    def _traced(self, log: CardLog) -> LinkObserver:
        if not self.recorder.wanted:
            return log
        tap = self.recorder.tap(self.index, self.card.eid)
        if self.recorder.wants_keys:
            self.card.on_keys = tap.keys
        return TracedLink(log, tap, self.card.atr)


def served(
    cards: Sequence[Card],
    ways: Ways,
    lines: LogLines,
    recorder: Recorder,
    open_things: ExitStack,
    *,
    verbose: bool,
    first: int = 0,
    of: int | None = None,
) -> list[Served]:
    """The cards, each with a journal, and with a lock if it is needed.

    They are those from the index `first` on, `of` so many; the others are in other processes.
    """
    of = len(cards) if of is None else of
    found = []
    for index, card in enumerate(cards, first):
        journal = Journal(card.directory)
        open_things.callback(journal.end)
        name = f"card {index + 1}: " if of > 1 else ""
        several = ways.are_several or card.identity.has_ipae
        shared = SharedCard(card) if several else None
        found.append(
            Served(card, index, of, name, shared, journal, recorder, lines, verbose, open_things)
        )
    return found


def services(
    cards: Sequence[Served], ways: Ways, open_things: ExitStack, ready: Readiness | None = None
) -> list[Service]:
    """All links to run; `ready` is told of them. Raises LinkError."""
    found: list[Service] = []
    if ways.web is not None:
        found.append(_page(cards, ways.web, open_things))
    if ways.vpcd is not None:
        found += _vpcd_links(cards, ways.host, ways.vpcd, ways.listen, open_things, ready)
        last = cards[-1]
        if ways.listen and last.index == last.cards - 1:
            blank = range(last.cards, ways.slots(last.cards))
            found += _blank_cards(blank, ways.host, ways.vpcd, cards[0].lines, open_things)
    if ways.tcp is not None:
        found += _tcp_links(cards, ways.host, ways.tcp, open_things, ready)
    if ways.at is not None:
        found += _modems(cards, ways.at, ways.habits, open_things, ready)
    if ways.stdio:
        found.append(_stdio_link(cards[0]))
    if ready is not None:
        ready.complete()
    return found


def _vpcd_links(
    cards: Sequence[Served],
    host: str,
    port: int,
    listen: bool,
    open_things: ExitStack,
    ready: Readiness | None,
) -> list[Link]:
    links: list[Link] = []
    for one in cards:
        index = one.index
        reader = reader_name(index)
        if ready is not None:
            ready.card(one.card.directory, one.card.eid, reader=reader)
        observer = one.observer(
            CardLog,
            ready.waits_for(reader) if ready else None,
            reader=reader,
            address=f"{host}:{port + index}",
            advice=_advice(index, host, port + index, listen),
        )
        if listen:
            listening = ListeningLink(host, port + index, one.contacts, observer)
            open_things.callback(listening.close)
            links.append(listening)
        else:
            earlier = tuple(links) if index > 1 else ()
            links.append(ConnectingLink(host, port + index, one.contacts, observer, earlier))
    return links


def _blank_cards(
    indices: range, host: str, port: int, lines: LogLines, open_things: ExitStack
) -> Iterator[Link]:
    for index in indices:
        blank = f"A blank card is in '{reader_name(index)}': vpcd needs one in every slot."
        lines.add(Line(None, "", blank))
        link = ListeningLink(host, port + index, BlankCard(), SilentObserver())
        open_things.callback(link.close)
        yield link


def _tcp_links(
    cards: Sequence[Served],
    host: str,
    port: int,
    open_things: ExitStack,
    ready: Readiness | None,
) -> Iterator[Link]:
    for one in cards:
        link = TcpLink(host, port + one.index if port else 0, one.contacts, one.observer(TcpLog))
        open_things.callback(link.close)
        where = f"[{host}]:{link.port}" if ":" in host else f"{host}:{link.port}"
        place = f"Card {one.card.eid} ({one.card.directory}) at {where}, over TCP"
        one.lines.add(Line(None, "", place))
        if ready is not None:
            ready.card(one.card.directory, one.card.eid, tcp=where)
        yield link


def _modems(
    cards: Sequence[Served],
    link: str,
    habits: Habits,
    open_things: ExitStack,
    ready: Readiness | None,
) -> Iterator[ModemLink]:
    for one in cards:
        observer = one.observer(ModemLog)
        modem = Modem(one.contacts, observer, habits, __version__)
        place = Path(f"{link}{one.index + 1 if one.index else ''}") if link else None
        terminal = ModemLink(modem, observer, place)
        open_things.callback(terminal.close)
        path = str(place or terminal.path)
        place_of_card = f"Card {one.card.eid} ({one.card.directory}) in a modem at {path}"
        one.lines.add(Line(None, "", place_of_card))
        if ready is not None:
            ready.card(one.card.directory, one.card.eid, modem=path)
        yield terminal


def _page(cards: Sequence[Served], port: int, open_things: ExitStack) -> Service:
    page = page_of([live_card(one) for one in cards])
    from euicc_sim.web.server import PageServer

    server = PageServer(port, page.application)
    open_things.callback(server.close)
    cards[0].lines.add(Line(None, "", f"Page: {server.address}"))
    return server


def _stdio_link(one: Served) -> StdioLink:
    observer = one.observer(StdioLog)
    requests, answers = io.FileIO(0, closefd=False), io.FileIO(1, "w", closefd=False)

    def complain_between(sentence: str) -> None:
        complain(sentence)
        one.lines.interrupted()

    def tell(line: str) -> None:
        one.lines.add(Line(None, "", line))

    program = LpacStdio(one.contacts, observer, complain_between)
    return StdioLink(program, observer, requests, answers, tell)


def _advice(index: int, host: str, port: int, listen: bool) -> str:
    if listen:
        device = f"{host}:0x{port - index % SLOTS_PER_READER:04X}"
        return f", DEVICENAME {device} in its reader's file; start pcscd now, and stop it first"
    if index:
        return ""
    return ": install pcscd and vsmartcard-vpcd and start pcscd, or let scripts/run do both"
