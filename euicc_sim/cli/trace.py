"""`euicc-sim trace`: prints a trace file as named trees."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from euicc_sim.cli.console import fail
from euicc_sim.cli.exchange_lines import print_items
from euicc_sim.cli.machine import JsonOption, print_json
from euicc_sim.cli.machine_messages import item_outputs
from euicc_sim.cli.tree_lines import say
from euicc_sim.tracing.errors import TraceError
from euicc_sim.views import pasted
from euicc_sim.views.exchanges import items_of
from euicc_sim.views.pasted import Pasted


def trace(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="A pcapng or pcap file with GSMTAP messages, or a text: lpac's debug output, AT "
            "commands of a modem, a list of APDUs. - is such a text on standard input.",
            show_default=False,
        ),
    ],
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Also print every command and response in hex.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Print a trace: ES10 requests and responses as named trees, other commands one per line.

    Blocks of STORE DATA and pieces fetched with GET RESPONSE are joined. For a Bound Profile
    Package only the pieces are named, since their contents are encrypted.
    """
    try:
        found = _pasted(file)
        if as_json:
            print_json(item_outputs(items_of(file) if found is None else found.items))
            return
        if found is not None:
            say(found)
        count = print_items(
            items_of(file) if found is None else found.items,
            verbose=verbose,
            is_answered=found is None or found.is_answered,
        )
    except TraceError as error:
        fail(str(error))
    if not count:
        fail(f"{file} has no GSMTAP messages of a SIM; give a different trace.")


def _pasted(file: Path) -> Pasted | None:
    """What a text file is; None for a file that is not text, or not of a conversation."""
    try:
        if str(file) == "-":
            text = sys.stdin.buffer.read(pasted.MAX_TEXT + 1).decode()
        else:
            with file.open("rb") as content:
                text = content.read(pasted.MAX_TEXT + 1).decode()
    except (OSError, UnicodeDecodeError):
        return None
    found = pasted.read(text)
    return found if found is not None and found.items else None
