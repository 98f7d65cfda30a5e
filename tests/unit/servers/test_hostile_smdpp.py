"""An SM-DP+ that answers without end, slowly or with a bomb: a sentence, in bounded time."""

from __future__ import annotations

import gzip
import socket
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
from support.web import DEADLINE

from euicc_sim.parties.clients import Es9Client, EsipaClient
from euicc_sim.parties.clients.https import ANSWER_AT_MOST
from euicc_sim.parties.messages.errors import EimUnreachableError, LpaError

HEAD = b"HTTP/1.1 200 OK\r\n"


@contextmanager
def answering(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """The URL of a server that reads a little of a request and then talks."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(DEADLINE)

        def serve() -> None:
            with suppress(OSError):
                one, _ = listening.accept()
                with one:
                    one.settimeout(DEADLINE)
                    one.recv(4096)
                    talk(one)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            thread.join(DEADLINE)


def asked(url: str, seconds: float = DEADLINE) -> str:
    """What the client says of it."""
    with Es9Client(url, seconds=seconds) as client, pytest.raises(LpaError) as caught:
        client.handle_notification(b"\x30\0")
    return str(caught.value)


def body(content: bytes, coding: str) -> Callable[[socket.socket], None]:
    head = f"Content-Length: {len(content)}\r\nContent-Encoding: {coding}\r\n\r\n".encode()
    return lambda one: one.sendall(HEAD + head + content)


def endless(one: socket.socket) -> None:
    one.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    for _ in range(2 * ANSWER_AT_MOST // 100_000):
        one.sendall(b"186A0\r\n" + b" " * 100_000 + b"\r\n")


def test_a_body_without_end_is_given_up() -> None:
    with answering(endless) as url:
        assert f"answered with more than {ANSWER_AT_MOST} bytes" in asked(url)


def test_a_gzip_bomb_takes_no_more_room_than_an_answer_may() -> None:
    bomb = gzip.compress(bytes(400_000_000), 9)
    tracemalloc.start()
    try:
        with answering(body(bomb, "gzip")) as url:
            assert f"answered with more than {ANSWER_AT_MOST} bytes" in asked(url)
        assert tracemalloc.get_traced_memory()[1] < 5 * ANSWER_AT_MOST
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("content", "coding", "why"),
    [
        (b"junk", "gzip", "answered with bytes that are not gzip"),
        (gzip.compress(b"{}", mtime=0)[:-4], "gzip", "answered with gzip that is cut off"),
        (b"", "gzip", "answered with gzip that is cut off"),
        (b"{}", "br", "answered in the coding 'br'"),
        (b"{}", "gzip, gzip", "answered in the coding 'gzip, gzip'"),
    ],
)
def test_a_coding_that_cannot_be_read_is_a_sentence(content: bytes, coding: str, why: str) -> None:
    with answering(body(content, coding)) as url:
        assert why in asked(url)


@pytest.mark.parametrize("coding", ["gzip", "identity"])
def test_an_answer_in_a_usual_coding_is_read(coding: str) -> None:
    content = b'{"header": {"functionExecutionStatus": {"status": "Executed-Success"}}}'
    packed = gzip.compress(content) if coding == "gzip" else content
    with answering(body(packed, coding)) as url, Es9Client(url) as client:
        client.handle_notification(b"\x30\0")


def drip(head: bytes) -> Callable[[socket.socket], None]:
    """One byte after the other, with no end."""

    def talk(one: socket.socket) -> None:
        one.sendall(head)
        while True:
            one.sendall(b"x")
            threading.Event().wait(0.01)

    return talk


@pytest.mark.parametrize("head", [HEAD + b"X: ", HEAD + b"Content-Length: 99999999\r\n\r\n"])
def test_a_server_that_drips_has_a_deadline_for_the_whole(head: bytes) -> None:
    with answering(drip(head)) as url:
        assert "does not answer: " in asked(url, 0.5)


def test_an_eim_has_the_same_limits() -> None:
    with (
        answering(endless) as url,
        EsipaClient(url) as client,
        pytest.raises(LpaError, match="answered with more than"),
    ):
        client.exchange(b"\xbf\x4f\0")
    with (
        answering(drip(HEAD)) as url,
        EsipaClient(url, seconds=0.5) as client,
        pytest.raises(EimUnreachableError),
    ):
        client.exchange(b"\xbf\x4f\0")


def test_a_message_of_a_server_with_half_a_surrogate_pair_is_not_kept() -> None:
    content = (
        b'{"header": {"functionExecutionStatus": {"status": "Failed", "statusCodeData": '
        b'{"subjectCode": "8.1", "reasonCode": "6.1", "message": "\\ud800"}}}}'
    )
    with answering(body(content, "identity")) as url:
        assert "not as an SM-DP+ does" in asked(url)
