"""`euicc-sim serve`: put cards into vpcd's slots and log what is done with them."""

import gc
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from shutil import which
from typing import Annotated

import typer
from rich.text import Text

from euicc_sim import Card, CardError
from euicc_sim.cli.console import Terminal, complain, fail, stderr
from euicc_sim.cli.link import cards_here
from euicc_sim.cli.log_lines import LogLines
from euicc_sim.cli.page import page_port
from euicc_sim.cli.ready_file import Readiness, ReadyFile, ReadyFileError, Tell
from euicc_sim.cli.serve_links import MAX_PORT, IpaeHabits, Served, Ways, served, services
from euicc_sim.cli.serve_processes import WithTheFirst, run_each
from euicc_sim.cli.signals import on_signals
from euicc_sim.cli.tracing import (
    AnywhereOption,
    GsmtapOption,
    KeysOption,
    TraceOption,
    TraceOptions,
    recording,
)
from euicc_sim.parties.messages import SELECT_ISDR, LpaError
from euicc_sim.tracing.errors import TraceError
from euicc_sim.tracing.recorder import Recorder
from euicc_sim.transport.link import LinkError, NoReaderError, Service
from euicc_sim.transport.modem.commands import Habits
from euicc_sim.transport.readers import (
    DEFAULT_PORT,
    installed_library,
    one_reader_more,
    reader_name,
)

_SELECT_ISDR = SELECT_ISDR.hex().upper()
_LONGEST_WAIT = 0.2
"""Seconds."""


def serve(
    card: Annotated[
        list[Path],
        typer.Option(
            metavar="DIR",
            help="The card's directory. Repeatable: each card gets the next slot.",
            autocompletion=cards_here,
        ),
    ],
    host: Annotated[
        str,
        typer.Option(
            help="The host of vpcd or, with --listen or --tcp, the address to listen on. "
            "There is no password: anybody who can reach the port can use the card."
        ),
    ] = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option(
            min=1, max=MAX_PORT, help="The first card's port; each further card has the next."
        ),
    ] = DEFAULT_PORT,
    listen: Annotated[
        bool, typer.Option("--listen", help="Let vpcd connect (its reversed mode).")
    ] = False,
    tcp: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=MAX_PORT,
            metavar="PORT",
            help="Listen for programs without PC/SC. They send two bytes of length (big-endian) "
            "and a command APDU, and get the response in the same way. Length 0 resets the card "
            "and is answered with the ATR. Port 0 is a free port; each further card has the next.",
        ),
    ] = None,
    lpac_stdio: Annotated[
        bool,
        typer.Option(
            "--lpac-stdio",
            help="Speak lpac's stdio driver protocol on standard input and output, until the end "
            "of the input; everything else goes to standard error.",
        ),
    ] = False,
    at: Annotated[
        str | None,
        typer.Option(
            "--at",
            metavar="[LINK]",
            help="Be a modem with the card in it: AT commands (3GPP TS 27.007) on a "
            "pseudo-terminal, whose path is printed. LINK is made as a symbolic link to it; for "
            "the second card it is LINK2.",
        ),
    ] = None,
    at_get_response: Annotated[
        bool,
        typer.Option(
            "--at-get-response",
            help="Let the modem fetch what 61XX announces, as some do. Qualcomm's pass it on.",
        ),
    ] = False,
    at_bare_session: Annotated[
        bool,
        typer.Option(
            "--at-bare-session",
            help="Let AT+CCHO answer with the number alone, as older modems do.",
        ),
    ] = False,
    web: Annotated[
        str | None,
        typer.Option(
            "--web",
            metavar="[PORT]",
            help="Also show the cards on a page in the browser, whose address is printed. Without "
            "PORT a free one is taken.",
        ),
    ] = None,
    vpcd: Annotated[
        bool,
        typer.Option(
            "--vpcd", help="Serve vpcd's slots in addition to --tcp, --at or --lpac-stdio."
        ),
    ] = False,
    fsync: Annotated[
        bool,
        typer.Option(
            "--fsync/--no-fsync",
            help="Without fsync a card is faster, but a power cut may destroy it.",
        ),
    ] = True,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Also show power, commands and responses.")
    ] = False,
    ipae_eim: Annotated[
        str | None,
        typer.Option(
            "--ipae-eim",
            metavar="URL",
            help="Where the eIM is of a card with an IPAe (card new --ipae).",
            show_default="https:// and its eimFqdn",
        ),
    ] = None,
    ipae_every: Annotated[
        float, typer.Option(min=0.1, metavar="SECONDS", help="Between two polls of an IPAe.")
    ] = 30.0,
    ready_file: Annotated[
        Path | None,
        typer.Option(
            "--ready-file",
            metavar="FILE",
            help="For scripts: a file that is there while programs can open every card. JSON with "
            "the process, and of each card the EID, directory, reader, TCP address and modem.",
        ),
    ] = None,
    processes: Annotated[
        bool,
        typer.Option(
            "--processes",
            help="Serve each card in a process of its own, so that what one does never slows "
            "another. Not with --trace, which is one file.",
        ),
    ] = False,
    trace: TraceOption = None,
    gsmtap: GsmtapOption = None,
    gsmtap_anywhere: AnywhereOption = False,
    trace_keys: KeysOption = False,
) -> None:
    """Put cards into the slots of vpcd, where PC/SC programs find them, or serve them otherwise.

    --vpcd, --tcp, --at and --lpac-stdio can be combined: they lead to the same card, which answers
    one command at a time. A reset through one resets it for all.
    """
    to_vpcd = vpcd or listen or (tcp is None and at is None and not lpac_stdio)
    habits = Habits(at_bare_session, at_get_response)
    ways = Ways(
        host, port if to_vpcd else None, listen, tcp, lpac_stdio, at, habits, page_port(web)
    )
    out = stderr if lpac_stdio else Terminal(highlight=False, soft_wrap=True)
    if processes and trace:
        fail("--processes cannot write one --trace; leave out either of them.")
    if processes and web is not None:
        fail("--processes has no one process for the page of --web; leave out either of them.")
    task = _Task(
        ways,
        LogLines(out),
        TraceOptions(trace, gsmtap, gsmtap_anywhere, trace_keys),
        IpaeHabits(ipae_every, ipae_eim),
        fsync=fsync,
        verbose=verbose,
        of=len(card),
    )
    with _explained(port):
        ways.check(len(card))
        with ExitStack() as open_things:
            cards = [_opened(one, fsync, open_things) for one in card]
            if ipae_eim is not None:
                _check_ipae(ipae_eim, cards)
            tell = ReadyFile(ready_file).tell if ready_file else _nobody
            recorder = open_things.enter_context(recording(task.options))
            for one in _twins(cards):
                complain(one)
            if to_vpcd:
                out.print(Text("\n".join([*_slots(cards), "Try:", *_suggestions()])))
            if not processes:
                task.run(cards, recorder, open_things, tell)
                return
        # the cards can be used and are closed again: each process opens its own
        run_each(len(card), lambda index, tell: task.alone(card[index], index, tell), tell)


@dataclass(frozen=True, slots=True)
class _Task:
    """How to serve `of` cards."""

    ways: Ways
    lines: LogLines
    options: TraceOptions
    ipae: IpaeHabits
    fsync: bool
    verbose: bool
    of: int

    def run(
        self,
        cards: Sequence[Card],
        recorder: Recorder,
        open_things: ExitStack,
        tell: Tell,
        *others: Service,
        first: int = 0,
    ) -> None:
        """Serve these cards, those from the index `first` on."""
        ready = Readiness(tell)
        open_things.callback(ready.close)
        all_served = served(
            cards,
            self.ways,
            self.lines,
            recorder,
            open_things,
            verbose=self.verbose,
            first=first,
            of=self.of,
        )
        running = services(all_served, self.ways, open_things, ready)
        ipaes = _ipaes(all_served, self.ipae)
        gc.freeze()  # all objects so far stay, so the collector need not look at them again
        run_until_signalled([*running, *ipaes, *others])

    def alone(self, directory: Path, index: int, tell: Tell) -> None:
        """Serve one card, in a process of its own."""
        with _explained(self.ways.vpcd or 0), ExitStack() as open_things:
            card = _opened(directory, self.fsync, open_things)
            recorder = open_things.enter_context(recording(self.options))
            self.run([card], recorder, open_things, tell, WithTheFirst(), first=index)


def _check_ipae(eim: str, cards: Sequence[Card]) -> None:
    """End the command with a sentence if no card has an IPAe, or if that is not a URL."""
    from euicc_sim.parties.clients import url_of

    if not any(one.identity.has_ipae for one in cards):
        fail("--ipae-eim is for a card with an IPAe; make one with: card new --ipae")
    try:
        url_of(eim)
    except LpaError as error:
        fail(f"--ipae-eim: {error}")


def _ipaes(cards: Sequence[Served], habits: IpaeHabits) -> list[Service]:
    """The IPAes of those cards that have one."""
    having = [one for one in cards if one.card.identity.has_ipae]
    if not having:
        return []
    from euicc_sim.cli.serve_ipae import IpaeService  # it needs the clients of the parties

    return [IpaeService(one, habits) for one in having]


def _nobody(_: object) -> None:
    """Nobody waits for the cards."""


@contextmanager
def _explained(port: int) -> Iterator[None]:
    """Say what the user can mend, and exit with code 1; `port` is that of the first slot."""
    try:
        yield
    except NoReaderError as error:
        fail(one_reader_more(error.port - port, error.port, installed_library()))
    except (CardError, LinkError, ReadyFileError, TraceError) as error:
        fail(str(error))


def run_until_signalled(links: Sequence[Service]) -> None:
    """Run each link in a thread; stop all on SIGINT, SIGTERM, or when the first one ends."""
    ended: SimpleQueue[object] = SimpleQueue()  # its put() is safe in a signal handler
    with (
        on_signals(lambda: ended.put("a signal")),
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

    A signal just before a wait does not interrupt it, and its handler only runs after the wait:
    that is why no wait is long.
    """
    while True:
        with suppress(Empty):
            ended.get(timeout=_LONGEST_WAIT)
            return


def _opened(directory: Path, fsync: bool, open_things: ExitStack) -> Card:
    one = Card.open(directory, fsync=fsync)
    open_things.callback(one.close)
    return one


def _twins(cards: Sequence[Card]) -> list[str]:
    """Sentences about cards that programs cannot tell apart."""
    first: dict[str, Card] = {}
    return [
        f"{one.directory} has the EID of {first[one.eid].directory}, {one.eid}: programs and "
        "servers take them for one card. Make it with: euicc-sim card new --eid random."
        for one in cards
        if first.setdefault(one.eid, one) is not one
    ]


def _slots(cards: Sequence[Card]) -> list[str]:
    return [
        f"Card {one.eid} ({one.directory}) in '{reader_name(index)}'"
        for index, one in enumerate(cards)
    ]


def _suggestions() -> list[str]:
    """What may be tried next; programs only if they are installed."""
    reader = reader_name(0)
    found = [f"  {_program()} demo", f"  {_program()} apdu send {_SELECT_ISDR}"]
    if which("lpac"):
        found.append(f"  LPAC_APDU=pcsc LPAC_APDU_PCSC_DRV_NAME='{reader}' lpac chip info")
    if which("scriptor"):
        found.append(f"  echo {_SELECT_ISDR} | scriptor -r '{reader}'")
    return found


def _program() -> str:
    """How the user can call this program from the current directory."""
    if which("euicc-sim"):
        return "euicc-sim"
    program = Path(sys.argv[0]).absolute()
    return str(program.relative_to(Path.cwd()) if program.is_relative_to(Path.cwd()) else program)
