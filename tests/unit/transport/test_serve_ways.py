"""`euicc-sim serve --tcp` and `--lpac-stdio`, as processes of their own."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.fresh import fresh_card

from euicc_sim import Card
from euicc_sim.cli.serve_links import Ways
from euicc_sim.tracing import journal
from euicc_sim.transport.link import LinkError
from keys import make_eid

pytestmark = pytest.mark.slow

DEADLINE = 20.0
EID = "89049032123451234512345678901235"
ATR = bytes.fromhex("3B9F96803FC7828031E073FE211B6753494D4555303134")


@pytest.fixture
def directory(tmp_path: Path, pki_folder: Path) -> Path:
    """A card, closed."""
    fresh_card(tmp_path / "card", pki_folder)
    return tmp_path / "card"


@contextmanager
def serving(*words: object) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "euicc_sim", "serve", *map(str, words)]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().rstrip()


def without_time(text: str) -> str:
    return re.sub(r"^\d\d:\d\d:\d\d ", "", text)


def until(process: subprocess.Popen[str], last: str) -> list[str]:
    """What it says, without the time, up to that line. A signal may only be sent after it."""
    assert process.stdout
    said: list[str] = []
    while last not in said:
        said.append(without_time(line(process)))
        assert said[-1], f"it ended without saying {last!r}: {said}"
    return said


def ended(process: subprocess.Popen[str], number: int = signal.SIGTERM) -> tuple[list[str], str]:
    """The rest of what it said, once it has had that signal."""
    process.send_signal(number)
    out, err = process.communicate(timeout=DEADLINE)
    assert process.returncode == 0
    return [without_time(one) for one in out.splitlines()], err


def exchange(port: int, message: str) -> bytes:
    content = bytes.fromhex(message)
    with socket.create_connection(("127.0.0.1", port), DEADLINE) as sock:
        sock.sendall(len(content).to_bytes(2) + content)
        with sock.makefile("rb") as answers:
            return answers.read(int.from_bytes(answers.read(2)))


def port_in(text: str) -> int:
    found = re.search(r" at 127\.0\.0\.1:([0-9]+), over TCP$", text)
    assert found, text
    return int(found[1])


def test_a_free_port_is_printed_and_vpcd_is_not_needed(directory: Path) -> None:
    with serving("--card", directory, "--tcp", 0) as process:
        first = line(process)
        assert first.startswith(f"Card {EID} ({directory}) at ")
        assert until(process, "waiting for TCP clients") == ["waiting for TCP clients"]
        assert exchange(port_in(first), "") == ATR
        assert until(process, "the TCP client disconnected, the card was reset") == [
            "connected: a TCP client uses the card",
            "the TCP client disconnected, the card was reset",
        ]
        assert ended(process) == ([], "")


def test_what_the_card_does_is_printed_and_kept_for_watch(directory: Path) -> None:
    with serving("--card", directory, "--tcp", 0, "-v") as process:
        exchange(port_in(line(process)), "80E2")
        said = until(process, "the TCP client disconnected, the card was reset")
        assert ended(process, signal.SIGINT) == ([], "")
    assert said[0] == "waiting for TCP clients"
    assert said.index("→ 80E2") < said.index("← 6700")
    assert journal.read(directory)[0].text == "waiting for TCP clients"


def test_each_card_has_a_port(directory: Path, tmp_path: Path, pki_folder: Path) -> None:
    eid = make_eid("89049032", 2)
    Card.create(tmp_path / "two", eid=eid, pki=pki_folder, fsync=False).close()
    with serving("--card", directory, "--card", tmp_path / "two", "--tcp", 0) as process:
        lines = [line(process), line(process)]
        assert [one.split()[1] for one in lines] == [EID, eid]
        ports = [port_in(one) for one in lines]
        assert ports[0] != ports[1]
        assert [exchange(one, "") for one in ports] == [ATR, ATR]


def test_vpcd_and_tcp_reach_the_same_card(directory: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as vpcd:
        words = ["--card", directory, "--tcp", 0, "--vpcd", "--port", vpcd.getsockname()[1]]
        with serving(*words) as process, vpcd.accept()[0] as slot:
            shown = [line(process)]
            while not shown[-1].endswith(", over TCP"):
                shown.append(line(process))
            slot.settimeout(DEADLINE)
            slot.sendall(bytes.fromhex("0001 01  0005 0070000001"))
            with slot.makefile("rb") as answers:
                assert answers.read(5) == bytes.fromhex("0003 019000")
                assert exchange(port_in(shown[-1]), "0070000001") == bytes.fromhex("029000")
    assert shown[0] == f"Card {EID} ({directory}) in 'Virtual PCD 00 00'"
    assert shown[1] == "Try:"


def test_a_program_has_the_card_over_its_pipes_and_only_answers_are_on_stdout(
    directory: Path,
) -> None:
    def request(func: str, param: str | None = None) -> str:
        return json.dumps({"type": "apdu", "payload": {"func": func, "param": param}}) + "\n"

    isdr = "A0000005591010FFFFFFFF8900000100"
    sent = [
        request("connect"),
        request("logic_channel_open", isdr),
        request("transmit", "81E2910006BF3E035C015A"),
        "rubbish\n",
        '{"type":"lpa","payload":{}}\n',
    ]
    with serving("--card", directory, "--lpac-stdio") as process:
        out, err = process.communicate("".join(sent), timeout=DEADLINE)
    assert process.returncode == 0
    payloads = [json.loads(one)["payload"] for one in out.splitlines()]
    assert payloads == [
        {"ecode": 0, "data": ""},
        {"ecode": 1, "data": ""},
        {"ecode": 0, "data": "6115"},
        {"ecode": -1, "data": ""},
    ]
    assert "euicc-sim: 'rubbish' is not a request of lpac's stdio driver" in err
    assert f"GetEID: {EID}" in err
    assert '{"type":"lpa","payload":{}}' in err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_while_the_input_goes_on(directory: Path, number: int) -> None:
    with serving("--card", directory, "--lpac-stdio") as process:
        assert process.stdin
        process.stdin.write("rubbish\n")
        process.stdin.flush()
        assert json.loads(line(process))["payload"]["ecode"] == -1
        process.send_signal(number)
        assert process.wait(DEADLINE) == 0


@pytest.mark.parametrize(
    ("ways", "cards", "sentence"),
    [
        (Ways("h", vpcd=65535), 2, "Port 65535 leaves no room for 2 slots."),
        (Ways("h", vpcd=65535, listen=True), 1, "Port 65535 leaves no room for 2 slots."),
        (Ways("h", tcp=65535), 2, "TCP port 65535 leaves no room for 2 cards."),
        (Ways("h", stdio=True), 2, "--lpac-stdio serves a single card; give --card once."),
    ],
)
def test_ways_that_do_not_fit_together_are_reported(ways: Ways, cards: int, sentence: str) -> None:
    with pytest.raises(LinkError) as caught:
        ways.check(cards)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    "ways",
    [Ways("h", vpcd=65534), Ways("h", tcp=65534), Ways("h", tcp=0)],
)
def test_ways_that_fit_together(ways: Ways) -> None:
    ways.check(2)


def test_a_taken_port_is_reported_with_exit_code_1(directory: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        words: Sequence[object] = ["--card", directory, "--tcp", port]
        with serving(*words) as process:
            _, err = process.communicate(timeout=DEADLINE)
    assert process.returncode == 1
    assert err.startswith(f"euicc-sim: Cannot listen on 127.0.0.1:{port}: Address already in use")
    assert err.count("\n") == 1
