"""Tables of refusals: the bytes that lead to each place that refuses, and the event it makes."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from apdu import StatusError
from euicc_sim import Card
from support.hexes import hx


@dataclass(frozen=True)
class Refused:
    """Commands of which the last is refused with `sw`; `name` stands in the event."""

    what: str
    sw: int
    name: str
    command: bytes
    before: tuple[bytes, ...] = ()


def row(what: str, sw: int, name: str, command: str | bytes, *before: bytes) -> Refused:
    """One refusal; the command in hex."""
    return Refused(what, sw, name, hx(command) if isinstance(command, str) else command, before)


def play(card: Card, one: Refused) -> bytes:
    """What the last command is answered; the events are its alone."""
    card.reset()
    for command in one.before:
        card.transmit(command)
    card.take_events()
    return card.transmit(one.command)


def check(card: Card, one: Refused) -> None:
    """The status word, and one event with it and a reason."""
    answer = play(card, one)
    if answer != one.sw.to_bytes(2):
        raise AssertionError(f"{answer.hex().upper()}, not {one.sw:04X}")
    found = card.take_events()
    if one.sw >> 8 == 0x6C:  # a Le to be corrected is not a refusal
        assert found == []
        return
    (event,) = found
    assert (event.name, event.refused) == (one.name, True)
    head, _, reason = event.text.partition(", ")
    assert head == f"{one.name}: {one.sw:04X}"
    assert len(reason.split()) > 2, "a reason is more than a word or two"


def silent_places(
    cards: Iterable[Card],
    rows: Iterable[Refused],
    monkeypatch: pytest.MonkeyPatch,
    *packages: ModuleType,
) -> set[tuple[str, int]]:
    """File and line of each StatusError made in these packages that no row leads to.

    Each row has a card.
    """
    reached: set[tuple[str, int]] = set()
    make = StatusError.__init__

    def made(self: StatusError, sw: int, why: str, advice: str = "") -> None:
        frame = sys._getframe(1)
        reached.add((frame.f_code.co_filename, frame.f_lineno))
        make(self, sw, why, advice)

    monkeypatch.setattr(StatusError, "__init__", made)
    for card, one in zip(cards, rows, strict=False):
        play(card, one)
    found = places(*packages)
    assert len(found) > 10
    return {
        (Path(file).name, first)
        for file, first, last in found
        if not any((file, line) in reached for line in range(first, last + 1))
    }


def places(*packages: ModuleType) -> set[tuple[str, int, int]]:
    """File, first and last line of each StatusError that is made."""
    folders = [Path(*one.__path__) for one in packages]
    return {
        (str(path), node.lineno, node.end_lineno or node.lineno)
        for folder in folders
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == StatusError.__name__
    }
