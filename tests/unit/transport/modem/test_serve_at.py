"""`euicc-sim serve --at`, as a process of its own."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.fresh import fresh_card

from euicc_sim import Card
from keys import make_eid

pytestmark = pytest.mark.slow

DEADLINE = 120.0
EID = "89049032123451234512345678901235"
ISDR = "A0000005591010FFFFFFFF8900000100"


@pytest.fixture
def directory(tmp_path: Path, pki_folder: Path) -> Path:
    """A card, closed."""
    fresh_card(tmp_path / "card", pki_folder)
    return tmp_path / "card"


@contextmanager
def serving(*words: object) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "euicc_sim", "serve", *map(str, words)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def said_until(process: subprocess.Popen[str], last: str) -> list[str]:
    """What it says, without the time, up to that line."""
    assert process.stdout
    said: list[str] = []
    while last not in said:
        text = process.stdout.readline().rstrip()
        assert text, f"it ended without saying {last!r}: {said}"
        said.append(re.sub(r"^\d\d:\d\d:\d\d ", "", text))
    return said


def ask(path: str | Path, line: str) -> str:
    """What a program is answered that opens the port, says one line, and closes it."""
    port = os.open(path, os.O_RDWR | os.O_NOCTTY)
    try:
        os.write(port, line.encode() + b"\r")
        got = b""
        while not got.endswith((b"\r\nOK\r\n", b"\r\nERROR\r\n")):
            assert select.select([port], [], [], DEADLINE)[0], got
            got += os.read(port, 0x1000)
        return got.decode()
    finally:
        os.close(port)


ON = "the modem is on, and waits for AT commands"


def test_the_terminal_is_printed_and_vpcd_is_not_needed(directory: Path) -> None:
    with serving(directory, "--at") as process:
        said = said_until(process, ON)
        where = said[0].removeprefix(f"Card {EID} ({directory}) in a modem at ")
        assert where.startswith("/dev/pts/")
        ask(where, "ATE0")
        assert ask(where, f'AT+CCHO="{ISDR}"') == "\r\n+CCHO: 1\r\n\r\nOK\r\n"
        assert said_until(process, "a program uses the modem") == [
            "TERMINAL PROFILE: 3 bytes",
            "a program uses the modem",
        ]


def test_a_card_right_after_at_is_not_a_link(directory: Path) -> None:
    with serving("--at", directory) as process:
        assert said_until(process, ON)[0].startswith(f"Card {EID} ({directory}) in a modem at /dev")


def test_the_links_are_there_until_the_end(
    directory: Path, tmp_path: Path, pki_folder: Path
) -> None:
    Card.create(tmp_path / "two", eid=make_eid("89049032", 2), pki=pki_folder, fsync=False).close()
    link, second = tmp_path / "modem", tmp_path / "modem2"
    ready = tmp_path / "ready.json"
    words = ["--at", link, "--ready-file", ready]
    with serving(directory, "--card", tmp_path / "two", *words) as process:
        said_until(process, f"card 2: {ON}")
        assert ask(link, "AT+CFUN?").endswith("+CFUN: 1\r\n\r\nOK\r\n")
        assert ask(second, "AT+CFUN?").endswith("+CFUN: 1\r\n\r\nOK\r\n")
        cards = json.loads(ready.read_bytes())["cards"]
        assert [one["modem"] for one in cards] == [str(link), str(second)]
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE) == 0
    assert not os.path.lexists(link)
    assert not os.path.lexists(second)
    assert not ready.exists()


def test_the_modem_and_tcp_reach_the_same_card(directory: Path) -> None:
    with serving(directory, "--at", "--tcp", 0) as process:
        said = said_until(process, ON)
        path = next(one for one in said if " in a modem at " in one).rpartition(" ")[2]
        assert ask(path, "ATE0+CFUN?").endswith("+CFUN: 1\r\n\r\nOK\r\n")


def test_each_modem_may_be_in_a_process_of_its_own(
    directory: Path, tmp_path: Path, pki_folder: Path
) -> None:
    Card.create(tmp_path / "two", eid=make_eid("89049032", 2), pki=pki_folder, fsync=False).close()
    ready = tmp_path / "ready.json"
    words = ["--at", tmp_path / "modem", "--processes", "--ready-file", ready]
    with serving(directory, "--card", tmp_path / "two", *words):
        until = time.monotonic() + DEADLINE
        while not ready.exists() and time.monotonic() < until:
            time.sleep(0.01)
        places = [one["modem"] for one in json.loads(ready.read_bytes())["cards"]]
        for one in places:
            assert ask(one, "AT+CFUN?").endswith("+CFUN: 1\r\n\r\nOK\r\n")


def test_a_link_that_cannot_be_made_ends_it_with_a_sentence(directory: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "euicc_sim",
        "serve",
        str(directory),
        "--at",
        str(directory.parent),
    ]
    found = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert found.returncode == 1
    assert found.stderr == (
        f"euicc-sim: {directory.parent} exists already; name a different one for --at.\n"
    )
