"""Tracing for `serve` and `apdu run`: options, files, and the taps on links and cards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from euicc_sim import Card
from euicc_sim.cli.apdu_script import CardLink
from euicc_sim.cli.console import complain
from euicc_sim.tracing.errors import TraceError
from euicc_sim.tracing.keys import KeyFile
from euicc_sim.tracing.pcapng import TraceFile
from euicc_sim.tracing.recorder import Recorder, Sink, Tap
from euicc_sim.tracing.udp import GsmtapSocket
from euicc_sim.transport.link import LinkObserver
from euicc_sim.transport.pcsc import PcscCard
from euicc_sim.transport.vpcd import Control

TraceOption = Annotated[
    Path | None,
    typer.Option(
        "--trace",
        metavar="FILE.pcapng",
        help="Write commands and responses to this file, for Wireshark and `trace`; overwrites it.",
    ),
]
GsmtapOption = Annotated[
    str | None,
    typer.Option(
        "--gsmtap",
        metavar="HOST:PORT",
        help="Send commands and responses as GSMTAP, usually to 127.0.0.1:4729.",
    ),
]
AnywhereOption = Annotated[
    bool,
    typer.Option(
        "--gsmtap-anywhere", help="Let --gsmtap send to other machines; GSMTAP is not protected."
    ),
]
KeysOption = Annotated[
    bool,
    typer.Option(
        "--trace-keys", help="Write the session keys of downloads to FILE.pcapng.keys.json."
    ),
]


@dataclass(frozen=True, slots=True)
class TraceOptions:
    """The values of the options."""

    file: Path | None
    gsmtap: str | None
    anywhere: bool
    keys: bool


@contextmanager
def recording(options: TraceOptions) -> Iterator[Recorder]:
    """A recorder for what the options ask for, closed afterwards. Raises TraceError."""
    if options.keys and options.file is None:
        raise TraceError("--trace-keys writes beside a trace; also give --trace FILE.pcapng.")
    sinks: list[Sink] = []
    if options.gsmtap is not None:
        sinks.append(GsmtapSocket(options.gsmtap, anywhere=options.anywhere))
    if options.file is not None:
        sinks.append(TraceFile(options.file))
    keys = KeyFile(options.file) if options.keys and options.file else None
    recorder = Recorder(sinks, complain, keys)
    try:
        yield recorder
    finally:
        recorder.close()


class TracedLink:
    """A `LinkObserver` that passes everything on to `heard`, and also feeds the tap."""

    def __init__(self, heard: LinkObserver, tap: Tap, atr: bytes) -> None:
        self._heard = heard
        self._tap = tap
        self._atr = atr

    def powered(self, control: Control) -> None:
        if control is not Control.POWER_OFF:
            self._tap.reset(self._atr)
        self._heard.powered(control)

    def answered(self, apdu: bytes, answer: bytes) -> None:
        self._tap.exchange(apdu, answer)
        self._heard.answered(apdu, answer)

    def idle(self) -> None:
        self._heard.idle()
        self._tap.flush()

    def waiting(self, reason: str) -> None:
        self._heard.waiting(reason)

    def connected(self) -> None:
        self._heard.connected()

    def disconnected(self) -> None:
        self._heard.disconnected()

    def silent(self) -> None:
        self._heard.silent()

    def another(self, *, is_turned_away: bool) -> None:
        self._heard.another(is_turned_away=is_turned_away)


class TracedCard:
    """A card whose exchanges go to the tap; each is written before the next command."""

    def __init__(self, card: CardLink, tap: Tap) -> None:
        self._card = card
        self._tap = tap

    def reset(self) -> bytes:
        atr = self._card.reset()
        self._tap.reset(atr)
        self._tap.flush()
        return atr

    def transmit(self, apdu: bytes) -> bytes:
        answer = self._card.transmit(apdu)
        self._tap.exchange(apdu, answer)
        self._tap.flush()
        return answer


@contextmanager
def traced(card: Card | PcscCard, options: TraceOptions) -> Iterator[CardLink]:
    """The card, with its exchanges traced as the options ask. Raises TraceError."""
    inside = card if isinstance(card, Card) else None
    if options.keys and inside is None:
        raise TraceError("The session keys are inside the card: --trace-keys needs --card DIR.")
    with recording(options) as recorder:
        tap = recorder.tap(0, inside.eid if inside else "")
        if inside and recorder.wants_keys:
            inside.on_keys = tap.keys
        yield TracedCard(card, tap) if recorder.wanted else card
