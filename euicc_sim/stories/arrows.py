"""Who said what to whom: arrows with the messages that went over, collected for each step.

arrows = Arrows(["IPA", "card"])
arrows.say("IPA", "card", "GetEID", Part("request", request, is_request=True))
arrows.answer("card", "IPA", "the EID", Part("response", answer))
step = arrows.take()
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock

from apdu import tlv
from euicc_sim.asn1 import esipa
from euicc_sim.asn1.primitives import Asn1Error
from euicc_sim.asn1.recognition import recognised
from euicc_sim.asn1.tree import Reading, reading
from euicc_sim.asn1.wire import NEWEST

MOST_TEXT = 160
"""Letters of an arrow's text; a longer one loses its end."""


_CARRIED, _REQUEST = "Carried", "Request"
TYPES = {**esipa.types(), **NEWEST.types}
"""What messages may be: those of ESipa and of ES10."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a message: its name, and its bytes or a text.

    `type` is its ASN.1 type where its name does not say it; `is_request` tells requests from
    answers with the same tag. `is_plain` says that the bytes are no ASN.1 object, such as a
    challenge.
    """

    name: str
    data: bytes = b""
    text: str = ""
    type: str = ""
    is_request: bool = False
    is_plain: bool = False

    def tree(self) -> Reading | None:
        """The part as named objects, if it is one."""
        if self.is_plain or not self.data:
            return None
        name = self.type or self.name
        if name in TYPES:
            with suppress(Asn1Error):
                return reading(name, TYPES[name], self.data)
        return recognised(self.data, is_request=self.is_request, types=TYPES)

    def carried(self) -> Iterator[Part]:
        """The whole messages inside, which the part passes on as bytes."""
        tree = self.tree()
        for line in tree.lines if tree else ():
            if line.type == _CARRIED and isinstance(line.value, bytes):
                name = line.names[-1]
                type_ = name[:1].upper() + name[1:]
                yield Part(name, tlv(line.tag, line.value), type=type_, is_request=_REQUEST in name)


@dataclass(frozen=True, slots=True)
class Arrow:
    """A message from one party to another, in words, and its parts."""

    source: str
    target: str
    text: str
    parts: tuple[Part, ...] = ()
    refused: bool = False
    is_answer: bool = False

    @property
    def messages(self) -> list[Part]:
        """The parts, each followed by the messages that it carries."""
        return [found for part in self.parts for found in (part, *part.carried())]


class Arrows:
    """Collects the arrows of a story between its parties; from any thread."""

    def __init__(self, parties: Iterable[str]) -> None:
        """`parties` stand in the picture from left to right."""
        self.parties = tuple(parties)
        self._drawn: list[Arrow] = []
        self._lock = Lock()

    def say(self, source: str, target: str, text: str, *parts: Part, refused: bool = False) -> None:
        """A message; KeyError for an unknown party."""
        self._add(Arrow(source, target, text[:MOST_TEXT], parts, refused))

    def answer(
        self, source: str, target: str, text: str, *parts: Part, refused: bool = False
    ) -> None:
        """The answer to a message; KeyError for an unknown party."""
        self._add(Arrow(source, target, text[:MOST_TEXT], parts, refused, is_answer=True))

    def take(self) -> tuple[Arrow, ...]:
        """The arrows since the last time, in order."""
        with self._lock:
            found, self._drawn = tuple(self._drawn), []
            return found

    def _add(self, arrow: Arrow) -> None:
        for one in (arrow.source, arrow.target):
            if one not in self.parties:
                raise KeyError(one)
        with self._lock:
            self._drawn.append(arrow)
