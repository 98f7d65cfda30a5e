"""`serve --processes`: each card in a process of its own, over TCP, and all end together."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import Pipe
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from euicc_sim import Card
from euicc_sim.cli.ready_file import Cards
from euicc_sim.cli.serve_processes import _gather
from euicc_sim.parties.messages import SELECT_ISDR
from euicc_sim.store import CardInUseError

DEADLINE = 60.0
GET_EID = bytes.fromhex("80E2910006BF3E035C015A")


@pytest.fixture
def cards(tmp_path: Path, pki_folder: Path) -> list[Path]:
    """Two cards with EIDs of their own."""
    eids = ["89049032123451234512345678901235", "89049032000000000000000000000163"]
    for name, eid in zip("ab", eids, strict=True):
        Card.create(tmp_path / name, eid=eid, pki=pki_folder, fsync=False).close()
    return [tmp_path / "a", tmp_path / "b"]


@contextmanager
def serving(cards: list[Path], *words: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "euicc_sim", "serve", "--processes", "--tcp", "0"]
    command += [word for one in cards for word in ("--card", str(one))]
    with subprocess.Popen(
        [*command, *words], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def told(ready: Path) -> dict[str, Any]:
    """What the ready file says, once it is there."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        with suppress(FileNotFoundError):
            found: dict[str, Any] = json.loads(ready.read_bytes())
            return found
        time.sleep(0.02)
    raise TimeoutError("no card was served in time")


def children(pid: int) -> int:
    """How many processes a process has started that still run."""
    found = 0
    for one in Path("/proc").glob("[0-9]*/status"):
        with suppress(OSError):
            found += f"\nPPid:\t{pid}\n" in one.read_text()
    return found


def asked(address: str, *apdus: bytes) -> list[bytes]:
    """Send commands to a card over TCP; what it answers."""
    host, port = address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), DEADLINE) as link:
        return [_answer(link, one) for one in (b"", *apdus)]


def _answer(link: socket.socket, apdu: bytes) -> bytes:
    link.sendall(len(apdu).to_bytes(2) + apdu)
    stream = link.makefile("rb")
    return stream.read(int.from_bytes(stream.read(2)))


def opened_in_time(directory: Path) -> bool:
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        with suppress(CardInUseError):
            Card.open(directory).close()
            return True
        time.sleep(0.02)
    return False


def test_each_card_answers_from_a_process_of_its_own(cards: list[Path], tmp_path: Path) -> None:
    with serving(cards, "--ready-file", str(tmp_path / "ready")) as server:
        found = told(tmp_path / "ready")
        assert found["process"] == server.pid
        assert [one["directory"] for one in found["cards"]] == [str(one) for one in cards]
        for one in found["cards"]:
            *_, status = asked(one["tcp"], SELECT_ISDR, GET_EID)
            assert status == bytes.fromhex("6115"), "GET RESPONSE has 21 bytes: BF3E12 5A10 EID"
        assert children(server.pid) == 2
        os.kill(server.pid, signal.SIGTERM)
        out, err = server.communicate(timeout=DEADLINE)
    assert (server.returncode, err) == (0, "")
    assert not (tmp_path / "ready").exists()
    assert "card 1: " in out
    assert "card 2: " in out
    assert all(map(opened_in_time, cards))


def test_a_card_in_use_ends_all_and_says_so(cards: list[Path], tmp_path: Path) -> None:
    with Card.open(cards[1]), serving(cards, "--ready-file", str(tmp_path / "ready")) as server:
        _, err = server.communicate(timeout=DEADLINE)
        assert server.returncode == 1
        assert f"the card in {cards[1]} is open already" in err
        assert "Traceback" not in err
    assert not (tmp_path / "ready").exists()
    assert opened_in_time(cards[0])


@pytest.mark.parametrize("again", [("--processes",), ()])
def test_a_server_that_gets_no_card_leaves_the_ready_file_of_the_one_that_has_it(
    cards: list[Path], tmp_path: Path, again: tuple[str, ...]
) -> None:
    ready = tmp_path / "ready"
    with serving(cards, "--ready-file", str(ready)):
        before = told(ready)
        second = [sys.executable, "-m", "euicc_sim", "serve", "--tcp", "0", *again]
        words = ["--card", str(cards[0]), "--ready-file", str(ready)]
        assert subprocess.run([*second, *words], check=False, timeout=DEADLINE).returncode == 1
        assert told(ready) == before


def test_the_end_of_a_pipe_before_that_of_its_process_is_an_end() -> None:
    pipe, far = Pipe(duplex=False)
    far.close()
    said: list[Cards | None] = []
    _gather([pipe], [], Event(), said.append)
    assert said == []


def test_no_process_outlives_the_first_one(cards: list[Path], tmp_path: Path) -> None:
    with serving(cards, "--ready-file", str(tmp_path / "ready")) as server:
        told(tmp_path / "ready")
        os.kill(server.pid, signal.SIGKILL)
        assert all(map(opened_in_time, cards))


def test_a_trace_of_several_processes_is_refused(cards: list[Path], tmp_path: Path) -> None:
    with serving(cards, "--trace", str(tmp_path / "one.pcapng")) as server:
        _, err = server.communicate(timeout=DEADLINE)
    assert server.returncode == 1
    assert "--processes cannot write one --trace; leave out either of them." in err
    assert not (tmp_path / "one.pcapng").exists()
