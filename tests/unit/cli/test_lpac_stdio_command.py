"""`euicc-sim lpac-stdio`: a program whose standard input and output lead to a card."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support.command import Run, runner
from support.fresh import fresh_card

from euicc_sim import Card
from euicc_sim.cli import lpac_stdio

pytestmark = pytest.mark.slow

PROGRAM = """
import json, os, sys

def ask(func, param=None):
    request = {"type": "apdu", "payload": {"func": func, "param": param}}
    print(json.dumps(request), flush=True)
    return json.loads(sys.stdin.readline())["payload"]

print("hello", os.environ["LPAC_APDU"], *sys.argv[1:])
ask("connect")
channel = ask("logic_channel_open", "A0000005591010FFFFFFFF8900000100")["ecode"]
ask("transmit", "81E2910006BF3E035C015A")
print(json.dumps({"type": "lpa", "payload": ask("transmit", "81C0000015")}))
ask("logic_channel_close", f"{channel:02X}")
ask("disconnect")
print("no end of line", end="")
sys.exit(7)
"""

WAITS = """
import json, sys, time
from pathlib import Path

def ask(func, param=None):
    print(json.dumps({"type": "apdu", "payload": {"func": func, "param": param}}), flush=True)
    return json.loads(sys.stdin.readline())["payload"]

ask("connect")
ask("logic_channel_open", "A0000005591010FFFFFFFF8900000100")
ask("transmit", "81E2910006BF6503800161")
document = Path(sys.argv[1], "card.json")
until = time.monotonic() + 60
while '"defaultDpAddress": "a"' not in document.read_text() and time.monotonic() < until:
    time.sleep(0.05)
print("current" if time.monotonic() < until else "too late")
"""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `euicc-sim lpac-stdio` with these words."""
    return runner(monkeypatch, capsys, "lpac-stdio")


@pytest.fixture
def directory(tmp_path: Path, pki_folder: Path) -> Path:
    """A card, closed."""
    fresh_card(tmp_path / "card", pki_folder)
    return tmp_path / "card"


def test_requests_are_answered_and_everything_else_is_passed_on(run: Run, directory: Path) -> None:
    program = [sys.executable, "-c", PROGRAM, "chip", "--card", "x", "-v"]
    outcome = run("--card", directory, "--no-fsync", *program)
    eid = "89049032123451234512345678901235"
    assert outcome.out.splitlines() == [
        "hello stdio chip --card x -v",
        f'{{"type": "lpa", "payload": {{"ecode": 0, "data": "BF3E125A10{eid}9000"}}}}',
        "no end of line",
    ]
    assert outcome.code == 7
    said = [line[9:] for line in outcome.err.splitlines()]
    assert said == [
        "connected: a program uses the card, in lpac's stdio protocol",
        f"GetEID: {eid}",
    ]


def test_two_dashes_may_precede_the_program(run: Run, directory: Path) -> None:
    outcome = run("--card", directory, "--", sys.executable, "-c", "print('here')")
    assert (outcome.code, outcome.out) == (0, "here\n")


def test_a_failed_request_is_answered_and_reported(run: Run, directory: Path) -> None:
    ask = """print('{"type":"http","payload":{}}', flush=True); print('got', input())"""
    outcome = run("--card", directory, sys.executable, "-c", ask)
    assert outcome.out == 'got {"type":"apdu","payload":{"ecode":-1,"data":""}}\n'
    assert "only APDUs are supported here, not HTTP" in outcome.err


def test_a_program_that_does_not_read_answers_is_not_an_error(run: Run, directory: Path) -> None:
    deaf = """
import os
os.close(0)
for _ in range(3):
    os.write(1, b'{"type":"apdu","payload":{"func":"connect"}}\\n')
os.write(1, b'done\\n')
"""
    outcome = run("--card", directory, sys.executable, "-c", deaf)
    assert (outcome.code, outcome.out) == (0, "done\n")


def test_a_program_that_a_signal_ends_has_128_more_as_its_exit_code(
    run: Run, directory: Path
) -> None:
    dying = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    assert run("--card", directory, sys.executable, "-c", dying).code == 137


def test_a_missing_program_is_reported(run: Run, directory: Path) -> None:
    outcome = run("--card", directory, "./nowhere")
    assert outcome.complaint == "./nowhere cannot be started: No such file or directory."


def test_a_card_in_use_is_reported_and_nothing_is_started(run: Run, directory: Path) -> None:
    with Card.open(directory, fsync=False):
        outcome = run("--card", directory, sys.executable, "-c", "print('started')")
    assert outcome.complaint.startswith(f"the card in {directory} is open already")


def test_verbose_shows_commands(run: Run, directory: Path) -> None:
    outcome = run("--card", directory, "-v", sys.executable, "-c", PROGRAM)
    assert "→ 81C0000015" in outcome.err
    assert "power off" in outcome.err


def test_a_request_is_recognised_by_its_type() -> None:
    assert lpac_stdio.DRIVER_TYPES == ("apdu", "http")


def test_card_json_is_current_while_the_program_says_nothing(run: Run, directory: Path) -> None:
    outcome = run("--card", directory, "--no-fsync", sys.executable, "-c", WAITS, directory)
    assert outcome.out.splitlines() == ["current"]


def test_a_line_that_is_too_long_is_passed_on_whole(run: Run, directory: Path) -> None:
    program = [sys.executable, "-c", "print('x' * 1_000_000); print('y')"]
    outcome = run("--card", directory, "--no-fsync", *program)
    assert outcome.out == "x" * 1_000_000 + "\ny\n"
