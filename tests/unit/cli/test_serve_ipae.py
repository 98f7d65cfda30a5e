"""`euicc-sim serve` plays the IPAe of a card against its eIM."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
from support.command import Run, runner
from support.esipa import EID, World, kept, nobody
from support.web import DEADLINE, Lines

from euicc_sim import Card
from euicc_sim.servers.esipa_app import esipa_app
from euicc_sim.servers.web_server import WebServer


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(monkeypatch, capsys)


@pytest.fixture
def directory(tmp_path: Path, pki_folder: Path) -> Path:
    Card.create(tmp_path / "card", pki=pki_folder, ipae=True, fsync=False).close()
    return tmp_path / "card"


@contextmanager
def served(world: World) -> Iterator[str]:
    """The URL of the eIM."""
    web = WebServer("127.0.0.1", 0, None, Lines())
    thread = Thread(target=web.run, args=(esipa_app(world.service, world.log),))
    thread.start()
    try:
        yield f"http://127.0.0.1:{web.port}"
    finally:
        web.stop()
        thread.join(DEADLINE)


@pytest.mark.slow
def test_the_ipae_does_what_the_eim_orders(tmp_path: Path, directory: Path) -> None:
    world = World(tmp_path / "eim", nobody)
    with Card.open(directory) as card:
        world.trusted_by(card)
    world.service.order(EID, ["listProfileInfo"])
    command = [sys.executable, "-m", "euicc_sim", "serve", "--card", str(directory), "--tcp", "0"]
    with served(world) as url:
        words = [*command, "--no-fsync", "--ipae-eim", url, "--ipae-every", "0.1"]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
            until = time.monotonic() + DEADLINE
            while len(kept(world).results) < 2 and time.monotonic() < until:
                time.sleep(0.05)
            process.terminate()
            out, _ = process.communicate(timeout=DEADLINE)
    assert process.returncode == 0
    assert [one.state for one in kept(world).results] == ["done", "done"]
    assert "IPAe: package done: listProfileInfo ok" in out
    assert "LoadEuiccPackage: eim1.example.com, counter 1" in out


def test_a_card_without_an_ipae_has_no_eim_for_it(run: Run, tmp_path: Path) -> None:
    Card.create(tmp_path / "card", fsync=False).close()
    complaint = run(
        "serve", "--card", tmp_path / "card", "--tcp", "0", "--ipae-eim", "http://127.0.0.1:9"
    ).complaint
    assert complaint == ("--ipae-eim is for a card with an IPAe; make one with: card new --ipae")


@pytest.mark.parametrize("url", ["ftp://a", "http://x y", "eim.example.com"])
def test_where_its_eim_is_must_be_a_url(run: Run, directory: Path, url: str) -> None:
    complaint = run("serve", "--card", directory, "--tcp", "0", "--ipae-eim", url).complaint
    assert complaint.startswith("--ipae-eim: ")


def test_card_show_says_that_there_is_one(run: Run, directory: Path) -> None:
    said = run("card", "show", directory).said
    assert [line.split() for line in said if line.startswith("IPAe")] == [["IPAe", "yes"]]
