"""The lasting link, to a socket that listens like vpcd or connects like its reversed mode."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from euicc_sim.transport import link as link_module
from euicc_sim.transport.blank import BlankCard, SilentObserver
from euicc_sim.transport.link import (
    ConnectingLink,
    Link,
    LinkError,
    ListeningLink,
    NoReaderError,
)
from euicc_sim.transport.vpcd import Control

LOOPBACK = "127.0.0.1"
DEADLINE = 20.0
ASK_ATR = bytes.fromhex("0001 04")
POWER_ON = bytes.fromhex("0001 01")
BLANK_ATR = bytes.fromhex("0002 3B00")


class Log(SilentObserver):
    """Writes down how the link fares."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._changed = threading.Condition()

    def waiting(self, reason: str) -> None:
        self._add(f"waiting {reason}".strip())

    def connected(self) -> None:
        self._add("connected")

    def silent(self) -> None:
        self._add("silent")

    def powered(self, control: Control) -> None:
        self._add(control.name)

    def wait_for(self, *lines: str) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.lines == list(lines), DEADLINE), self.lines

    def _add(self, line: str) -> None:
        with self._changed:
            self.lines.append(line)
            self._changed.notify_all()


@pytest.fixture
def log() -> Log:
    return Log()


@contextmanager
def running(link: Link) -> Iterator[threading.Thread]:
    thread = threading.Thread(target=link.run)
    thread.start()
    try:
        yield thread
    finally:
        link.stop()
        thread.join(DEADLINE)
        assert not thread.is_alive()


@contextmanager
def vpcd(port: int = 0) -> Iterator[socket.socket]:
    """A port that vpcd listens at."""
    with socket.create_server((LOOPBACK, port)) as listener:
        listener.settimeout(DEADLINE)
        yield listener


@contextmanager
def absent_vpcd() -> Iterator[socket.socket]:
    """A port that refuses until `listen` is called."""
    with socket.socket() as bound:
        bound.bind((LOOPBACK, 0))
        bound.settimeout(DEADLINE)
        yield bound


def port_of(sock: socket.socket) -> int:
    return int(sock.getsockname()[1])


def accept(listener: socket.socket) -> socket.socket:
    """The next card at vpcd's port."""
    card = listener.accept()[0]
    card.settimeout(DEADLINE)
    return card


def atr_of(card: socket.socket) -> bytes:
    card.sendall(POWER_ON + ASK_ATR)
    return _exactly(card, len(BLANK_ATR))


def _exactly(card: socket.socket, size: int) -> bytes:
    return b"".join(card.recv(1) for _ in range(size))


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + DEADLINE
    while not true():
        assert time.monotonic() < end
        time.sleep(0.001)


def test_it_connects_to_vpcd_and_gives_the_atr(log: Log) -> None:
    with vpcd() as listener:
        link = ConnectingLink(LOOPBACK, port_of(listener), BlankCard(), log)
        with running(link), accept(listener) as card:
            assert atr_of(card) == BLANK_ATR
            log.wait_for("POWER_ON", "connected")


def test_it_reports_once_that_vpcd_is_not_there(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    def refuse(*address: object, **_: object) -> object:
        tries.append(address)
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(link_module, "RETRY_SECONDS", 0.001)
    with running(ConnectingLink(LOOPBACK, 35963, BlankCard(), log)):
        until(lambda: len(tries) > 5)
    assert log.lines == ["waiting Connection refused"]


def test_it_connects_when_vpcd_starts(log: Log) -> None:
    with absent_vpcd() as listener:
        link = ConnectingLink(LOOPBACK, port_of(listener), BlankCard(), log)
        with running(link):
            log.wait_for("waiting Connection refused")
            listener.listen()
            with accept(listener) as card:
                assert atr_of(card) == BLANK_ATR
                log.wait_for("waiting Connection refused", "POWER_ON", "connected")


def test_it_reconnects_when_vpcd_restarts(log: Log) -> None:
    with vpcd() as listener:
        port = port_of(listener)
        link = ConnectingLink(LOOPBACK, port, BlankCard(), log)
        with running(link):
            card = accept(listener)
            listener.close()
            card.close()
            log.wait_for("waiting Connection refused")
            with vpcd(port) as again, accept(again) as card:
                assert atr_of(card) == BLANK_ATR
                log.wait_for("waiting Connection refused", "POWER_ON", "connected")


def test_the_card_is_powered_off_when_the_connection_ends(log: Log) -> None:
    off = threading.Event()

    class Card(BlankCard):
        def power_off(self) -> None:
            off.set()

    with vpcd() as listener, running(ConnectingLink(LOOPBACK, port_of(listener), Card(), log)):
        accept(listener).close()
        assert off.wait(DEADLINE)


def test_it_keeps_trying_a_name_that_cannot_be_resolved(log: Log) -> None:
    with running(ConnectingLink("name.invalid", 35963, BlankCard(), log)) as thread:
        until(lambda: bool(log.lines))
        assert thread.is_alive()


def test_vpcd_can_listen_on_the_local_port_of_a_link(log: Log) -> None:
    with vpcd() as listener:
        link = ConnectingLink(LOOPBACK, port_of(listener), BlankCard(), log)
        with running(link), accept(listener) as card, vpcd(card.getpeername()[1]) as other:
            assert port_of(other) == card.getpeername()[1]


def test_a_connection_to_itself_counts_as_refused() -> None:
    sock = socket.socket()
    sock.bind((LOOPBACK, 0))
    with pytest.raises(ConnectionRefusedError):
        link_module._connected(sock, sock.getsockname())
    assert sock.fileno() == -1


def test_stop_ends_a_link_that_is_waiting_for_vpcd(log: Log) -> None:
    with absent_vpcd() as listener:
        with running(ConnectingLink(LOOPBACK, port_of(listener), BlankCard(), log)) as thread:
            log.wait_for("waiting Connection refused")
        assert not thread.is_alive()


def test_stop_ends_a_connection(log: Log) -> None:
    with vpcd() as listener:
        link = ConnectingLink(LOOPBACK, port_of(listener), BlankCard(), log)
        with running(link), accept(listener) as card:
            assert atr_of(card) == BLANK_ATR
            link.stop()
            assert card.recv(1) == b""


def test_a_stopped_link_does_not_run(log: Log) -> None:
    with vpcd() as listener:
        link = ConnectingLink(LOOPBACK, port_of(listener), BlankCard(), log)
        link.stop()
        link.run()
    assert log.lines == []


def test_a_silent_slot_is_reported(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "SILENCE_SECONDS", 0)
    with vpcd() as listener:
        link = ConnectingLink(LOOPBACK, port_of(listener), BlankCard(), log)
        with running(link), accept(listener) as card:
            log.wait_for("silent")
            assert atr_of(card) == BLANK_ATR


def test_a_refused_port_beside_a_connected_one_is_an_error(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_module, "NO_READER_SECONDS", 0)
    with vpcd() as listener, absent_vpcd() as absent:
        first = ConnectingLink(LOOPBACK, port_of(listener), BlankCard(), log)
        third = ConnectingLink(LOOPBACK, port_of(absent), BlankCard(), SilentObserver(), [first])
        with running(first), accept(listener):
            until(lambda: first.connected_for(0))
            with pytest.raises(NoReaderError, match="another card has its slot") as raised:
                third.run()
        assert raised.value.port == port_of(absent)


def test_a_refused_port_is_retried_while_no_other_card_is_connected(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_module, "NO_READER_SECONDS", 0)
    with absent_vpcd() as absent:
        first = ConnectingLink(LOOPBACK, 1, BlankCard(), SilentObserver())
        third = ConnectingLink(LOOPBACK, port_of(absent), BlankCard(), log, [first])
        with running(third):
            log.wait_for("waiting Connection refused")
            absent.listen()
            accept(absent).close()


def test_in_reversed_mode_vpcd_connects_to_it(log: Log) -> None:
    link = ListeningLink(LOOPBACK, 0, BlankCard(), log)
    with running(link), socket.create_connection((LOOPBACK, link.port), DEADLINE) as card:
        assert atr_of(card) == BLANK_ATR
        log.wait_for("waiting", "POWER_ON", "connected")


def test_in_reversed_mode_the_next_connection_is_accepted_when_one_ends(log: Log) -> None:
    link = ListeningLink(LOOPBACK, 0, BlankCard(), log)
    with running(link):
        for _ in range(2):
            with socket.create_connection((LOOPBACK, link.port), DEADLINE) as card:
                assert atr_of(card) == BLANK_ATR
                until(lambda: log.lines[-1] == "connected")
        once = ("waiting", "POWER_ON", "connected")
        log.wait_for(*once, *once, "waiting")


def test_in_reversed_mode_there_is_one_connection_at_a_time(log: Log) -> None:
    link = ListeningLink(LOOPBACK, 0, BlankCard(), log)
    address = (LOOPBACK, link.port)
    with (
        running(link),
        socket.create_connection(address, DEADLINE) as first,
        socket.create_connection(address, DEADLINE) as second,
    ):
        second.sendall(ASK_ATR)
        assert atr_of(first) == BLANK_ATR
        log.wait_for("waiting", "POWER_ON", "connected")
        first.close()
        assert _exactly(second, len(BLANK_ATR)) == BLANK_ATR


def test_stop_ends_a_listening_link(log: Log) -> None:
    link = ListeningLink(LOOPBACK, 0, BlankCard(), log)
    with running(link) as thread:
        log.wait_for("waiting")
    assert not thread.is_alive()


def test_a_port_in_use_is_reported() -> None:
    with vpcd() as listener:
        port = port_of(listener)
        with pytest.raises(LinkError, match=f"Cannot listen on 127.0.0.1:{port}: Address already"):
            ListeningLink(LOOPBACK, port, BlankCard(), SilentObserver())


def test_a_blank_card_refuses_every_command(log: Log) -> None:
    link = ListeningLink(LOOPBACK, 0, BlankCard(), log)
    with running(link), socket.create_connection((LOOPBACK, link.port), DEADLINE) as card:
        card.sendall(bytes.fromhex("0001 01  0004 00A40000  0001 00"))
        assert _exactly(card, 4) == bytes.fromhex("0002 6D00")
        log.wait_for("waiting", "POWER_ON", "connected", "POWER_OFF")
