"""`euicc-sim serve`: put cards into vpcd's slots and tell what is done with them."""

import gc
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from shutil import which
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from euicc_sim import Card, CardError, Event
from euicc_sim.cli.console import fail
from euicc_sim.offcard.apdus import SELECT_ISDR
from euicc_sim.transport.blank import BlankCard, Unheard
from euicc_sim.transport.link import (
    ConnectingLink,
    Link,
    LinkError,
    ListeningLink,
    NoReaderError,
)
from euicc_sim.transport.readers import (
    DEFAULT_PORT,
    SLOTS_PER_READER,
    installed_library,
    one_reader_more,
    reader_name,
)
from euicc_sim.transport.vpcd import Control

_SELECT_ISDR = SELECT_ISDR.hex().upper()
_NOTES_AT_MOST = 500
_LONGEST_WAIT = 0.2
"""Seconds."""

_POWER = {
    Control.POWER_OFF: "power off",
    Control.POWER_ON: "power on",
    Control.RESET: "reset",
}


def serve(
    card: Annotated[
        list[Path],
        typer.Option(
            metavar="DIR", help="The card's directory. Repeat it: each card takes the next slot."
        ),
    ],
    host: Annotated[
        str,
        typer.Option(
            help="Where vpcd is or, with --listen, the address to listen at. "
            "vpcd asks for no password: whoever reaches the port has the card."
        ),
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=1, max=0xFFFF, help="The first card's port; the next has the next.")
    ] = DEFAULT_PORT,
    listen: Annotated[
        bool, typer.Option("--listen", help="Let vpcd connect (its reversed mode).")
    ] = False,
    fsync: Annotated[
        bool,
        typer.Option("--fsync/--no-fsync", help="Without, a power cut may cost a throw-away card."),
    ] = True,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Show power, commands and answers too.")
    ] = False,
) -> None:
    """Put cards into the slots of vpcd, where PC/SC programs find them."""
    slots = len(card) + len(card) % SLOTS_PER_READER if listen else len(card)
    if port + slots - 1 > 0xFFFF:
        fail(f"Port {port} leaves no room for {slots} slots.")
    out = Console(highlight=False, soft_wrap=True)
    try:
        with ExitStack() as open_things:
            cards = [_opened(directory, fsync, open_things) for directory in card]
            for index, (directory, one) in enumerate(zip(card, cards, strict=True)):
                out.print(Text(f"Card {one.eid} ({directory}) in '{reader_name(index)}'"))
            out.print(Text("\n".join(["Try:", *_suggestions()])))
            links = _links(cards, host, port, listen, verbose, out, open_things)
            if listen:
                links += _blank_cards(range(len(card), slots), host, port, out, open_things)
            gc.freeze()  # what is here now stays: no collection need look at it again
            run_until_signalled(links)
    except CardError as error:
        fail(str(error))
    except NoReaderError as error:
        fail(one_reader_more(error.port - port, error.port, installed_library()))
    except LinkError as error:
        fail(str(error))


def run_until_signalled(links: Sequence[Link]) -> None:
    """Run each link in a thread of its own; end all at SIGINT, SIGTERM or the first failure."""
    ended: SimpleQueue[object] = SimpleQueue()  # its put() is safe in a signal handler
    with (
        _on_signals(lambda: ended.put("a signal")),
        ThreadPoolExecutor(len(links), thread_name_prefix="card") as pool,
    ):
        runs = [pool.submit(link.run) for link in links]
        for run in runs:
            run.add_done_callback(ended.put)
        _wait(ended)
        for link in links:
            link.stop()
    for run in runs:
        run.result()


def _wait(ended: SimpleQueue[object]) -> None:
    """Return when something has ended.

    A signal that comes in the moment before a wait does not end it, and its handler runs only
    after it: so no wait is long.
    """
    while True:
        with suppress(Empty):
            ended.get(timeout=_LONGEST_WAIT)
            return


@contextmanager
def _on_signals(act: Callable[[], None]) -> Iterator[None]:
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda _number, _frame: act()) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


class CardLog:
    """Prints what one card did and how its link fares; made for `LinkObserver`."""

    def __init__(
        self,
        take_events: Callable[[], Sequence[Event]],
        out: Console,
        *,
        reader: str,
        address: str,
        advice: str = "",
        name: str = "",
        verbose: bool = False,
    ) -> None:
        """Print to `out`; `name` tells this card's lines from another's, `advice` is said once."""
        self._take_events = take_events
        self._out = out
        self._reader = reader
        self._address = address
        self._advice = advice
        self._name = name
        self._verbose = verbose
        self._noted: list[tuple[float, str, str]] = []

    def powered(self, control: Control) -> None:
        """Note the event only for those who asked."""
        if self._verbose:
            self._note(_POWER[control], "dim")
        self._note_events()

    def answered(self, apdu: bytes, answer: bytes) -> None:
        """Note what the command did."""
        if self._verbose:
            self._note(f"→ {apdu.hex().upper()}", "dim")
            self._note(f"← {answer.hex().upper()}", "dim")
        self._note_events()
        if len(self._noted) > _NOTES_AT_MOST:
            self.idle()

    def idle(self) -> None:
        """Print what was noted; printing takes longer than a command, so commands go first."""
        noted, self._noted = self._noted, []
        for when, text, style in noted:
            at = datetime.fromtimestamp(when).astimezone().strftime("%H:%M:%S")
            self._out.print(Text.assemble((at, "dim"), " ", self._name, (text, style)))

    def waiting(self, reason: str) -> None:
        """Print what is missing, the first time with what to do about it."""
        if reason:
            self._print(f"waiting for vpcd at {self._address} ({reason}){self._advice}")
        else:
            self._print(f"listening on {self._address} for vpcd{self._advice}")
        self._advice = ""

    def connected(self) -> None:
        """Print that the card is in its slot."""
        self._print(f"connected: the card is in '{self._reader}'")

    def silent(self) -> None:
        """Print the likeliest reason."""
        self._print(
            "vpcd took the connection but asks nothing: is another card in this slot, "
            "or has a second reader the same LIBPATH?"
        )

    def _note_events(self) -> None:
        for event in self._take_events():
            self._note(event.text, "red" if event.refused else "")

    def _note(self, text: str, style: str = "") -> None:
        self._noted.append((time.time(), text, style))

    def _print(self, text: str) -> None:
        self._note(text)
        self.idle()


def _opened(directory: Path, fsync: bool, open_things: ExitStack) -> Card:
    one = Card.open(directory, fsync=fsync)
    open_things.callback(one.close)
    return one


def _links(
    cards: Sequence[Card],
    host: str,
    port: int,
    listen: bool,
    verbose: bool,
    out: Console,
    open_things: ExitStack,
) -> list[Link]:
    links: list[Link] = []
    for index, card in enumerate(cards):
        log = CardLog(
            card.take_events,
            out,
            reader=reader_name(index),
            address=f"{host}:{port + index}",
            advice=_advice(index, host, port + index, listen),
            name=f"card {index + 1}: " if len(cards) > 1 else "",
            verbose=verbose,
        )
        if listen:
            listening = ListeningLink(host, port + index, card, log)
            open_things.callback(listening.close)
            links.append(listening)
        else:
            earlier = tuple(links) if index > 1 else ()
            links.append(ConnectingLink(host, port + index, card, log, earlier))
    return links


def _blank_cards(
    indices: range, host: str, port: int, out: Console, open_things: ExitStack
) -> Iterator[Link]:
    for index in indices:
        out.print(Text(f"A blank card goes into '{reader_name(index)}': vpcd wants one per slot."))
        link = ListeningLink(host, port + index, BlankCard(), Unheard())
        open_things.callback(link.close)
        yield link


def _advice(index: int, host: str, port: int, listen: bool) -> str:
    if listen:
        device = f"{host}:0x{port - index % SLOTS_PER_READER:04X}"
        return f", whose reader has DEVICENAME {device}; start pcscd now, stop it before this"
    if index:
        return ""
    return ": install pcscd and vsmartcard-vpcd and start pcscd, or let scripts/run do both"


def _suggestions() -> list[str]:
    reader = reader_name(0)
    return [
        f"  {_program()} demo",
        f"  {_program()} apdu send {_SELECT_ISDR}",
        f"  LPAC_APDU=pcsc LPAC_APDU_PCSC_DRV_NAME='{reader}' lpac chip info",
        f"  echo {_SELECT_ISDR} | scriptor -r '{reader}'",
    ]


def _program() -> str:
    """How this program is called from where the user is."""
    if which("euicc-sim"):
        return "euicc-sim"
    program = Path(sys.argv[0]).absolute()
    return str(program.relative_to(Path.cwd()) if program.is_relative_to(Path.cwd()) else program)
