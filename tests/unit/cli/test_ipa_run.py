"""`euicc-sim ipa run`: a process that lives through what goes wrong around it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from jsonschema import Draft202012Validator
from support.command import Run, runner
from support.esipa import EID, World, kept, nobody
from support.fresh import fresh_card
from support.hexes import hx
from support.living_ipa import living, served
from support.web import DEADLINE

from euicc_sim import Card
from euicc_sim.cli.schema import document

pytestmark = pytest.mark.slow


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


def test_one_poll_for_programs_says_each_line_in_json(world: World, directory: Path) -> None:
    world.service.order(EID, ["listEim"])
    command = [sys.executable, "-m", "euicc_sim", "ipa", "run", "--once", "--json"]
    with served(world) as port:
        words = [*command, "--card", str(directory), "--eim", f"http://127.0.0.1:{port}"]
        found = subprocess.run(words, capture_output=True, text=True, check=True)
    said = [json.loads(line) for line in found.stdout.splitlines()]
    assert [one["event"] for one in said][-1] == "poll"
    assert (said[-1]["packages"], said[-1]["kept"]) == (2, 0)
    away = subprocess.run(words, capture_output=True, text=True, check=False)
    assert away.returncode == 1
    assert json.loads(away.stdout.splitlines()[-1])["event"] == "failure"
