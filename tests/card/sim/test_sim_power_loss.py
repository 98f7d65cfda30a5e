"""Power cuts and faults of the disk while a SIM is used: no SQN goes back, no file is half written.

The directory is copied around each operation of the disk and in the middle of each write, with
blocks lost; each copy is a card after a power cut.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.disks import FaultyDisk, ImagingDisk
from support.hexes import hx
from support.network import Network
from support.sims import OPC, PIN1, SELECT_USIM, K, copied

from euicc_sim import Card
from euicc_sim.transport.vpcd import Control, serve_connection

RAND = hx("23553cbe9637a89d218ae64dae47bf35")
VERIFY = hx("0020 0001 08") + PIN1
WRONG = hx("0020 0001 08") + bytes(8)
SELECT_FILE, READ = hx("00A4 000C 02 6F01"), hx("00B0 0000 08")
NEW = hx("1122334455667788")
UPDATE = hx("00D6 0000 08") + NEW
SEQUENCE_STEP = 32
DEADLINE = 60.0


def challenge(seq: int) -> bytes:
    """AUTHENTICATE with the next sequence number of index 0."""
    autn = Network(K, OPC).vector(RAND, seq * SEQUENCE_STEP).autn
    return hx("0088 0081 22 10") + RAND + hx("10") + autn + b"\0"


def ready(card: Card) -> Card:
    """Power it, select the USIM, verify PIN1."""
    card.reset()
    assert card.transmit(SELECT_USIM) + card.transmit(VERIFY) == hx("9000 9000")
    return card


def content(card: Card) -> bytes:
    card.transmit(SELECT_FILE)
    return card.transmit(READ)[:-2]


def highest(card: Card) -> int:
    """The highest SEQ accepted."""
    (profile,) = card.state.profiles
    return max(profile.sim.sequence.values(), default=0)


def tries(card: Card) -> int:
    card.transmit(SELECT_USIM)
    return card.transmit(hx("0020 0001"))[-1] & 0x0F


@pytest.fixture
def imaged(tmp_path: Path, sim_template: Path) -> tuple[Path, ImagingDisk]:
    directory = copied(sim_template, tmp_path / "imaged")
    return directory, ImagingDisk(directory, tmp_path / "images")


def images(disk: ImagingDisk, begin: int = 0) -> Iterator[tuple[str, Card]]:
    """The card after a power cut at each moment from a certain one on."""
    assert disk.images[begin:]
    for name, image in disk.images[begin:]:
        with Card.open(image, fsync=False) as card:
            card.reset()
            yield name, card


def test_a_power_cut_around_an_authentication_takes_no_sequence_number_back(
    imaged: tuple[Path, ImagingDisk],
) -> None:
    directory, disk = imaged
    with Card.open(directory, disk=disk) as card:
        ready(card)
        assert card.transmit(challenge(5))[:1] == b"\xdb"
        begin = len(disk.images)
        assert card.transmit(challenge(9))[:1] == b"\xdb"
        for name, after in images(disk, begin):
            assert highest(after) in (5, 9), name
        assert highest(card) == 9
        _, last = disk.images[-1]
    with Card.open(last, fsync=False) as after:
        assert highest(after) == 9
        assert ready(after).transmit(challenge(9))[:1] == b"\xdc"


def test_a_power_cut_around_an_update_leaves_the_old_content_or_the_new(
    imaged: tuple[Path, ImagingDisk],
) -> None:
    directory, disk = imaged
    with Card.open(directory, disk=disk) as card:
        old = content(ready(card))
        assert card.transmit(UPDATE) == hx("9000")
        found = [content(ready(after)) for _, after in images(disk)]
    assert set(found) == {old, NEW}
    assert found[-1] == NEW


def test_a_power_cut_around_a_wrong_pin_gives_no_try_back(
    imaged: tuple[Path, ImagingDisk],
) -> None:
    directory, disk = imaged
    with Card.open(directory, disk=disk) as card:
        card.reset()
        card.transmit(SELECT_USIM)
        assert card.transmit(WRONG) == hx("63C2")
        found = [tries(after) for _, after in images(disk)]
    assert set(found) == {3, 2}
    assert found[-1] == 2


@pytest.mark.parametrize("half", [False, True], ids=["not begun", "half done"])
@pytest.mark.parametrize("command", [challenge(5), UPDATE, WRONG], ids=["SQN", "file", "PIN"])
def test_a_fault_of_the_disk_is_6581_and_nothing_has_happened(
    sim_template: Path, tmp_path: Path, command: bytes, half: bool
) -> None:
    disk = FaultyDisk()
    with Card.open(copied(sim_template, tmp_path / "faulty"), disk=disk) as card:
        content(ready(card))
        before = card.state
        disk.arm(0, half=half)
        assert card.transmit(command) == hx("6581")
        assert card.state == before
        disk.arm()
        again = card.transmit(command)
        assert again != hx("6581")
        assert card.state != before


# -- kill -9 while they stream in


class _Quiet:
    def connected(self) -> None: ...

    def powered(self, control: Control) -> None: ...

    def answered(self, apdu: bytes, answer: bytes) -> None: ...

    def idle(self) -> None: ...


class Doomed(Card):
    """A card that kills its process after so many calls and returns of Python and the system."""

    last = 0

    def transmit(self, apdu: bytes, *, of_ipae: bool = False) -> bytes:
        calls = 0

        def count(*_: object) -> None:
            nonlocal calls
            calls += 1
            if calls == self.last:
                os.kill(os.getpid(), signal.SIGKILL)

        if apdu[1] not in (0x88, 0xD6) or not self.last:
            return super().transmit(apdu, of_ipae=of_ipae)
        sys.setprofile(count)
        try:
            return super().transmit(apdu, of_ipae=of_ipae)
        finally:
            sys.setprofile(None)


def serve(directory: str, handle: str, last: str) -> None:
    """In a process of its own."""
    with Doomed.open(directory) as card:
        card.last = int(last)
        serve_connection(socket.socket(fileno=int(handle)), card, _Quiet())


@contextmanager
def process(directory: Path, last: int) -> Iterator[socket.socket]:
    """The card in a process of its own, from its socket's other end."""
    ours, theirs = socket.socketpair()
    ours.settimeout(DEADLINE)
    tests = Path(__file__).parents[2]
    paths = [str(tests), str(tests.parent), os.environ.get("PYTHONPATH", "")]
    with theirs:
        child = subprocess.Popen(
            [sys.executable, __file__, str(directory), str(theirs.fileno()), str(last)],
            pass_fds=[theirs.fileno()],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))},
        )
    try:
        yield ours
    finally:
        ours.close()
        child.wait(DEADLINE)


def answer(sock: socket.socket, apdu: bytes) -> bytes | None:
    """A command and its answer; None once the card is gone."""
    found = b""
    try:
        sock.sendall(len(apdu).to_bytes(2) + apdu)
        while len(found) < 2 or len(found) < 2 + int.from_bytes(found[:2]):
            part = sock.recv(4096)
            if not part:
                return None
            found += part
    except ConnectionError:
        return None
    return found[2:]


@pytest.mark.slow
@pytest.mark.parametrize("last", [40, 150, 260, 380, 500, 700])
def test_kill_9_takes_nothing_back_that_was_answered(
    sim_template: Path, tmp_path: Path, last: int
) -> None:
    """Each command comes in to a new process, as the one before killed itself or ended."""
    directory = copied(sim_template, tmp_path / "doomed")
    accepted, written = 0, b""
    for seq in range(1, 4):
        before = written
        with process(directory, last) as sock:
            for apdu in (SELECT_USIM, VERIFY):
                assert answer(sock, apdu) == hx("9000")
            given = answer(sock, challenge(seq))
            if given is not None:
                assert given[:1] == b"\xdb"
                accepted = seq
        wanted = seq.to_bytes(8)
        with process(directory, last) as sock:
            for apdu in (SELECT_USIM, VERIFY, SELECT_FILE):
                assert answer(sock, apdu) == hx("9000")
            if answer(sock, hx("00D6 0000 08") + wanted) is not None:
                written = wanted
        with Card.open(directory, fsync=False) as card:
            assert highest(card) in (accepted, seq)
            accepted = highest(card)
            kept = content(ready(card))
            assert kept in (written, wanted) or (not before and kept != wanted)
            written = kept


if __name__ == "__main__":
    serve(*sys.argv[1:])
