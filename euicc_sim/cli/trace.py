"""`euicc-sim trace`: prints a trace file as named trees."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from apdu import names
from euicc_sim.asn1.primitives import Asn1Error
from euicc_sim.asn1.tree import UNKNOWN, Reading, raw, readings
from euicc_sim.asn1.wire import NEWEST
from euicc_sim.cli.console import console, fail
from euicc_sim.cli.decode import print_lines
from euicc_sim.cli.trace_names import Places
from euicc_sim.es10.registry import FUNCTIONS
from euicc_sim.formats.bpp import PACKAGE
from euicc_sim.tracing import gsmtap
from euicc_sim.tracing.conversation import SELECT, Conversation, Es10, Exchange, Item, Reset
from euicc_sim.tracing.errors import TraceError
from euicc_sim.tracing.pcapng import datagrams

MAX_HEX = 24
"""How many bytes of data a line shows."""

_REQUEST = "Request"
_BY_NAME = 0x04
"""P1 of a SELECT by AID."""


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
    shown = 0
    try:
        for item in _items(file):
            _print(item, several, places, verbose)
            shown += 1
    except TraceError as error:
        fail(str(error))
    if not shown:
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


def _items(file: Path) -> Iterator[Item]:
    conversation = Conversation()
    for at, payload in datagrams(file):
        message = gsmtap.read(payload)
        if message is not None:
            yield from conversation.feed(at, message)
    yield from conversation.rest()


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
    trees = _es10(item, line) if isinstance(item, Es10) else _plain(item, line, places)
    console.print(line)
    if verbose:
        _print_bytes(item)
    for one in trees:
        print_lines(one.lines, indent=1)


def _plain(item: Exchange, line: Text, places: Places) -> list[Reading]:
    line.append(names.instruction(item.instruction), "bold")
    name, has_pins = places.named(item), item.instruction in names.WITH_PINS
    if name:
        line.append(f" {name}")
    if item.data and not has_pins and name != item.data.hex().upper():
        line.append(f" {_hex(item.data)}")
    elif not name and item.instruction != SELECT and len(item.command) > 3:
        line.append(f" {item.command[2:4].hex().upper()}")
    _append_status(item, line)
    by_name = item.instruction == SELECT and item.command[2:3] == bytes((_BY_NAME,))
    return _reading(item.answer, request=False) if by_name and item.answer else []


def _es10(item: Es10, line: Text) -> list[Reading]:
    if item.is_package_piece:
        line.append(FUNCTIONS[PACKAGE].name, "bold")
        line.append(f" {_pieces(item)}")
        _append_status(item, line)
        return _reading(item.answer, request=False)
    asked = _reading(item.request, request=True)
    line.append(_function(asked[0]) if asked else "STORE DATA", "bold")
    if item.blocks > 1:
        line.append(f" in {item.blocks} blocks")
    _append_status(item, line)
    return asked + _reading(item.answer, request=False)


def _function(asked: Reading) -> str:
    """The name of the function, as the card's events have it."""
    function = FUNCTIONS.get(asked.lines[0].tag)
    if function is not None:
        return function.name
    if asked.name == UNKNOWN:
        return f"ES10 {asked.lines[0].tag:X}"
    return asked.name.removesuffix(_REQUEST)


def _pieces(item: Es10) -> str:
    begins = [f"{PACKAGE:X}"] if item.request[:2] == PACKAGE.to_bytes(2) else []
    parts = [f"{tag:X} ({size})" for tag, size in item.parts]
    return f"{', '.join(begins + parts) or item.request[:1].hex().upper()}; {_size(item.request)}"


def _append_status(item: Exchange, line: Text) -> None:
    if not isinstance(item, Es10) and item.answer:
        line.append(f"  {_size(item.answer)}")
    well = item.sw >> 8 in (0x90, 0x91, 0x61)
    line.append(f"  {names.status(item.sw)}", "green" if well else "red")


def _reading(data: bytes, *, request: bool) -> list[Reading]:
    """The best reading of an ES10 message as a request or a response; empty for no bytes."""
    if not data:
        return []
    types = NEWEST.types
    chosen = {name: one for name, one in types.items() if name.endswith(_REQUEST) is request}
    for known in (chosen, types):
        try:
            if found := readings(known, data):
                return found[:1]
        except Asn1Error:
            continue
    try:
        return [raw(data)]
    except Asn1Error:
        return []


def _print_bytes(item: Exchange) -> None:
    for command, answer in item.tpdus:
        console.print(Text(f"  > {names.without_pins(command).hex().upper()}", "dim"))
        console.print(Text(f"  < {answer.hex().upper()}", "dim"))


def _hex(data: bytes) -> str:
    more = f"… ({len(data)} bytes)" if len(data) > MAX_HEX else ""
    return data[:MAX_HEX].hex().upper() + more


def _size(data: bytes) -> str:
    return f"{len(data)} byte{'' if len(data) == 1 else 's'}"
