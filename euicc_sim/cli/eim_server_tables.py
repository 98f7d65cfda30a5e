"""What the server part of `euicc-sim eim` shows: cards, what waits for them, and results."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from euicc_sim.cli.console import columns, facts, printable
from euicc_sim.parties.eim.server import (
    CardRecord,
    CardSummary,
    Forward,
    Order,
    Result,
    StateChange,
)


def cards_table(cards: Sequence[CardSummary]) -> Table:
    """One line for each card; the cause of a changed Profile stands with the last poll."""
    if not any(one.state_change for one in cards):
        polled, whole = "last poll", {"EID", "last poll"}
    else:
        polled, whole = "last poll, Profile changed", {"EID"}
    rows = [(one.eid, str(one.waiting), str(one.results), _polled(one)) for one in cards]
    return columns(("EID", "waiting", "results", polled), rows, whole)


def _polled(card: CardSummary) -> str:
    last = card.last_poll or "never"
    change = card.state_change
    return last if change is None else f"{last} {change.cause or 'no cause given'}"


def card_table(card: CardRecord, queue: Sequence[Order], waiting: Sequence[Forward]) -> Table:
    """One card, its orders and its notifications that wait."""
    rows = {
        "EID": card.eid,
        "counter": f"{card.counter}, the next package has {card.counter + 1}",
        "token": _token(card),
        "certificate": "known" if card.euicc_certificate else "not known yet",
        "last poll": card.last_poll or "never",
        **({"Profile changed": _change(card.state_change)} if card.state_change else {}),
        "results": str(card.next_result - 1),
    }
    orders = [_order(one) for one in queue]
    notifications = [
        f"notification for {one.address}: {one.problem or 'on its way'}" for one in waiting
    ]
    rows["waiting"] = "\n".join((*orders, *notifications)) or "nothing"
    return facts({name: tuple(value.splitlines()) for name, value in rows.items()})


def result_tables(result: Result) -> Iterator[Table]:
    """The head of a result, and a table of the results of its operations."""
    number = "-" if result.order is None else str(result.order)
    rows = {
        "order": f"{number} {' '.join(result.words)}",
        "at": result.at,
        "outcome": f"{result.state}: {result.error}" if result.error else result.state,
        "signature": "verified" if result.verified else "none",
    }
    yield facts(rows)
    if result.outcomes:
        table = Table("", "operation", "result", "value")
        for place, one in enumerate(result.outcomes, 1):
            table.add_row(str(place), one.operation, one.result, Text(_value(one.value)))
        yield table


def _change(change: StateChange | None) -> str:
    return "" if change is None else f"{change.at}: {change.what}"


def _token(card: CardRecord) -> str:
    believed = "none" if card.token is None else str(card.token)
    if card.token_said in (None, card.token):
        return believed
    return f"{believed}; an IPA reported {card.token_said}, which no card signed"


def _order(order: Order) -> str:
    state = "held" if order.held else f"given out {order.deliveries} times"
    if order.not_before and not order.held:
        state = f"{state}, again after {order.not_before}"
    told = "" if not order.deliveries and not order.held else f", {state}"
    problem = f": {order.problem}" if order.problem else ""
    return f"{order.what}{told}{problem}"


def _value(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return "\n".join(_value(one) for one in value) or "empty"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_word(one)}" for name, one in value.items())
    return _word(value)


def _word(value: Any) -> str:
    return printable(value if isinstance(value, str) else json.dumps(value))
