"""The table of ES10 functions: each declares its tag, its messages and how it refuses.

Knows no function.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from euicc_sim.es10.session import Session

Handler = Callable[[Session, Any], Any]
Refuse = Callable[[str], Any]


class ResultError(Exception):
    """A function's own refusal: the name of its result code, and why, in a sentence."""

    def __init__(self, code: str, why: str) -> None:
        """Keep both."""
        super().__init__(f"{code}: {why}")
        self.code = code
        self.why = why


@dataclass(frozen=True, slots=True)
class Pieces:
    """How a request may come in several chains of commands, each with a piece of it.

    A piece begins with one of `tags`, or anywhere while more is `awaited`. Before any other
    function runs, what was begun and is `unfinished` comes to its `end`.
    """

    tags: frozenset[int]
    awaited: Callable[[Session], bool]
    unfinished: Callable[[Session], bool]
    end: Callable[[Session], None]


@dataclass(frozen=True, slots=True)
class Function:
    """One ES10 function.

    `request` and `response` are ASN.1 type names, found in the card's `Wire`; a function whose
    `request` is None takes the bytes as received and gives bytes. `refuse` makes the response
    for a result code, `codes` are those it may use, and `malformed` is called with the reason
    when the request cannot be read (without it the answer is 6A80). A function with `pieces` need
    not be sent its request as one object.
    """

    tag: int
    name: str
    clause: str
    request: str | None
    response: str
    handler: Handler
    refuse: Refuse | None = None
    codes: tuple[str, ...] = ()
    malformed: Callable[[Session, str], ResultError] | None = None
    pieces: Pieces | None = None


FUNCTIONS: dict[int, Function] = {}
IN_PIECES: list[tuple[Function, Pieces]] = []
"""Functions whose requests come in several chains."""
AFTERWARDS: list[Callable[[Session], None]] = []
"""What is done when any function has returned."""


def afterwards(do: Callable[[Session], None]) -> Callable[[Session], None]:
    """Have something done when any function has returned, in the same session."""
    AFTERWARDS.append(do)
    return do


def es10(
    tag: int,
    request: str | None,
    response: str,
    *,
    clause: str,
    name: str | None = None,
    refuse: Refuse | None = None,
    codes: tuple[str, ...] = (),
    malformed: Callable[[Session, str], ResultError] | None = None,
    pieces: Pieces | None = None,
) -> Callable[[Handler], Handler]:
    """Enter a function into the table; ValueError when its tag is taken.

    `name` is the function's in the standard where the request's type does not tell it.
    """

    def enter(handler: Handler) -> Handler:
        if tag in FUNCTIONS:
            raise ValueError(f"{tag:X} is {FUNCTIONS[tag].name} already")
        title = name or (request or response).removeprefix("SGP22 ").removesuffix("Request")
        function = Function(
            tag, title, clause, request, response, handler, refuse, codes, malformed, pieces
        )
        FUNCTIONS[tag] = function
        if pieces is not None:
            IN_PIECES.append((function, pieces))
        return handler

    return enter
