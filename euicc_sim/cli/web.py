"""`euicc-sim web`: a page on cards in the browser."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from euicc_sim import Card, CardError
from euicc_sim.cli.console import Terminal, fail
from euicc_sim.cli.log_lines import LogLines
from euicc_sim.cli.page import MAX_PORT, live_card, page_of
from euicc_sim.cli.serve import run_until_signalled
from euicc_sim.cli.serve_links import Ways, served
from euicc_sim.parties.messages import Transmit
from euicc_sim.store import CardInUseError, read
from euicc_sim.tracing import journal
from euicc_sim.tracing.errors import TraceError
from euicc_sim.tracing.recorder import Recorder
from euicc_sim.tracing.served import serving
from euicc_sim.transport.link import LinkError
from euicc_sim.transport.pcsc import PcscError, open_card

if TYPE_CHECKING:
    from euicc_sim.web.live import Lines, LiveCard

DEFAULT_PORT = 8090


def web(
    card: Annotated[
        list[Path] | None,
        typer.Option(metavar="DIR", help="The card's directory. Repeatable."),
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=MAX_PORT, help="0 picks a free one.")
    ] = DEFAULT_PORT,
    eims: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where eIMs are kept. Default: DIR/eims of each card."),
    ] = None,
    pki: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="The PKI that the cards were made with, for test Profiles. Default: DIR/pki.",
        ),
    ] = None,
    trace: Annotated[
        Path | None,
        typer.Option(metavar="FILE.pcapng", help="Show this recorded trace, without a card."),
    ] = None,
) -> None:
    """Show cards on a page in the browser: what they keep, what is said to them; and act on them.

    A card that is served already is watched, and acted on through its reader. Without a card there
    are the stories of the demo. The page is for this machine, and for whoever has its address.

    euicc-sim web card
    """
    out = Terminal(highlight=False, soft_wrap=True)
    lines = LogLines(out)
    with ExitStack() as open_things:
        try:
            if trace is not None:
                if card:
                    fail("A trace is shown without a card; leave out either of them.")
                page = page_of([], recorded=_recorded(trace), name=str(trace))
            else:
                named = dict.fromkeys(one.resolve() for one in card or ())
                if len(named) < len(card or ()):
                    fail("A card is named twice; name each once.")
                cards = [_live(one, lines, open_things) for one in card or ()]
                page = page_of(cards, eims, pki)
            from euicc_sim.web.server import PageServer

            server = PageServer(port, page.application)
        except (CardError, LinkError, TraceError) as error:
            fail(str(error))
        open_things.callback(server.close)
        out.print(Text(f"Page: {server.address}"))
        gc.freeze()
        run_until_signalled([server])


def _recorded(trace: Path) -> Lines:
    from euicc_sim.views.exchanges import items_of
    from euicc_sim.web.live import Lines

    lines = Lines()
    for item in items_of(trace):
        lines.add(item)
    if not lines.last:
        fail(f"{trace} has no GSMTAP messages of a SIM; give a different trace.")
    return lines


def _live(directory: Path, lines: LogLines, open_things: ExitStack) -> LiveCard:
    """A card that is opened here, or one that a different process serves."""
    try:
        card = Card.open(directory)
    except CardInUseError:
        return _elsewhere(directory)
    open_things.callback(card.close)
    recorder = Recorder([], lambda _: None)
    ways = Ways("", web=0)
    (one,) = served([card], ways, lines, recorder, open_things, verbose=False)
    one.journal.link(time.time(), "on a page in the browser")
    one.journal.flush()
    return live_card(one)


def _elsewhere(directory: Path) -> LiveCard:
    """A card of a different process: its journal is read, and its reader used."""
    from euicc_sim.web.live import ActError, LiveCard

    read(directory)  # raises CardError for a directory that is not one
    server = serving(journal.read(directory))
    reader = server.reader if server is not None else ""
    if not reader:
        why_not = (
            "A different process has this card open, and not in a reader, so it can only be "
            "watched here. Act on that process's own page (serve --web), or end it and start this "
            "again."
        )
        return LiveCard(directory, why_not=why_not, from_journal=True)

    @contextmanager
    def connected() -> Iterator[Transmit]:
        try:
            with open_card(reader) as link:
                yield link.transmit
        except PcscError as error:
            raise ActError(str(error)) from error

    return LiveCard(directory, connected, from_journal=True)
