"""The exchanges of a conversation on the terminal: a line for each, and its messages as trees."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from rich.text import Text

from apdu import names
from euicc_sim.cli.console import console
from euicc_sim.cli.tree_lines import print_lines
from euicc_sim.tracing.conversation import Exchange, Item, Reset
from euicc_sim.views.exchanges import shown
from euicc_sim.views.places import Places


def print_items(items: Iterable[Item], *, verbose: bool = False, is_answered: bool = True) -> int:
    """Print items as they come, with their times if they have any; how many there were.

    Outcomes are left out of commands that were never answered.
    """
    several, places = _Numbering(), Places()
    count = 0
    for item in items:
        _print(item, several, places, verbose, is_answered)
        count += 1
    return count


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


def _print(
    item: Item, several: _Numbering, places: Places, verbose: bool, is_answered: bool
) -> None:
    line = Text()
    if item.at:
        at = datetime.fromtimestamp(item.at).astimezone().strftime("%H:%M:%S.%f")[:-3]
        line.append_text(Text.assemble((at, "dim"), " "))
    line.append(several.name(item.slot))
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
    if is_answered:
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
