"""Messages and conversations as `--json` prints them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from apdu.names import without_pins
from euicc_sim.asn1.tree import Line, Reading
from euicc_sim.tracing.conversation import Es10, Exchange, Item, Reset
from euicc_sim.tracing.tpdu import data_of
from euicc_sim.views.exchanges import shown
from euicc_sim.views.places import Places


def reading_json(reading: Reading) -> dict[str, Any]:
    """A message: the name of its type, and its objects as a tree."""
    return {"type": reading.name, "object": _tree(reading.lines, 0)[0]}


def items_json(items: Iterable[Item]) -> list[dict[str, Any]]:
    """The items of a conversation, oldest first."""
    places = Places()
    return [_item(one, places) for one in items]


def _item(item: Item, places: Places) -> dict[str, Any]:
    at = datetime.fromtimestamp(item.at, UTC) if item.at else None
    if isinstance(item, Reset):
        places.reset(item.slot)
        return {"at": at, "slot": item.slot, "name": "reset", "atr": item.atr}
    found = shown(item, places)
    return {
        "at": at,
        "slot": item.slot,
        "channel": item.channel,
        "name": found.name,
        "about": found.about,
        "sw": f"{item.sw:04X}",
        "request": item.request if isinstance(item, Es10) else data_of(without_pins(item.command)),
        "answer": item.answer,
        "messages": [reading_json(one) for one in found.trees],
        "apdus": [{"command": one.command, "answer": one.answer} for one in _apdus(item)],
    }


def _apdus(item: Exchange) -> list[Any]:
    return [one._replace(command=without_pins(one.command)) for one in item.tpdus]


def _tree(lines: Sequence[Line], at: int) -> tuple[dict[str, Any], int]:
    """The object that begins at a line, and where the next one begins."""
    line, after = lines[at], at + 1
    inside = []
    while after < len(lines) and lines[after].depth > line.depth:
        child, after = _tree(lines, after)
        inside.append(child)
    found: dict[str, Any] = {"name": line.name, "tag": f"{line.tag:X}", "length": line.length}
    if line.text:
        found["value"] = line.text
    if line.flaw:
        found["flaw"] = line.flaw
    if inside:
        found["objects"] = inside
    return found, after
