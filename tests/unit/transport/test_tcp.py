"""APDUs over TCP: the framing, one client after another, and the lock shared with other links."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from euicc_sim import Card
from euicc_sim.transport.blank import SilentObserver
from euicc_sim.transport.link import LinkError
from euicc_sim.transport.shared import SharedCard
from euicc_sim.transport.tcp import TcpLink
from euicc_sim.transport.vpcd import Control, PoweredCard

DEADLINE = 120.0
SELECT = "01A4040010 A0000005591010FFFFFFFF8900000100"
ATR = "3B9F96803FC7828031E073FE211B6753494D4555303134"


def hx(text: str) -> bytes:
    return bytes.fromhex(text)


class Stub:
    """Answers every command with the same bytes and writes down what was done to it."""

    def __init__(self, answer: bytes = b"\x90\x00") -> None:
        self.atr = hx("3B00")
        self.answer = answer
        self.done: list[str] = []

    def idle(self, seconds: float) -> None: ...

    def power_off(self) -> None:
        self.done.append("off")

    def reset(self) -> bytes:
        self.done.append("reset")
        return self.atr

    def transmit(self, apdu: bytes) -> bytes:
        self.done.append(apdu.hex().upper())
        return self.answer


class Log(SilentObserver):
    """Writes down what it is told, and tells when a client has come or gone."""

    def __init__(self) -> None:
        self.lines: list[object] = []
        self.free = threading.Semaphore(0)

    def powered(self, control: Control) -> None:
        self.lines.append(control)

    def answered(self, apdu: bytes, answer: bytes) -> None:
        self.lines.append((apdu, answer))

    def waiting(self, reason: str) -> None:
        self.free.release()

    def another(self, *, is_turned_away: bool) -> None:
        self.lines.append("turned away" if is_turned_away else "another waits")


@contextmanager
def running(
    card: PoweredCard, log: Log | None = None, patience: float = 10 * DEADLINE
) -> Iterator[TcpLink]:
    link = TcpLink("127.0.0.1", 0, card, log or Log(), patience)
    thread = threading.Thread(target=link.run)
    thread.start()
    try:
        yield link
    finally:
        link.stop()
        thread.join(DEADLINE)
        assert not thread.is_alive()


class Client:
    def __init__(self, link: TcpLink) -> None:
        self.sock = socket.create_connection(("127.0.0.1", link.port), DEADLINE)

    def ask(self, message: str) -> str:
        content = hx(message)
        self.sock.sendall(len(content).to_bytes(2) + content)
        return self.read()

    def read(self) -> str:
        return self._exactly(int.from_bytes(self._exactly(2))).hex().upper()

    def _exactly(self, size: int) -> bytes:
        parts = b""
        while len(parts) < size:
            part = self.sock.recv(size - len(parts))
            assert part
            parts += part
        return parts

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()


def test_a_card_is_reset_and_used(card: Card) -> None:
    with running(card) as link, Client(link) as client:
        assert client.ask("") == ATR
        assert client.ask("0070000001") == "019000"
        assert client.ask(SELECT) == "6120"
        assert client.ask("81E2910006 BF3E035C015A") == "6115"
        assert client.ask("81C0000015") == f"BF3E125A10{card.eid}9000"
        assert client.ask("") == ATR
        assert client.ask("81E2910006 BF3E035C015A") == "6881"


def test_each_message_except_the_empty_one_is_a_command(card: Card) -> None:
    stub, log = Stub(), Log()
    with running(stub, log) as link, Client(link) as client:
        assert client.ask("04") == "9000"
        assert client.ask("") == "3B00"
        assert client.ask("80F20000") == "9000"
    assert stub.done == ["04", "reset", "80F20000", "off"]
    assert log.lines == [
        (hx("04"), hx("9000")),
        Control.RESET,
        (hx("80F20000"), hx("9000")),
    ]


def test_messages_may_come_byte_by_byte_and_all_at_once() -> None:
    stub = Stub()
    with running(stub) as link, Client(link) as client:
        for byte in hx("0004 80F20000"):
            client.sock.sendall(bytes([byte]))
        assert client.read() == "9000"
        client.sock.sendall(hx("0000 0004 80F20001 0000"))
        assert [client.read() for _ in range(3)] == ["3B00", "9000", "3B00"]
    assert stub.done == ["80F20000", "reset", "80F20001", "reset", "off"]


def test_the_longest_messages_pass_in_both_directions() -> None:
    stub = Stub(bytes(0xFFFD) + hx("9000"))
    with running(stub) as link, Client(link) as client:
        answer = client.ask("80E2910000FFF8" + "5A" * 0xFFF8)
    assert len(answer) == 2 * 0xFFFF
    assert len(stub.done[0]) == 2 * 0xFFFF


@pytest.mark.parametrize("piece", ["00", "0005", "0005 8070"])
def test_a_truncated_message_does_not_reach_the_card(piece: str) -> None:
    stub, log = Stub(), Log()
    with running(stub, log) as link:
        assert log.free.acquire(timeout=DEADLINE)
        with Client(link) as client:
            client.sock.sendall(hx(piece))
        assert log.free.acquire(timeout=DEADLINE)
        assert stub.done == ["off"]


def test_the_card_is_reset_when_a_client_disconnects(card: Card) -> None:
    log = Log()
    with running(card, log) as link:
        assert log.free.acquire(timeout=DEADLINE)
        with Client(link) as client:
            assert client.ask("0070000001") == "019000"
        assert log.free.acquire(timeout=DEADLINE)
        with Client(link) as client:
            assert client.ask("01A4000C") == "6881"


def test_the_next_client_waits_for_the_first_to_disconnect() -> None:
    with running(Stub()) as link, Client(link) as first, Client(link) as second:
        assert first.ask("80F20000") == "9000"
        second.sock.sendall(hx("0004 80F20000"))
        second.sock.settimeout(0.1)
        with pytest.raises(TimeoutError):
            second.sock.recv(1)
        first.sock.close()
        second.sock.settimeout(DEADLINE)
        assert second.read() == "9000"


def test_a_client_that_has_waited_long_enough_is_disconnected_and_both_are_told() -> None:
    log = Log()
    with running(Stub(), log, patience=0.05) as link, Client(link) as first:
        assert first.ask("80F20000") == "9000"
        for _ in range(2):
            with Client(link) as second:
                assert second.sock.recv(1) == b""
        assert first.ask("80F20000") == "9000"
    assert [one for one in log.lines if isinstance(one, str)] == [
        "another waits",
        "turned away",
    ] * 2


def test_stop_disconnects_a_client_that_waits() -> None:
    log = Log()
    with running(Stub(), log) as link:
        first, second = Client(link), Client(link)
        assert first.ask("80F20000") == "9000"
        second.sock.sendall(hx("0000"))
    with first, second, suppress(ConnectionResetError):
        assert second.sock.recv(1) == b""


def test_stop_ends_it_with_a_client_in_the_middle_of_a_message() -> None:
    with running(Stub()) as link:
        client = Client(link)
        assert client.ask("80F20000") == "9000"
        client.sock.sendall(hx("0005 80"))
    with client, suppress(ConnectionResetError):  # as the system says it when bytes were unread
        assert client.sock.recv(1) == b""


def test_a_taken_port_is_reported() -> None:
    with (
        running(Stub()) as link,
        pytest.raises(LinkError, match=rf"^Cannot listen on 127.0.0.1:{link.port}: "),
    ):
        TcpLink("127.0.0.1", link.port, Stub(), Log())


def test_a_card_with_two_links_does_one_thing_at_a_time() -> None:
    """And its observers are told of nothing while it works."""
    busy = threading.Lock()
    overlaps = []

    class Careful(Stub):
        def transmit(self, apdu: bytes) -> bytes:
            overlaps.append(not busy.acquire(blocking=False))
            threading.Event().wait(0.001)
            busy.release()
            return super().transmit(apdu)

    class CarefulLog(Log):
        def answered(self, apdu: bytes, answer: bytes) -> None:
            overlaps.append(busy.locked())

    stub = Careful()
    shared = SharedCard(stub)
    links = [TcpLink("127.0.0.1", 0, shared, shared.observer(CarefulLog())) for _ in range(2)]
    threads = [threading.Thread(target=link.run) for link in links]

    def ask_often(link: TcpLink) -> None:
        with Client(link) as client:
            for _ in range(50):
                assert client.ask("80F20000") == "9000"

    clients = [threading.Thread(target=ask_often, args=(link,)) for link in links]
    for thread in [*threads, *clients]:
        thread.start()
    for thread in clients:
        thread.join(DEADLINE)
    for link in links:
        link.stop()
    for thread in threads:
        thread.join(DEADLINE)
    assert stub.done.count("80F20000") == 100
    assert overlaps == [False] * 200


def test_a_shared_card_passes_everything_on() -> None:
    stub, heard = Stub(), []

    class Told:
        def __getattr__(self, name: str) -> object:
            return lambda *arguments: heard.append((name, *arguments))

    shared = SharedCard(stub)
    assert (shared.atr, shared.reset(), shared.transmit(b"\0")) == (stub.atr, stub.atr, hx("9000"))
    shared.power_off()
    assert stub.done == ["reset", "00", "off"]
    observer = shared.observer(Told())  # type: ignore[arg-type]
    observer.powered(Control.RESET)
    observer.answered(b"a", b"b")
    observer.idle()
    observer.waiting("w")
    observer.connected()
    observer.silent()
    assert heard == [
        ("powered", Control.RESET),
        ("answered", b"a", b"b"),
        ("idle",),
        ("waiting", "w"),
        ("connected",),
        ("silent",),
    ]
