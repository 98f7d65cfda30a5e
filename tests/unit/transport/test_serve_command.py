"""`euicc-sim serve` with a stub card, and a thread of the test that plays vpcd."""

import io
import json
import os
import re
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import pytest
import typer
from rich.console import Console
from support.schemas import check
from typer.testing import CliRunner

from euicc_sim import Event
from euicc_sim.cli.card_log import CardLog
from euicc_sim.cli.log_lines import LogLines
from euicc_sim.cli.serve import run_until_signalled, serve
from euicc_sim.cli.tracing import TracedLink
from euicc_sim.model.identity import Identity
from euicc_sim.tracing import gsmtap, journal
from euicc_sim.tracing.gsmtap import Kind, Message
from euicc_sim.tracing.pcapng import datagrams
from euicc_sim.tracing.recorder import Recorder
from euicc_sim.transport import link as link_module
from euicc_sim.transport.blank import BlankCard, SilentObserver
from euicc_sim.transport.vpcd import Control

DEADLINE = 20.0
GET_EID = Event(name="GetEID", refused=False, text="GetEID: ok")
DELETE = Event(name="Delete", refused=True, text="Delete: refused, enabled")
app = typer.Typer()
app.command()(serve)


class StubError(Exception):
    pass


class StubCard:
    closed: ClassVar[list[str]] = []

    def __init__(self, directory: Path, fsync: bool = True) -> None:
        self.directory = directory
        self.fsync = fsync
        self.atr = bytes.fromhex("3B00")
        self.eid = "89049032" + "0" * 24
        self.identity = Identity(self.eid, ())
        self.events: list[Event] = []

    @classmethod
    def open(cls, directory: Path, *, fsync: bool = True) -> "StubCard":
        if directory.name == "locked":
            raise StubError("The card in locked is in use.")
        return cls(directory, fsync)

    def idle(self, seconds: float) -> None: ...

    def power_off(self) -> None:
        pass

    def reset(self) -> bytes:
        return self.atr

    def transmit(self, apdu: bytes) -> bytes:
        refused = apdu[1] != 0xE2
        self.events.append(DELETE if refused else GET_EID)
        return bytes.fromhex("9000")

    def take_events(self) -> list[Event]:
        taken, self.events = self.events, []
        return taken

    def close(self) -> None:
        self.closed.append(self.directory.name)


@pytest.fixture(autouse=True)
def stub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("euicc_sim.cli.serve.Card", StubCard)
    monkeypatch.setattr("euicc_sim.cli.serve.CardError", StubError)
    monkeypatch.setattr(StubCard, "closed", [])
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)


@contextmanager
def in_thread(work: Callable[[], None]) -> Iterator[None]:
    thread = threading.Thread(target=work)
    thread.start()
    yield
    thread.join(DEADLINE)
    assert not thread.is_alive()


@dataclass
class Ran:
    exit_code: int
    stdout: str
    stderr: str


def run(*arguments: object) -> Ran:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return Ran(result.exit_code, result.stdout, result.stderr)


def received(card: socket.socket, size: int) -> bytes:
    return b"".join(card.recv(1) for _ in range(size))


def session(listener: socket.socket, number: int) -> Callable[[], None]:
    """vpcd: one command answered, then a signal to the process."""

    def work() -> None:
        with listener.accept()[0] as card:
            card.settimeout(DEADLINE)
            try:
                card.sendall(bytes.fromhex("0001 01  0001 04"))
                assert received(card, 4) == bytes.fromhex("0002 3B00")
                card.sendall(bytes.fromhex("0004 80E29100  0004 80CA0000"))
                assert received(card, 8) == bytes.fromhex("0002 9000  0002 9000")
            finally:
                os.kill(os.getpid(), number)
            assert card.recv(1) == b""

    return work


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(DEADLINE)
        yield server


def timeless(output: str) -> list[str]:
    return [re.sub(r"^\d\d:\d\d:\d\d ", "", line) for line in output.splitlines()]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_exit_code_0_and_closes_the_card(
    listener: socket.socket, number: int
) -> None:
    with in_thread(session(listener, number)):
        result = run("--card", "one", "--port", listener.getsockname()[1])
    assert result.exit_code == 0
    assert StubCard.closed == ["one"]


def test_it_prints_the_card_its_reader_what_to_try_and_a_line_per_function(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("euicc_sim.cli.serve.which", lambda _: "on the path")
    with in_thread(session(listener, signal.SIGTERM)):
        result = run("--card", "one", "--port", listener.getsockname()[1])
    assert timeless(result.stdout) == [
        "Card 89049032000000000000000000000000 (one) in 'Virtual PCD 00 00'",
        "Try:",
        "  euicc-sim demo",
        "  euicc-sim apdu send 00A4040010A0000005591010FFFFFFFF8900000100",
        "  LPAC_APDU=pcsc LPAC_APDU_PCSC_DRV_NAME='Virtual PCD 00 00' lpac chip info",
        "  echo 00A4040010A0000005591010FFFFFFFF8900000100 | scriptor -r 'Virtual PCD 00 00'",
        "connected: the card is in 'Virtual PCD 00 00'",
        "GetEID: ok",
        "Delete: refused, enabled",
    ]


def test_its_suggestions_use_the_path_it_was_called_by_when_it_is_not_on_path(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("euicc_sim.cli.serve.which", lambda _: None)
    monkeypatch.setattr("sys.argv", [str(Path.cwd() / ".venv/bin/euicc-sim"), "serve"])
    with in_thread(session(listener, signal.SIGTERM)):
        result = run("--card", "one", "--port", listener.getsockname()[1])
    said = timeless(result.stdout)
    assert "  .venv/bin/euicc-sim demo" in said
    assert not [one for one in said if "lpac" in one or "scriptor" in one]


def test_verbose_shows_power_and_hex(listener: socket.socket) -> None:
    with in_thread(session(listener, signal.SIGTERM)):
        result = run("--card", "one", "--port", listener.getsockname()[1], "-v")
    said = timeless(result.stdout)
    assert said[said.index("power on") :] == [
        "power on",
        "connected: the card is in 'Virtual PCD 00 00'",
        "→ 80E29100",
        "← 9000",
        "GetEID: ok",
        "→ 80CA0000",
        "← 9000",
        "Delete: refused, enabled",
    ]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_trace_is_complete_when_a_signal_ends_it(
    listener: socket.socket, number: int, tmp_path: Path
) -> None:
    path = tmp_path / "x.pcapng"
    with in_thread(session(listener, number)):
        port = listener.getsockname()[1]
        result = run("--card", "one", "--port", port, "--trace", path, "--trace-keys")
    assert (result.exit_code, result.stderr) == (0, "")
    assert [gsmtap.read(one.payload) for one in datagrams(path)] == [
        Message(Kind.ATR, bytes.fromhex("3B00")),
        Message(Kind.APDU, bytes.fromhex("80E2910000 9000")),
        Message(Kind.APDU, bytes.fromhex("80CA000000 9000")),
    ]
    assert (tmp_path / "x.pcapng.keys.json").exists()


def test_a_trace_that_cannot_be_written_is_reported_with_exit_code_1(tmp_path: Path) -> None:
    result = run("--card", "one", "--trace", tmp_path / "nowhere" / "x.pcapng")
    assert result.exit_code == 1
    assert "cannot be written (No such file or directory)" in result.stderr
    assert StubCard.closed == ["one"]


def test_a_traced_link_tells_its_log_everything() -> None:
    out = Console(file=io.StringIO(), soft_wrap=True)
    log = CardLog(list, LogLines(out), reader="R", address="A", verbose=True)
    traced = TracedLink(log, Recorder([], print).tap(0, ""), bytes.fromhex("3B00"))
    traced.waiting("gone")
    traced.connected()
    traced.silent()
    traced.powered(Control.POWER_OFF)
    traced.idle()
    assert isinstance(out.file, io.StringIO)
    assert [line.split()[0] for line in timeless(out.file.getvalue())] == [
        "waiting",
        "connected:",
        "vpcd",
        "power",
    ]


def test_the_journal_has_functions_and_the_end(listener: socket.socket, tmp_path: Path) -> None:
    with in_thread(session(listener, signal.SIGTERM)):
        run("--card", tmp_path, "--port", listener.getsockname()[1])
    entries = journal.read(tmp_path)
    assert [one.text for one in entries] == [
        "connected: the card is in 'Virtual PCD 00 00'",
        "GetEID: ok",
        "Delete: refused, enabled",
        "",
    ]
    assert [one.process for one in entries] == [os.getpid(), None, None, os.getpid()]
    assert [one.refused for one in entries] == [False, False, True, False]


def test_in_reversed_mode_a_blank_card_has_the_slot_beside(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ports: list[int] = []

    class FreePort(link_module.ListeningLink):
        def __init__(self, host: str, port: int, *rest: object) -> None:
            super().__init__(host, 0, *rest)  # type: ignore[arg-type]
            ports.append(self.port)
            if len(ports) == 2:
                threading.Thread(target=call_both).start()

    def call_both() -> None:
        try:
            for port in ports:
                with socket.create_connection(("127.0.0.1", port), DEADLINE) as card:
                    card.sendall(bytes.fromhex("0004 80E29100"))
                    answers.append(received(card, 4))
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    answers: list[bytes] = []
    monkeypatch.setattr("euicc_sim.cli.serve_links.ListeningLink", FreePort)
    result = run("--card", "one", "--listen")
    assert result.exit_code == 0
    assert answers == [bytes.fromhex("0002 9000"), bytes.fromhex("0002 6D00")]
    assert "A blank card is in 'Virtual PCD 00 01'" in result.stdout


def test_a_card_that_does_not_open_is_reported_with_exit_code_1() -> None:
    result = run("--card", "one", "--card", "locked")
    assert result.exit_code == 1
    assert result.stderr == "euicc-sim: The card in locked is in use.\n"
    assert StubCard.closed == ["one"]


def test_a_third_card_without_a_reader_prints_what_to_configure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        link_module.ConnectingLink, "run", lambda self: _no_reader_at_the_third_port(self)
    )
    result = run("--card", "one", "--card", "two", "--card", "three")
    assert result.exit_code == 1
    assert "/etc/reader.conf.d/vpcd2" in result.stderr
    assert "/dev/null:0x8C7D" in result.stderr
    assert StubCard.closed == ["three", "two", "one"]


def _no_reader_at_the_third_port(link: link_module.ConnectingLink) -> None:
    if link._earlier:
        raise link_module.NoReaderError(35965)
    assert link._stopped.wait(DEADLINE)


def test_a_taken_port_is_reported_with_exit_code_1(listener: socket.socket) -> None:
    result = run("--card", "one", "--listen", "--port", listener.getsockname()[1])
    assert result.exit_code == 1
    assert result.stderr.startswith("euicc-sim: Cannot listen on 127.0.0.1:")
    assert StubCard.closed == ["one"]


@pytest.mark.parametrize("arguments", [["--card", "two"], ["--listen"]])
def test_ports_do_not_go_beyond_65535(arguments: list[str]) -> None:
    result = run("--card", "one", "--port", "65535", *arguments)
    assert result.exit_code == 1
    assert result.stderr == "euicc-sim: Port 65535 leaves no room for 2 slots.\n"


def test_a_throw_away_card_can_do_without_fsync(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    opened = StubCard.open

    def spy(directory: Path, *, fsync: bool = True) -> StubCard:
        asked.append(fsync)
        return opened(directory, fsync=fsync)

    monkeypatch.setattr(StubCard, "open", spy)
    with in_thread(session(listener, signal.SIGTERM)):
        run("--card", "one", "--no-fsync", "--port", listener.getsockname()[1])
    assert asked == [False]


def test_the_advice_is_given_once() -> None:
    out = Console(file=io.StringIO(), soft_wrap=True, highlight=False)
    log = CardLog(
        list,
        LogLines(out),
        reader="R",
        address="127.0.0.1:1",
        advice=": install it",
        name="card 1: ",
    )
    log.waiting("Connection refused")
    log.waiting("Connection refused")
    log.waiting("")
    log.silent()
    assert isinstance(out.file, io.StringIO)
    assert timeless(out.file.getvalue()) == [
        "card 1: waiting for vpcd at 127.0.0.1:1 (Connection refused): install it",
        "card 1: waiting for vpcd at 127.0.0.1:1 (Connection refused)",
        "card 1: listening on 127.0.0.1:1 for vpcd",
        "card 1: vpcd accepted the connection but sends nothing: is another card in this slot, "
        "or has a second reader the same LIBPATH?",
    ]


def test_the_first_card_prints_what_to_install_and_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def wait_and_leave(link: link_module.ConnectingLink) -> None:
        link._observer.waiting("Connection refused")

    monkeypatch.setattr(link_module.ConnectingLink, "run", wait_and_leave)
    result = run("--card", "one")
    assert timeless(result.stdout)[-1] == (
        "waiting for vpcd at 127.0.0.1:35963 (Connection refused): install pcscd and "
        "vsmartcard-vpcd and start pcscd, or let scripts/run do both"
    )


def test_a_refusal_is_red_on_a_terminal_only() -> None:
    for terminal in (True, False):
        system: Literal["standard", "auto"] = "standard" if terminal else "auto"
        out = Console(file=io.StringIO(), force_terminal=terminal, color_system=system)
        card = StubCard(Path("one"))
        card.events = [DELETE]
        log = CardLog(card.take_events, LogLines(out), reader="R", address="A")
        log.powered(Control.RESET)
        log.idle()
        assert isinstance(out.file, io.StringIO)
        assert ("\x1b[31m" in out.file.getvalue()) is terminal


def test_a_signal_that_does_not_wake_the_waiting_thread_is_still_noticed() -> None:
    """As when it comes in the moment before the wait: here another thread has received it."""

    class Running(link_module.Link):
        stopped_in_time = False

        def run(self) -> None:
            self._stopped.wait(0.3)  # until the other thread waits
            signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
            self.stopped_in_time = self._stopped.wait(DEADLINE)

    link = Running(BlankCard(), SilentObserver())
    run_until_signalled([link])
    assert link.stopped_in_time


def test_the_ready_file_is_there_while_the_card_is_and_says_where(
    listener: socket.socket, tmp_path: Path
) -> None:
    path, seen = tmp_path / "ready", []

    def work() -> None:
        with listener.accept()[0] as card:
            card.settimeout(DEADLINE)
            try:
                card.sendall(bytes.fromhex("0001 04"))
                assert received(card, 4) == bytes.fromhex("0002 3B00")
                seen.append(path.exists())
                card.sendall(bytes.fromhex("0001 01  0001 04  0001 04"))
                assert received(card, 8) == bytes.fromhex("0002 3B00 0002 3B00")
                seen.append(json.loads(path.read_text()))
            finally:
                os.kill(os.getpid(), signal.SIGTERM)

    path.write_text('{"process": 1, "cards": []}')  # a killed server's
    with in_thread(work):
        run("--card", "one", "--port", listener.getsockname()[1], "--ready-file", path)
    about = {
        "eid": "89049032" + "0" * 24,
        "directory": str(Path.cwd() / "one"),
        "reader": "Virtual PCD 00 00",
    }
    assert seen == [False, {"process": os.getpid(), "cards": [about]}]
    check("ready", seen[1])
    assert not path.exists()


@pytest.mark.parametrize("content", ["", "[]", '{"process": 1}', "a key"])
def test_another_file_is_never_taken_for_a_ready_file(tmp_path: Path, content: str) -> None:
    (tmp_path / "mine").write_text(content)
    result = run("--card", "one", "--ready-file", tmp_path / "mine")
    assert result.exit_code == 1
    assert "exists and is not a ready file" in result.stderr
    assert (tmp_path / "mine").read_text() == content
