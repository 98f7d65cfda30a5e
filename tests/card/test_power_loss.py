"""kill -9 while signed packages stream in: the file loads, no accepted counter comes in again.

The card is served over a socket by a process of its own, which kills itself with SIGKILL between
the arrival of a package and its answer: after so many calls and returns, Python's and the system's,
as were drawn. So the moment does not depend on how fast the machine is.
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
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from support.es10 import SELECT_ISDR, es10
from support.installed import give
from support.installing import A, B
from support.packages import add_initial_eim, config, key, package, result_of

from euicc_sim import Card
from euicc_sim.transport.vpcd import Control, serve_connection

HITS = 150 if os.environ.get("CI") else 30
NEAR_THE_END = 60
"""Calls and returns before the answer, among which the line is brought to the disk."""
SENDER, GUEST = "eim1.example.com", "guest.example.com"
SENDER_KEY, GUEST_KEY = key(1), key(2)
MAX_BLOCK = 255
DEADLINE = 20.0
LOADED = 0xBF51.to_bytes(2)


class Watched:
    """A card that counts what a package takes, in shared memory, and dies when it is told to.

    `noted` has the number of calls and returns after which to die (0 is never), and how many the
    last package took that was answered.
    """

    def __init__(self, card: Card, noted: mmap.mmap) -> None:
        self._card = card
        self._noted = noted
        self._package = False
        self._calls = 0

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
        if apdu[1] != 0xE2:
            return self._card.transmit(apdu)
        if apdu[3] == 0:
            self._package = apdu[5:7] == LOADED
        if not self._package or apdu[2] != 0x91:
            return self._card.transmit(apdu)
        self._calls, last = 0, int.from_bytes(self._noted[:4])

        def count(*_: object) -> None:
            self._calls += 1
            if self._calls == last:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.setprofile(count)
        try:
            return self._card.transmit(apdu)
        finally:
            sys.setprofile(None)
            self._noted[4:] = self._calls.to_bytes(4)


class _Quiet:
    def connected(self) -> None: ...

    def powered(self, control: Control) -> None: ...

    def answered(self, apdu: bytes, answer: bytes) -> None: ...

    def idle(self) -> None: ...


def _serve(directory: str, sock: socket.socket, noted: mmap.mmap) -> None:
    with Card.open(directory) as card:
        serve_connection(sock, Watched(card, noted), _Quiet())


def nursery(directory: str, control: socket.socket, shared: int) -> None:
    """Fork a card for each socket that comes in; say its pid, and when it has ended."""
    noted = mmap.mmap(shared, 8)
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
    def calls(self) -> int:
        """What the last package took that was answered."""
        return int.from_bytes(self._noted[4:])

    def doom(self, calls: int) -> None:
        """Have it die after so many calls and returns of the next package."""
        self._noted[:4] = calls.to_bytes(4)

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

    def end(self) -> bytes:
        """Whatever it still says before it dies; kill it if it does not."""
        found = b""
        with suppress(ConnectionResetError):  # which says that it had not read everything
            found = self._sock.recv(0x10000)
        if found:
            os.kill(self.pid, signal.SIGKILL)
        assert self._control.recv(1) == b"\0"
        self._sock.close()
        return found


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


def _doomed(process: Process, request: bytes, calls: int) -> bytes:
    """Send a package to a card that dies after so many calls; what was answered to it."""
    *blocks, last = _blocks(request)
    for block in blocks:
        assert process.transmit(block) == b"\x90\x00"
    process.doom(calls)
    process.send(last)
    return process.end()


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
        shared.truncate(8)
        noted = mmap.mmap(shared.fileno(), 8)
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
    rng = random.Random(6)  # noqa: S311 when to kill is not a secret
    accepted: dict[int, bytes] = {}
    world = World()
    taken: dict[tuple[int, bool], int] = {}
    rounds = hits = kept_unanswered = 0
    while hits < HITS:
        rounds += 1
        assert rounds < 2 * HITS, f"{hits} of {rounds} kills came before the answer"
        process = Process(control, noted)
        assert process.transmit(SELECT_ISDR)[0] == 0x61
        counter = max(accepted, default=0)
        for number in range(rng.randint(3, 4)):
            sent = _package(counter := counter + 1, world)
            for block in _blocks(sent.request):
                status = process.transmit(block)
            answer = process.transmit(bytes((0x80, 0xC0, 0, 0, status[-1])))
            assert result_of(answer[:-2])[1]["counterValue"] == counter
            accepted[counter] = sent.request
            if number > 1:  # the first of its kind in a process takes more
                taken[counter % 2, world.guest] = process.calls
            world = sent.after

        last = _package(counter + 1, world)
        usual = taken.get((last.counter % 2, world.guest), min(taken.values()))
        calls = usual - rng.randint(0, NEAR_THE_END)
        answer = _doomed(process, last.request, rng.choice([calls, rng.randint(1, calls)]))
        hits += not answer

        kept = _check_file(directory, counter, last, answered=bool(answer))
        if kept:
            assert last.counter not in accepted
            accepted[last.counter] = last.request
            world = last.after
            kept_unanswered += not answer
        recent = list(accepted)[-4:]
        earlier = rng.sample(list(accepted), min(4, len(accepted)))
        _check_replays(directory, [accepted[one] for one in {*recent, *earlier}])

    _check_replays(directory, list(accepted.values()))
    assert 0 < kept_unanswered < hits, "some of them kept the package and some did not"


def _check_file(directory: Path, counter: int, last: Sent, *, answered: bool) -> bool:
    """Document and history are those before the last package or those after it; which."""
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
        remembered = [one.counter for one in card._store._history]
        assert remembered == list(range(1, sender.counter + 1)), (
            "each package that ran, and no more"
        )
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
