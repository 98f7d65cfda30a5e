"""The files of a card as somebody else left them: a sentence, or a card that answers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random

import msgspec
from support.es10 import SELECT_ISDR, es10_sw

from euicc_sim import Card, CardError
from euicc_sim.store.change_log import End
from euicc_sim.store.directory import CHANGES, DOCUMENT
from fuzz import cards, changes
from fuzz.runner import WrongError

REQUESTS = [
    bytes.fromhex(one)
    for one in (
        *("BF2200", "BF2800", "BF2B00", "BF2D00", "BF3E035C015A", "BF4300", "BF3C00", "BF5500"),
        *("BF5600", "BF2D1A5C185A4F9F70909192939495B6B7B899BF229F7B9F679F68BF64", "BF5A00"),
    )
]


class Documents(cards.OnACopy):
    """card.json."""

    def seeds(self) -> Sequence[bytes]:
        golden = sorted((cards.ROOT / "tests" / "golden" / "state").glob("*.json"))
        own = self.template.directory / DOCUMENT
        return [one.read_bytes() for one in (own, *golden)]

    def changed(self, random: Random, corpus: Sequence[bytes]) -> bytes:
        return changes.json_changed(random, random.choice(corpus))

    def run(self, data: bytes) -> str:
        self.template.restore(self.directory)
        (self.directory / DOCUMENT).write_bytes(data)
        return opened(self.directory)


class Changes(cards.OnACopy):
    """card.changes; the checksums are right unless a change spoils them."""

    def seeds(self) -> Sequence[bytes]:
        card = self.template.card()
        card.transmit(SELECT_ISDR)
        for request in ("BF640482020204", "BF6503800161", "BF65058003616263", "BF3003800101"):
            es10_sw(card.transmit, bytes.fromhex(request))
        return [(card.directory / CHANGES).read_bytes()]

    def changed(self, random: Random, corpus: Sequence[bytes]) -> bytes:
        found = changes.lines_changed(
            random, random.choice(corpus), corpus, lambda one: changes.json_changed(random, one)
        )
        return found if random.random() < 0.1 else _resealed(found)

    def run(self, data: bytes) -> str:
        self.template.restore(self.directory)
        (self.directory / CHANGES).write_bytes(data)
        return opened(self.directory)


def _resealed(content: bytes) -> bytes:
    """The lines with the numbers and checksums that they need; what is no JSON is left out."""
    end, found = End(), []
    for line in content.splitlines():
        try:
            body = msgspec.json.decode(line)
            inside = {
                name: one
                for name, one in body.items()
                if name not in ("number", "checksum", "card")
            }
            written, end = end.line(body["card"], **inside)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            continue
        found.append(written)
    return b"".join(found)


def opened(directory: Path) -> str:
    """Open the card and ask it for all that it has; what it said."""
    try:
        with Card.open(directory, fsync=False) as card:
            card.transmit(SELECT_ISDR)
            answers = [es10_sw(card.transmit, one)[1] for one in REQUESTS]
            if 0x6F00 in answers:
                raise WrongError(f"{REQUESTS[answers.index(0x6F00)].hex()} was answered 6F00")
            said = " ".join(one.text for one in card.take_events())
    except CardError as error:
        said = str(error)
        if not said.isprintable():
            raise WrongError("a sentence with control characters") from error
    return said
