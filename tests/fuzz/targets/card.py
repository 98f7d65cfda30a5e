"""Commands to a card: any APDUs, requests in blocks, and what gets past a signature.

An input is text, one step per line: `apdu HEX`; `es10 HEX`, a request sent in blocks; `signed HEX`,
a euiccPackageSigned that the trusted eIM signs; `metadata HEX`, `configuration HEX` and
`package HEX`, which an SM-DP+ binds in the place of BF25, BF24 and the profile package. Signatures
and MACs would otherwise keep all changes away from what is behind them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from random import Random

from support.bpp import by_lpac
from support.eims import plain_signature, token_object
from support.es10 import SELECT_ISDR
from support.installing import D_DIGITS, D, order
from support.loading import prepare, seeded

from apdu import tlv
from euicc_sim import Card
from euicc_sim.crypto.bsp import BspStructureError
from euicc_sim.parties.smdpp.binding import Binding
from fuzz import cards, changes
from fuzz.runner import WrongError

MOST_STEPS = 400
BLOCK = 255
_GET_RESPONSE = bytes.fromhex("80C0000000")
_OTPK = bytes.fromhex("5F4941")
_NAMES = frozenset({"apdu", "es10", "signed", "metadata", "configuration", "package"})
INTERNAL_ERROR = "6F00"


class Commands:
    """A card that has eIMs, Profiles, results and notifications; each input finds it like that."""

    def __init__(self, folder: Path) -> None:
        self._template = cards.Template(folder)
        self._eim = cards.trusted_eim()
        self._binding, self._otpk, self._preparing = self._prepared()

    def close(self) -> None:
        self._template.close()

    def seeds(self) -> Sequence[bytes]:
        rows = [[("apdu", one) for one in section] for section in cards.scripts()]
        rows += [[("es10", one)] for one in cards.vectors() if one[:1] == b"\xbf"]
        rows += [[("signed", one)] for one in cards.packages()]
        plain = self._binding
        rows.append([("metadata", plain.metadata)])
        rows.append([("configuration", plain.configuration)])
        rows.append([("package", plain.package)])
        rows.append([("apdu", one) for one in self._preparing])
        return [_written(row) for row in rows]

    def changed(self, random: Random, corpus: Sequence[bytes]) -> bytes:
        def change(line: bytes) -> bytes:
            steps = list(_steps(line))
            if not steps:
                return line
            (name, data), others = steps[0], [one for _, one in _steps(random.choice(corpus))]
            if name != "apdu":
                data = changes.tree_changed(random, data, others or [data])
            elif random.random() < 0.5:
                data = changes.flipped(random, data)
            else:
                data = _extended(data[:4], changes.tree_changed(random, data[5:], others or [data]))
            return _written([(name, data)]).strip()

        return changes.lines_changed(random, random.choice(corpus), corpus, change)

    def run(self, data: bytes) -> str:
        card = self._template.card()
        card.transmit(SELECT_ISDR)
        said: list[str] = []
        for name, content in islice(_steps(data), MOST_STEPS):
            for sw in self._sent(card, name, content):
                said += [sw, *(one.text for one in card.take_events())]
                if sw == INTERNAL_ERROR:
                    raise WrongError("the card answered 6F00")
        return " ".join(said[-8:])

    def _sent(self, card: Card, name: str, content: bytes) -> Iterator[str]:
        """Send one step; the status words of the answers."""
        match name:
            case "apdu":
                yield _answered(card, content)
            case "es10":
                yield self._asked(card, content)
            case "signed":
                covered = content + token_object(self._eim.token)
                signature = tlv(0x5F37, plain_signature(self._eim.key, covered))
                yield self._asked(card, tlv(0xBF51, content, signature))
            case _:
                for apdu in self._preparing:
                    yield _answered(card, apdu)
                bound = self._bound_with(name, content)
                try:
                    package = bound.bound(self._otpk)
                except BspStructureError:  # more than a segment holds
                    return
                for chain in by_lpac(package):
                    yield self._asked(card, chain)

    def _bound_with(self, name: str, content: bytes) -> Binding:
        match name:
            case "metadata":
                return replace(self._binding, metadata=content)
            case "configuration":
                return replace(self._binding, configuration=content)
        return replace(self._binding, package=content)

    def _asked(self, card: Card, request: bytes) -> str:
        """Send a request in blocks and fetch the answer; the last status word."""
        sw = "9000"
        for number, at in enumerate(range(0, len(request), BLOCK)):
            block = request[at : at + BLOCK]
            last = at + BLOCK >= len(request)
            head = bytes((0x80, 0xE2, 0x91 if last else 0x11, number & 0xFF, len(block)))
            sw = _answered(card, head + block)
            if sw[:2] not in ("90", "61"):
                return sw
        while sw[:2] == "61":
            sw = _answered(card, _GET_RESPONSE)
        return sw

    def _prepared(self) -> tuple[Binding, bytes, list[bytes]]:
        """A binding, the card's one-time key, and the commands before it, which repeat."""
        seen: list[Binding] = []
        sent: list[bytes] = []
        answers: list[bytes] = []
        card = self._template.card()

        def send(apdu: bytes) -> bytes:
            sent.append(apdu)
            answers.append(card.transmit(apdu))
            return answers[-1]

        def adjust(one: Binding) -> Binding:
            seen.append(one)
            return one

        server = seeded(self._template.pki, order(D_DIGITS), adjust=adjust)
        prepare(send, server, D_DIGITS, iccid=D)
        prepared = b"".join(answer[:-2] for answer in answers)
        at = prepared.rindex(_OTPK) + len(_OTPK)
        return seen[0], prepared[at : at + _OTPK[-1]], sent


def _answered(card: Card, apdu: bytes) -> str:
    answer = card.transmit(apdu)
    if len(answer) < 2:
        raise WrongError(f"an answer of {len(answer)} bytes")
    return answer[-2:].hex().upper()


def _extended(head: bytes, data: bytes) -> bytes:
    """The shortest command APDU that holds so much data, cut where none could."""
    data = data[:0xFFFF]
    size = len(data).to_bytes() if 0 < len(data) <= BLOCK else b"\0" + len(data).to_bytes(2)
    return head + size + data


def _steps(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The steps of an input; lines that are none are left out."""
    for line in data.splitlines():
        name, _, digits = line.decode(errors="replace").partition(" ")
        if name in _NAMES:
            with suppress(ValueError):
                yield name, bytes.fromhex(digits)


def _written(steps: Iterable[tuple[str, bytes]]) -> bytes:
    return b"".join(f"{name} {content.hex().upper()}\n".encode() for name, content in steps)
