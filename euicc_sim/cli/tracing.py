"""What `serve` and `apdu run` have in common to write a trace: options, files, and who listens."""

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
        help="Write commands and answers for Wireshark and `trace`; replaces the file.",
    ),
]
GsmtapOption = Annotated[
    str | None,
    typer.Option(
        "--gsmtap",
        metavar="HOST:PORT",
        help="Send commands and answers as GSMTAP, usually to 127.0.0.1:4729.",
    ),
]
AnywhereOption = Annotated[
    bool,
    typer.Option(
        "--gsmtap-anywhere", help="Let --gsmtap leave this machine; GSMTAP is not protected."
    ),
]
KeysOption = Annotated[
    bool,
    typer.Option(
        "--trace-keys", help="Write session keys of downloads into FILE.pcapng.keys.json."
    ),
]


@dataclass(frozen=True, slots=True)
class TraceOptions:
    """What the options say."""

    file: Path | None
    gsmtap: str | None
    anywhere: bool
    keys: bool


@contextmanager
def recording(options: TraceOptions) -> Iterator[Recorder]:
    """What the options ask for, written to its end afterwards. Raises TraceError."""
    if options.keys and options.file is None:
        raise TraceError("--trace-keys writes beside a trace; give --trace FILE.pcapng too.")
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
    """A `LinkObserver` that has the tap hear what another one is told."""

    def __init__(self, heard: LinkObserver, tap: Tap, atr: bytes) -> None:
        """Pass everything on to `heard`; `atr` is the card's."""
        self._heard = heard
        self._tap = tap
        self._atr = atr

    def powered(self, control: Control) -> None:
        """Note the ATR, unless the power went."""
        if control is not Control.POWER_OFF:
            self._tap.reset(self._atr)
        self._heard.powered(control)

    def answered(self, apdu: bytes, answer: bytes) -> None:
        """Note the exchange."""
        self._tap.exchange(apdu, answer)
        self._heard.answered(apdu, answer)

    def idle(self) -> None:
        """Write what was noted."""
        self._heard.idle()
        self._tap.flush()

    def waiting(self, reason: str) -> None:
        """Pass it on."""
        self._heard.waiting(reason)

    def connected(self) -> None:
        """Pass it on."""
        self._heard.connected()

    def silent(self) -> None:
        """Pass it on."""
        self._heard.silent()


class TracedCard:
    """A card whose exchanges the tap hears; each is written before the next."""

    def __init__(self, card: CardLink, tap: Tap) -> None:
        """Pass everything on to `card`."""
        self._card = card
        self._tap = tap

    def reset(self) -> bytes:
        """Reset it and return the ATR."""
        atr = self._card.reset()
        self._tap.reset(atr)
        self._tap.flush()
        return atr

    def transmit(self, apdu: bytes) -> bytes:
        """Answer one command."""
        answer = self._card.transmit(apdu)
        self._tap.exchange(apdu, answer)
        self._tap.flush()
        return answer


@contextmanager
def traced(card: Card | PcscCard, options: TraceOptions) -> Iterator[CardLink]:
    """The card, with its exchanges written as the options say. Raises TraceError."""
    inside = card if isinstance(card, Card) else None
    if options.keys and inside is None:
        raise TraceError("Session keys are inside the card: --trace-keys needs --card DIR.")
    with recording(options) as recorder:
        tap = recorder.tap(0, inside.eid if inside else "")
        if inside and recorder.wants_keys:
            inside.on_keys = tap.keys
        yield TracedCard(card, tap) if recorder.wanted else card
