"""The vpcd wire protocol over socket pairs: what is answered, and when it is logged."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator

import pytest

from euicc_sim.transport.framing import MessageTooLongError, messages
from euicc_sim.transport.shared import SharedCard
from euicc_sim.transport.vpcd import Control, serve_connection

DEADLINE = 20.0
ATR = bytes.fromhex("3B9F96803FC7828031E073FE211B6753494D4555303134")
ATR_MESSAGE = bytes.fromhex("0017") + ATR


def hx(text: str) -> bytes:
    return bytes.fromhex(text)


class Card:
    """Answers every command with the same bytes and writes down what was done to it."""

    def __init__(self, answer: bytes = b"\x90\x00") -> None:
        self.atr = ATR
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


class Log:
    def __init__(self) -> None:
        self.lines: list[object] = []

    def connected(self) -> None: ...

    def powered(self, control: Control) -> None:
        self.lines.append(control)

    def answered(self, apdu: bytes, answer: bytes) -> None:
        self.lines.append((apdu, answer))

    def idle(self) -> None:
        """Nothing is put off."""


class Pieces(socket.socket):
    """A socket whose reads end at `cut`, and are of one byte each when there is none."""

    cut: int | None = None

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        if self.cut is None:
            return super().recv(min(size, 1), flags)
        piece = super().recv(min(size, self.cut) if self.cut else size, flags)
        self.cut -= min(len(piece), self.cut)
        return piece


class Options(socket.socket):
    """A socket that writes down its reads and the options set."""

    def __init__(self, fileno: int) -> None:
        super().__init__(fileno=fileno)
        self.calls: list[object] = []
        self.after_recv: Callable[[], object] | None = None

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        self.calls.append("recv")
        received = super().recv(size, flags)
        act, self.after_recv = self.after_recv, None
        if act:
            act()
        return received

    def setsockopt(self, *arguments: object) -> None:
        self.calls.append(arguments)
        super().setsockopt(*arguments)  # type: ignore[call-overload]


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """vpcd's end and the card's."""
    vpcd, card = socket.socketpair()
    vpcd.settimeout(10)
    with vpcd, card:
        yield vpcd, card


def talk(ends: tuple[socket.socket, socket.socket], sent: bytes, card: Card, log: Log) -> bytes:
    """Everything that comes back when vpcd says this and hangs up."""
    vpcd, ours = ends
    vpcd.sendall(sent)
    vpcd.shutdown(socket.SHUT_WR)
    serve_connection(ours, card, log)
    ours.close()
    return b"".join(iter(lambda: vpcd.recv(4096), b""))


def test_the_atr_is_answered_and_resets_nothing(ends: tuple[socket.socket, socket.socket]) -> None:
    card, log = Card(), Log()
    assert talk(ends, hx("0001 04"), card, log) == ATR_MESSAGE
    assert card.done == ["off"]  # at the end of the connection
    assert log.lines == []


@pytest.mark.parametrize(
    ("message", "done", "line"),
    [
        ("0001 00", "off", Control.POWER_OFF),
        ("0001 01", "reset", Control.POWER_ON),
        ("0001 02", "reset", Control.RESET),
    ],
)
def test_power_is_switched_without_an_answer(
    ends: tuple[socket.socket, socket.socket], message: str, done: str, line: Control
) -> None:
    card, log = Card(), Log()
    assert talk(ends, hx(message), card, log) == b""
    assert card.done == [done, "off"]
    assert log.lines == [line]


def test_a_command_has_one_answer(ends: tuple[socket.socket, socket.socket]) -> None:
    card, log = Card(hx("01 9000")), Log()
    assert talk(ends, hx("0005 0070000001"), card, log) == hx("0003 01 9000")
    assert card.done == ["0070000001", "off"]
    assert log.lines == [(hx("0070000001"), hx("01 9000"))]


def test_a_command_is_not_parsed(ends: tuple[socket.socket, socket.socket]) -> None:
    card = Card(hx("6700"))
    assert talk(ends, hx("0002 0404"), card, Log()) == hx("0002 6700")
    assert card.done == ["0404", "off"]


@pytest.mark.parametrize("message", ["0001 03", "0001 05", "0001 FF", "0000"])
def test_other_short_messages_are_ignored(
    ends: tuple[socket.socket, socket.socket], message: str
) -> None:
    card, log = Card(), Log()
    assert talk(ends, hx(message) + hx("0001 04"), card, log) == ATR_MESSAGE
    assert card.done == ["off"]
    assert log.lines == []


def test_a_session_is_answered_in_order(ends: tuple[socket.socket, socket.socket]) -> None:
    card = Card()
    sent = hx("0001 04  0001 00  0001 01  0001 04  0004 80F20000  0001 02  0001 04  0001 00")
    assert talk(ends, sent, card, Log()) == ATR_MESSAGE * 2 + hx("0002 9000") + ATR_MESSAGE
    assert card.done == ["off", "reset", "80F20000", "reset", "off", "off"]


@pytest.mark.parametrize("cut", range(1, 9))
def test_a_message_may_arrive_in_two_pieces(
    ends: tuple[socket.socket, socket.socket], cut: int
) -> None:
    vpcd, ours = ends
    pieces = Pieces(fileno=ours.detach())
    pieces.cut = cut
    card = Card()
    assert talk((vpcd, pieces), hx("0007 80E2910002BF3E"), card, Log()) == hx("0002 9000")
    assert card.done == ["80E2910002BF3E", "off"]


def test_messages_may_arrive_byte_by_byte(ends: tuple[socket.socket, socket.socket]) -> None:
    vpcd, ours = ends
    card = Card()
    sent = hx("0001 04  0005 00C0000000")
    assert talk((vpcd, Pieces(fileno=ours.detach())), sent, card, Log()) == (
        ATR_MESSAGE + hx("0002 9000")
    )
    assert card.done == ["00C0000000", "off"]


@pytest.mark.parametrize("piece", ["00", "0005", "0005 8070"])
def test_a_truncated_message_does_not_reach_the_card(
    ends: tuple[socket.socket, socket.socket], piece: str
) -> None:
    card = Card()
    assert talk(ends, hx(piece), card, Log()) == b""
    assert card.done == ["off"]


def test_an_extended_command_and_its_answer_pass(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    apdu, answer = hx("80E29100 008000") + bytes(0x8000), bytes(0xFFFD) + hx("9000")
    card = Card(answer)
    assert talk(ends, hx("8007") + apdu, card, Log()) == hx("FFFF") + answer
    assert card.done[0] == apdu.hex().upper()


def test_an_answer_of_65536_bytes_is_an_error(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    with pytest.raises(
        MessageTooLongError, match="65536 bytes is too long; a message has at most 65535"
    ):
        talk(ends, hx("0004 80F20000"), Card(bytes(0x10000)), Log())


def test_the_log_is_written_after_the_answer_was_sent(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    vpcd, ours = ends
    seen = []

    class Peeking(Log):
        def answered(self, apdu: bytes, answer: bytes) -> None:
            seen.append(vpcd.recv(100, socket.MSG_PEEK | socket.MSG_DONTWAIT))

    talk((vpcd, ours), hx("0004 80F20000"), Card(), Peeking())
    assert seen == [hx("0002 9000")]


def test_the_observer_is_told_when_the_link_is_idle() -> None:
    vpcd, ours = socket.socketpair()
    calm = threading.Event()

    class Patient(Log):
        def idle(self) -> None:
            calm.set()

    with vpcd, ours:
        serving = threading.Thread(target=serve_connection, args=(ours, Card(), Patient()))
        serving.start()
        assert calm.wait(10)
        vpcd.shutdown(socket.SHUT_RDWR)
        serving.join(10)


def test_a_waiting_command_comes_before_the_log() -> None:
    vpcd, ours = socket.socketpair()
    order: list[str] = []

    class Patient(Log):
        def answered(self, apdu: bytes, answer: bytes) -> None:
            order.append("answered")

        def idle(self) -> None:
            order.append("idle")

    vpcd.sendall(hx("0004 80F20000 0004 80F20000 0004 80F20000"))
    vpcd.shutdown(socket.SHUT_WR)
    with vpcd, ours:
        serve_connection(ours, Card(), Patient())
    assert order == ["answered", "answered", "answered", "idle"]


def test_a_reader_that_does_not_wait_for_its_answer_ends_the_connection() -> None:
    vpcd, ours = socket.socketpair()
    vpcd.sendall(hx("0004 80F20000"))
    vpcd.close()
    card = Card()
    with ours:
        serve_connection(ours, card, Log())
    assert card.done == ["80F20000", "off"]


def test_a_broken_connection_ends_like_a_closed_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        vpcd = socket.create_connection(listener.getsockname())
        ours = listener.accept()[0]
    at_once = struct.pack("ii", 1, 0)
    vpcd.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
    vpcd.close()  # sends a reset
    card = Card()
    with ours:
        serve_connection(ours, card, Log())
    assert card.done == ["off"]


@pytest.mark.skipif(not hasattr(socket, "TCP_QUICKACK"), reason="no TCP_QUICKACK here")
def test_over_tcp_a_length_that_comes_by_itself_is_acknowledged_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        vpcd = socket.create_connection(listener.getsockname())
        accepted = listener.accept()[0]
    incoming: list[bytes] = []
    with vpcd, Options(accepted.detach()) as ours:
        found = messages(ours, lambda _: None)
        vpcd.sendall(hx("0002 8001"))
        incoming.append(next(found))
        assert ours.calls == ["recv"]
        vpcd.sendall(hx("0002"))
        ours.after_recv = lambda: vpcd.sendall(hx("8002 0001 03 00"))
        incoming += [next(found), next(found)]
        quickack = (socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        assert ours.calls == ["recv", "recv", quickack, "recv"]
        assert incoming == [hx("8001"), hx("8002"), hx("03")]


def test_messages_are_the_same_however_they_are_cut() -> None:
    whole = hx("0001 04 0005 0070000001 0000 0103") + bytes(0x103) + hx("0001 02")
    expected = [hx("04"), hx("0070000001"), b"", bytes(0x103), hx("02")]
    for size in range(1, 9):
        peer, ours = socket.socketpair()
        with ours:
            with peer:
                for at in range(0, len(whole), size):
                    peer.sendall(whole[at : at + size])
            assert list(messages(ours, lambda _: None)) == expected


def test_a_card_is_told_of_a_pause_once_more_after_a_second_and_then_left_alone() -> None:
    told: list[object] = []
    rested = threading.Event()

    class Resting(Card):
        def idle(self, seconds: float) -> None:
            told.append(seconds)
            if seconds >= 1:
                rested.set()

    class Pausing(Log):
        def idle(self) -> None:
            told.append("log")

    ours, theirs = socket.socketpair()
    with ours, theirs:
        serving = threading.Thread(target=serve_connection, args=(ours, Resting(), Pausing()))
        serving.start()
        assert rested.wait(DEADLINE)
        assert told[:4] == ["log", 0.002, "log", 1.0], "the log's moment comes first"
        theirs.shutdown(socket.SHUT_RDWR)
        serving.join(DEADLINE)


def test_a_card_with_two_ways_rests_when_neither_has_brought_a_command() -> None:
    told: list[float] = []

    class Resting(Card):
        def idle(self, seconds: float) -> None:
            told.append(seconds)

    shared = SharedCard(Resting())
    shared.idle(1.0)
    shared.transmit(hx("80F20000"))
    shared.idle(1000.0)
    assert told[0] == 1.0
    assert told[1] < 1000.0, "no longer than since the last command, whichever way it came"


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ("0001 04  0001 04  0001 04", []),
        ("0001 01", []),
        ("0001 01  0001 04  0001 04", [Control.POWER_ON, "connected"]),
        ("0001 01  0001 00  0001 04", [Control.POWER_ON, Control.POWER_OFF]),
        ("0001 02  0004 80F20000  0001 04", [Control.RESET, "answered", "connected"]),
    ],
)
def test_a_card_is_there_when_it_was_powered_and_its_atr_read(
    ends: tuple[socket.socket, socket.socket], sent: str, told: list[object]
) -> None:
    heard: list[object] = []

    class Listening(Log):
        def connected(self) -> None:
            heard.append("connected")

        def powered(self, control: Control) -> None:
            heard.append(control)

        def answered(self, apdu: bytes, answer: bytes) -> None:
            heard.append("answered")

    talk(ends, hx(sent), Card(), Listening())
    assert [one for one in heard if told or one == "connected"] == told
