"""The exchanges of a conversation with a card, with the names that people know them by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from apdu import names
from euicc_sim.asn1.recognition import recognised
from euicc_sim.asn1.tree import UNKNOWN, Reading
from euicc_sim.es10.registry import FUNCTIONS
from euicc_sim.formats.bpp import PACKAGE
from euicc_sim.tracing import gsmtap
from euicc_sim.tracing.conversation import SELECT, Conversation, Es10, Exchange, Item
from euicc_sim.tracing.pcapng import datagrams
from euicc_sim.views.places import Places

MAX_HEX = 24
"""How many bytes of data a line shows."""

_REQUEST = "Request"
_BY_NAME = 0x04
"""P1 of a SELECT by AID."""
_WELL = frozenset((0x90, 0x91, 0x61))


@dataclass(frozen=True, slots=True)
class Shown:
    """An exchange in words: the function or instruction, what it is about, and its outcome.

    `trees` are the messages that can be read as objects: the request, then the response.
    """

    name: str
    about: str
    size: str
    outcome: str
    is_well: bool
    trees: tuple[Reading, ...]


def items_of(file: Path) -> Iterator[Item]:
    """The items of a trace, oldest first. Raises TraceError."""
    conversation = Conversation()
    for at, payload in datagrams(file):
        message = gsmtap.read(payload)
        if message is not None:
            yield from conversation.feed(at, message)
    yield from conversation.rest()


def shown(item: Exchange, places: Places) -> Shown:
    """An exchange in words; `places` follows what is selected."""
    name, about, trees = _es10(item) if isinstance(item, Es10) else _plain(item, places)
    size = "" if isinstance(item, Es10) or not item.answer else in_bytes(item.answer)
    return Shown(name, about, size, names.status(item.sw), item.sw >> 8 in _WELL, tuple(trees))


def _plain(item: Exchange, places: Places) -> tuple[str, str, Iterable[Reading]]:
    name, has_pins = places.named(item), item.instruction in names.WITH_PINS
    about = name
    if item.data and not has_pins and name != item.data.hex().upper():
        about = f"{name} {_hex(item.data)}".strip()
    elif not name and item.instruction != SELECT and len(item.command) > 3:
        about = item.command[2:4].hex().upper()
    by_name = item.instruction == SELECT and item.command[2:3] == bytes((_BY_NAME,))
    trees = _reading(item.answer, request=False) if by_name and item.answer else []
    return names.instruction(item.instruction), about, trees


def _es10(item: Es10) -> tuple[str, str, Iterable[Reading]]:
    if item.is_package_piece:
        answer = _reading(item.answer, request=False)
        return FUNCTIONS[PACKAGE].name, _pieces(item), answer
    asked = _reading(item.request, request=True)
    name = _function(asked[0]) if asked else "STORE DATA"
    about = f"in {item.blocks} blocks" if item.blocks > 1 else ""
    return name, about, asked + _reading(item.answer, request=False)


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
    return (
        f"{', '.join(begins + parts) or item.request[:1].hex().upper()}; {in_bytes(item.request)}"
    )


def _reading(data: bytes, *, request: bool) -> list[Reading]:
    """The best reading of an ES10 message as a request or a response; empty for no bytes."""
    found = recognised(data, is_request=request)
    return [found] if found else []


def _hex(data: bytes) -> str:
    more = f"… ({len(data)} bytes)" if len(data) > MAX_HEX else ""
    return data[:MAX_HEX].hex().upper() + more


def in_bytes(data: bytes) -> str:
    """A size for people."""
    return f"{len(data)} byte{'' if len(data) == 1 else 's'}"
