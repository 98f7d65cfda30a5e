"""kill -9 while signed packages stream in: the file loads, no accepted counter comes in again.

The card is served over a socket by a process of its own, which is killed between the arrival of a
package and its answer. That it was then is proven, not assumed: the process counts arrivals in
memory that outlives it, and the socket is read to its end for an answer.
"""

from __future__ import annotations

import array
import mmap
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from support.es10 import SELECT_ISDR, es10
from support.installed import give
from support.installing import A, B
from support.packages import add_initial_eim, config, key, package, result_of

from euicc_sim import Card
from euicc_sim.transport.vpcd import Control, serve_connection

HITS, KEPT = (150, 5) if os.environ.get("CI") else (30, 0)
MOST_ROUNDS = 5 * HITS
"""A busy machine spoils the aim; it gets more rounds then, not fewer hits."""
SENDER, GUEST = "eim1.example.com", "guest.example.com"
SENDER_KEY, GUEST_KEY = key(1), key(2)
MAX_BLOCK = 255
DEADLINE = 20.0
LOADED = 0xBF51.to_bytes(2)


class Watched:
    """A card that notes in shared memory how many packages have come in whole."""

    def __init__(self, card: Card, noted: mmap.mmap) -> None:
        self._card = card
        self._noted = noted
        self._package = False

    @property
    def atr(self) -> bytes:
        return self._card.atr

    def idle(self, seconds: float) -> None:
        self._card.idle(seconds)

    def power_off(self) -> None:
        self._card.power_off()

    def reset(self) -> bytes:
        return self._card.reset()

    def transmit(self, apdu: bytes) -> bytes:
        if apdu[1] == 0xE2:
            if apdu[3] == 0:
                self._package = apdu[5:7] == LOADED
            if apdu[2] == 0x91 and self._package:
                self._noted[:4] = (int.from_bytes(self._noted[:4]) + 1).to_bytes(4)
        return self._card.transmit(apdu)


class _Quiet:
    def powered(self, control: Control) -> None: ...

    def answered(self, apdu: bytes, answer: bytes) -> None: ...

    def idle(self) -> None: ...


def _serve(directory: str, sock: socket.socket, noted: mmap.mmap) -> None:
    with Card.open(directory) as card:
        serve_connection(sock, Watched(card, noted), _Quiet())


def nursery(directory: str, control: socket.socket, shared: int) -> None:
    """Fork a card for each socket that comes in; say its pid, and when it has ended."""
    noted = mmap.mmap(shared, 4)
    while True:
        try:
            message, handles, _, _ = socket.recv_fds(control, 1, 1)
        except ConnectionError:
            return
        if not message:
            return
        pid = os.fork()
        sock = socket.socket(fileno=handles[0])
        if not pid:
            control.close()
            try:
                _serve(directory, sock, noted)
            finally:
                os._exit(1)  # whatever it was: no second nursery
        sock.close()
        control.sendall(pid.to_bytes(4))
        os.waitpid(pid, 0)
        with suppress(OSError):
            control.sendall(b"\0")


class Process:
    """One run of the card, from the socket's other end."""

    def __init__(self, control: socket.socket, noted: mmap.mmap) -> None:
        self._control = control
        self._noted = noted
        self._noted[:4] = bytes(4)
        self._sock, theirs = socket.socketpair()
        self._sock.settimeout(DEADLINE)
        fd = array.array("i", [theirs.fileno()])
        control.sendmsg([b"\1"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fd)])
        theirs.close()
        self.pid = int.from_bytes(control.recv(4))

    @property
    def arrived(self) -> int:
        """Packages that the card has received to the last byte."""
        return int.from_bytes(self._noted[:4])

    def transmit(self, apdu: bytes) -> bytes:
        """A command and its answer."""
        self.send(apdu)
        size = int.from_bytes(self._exactly(2))
        return self._exactly(size)

    def send(self, apdu: bytes) -> None:
        """A command, not waiting."""
        self._sock.sendall(len(apdu).to_bytes(2) + apdu)

    def _exactly(self, size: int) -> bytes:
        found = b""
        while len(found) < size:
            found += self._sock.recv(size - len(found)) or pytest.fail("the card went away")
        return found

    def kill(self) -> bytes:
        """kill -9, wait for the end; whatever had left before it."""
        os.kill(self.pid, signal.SIGKILL)
        assert self._control.recv(1) == b"\0"
        found = b""
        with suppress(ConnectionResetError):  # which says that it had not read everything
            while part := self._sock.recv(0x10000):
                found += part
        self._sock.close()
        return found


@dataclass
class Aim:
    """When to kill: a moment at random within the time that a package takes, as measured."""

    rng: random.Random
    duration: float = 0.002
    reach: float = 0.6
    hits: int = 0
    kept: int = 0
    times: list[float] = field(default_factory=list)

    def moment(self) -> float:
        return self.rng.uniform(0, self.duration * self.reach)

    def measured(self, seconds: float) -> None:
        self.times = [*self.times, seconds][-9:]
        self.duration = sorted(self.times)[len(self.times) // 2]

    def result(self, *, hit: bool) -> None:
        self.hits += hit
        self.reach = min(self.reach * 1.02, 0.92) if hit else self.reach * 0.7


class World(NamedTuple):
    """What packages change: whether the guest is there, and which Profile is enabled."""

    guest: bool = False
    enabled: bytes = A


@dataclass(frozen=True)
class Sent:
    """A package and what it makes of the world."""

    counter: int
    request: bytes
    before: World
    after: World


def _package(counter: int, world: World) -> Sent:
    """The package of that counter: in turns the guest comes or goes, and the Profiles switch."""
    kind = "psmoList" if counter % 2 else "ecoList"
    what: tuple[str, dict[str, Any]]
    if counter % 2:
        after = world._replace(enabled=B if world.enabled == A else A)
        what = "enable", {"iccid": after.enabled}
    else:
        after = world._replace(guest=not world.guest)
        entry = config(GUEST, counterValue=counter, associationToken=-1, key=GUEST_KEY)
        what = ("addEim", entry) if after.guest else ("deleteEim", {"eimId": GUEST})
    request = package(SENDER, counter, [what], key=SENDER_KEY, kind=kind)
    return Sent(counter, request, world, after)


def _blocks(request: bytes) -> list[bytes]:
    pieces = [request[i : i + MAX_BLOCK] for i in range(0, len(request), MAX_BLOCK)]
    last = len(pieces) - 1
    return [
        bytes((0x80, 0xE2, 0x91 if i == last else 0x11, i, len(piece))) + piece
        for i, piece in enumerate(pieces)
    ]


def _doomed(process: Process, request: bytes, aim: Aim) -> tuple[bool, bytes]:
    """Send a package and kill the card; whether it had arrived, and what was answered to it."""
    *blocks, last = _blocks(request)
    for block in blocks:
        assert process.transmit(block) == b"\x90\x00"
    before, deadline = process.arrived, time.monotonic() + DEADLINE
    process.send(last)
    while process.arrived == before:
        assert time.monotonic() < deadline, "the package did not arrive"
    moment = time.perf_counter() + aim.moment()
    while time.perf_counter() < moment:
        pass
    answer = process.kill()
    return process.arrived == before + 1, answer


@pytest.fixture
def powered(tmp_path: Path, pki_folder: Path) -> Iterator[tuple[Path, socket.socket, mmap.mmap]]:
    """A card's directory, and the process that runs it again and again."""
    directory = tmp_path / "card"
    with Card.create(directory, pki=pki_folder, seed=1) as card:
        card.transmit(SELECT_ISDR)
        es10(card.transmit, add_initial_eim(config(SENDER, counterValue=0, key=SENDER_KEY)))
        silent = {"recipients": ()}
        give(card, A, B, enabled=A, A=silent, B=silent)
    with (tmp_path / "noted").open("w+b") as shared:
        shared.truncate(4)
        noted = mmap.mmap(shared.fileno(), 4)
        ours, theirs = socket.socketpair()
        tests = str(Path(__file__).parents[1])
        paths = [tests, str(Path(tests).parent), os.environ.get("PYTHONPATH", "")]
        handles = [theirs.fileno(), shared.fileno()]
        command = [sys.executable, __file__, str(directory), *map(str, handles)]
        child = subprocess.Popen(
            command,
            pass_fds=handles,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))},
        )
        theirs.close()
        ours.settimeout(DEADLINE)
        try:
            yield directory, ours, noted
        finally:
            ours.close()
            child.wait(DEADLINE)


@pytest.mark.slow
def test_a_killed_card_loads_and_accepts_no_counter_twice(
    powered: tuple[Path, socket.socket, mmap.mmap],
) -> None:
    directory, control, noted = powered
    aim = Aim(random.Random(6))  # noqa: S311 when to kill is not a secret
    accepted: dict[int, bytes] = {}
    world = World()
    rounds = 0
    while (aim.hits < HITS or aim.kept < KEPT) and rounds < MOST_ROUNDS:
        rounds += 1
        process = Process(control, noted)
        assert process.transmit(SELECT_ISDR)[0] == 0x61
        counter = max(accepted, default=0)
        for _ in range(aim.rng.randint(1, 2)):
            sent = _package(counter := counter + 1, world)
            start = time.perf_counter()
            for block in _blocks(sent.request):
                status = process.transmit(block)
            aim.measured(time.perf_counter() - start)
            answer = process.transmit(bytes((0x80, 0xC0, 0, 0, status[-1])))
            assert result_of(answer[:-2])[1]["counterValue"] == counter
            accepted[counter] = sent.request
            world = sent.after

        last = _package(counter + 1, world)
        arrived, answer = _doomed(process, last.request, aim)
        aim.result(hit=arrived and not answer)

        kept = _check_file(directory, counter, last, answered=bool(answer))
        if kept:
            assert last.counter not in accepted
            accepted[last.counter] = last.request
            world = last.after
            aim.kept += not answer
        recent = list(accepted)[-4:]
        earlier = aim.rng.sample(list(accepted), min(4, len(accepted)))
        _check_replays(directory, [accepted[one] for one in {*recent, *earlier}])

    _check_replays(directory, list(accepted.values()))
    print(f"{aim.hits} of {rounds} kills came before the answer, {aim.kept} of them kept it")
    assert aim.hits >= HITS, f"{aim.hits} of {rounds} kills came before the answer"
    assert KEPT <= aim.kept < aim.hits, "some of them kept the package and some did not"


def _check_file(directory: Path, counter: int, last: Sent, *, answered: bool) -> bool:
    """The document is the one before the last package or the one after it; which."""
    with Card.open(directory) as card:
        sender = card.state.find_eim(SENDER)
        assert sender is not None
        kept = sender.counter == last.counter
        assert kept or sender.counter == counter
        assert kept or not answered, "an answered package is kept"
        enabled = card.state.enabled
        assert enabled is not None
        world = World(card.state.find_eim(GUEST) is not None, enabled.iccid)
        assert world == (last.after if kept else last.before)
        numbered = result_of(card.state.results[-1].signed)[1]
        assert numbered["counterValue"] == sender.counter
        assert numbered["seqNumber"] == card.state.next_seq - 1 == sender.counter
        return kept


def _check_replays(directory: Path, requests: list[bytes]) -> None:
    """What was accepted once is replayError (4) now, and changes nothing."""
    with Card.open(directory) as card:
        before = card.state
        card.transmit(SELECT_ISDR)
        for request in requests:
            form, value = result_of(es10(card.transmit, request))
            assert (form, value["euiccPackageErrorCode"]) == ("error", 4)
        assert card.state is before


if __name__ == "__main__":
    nursery(sys.argv[1], socket.socket(fileno=int(sys.argv[2])), int(sys.argv[3]))
