"""Commands to the SIM of an enabled Profile, and profile packages that describe one.

An input of `sim` is text, a command APDU in hex per line; one of `package` is a package.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from random import Random

from support.es10 import SELECT_ISDR
from support.hexes import hx
from support.network import Network
from support.published_pki import PUBLISHED
from support.sims import (
    ADM1,
    ISIM_AID,
    OPC,
    PIN1,
    PIN2,
    PUK1,
    SELECT_USIM,
    K,
    make_sim,
    sim_package,
)

from euicc_sim import Card
from euicc_sim.formats.saip import PackageError, contents_of, examine
from euicc_sim.formats.saip.sample import sample
from euicc_sim.model.sim import SimState
from euicc_sim.uicc import inventory, tree_of
from fuzz import cards, changes
from fuzz.runner import WrongError

MOST_STEPS = 200
INTERNAL_ERROR = b"\x6f\x00"
_RAND = hx("23553cbe9637a89d218ae64dae47bf35")
_PACKET = "12 027000 000D 0D 0001 2222 B00140 0000000000 00"
_FILES = ("6F01", "6F02", "6F07", "6F11", "6F12", "6F13", "6F1B", "6F1C", "6F38", "2F00", "2FE2")


def _challenge(number: int) -> bytes:
    autn = Network(K, OPC).vector(_RAND, number).autn
    return hx("0088 0081 22 10") + _RAND + hx("10") + autn + b"\0"


class SimCommands:
    """A card with an enabled Profile; what is written stays for the inputs that follow."""

    def __init__(self, folder: Path) -> None:
        pki = cards.Template(folder)
        self._card = Card.open(make_sim(folder / "sim", pki.pki), fsync=False)

    def close(self) -> None:
        self._card.close()

    def seeds(self) -> Sequence[bytes]:
        verify = [hx("0020 0001 08") + PIN1, hx("0020 000A 08") + ADM1]
        rows = [
            [SELECT_USIM, *verify, hx(f"00A4 0004 02 {fid}"), *_uses(), hx("80F2 0000 00")]
            for fid in _FILES
        ]
        rows.append([SELECT_USIM, *verify, _challenge(32), hx("0088 0080 11 10") + _RAND + b"\0"])
        rows.append([SELECT_USIM, *verify, hx("8078 0001 00")])
        rows.append([hx("00A4 0404 0C") + ISIM_AID, *verify, _challenge(64)])
        rows.append([hx("00A4 0804 06 7FFF5FC04F07"), hx("00A4 0304"), hx("00A4 0904 02 6F07")])
        rows.append(
            [
                hx("0024 0001 10") + PIN1 * 2,
                hx("0026 0001 08") + PIN1,
                hx("0028 0001 08") + PIN1,
                hx("002C 0001 10") + PUK1 + PIN1,
                hx("0020 0081 08") + PIN2,
            ]
        )
        rows.append([hx("8010 0000 03 FFFFFF"), hx("8012 0000 0B"), hx("80C2 0000 02 D600")])
        rows.append([hx("80C20000 26 D124 8B22 44058121 43F57FF6") + bytes(7) + hx(_PACKET)])
        return [_written(row) for row in rows]

    def changed(self, random: Random, corpus: Sequence[bytes]) -> bytes:
        def change(line: bytes) -> bytes:
            (apdu,) = [*_steps(line)][:1] or [b"\0\xa4\0\4"]
            others = [*_steps(random.choice(corpus))] or [apdu]
            if random.random() < 0.6:
                return changes.flipped(random, apdu).hex().encode()
            data = changes.tree_changed(random, apdu[5:], others)[:0xFF]
            return (apdu[:4].ljust(4, b"\0") + bytes((len(data),)) + data).hex().encode()

        return changes.lines_changed(random, random.choice(corpus), corpus, change)

    def run(self, data: bytes) -> str:
        card = self._card
        card.reset()
        card.transmit(SELECT_ISDR)
        card.transmit(SELECT_USIM)
        card.transmit(hx("0020 0001 08") + PIN1)
        said: list[str] = []
        for apdu in islice(_steps(data), MOST_STEPS):
            answer = card.transmit(apdu)
            if len(answer) < 2 or answer[-2:] == INTERNAL_ERROR:
                raise WrongError(f"{apdu.hex()} was answered {answer.hex()}")
            said += [answer[-2:].hex(), *(one.text for one in card.take_events())]
        return " ".join(said[-8:])


class SimPackages:
    """What a card makes of a package's contents: files and keys, or a refusal with a PEStatus."""

    def __init__(self, folder: Path) -> None:
        """The folder is not used."""

    def close(self) -> None:
        """Nothing is open."""

    def seeds(self) -> Sequence[bytes]:
        beside = sorted((PUBLISHED.parent / "upp").glob("*.der"))
        return [sample(), sim_package(), *(one.read_bytes() for one in beside)]

    def changed(self, random: Random, corpus: Sequence[bytes]) -> bytes:
        return changes.tree_changed(random, random.choice(corpus), corpus)

    def run(self, data: bytes) -> str:
        try:
            facts = examine(data)
            contents = contents_of(data)
        except PackageError as refusal:
            return f"{refusal.status} {refusal}"
        found = list(inventory(tree_of(contents, facts.iccid), SimState()))
        return f"{len(found)} files, {len(contents.pins)} sets of PINs"


def _uses() -> Iterator[bytes]:
    """Commands on the current file."""
    yield from map(
        hx,
        (
            "00B0 0000 00",
            "00D6 0000 02 ABCD",
            "00B2 0104 00",
            "00B2 0002 00",
            "00DC 0104 04 01020304",
            "00A2 0104 01 FF",
            "00A2 0106 03 040001",
            "8032 0000 03 000001",
            "80CB 0080 01 80",
            "80DB 0080 04 80020102",
            "0004 0000",
            "0044 0000",
            "00C0 0000 00",
        ),
    )


def _steps(data: bytes) -> Iterator[bytes]:
    """The commands of an input; lines that are none are left out."""
    for line in data.splitlines():
        with suppress(ValueError):
            yield bytes.fromhex(line.decode(errors="replace"))


def _written(row: Sequence[bytes]) -> bytes:
    return b"".join(one.hex().encode() + b"\n" for one in row)
