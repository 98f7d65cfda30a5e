"""What the benchmarks share: cards, packages, medians. See bench.py."""

from __future__ import annotations

import os
import random
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from euicc_sim import Card
from euicc_sim.crypto.signature import sign, verifies
from euicc_sim.parties.eim import Eim, add_initial_eim, operations
from euicc_sim.parties.messages import SELECT_ISDR, exchange

EID = "89049032123451234512345678901235"
SELECT = SELECT_ISDR
REQUESTS = {
    "GetEID": bytes.fromhex("BF3E035C015A"),
    "GetEUICCInfo2": bytes.fromhex("BF2200"),
    "GetEimConfigurationData": bytes.fromhex("BF5500"),
}
MANY = 100
Transmit = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Row:
    """One line of the report, in microseconds; without a median if it is not a time."""

    name: str
    median: float | None
    beside: str = ""
    ratio: float | None = None
    goal: float | None = None


def each_of(action: Callable[[Any], object], inputs: Iterable[Any]) -> list[float]:
    """The times of an action, in microseconds."""
    times = []
    for one in inputs:
        start = time.perf_counter_ns()
        action(one)
        times.append((time.perf_counter_ns() - start) / 1000)
    return times


def timed(action: Callable[[Any], object], inputs: Iterable[Any]) -> float:
    """The median time of an action, in microseconds."""
    return statistics.median(each_of(action, inputs))


def in_turn(
    actions: list[Callable[[], object]],
    rounds: int,
    between: Callable[[], object] = lambda: None,
) -> list[float]:
    """The medians of several actions that take turns, so that a slow moment affects them all."""
    times: list[list[int]] = [[] for _ in actions]
    for _ in range(rounds):
        between()
        for action, found in zip(actions, times, strict=True):
            start = time.perf_counter_ns()
            action()
            found.append(time.perf_counter_ns() - start)
    return [statistics.median(one) / 1000 for one in times]


def accepted(transmit: Transmit, package: bytes) -> None:
    """Send a package that must be executed: a refusal would be too quick to measure."""
    if exchange(transmit, package)[3:6].find(b"\xa0") < 0:
        raise SystemExit("a package was refused")


class Bench:
    """A folder of cards to measure, and the eIMs that they trust."""

    def __init__(self, folder: Path, rounds: int) -> None:
        self.folder = folder
        self.rounds = rounds
        self.eims = [Eim.create(f"eim{n}.example.com") for n in range(MANY)]

    @contextmanager
    def card(
        self, eims: int, *, fsync: bool = False, room: int = MANY, results: int = 64
    ) -> Iterator[Card]:
        """A new card that trusts that many eIMs and has the ISD-R selected.

        There is room for so many eIMs, and for so many results.
        """
        name = f"{eims}-{fsync}-{random.random()}"  # noqa: S311 a name, not a secret
        with Card.create(self.folder / name, max_eims=room, results=results, fsync=fsync) as card:
            card.transmit(SELECT)
            request = add_initial_eim(*(one.configuration(counter=0) for one in self.eims[:eims]))
            exchange(card.transmit, request)
            yield card

    def packages(self, count: int, start: int = 1) -> list[bytes]:
        """Packages with listEim and increasing counters."""
        return [
            self.eims[0].package([operations.list_eim()], eid=EID, counter=start + n)
            for n in range(count)
        ]

    def verify_and_sign(self) -> Callable[[], object]:
        """The floor for every accepted package."""
        key = ec.generate_private_key(ec.SECP256R1())
        public, data = key.public_key(), bytes(60)
        signature = sign(key, data)

        def both() -> None:
            if not verifies(public, signature, data):
                raise SystemExit("a signature did not verify")
            sign(key, data)

        return both

    def append(self) -> Callable[[], object]:
        """What a change costs on this disk: a line of 600 bytes appended, and fdatasync."""
        path, line = self.folder / "floor", os.urandom(600)

        def append() -> None:
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.write(fd, line)
            os.fdatasync(fd)
            os.close(fd)

        append()
        return append
