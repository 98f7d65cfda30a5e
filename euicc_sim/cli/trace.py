"""`euicc-sim trace`: prints a trace file as named trees."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from apdu import names
from euicc_sim.cli.console import console, fail
from euicc_sim.cli.decode import print_lines
from euicc_sim.tracing.conversation import Exchange, Item, Reset
from euicc_sim.tracing.errors import TraceError
from euicc_sim.views.exchanges import items_of, shown
from euicc_sim.views.places import Places


def trace(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="A pcapng or pcap file with GSMTAP messages.", show_default=False
        ),
    ],
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Also print every command and response in hex.")
    ] = False,
) -> None:
    """Print a trace: ES10 requests and responses as named trees, other commands one per line.

    Blocks of STORE DATA and pieces fetched with GET RESPONSE are joined. For a Bound Profile
    Package only the pieces are named, since their contents are encrypted.
    """
    several, places = _Numbering(), Places()
    count = 0
    try:
        for item in items_of(file):
            _print(item, several, places, verbose)
            count += 1
    except TraceError as error:
        fail(str(error))
    if not count:
        fail(f"{file} has no GSMTAP messages of a SIM; give a different trace.")


class _Numbering:
    """Names the card of a line once there is a second one in the trace."""

    def __init__(self) -> None:
        self._first: int | None = None
        self._several = False

    def name(self, slot: int) -> str:
        if self._first is None:
            self._first = slot
        self._several |= slot != self._first
        return f"card {slot + 1}: " if self._several else ""


def _print(item: Item, several: _Numbering, places: Places, verbose: bool) -> None:
    at = datetime.fromtimestamp(item.at).astimezone().strftime("%H:%M:%S.%f")[:-3]
    line = Text.assemble((at, "dim"), " ", several.name(item.slot))
    if isinstance(item, Reset):
        places.reset(item.slot)
        line.append(f"reset  ATR {item.atr.hex().upper()}")
        console.print(line)
        return
    if item.channel:
        line.append(f"channel {item.channel}: ")
    found = shown(item, places)
    line.append(found.name, "bold")
    line.append(f" {found.about}" if found.about else "")
    line.append(f"  {found.size}" if found.size else "")
    line.append(f"  {found.outcome}", "green" if found.is_well else "red")
    console.print(line)
    if verbose:
        _print_bytes(item)
    for one in found.trees:
        print_lines(one.lines, indent=1)


def _print_bytes(item: Exchange) -> None:
    for command, answer in item.tpdus:
        console.print(Text(f"  > {names.without_pins(command).hex().upper()}", "dim"))
        console.print(Text(f"  < {answer.hex().upper()}", "dim"))
