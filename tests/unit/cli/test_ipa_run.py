"""`euicc-sim ipa run`: a process that lives through what goes wrong around it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from support.command import Run, runner
from support.esipa import EID, World, kept, nobody
from support.fresh import fresh_card
from support.hexes import hx
from support.schemas import check
from support.web import DEADLINE, Lines

from euicc_sim import Card
from euicc_sim.cli.schema import document
from euicc_sim.servers.esipa_app import esipa_app
from euicc_sim.servers.web_server import WebServer

pytestmark = pytest.mark.slow


class Living:
    """A running IPA; its log is JSON."""

    def __init__(self, *options: object) -> None:
        words = [sys.executable, "-m", "euicc_sim", "ipa", "run", "--json", "--every", "0.05"]
        self._process = subprocess.Popen(
            [*words, *map(str, options)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
        self.said: list[dict[str, Any]] = []
        self._lines: Queue[str] = Queue()
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self._process.stdout or ():
            self._lines.put(line)
        self._lines.put("")

    def until(self, event: str, text: str = "") -> dict[str, Any]:
        """Read its log up to a line of that event with that text."""
        deadline = time.monotonic() + DEADLINE
        while line := self._lines.get(timeout=max(deadline - time.monotonic(), 0.01)):
            self.said.append(json.loads(line))
            check("ipa run", self.said[-1])
            if self.said[-1]["event"] == event and text in self.said[-1]["text"]:
                return self.said[-1]
        raise AssertionError(f"it ended: {self.said}")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal; return the exit code."""
        self._process.send_signal(number)
        while line := self._lines.get(timeout=DEADLINE):
            self.said.append(json.loads(line))
        return self._process.wait(DEADLINE)

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait(DEADLINE)
        self._reader.join(DEADLINE)
        if self._process.stdout is not None:
            self._process.stdout.close()


@contextmanager
def living(*options: object) -> Iterator[Living]:
    """An IPA with these options, which ends in any case."""
    one = Living(*options)
    try:
        yield one
    finally:
        one.kill()


@contextmanager
def served(world: World, port: int = 0) -> Iterator[int]:
    """The port of the eIM, which is there meanwhile."""
    web = WebServer("127.0.0.1", port, None, Lines())
    thread = Thread(target=web.run, args=(esipa_app(world.service, world.log),))
    thread.start()
    try:
        yield web.port
    finally:
        web.stop()
        thread.join(DEADLINE)


@pytest.fixture
def directory(tmp_path: Path, pki_folder: Path) -> Path:
    return fresh_card(tmp_path / "card", pki_folder)


@pytest.fixture
def world(tmp_path: Path, directory: Path) -> World:
    world = World(tmp_path / "eim", nobody)
    with Card.open(directory) as card:
        world.trusted_by(card)
    return world


def test_it_survives_an_eim_that_goes_and_comes_back(world: World, directory: Path) -> None:
    world.service.order(EID, ["listProfileInfo"])
    with (
        served(world) as port,
        living("--card", directory, "--eim", f"http://127.0.0.1:{port}") as ipa,
    ):
        assert ipa.until("poll")["packages"] == 2
        world.service.order(EID, ["getRAT"])
        ipa.until("poll")
    assert [one.state for one in kept(world).results] == ["done"] * 3
    with living("--card", directory, "--eim", f"http://127.0.0.1:{port}") as ipa:
        assert "does not answer" in ipa.until("failure")["text"]
        world.service.order(EID, ["listEim"])
        with served(world, port):
            assert ipa.until("recovered")["failures"] >= 1
            assert ipa.until("poll")["packages"] == 1
        ipa.until("failure")
        assert ipa.stop() == 0
    assert ipa.said[-1]["event"] == "stopped"
    assert ipa.said[-1]["packages"] == 1
    lines = Draft202012Validator(json.loads(document("ipa run")))
    assert [list(map(str, lines.iter_errors(one))) for one in ipa.said] == [[]] * len(ipa.said)


def test_the_card_is_free_between_polls(world: World, directory: Path) -> None:
    with (
        served(world) as port,
        living("--card", directory, "--eim", f"http://127.0.0.1:{port}", "--every", 600) as ipa,
    ):
        world.service.order(EID, ["listEim"])
        ipa.until("poll")
        with Card.open(directory) as card:
            assert card.eid == EID


def test_a_card_in_use_is_waited_for(world: World, directory: Path) -> None:
    world.service.order(EID, ["listEim"])
    with served(world) as port:
        url = f"http://127.0.0.1:{port}"
        with Card.open(directory) as card, living("--card", directory, "--eim", url) as ipa:
            assert "open already" in ipa.until("failure")["text"]
            card.close()
            ipa.until("recovered")
            ipa.until("poll")


class Leaving(BaseHTTPRequestHandler):
    """An eIM that gives packages and hangs up when a result comes."""

    protocol_version = "HTTP/1.1"
    world: World

    def do_POST(self) -> None:
        """One message."""
        message = self.rfile.read(int(self.headers["Content-Length"]))
        if message[:2] == hx("BF50"):
            self.close_connection = True
            return
        answer = self.world.post(message).content
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:  # no log
        """Say nothing."""


def test_it_stops_in_the_middle_of_a_poll_and_leaves_the_result_on_the_card(
    world: World, directory: Path
) -> None:
    world.service.order(EID, ["getRAT"])
    with Card.open(directory) as card:
        world.ipa(card).poll()  # the eIM asks for the card's data, once
    world.service.order(EID, ["listProfileInfo"])
    handler = type("Handler", (Leaving,), {"world": world})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}"
        with living("--card", directory, "--eim", url, "--pause", 600) as ipa:
            ipa.until("step", "does not answer")
            assert ipa.stop() == 0
        server.shutdown()
        thread.join(DEADLINE)
    assert ipa.said[-2]["text"] == (
        "stops in the middle of a poll; what is not delivered is on the card"
    )
    with Card.open(directory) as card:
        ipa_again = world.ipa(card)
        assert len(ipa_again.card.results()) == 1
        assert ipa_again.poll().done
    assert [one.state for one in kept(world).results][-1] == "done"


def test_a_second_signal_ends_it_at_once(world: World, directory: Path) -> None:
    with served(world) as port:
        url = f"http://127.0.0.1:{port}"
        with living("--card", directory, "--eim", url, "--every", 600) as ipa:
            world.service.order(EID, ["listEim"])
            ipa.until("poll")
            assert ipa.stop(signal.SIGINT) == 0
    assert ipa.said[-1]["event"] == "stopped"


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(monkeypatch, capsys, "ipa", "run")


def test_a_directory_without_a_card_is_told_at_once(call: Run, tmp_path: Path) -> None:
    assert "there is no card" in call("--card", tmp_path).complaint.lower()
