"""Conversations as `--json` prints them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from apdu.names import without_pins
from euicc_sim.cli.machine_trees import reading_json
from euicc_sim.tracing.conversation import Es10, Exchange, Item, Reset
from euicc_sim.tracing.tpdu import data_of
from euicc_sim.views.exchanges import shown
from euicc_sim.views.places import Places


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
