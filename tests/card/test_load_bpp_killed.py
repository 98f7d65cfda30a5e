"""kill -9 while a Bound Profile Package comes in: all of the Profile is left, or a result.

The card is served over a socket by a process of its own, which is killed where it waits for a
certain APDU, or while it is busy with it.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support import saip
from support.installing import order
from support.interrupting import Attempt, Fuse, check_again, check_left
from support.loading import (
    prepare,
    seeded,
)

from euicc_sim import Card
from euicc_sim.parties.messages.apdus import store_data
from euicc_sim.parties.smdpp.smdpp import Smdpp
from euicc_sim.transport.vpcd import Control, serve_connection

pytestmark = pytest.mark.slow

DEADLINE = 20.0
PACKAGE = saip.package(size=3000)


class _Quiet:
    def connected(self) -> None: ...

    def powered(self, control: Control) -> None: ...

    def answered(self, apdu: bytes, answer: bytes) -> None: ...

    def idle(self) -> None: ...


def _serve(directory: str, handle: int) -> None:
    with Card.open(directory) as card:
        serve_connection(socket.socket(fileno=handle), card, _Quiet())


class Process:
    """A card in a process of its own."""

    def __init__(self, directory: Path) -> None:
        self._sock, theirs = socket.socketpair()
        self._sock.settimeout(DEADLINE)
        tests = Path(__file__).parents[1]
        paths = [str(tests), str(tests.parent), os.environ.get("PYTHONPATH", "")]
        with theirs:
            self._child = subprocess.Popen(
                [sys.executable, __file__, str(directory), str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))},
            )

    def send(self, apdu: bytes) -> None:
        self._sock.sendall(len(apdu).to_bytes(2) + apdu)

    def transmit(self, apdu: bytes) -> bytes:
        self.send(apdu)
        return self._exactly(int.from_bytes(self._exactly(2)))

    def _exactly(self, size: int) -> bytes:
        found = b""
        while len(found) < size:
            found += self._sock.recv(size - len(found)) or pytest.fail("the card went away")
        return found

    def kill(self) -> None:
        os.kill(self._child.pid, signal.SIGKILL)
        assert self._child.wait(DEADLINE) == -signal.SIGKILL
        self._sock.close()


@contextmanager
def running(directory: Path) -> Iterator[Process]:
    process = Process(directory)
    try:
        yield process
    finally:
        process.kill()


@pytest.fixture
def directory(tmp_path: Path, pki_folder: Path) -> Path:
    Card.create(tmp_path / "card", pki=pki_folder, seed=1).close()
    return tmp_path / "card"


@pytest.fixture
def server(pki_folder: Path) -> Smdpp:
    return seeded(pki_folder, order(package=PACKAGE, notifications=None))


def began(card: Card) -> tuple[int | None, bytes | None]:
    installation = card.state.installation
    return (installation.step, installation.iccid) if installation else (None, None)


@pytest.mark.slow
@pytest.mark.parametrize("number", [1, 4, 6, 8, 9])
def test_a_card_that_is_killed_between_two_pieces_leaves_its_result(
    directory: Path, server: Smdpp, number: int
) -> None:
    with running(directory) as process:
        fuse = Fuse(process.transmit)
        bound = prepare(fuse, server)
        fuse.taken = 0
        pieces = bound.chains[:number]
        for command in [one for piece in pieces for one in store_data(piece)]:
            fuse(command)
    with Card.open(directory) as card:
        card.reset()
        tried = Attempt(bound, fuse.taken)
        check_left(card, tried)
        check_again(card, server, tried)


@pytest.mark.slow
@pytest.mark.parametrize("last", [False, True], ids=["the metadata", "the last piece"])
@pytest.mark.parametrize("part", [0.2, 0.6, 1.0])
def test_a_card_that_is_killed_at_its_work_has_done_it_or_not(
    directory: Path, server: Smdpp, last: bool, part: float
) -> None:
    moment = random.Random(part).uniform(0, 0.004 * part)  # noqa: S311
    with running(directory) as process:
        bound = prepare(process.transmit, server)
        chains = bound.chains
        number = len(chains) - 1 if last else 3
        before = sum(map(len, chains[:number]))
        *commands, busy = [one for chain in chains[: number + 1] for one in store_data(chain)]
        for command in commands:
            process.transmit(command)
        process.send(busy)
        end = time.perf_counter() + moment
        while time.perf_counter() < end:
            pass
    old, new = Attempt(bound, before), Attempt(bound, before + len(chains[number]))
    with Card.open(directory) as card:
        kept = bool(card.state.profiles) if last else began(card) == (new.command, new.iccid)
        assert kept or began(card) == (old.command, old.iccid)
        card.reset()
        check_left(card, new if kept else old)
        check_again(card, server, new if kept else old)


if __name__ == "__main__":
    _serve(sys.argv[1], int(sys.argv[2]))
