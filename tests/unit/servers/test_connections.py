"""The connections of a server: idle ones cost nothing, and no client holds it up."""

from __future__ import annotations

import asyncio
import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from threading import Event
from typing import Any

import httpx
import pytest
from support.web import DEADLINE, Lines, served

from euicc_sim.servers.connections import Limits, raise_descriptor_limit

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
SHORT = 0.05
FOREVER = 1000.0


async def hello(scope: Any, receive: Any, send: Any) -> None:
    """Answer with the size of the body."""
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"%d" % size})


@contextmanager
def connected(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), DEADLINE) as found:
        found.settimeout(DEADLINE)
        yield found


def ended(one: socket.socket) -> bool:
    """Wait until the server ends a connection; whether it said nothing."""
    try:
        return one.recv(1) == b""
    except ConnectionResetError:
        return True


def limits(**given: Any) -> Limits:
    """These, and no other deadline."""
    return Limits(**{"idle": FOREVER, "header": FOREVER, "answer": FOREVER, **given})


@pytest.mark.parametrize("begun", [b"", b"GET / HTTP/1.1\r\nX: "])
def test_more_idle_connections_than_requests_are_no_hindrance(begun: bytes) -> None:
    """Also with half a header: a request counts from its whole header on."""
    with served(hello, limits=limits(requests=5)) as port, ExitStack() as stack:
        for _ in range(200):
            stack.enter_context(connected(port)).sendall(begun)
        assert httpx.get(f"http://127.0.0.1:{port}/").text == "0"


@pytest.mark.slow
def test_a_thousand_idle_connections_are_no_hindrance() -> None:
    with served(hello) as port, ExitStack() as stack:
        for _ in range(1000):
            stack.enter_context(connected(port))
        assert httpx.get(f"http://127.0.0.1:{port}/").text == "0"


def test_the_longest_idle_connection_makes_room() -> None:
    with served(hello, limits=limits(connections=3)) as port, ExitStack() as stack:
        first, second, third = (stack.enter_context(connected(port)) for _ in range(3))
        first.sendall(REQUEST)
        assert first.recv(12) == b"HTTP/1.1 200"
        with connected(port) as fourth:
            assert ended(second)
            for one in (fourth, third):
                one.sendall(REQUEST)
                assert one.recv(12) == b"HTTP/1.1 200"


def test_without_an_idle_connection_the_new_one_is_closed() -> None:
    with served(hello, limits=limits(connections=2)) as port, ExitStack() as stack:
        busy = [stack.enter_context(connected(port)) for _ in range(2)]
        for one in busy:
            one.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1234")
            one.sendall(b"5")
        stack.enter_context(pytest.raises((ConnectionError, AssertionError)))
        for _ in range(1000):  # until the server has seen both
            with connected(port) as third:
                third.sendall(REQUEST)
                assert not ended(third)


@pytest.mark.parametrize("sent", [b"", b"G", b"GET / HTTP/1.1\r\nHost: x\r\n"])
def test_a_request_that_does_not_come_is_given_up(sent: bytes) -> None:
    given = limits(header=SHORT) if sent else limits(idle=SHORT)
    with served(hello, limits=given) as port, connected(port) as slow:
        slow.sendall(sent)
        assert ended(slow)


def test_a_header_may_come_byte_by_byte_but_its_deadline_stays() -> None:
    given = limits(header=SHORT, header_bytes=10**9)
    with served(hello, limits=given) as port, connected(port) as slow, suppress(ConnectionError):
        slow.sendall(b"GET / HTTP/1.1\r\nX: ")
        while True:  # the deadline of the socket ends this if nothing else does
            slow.sendall(b"x")


def test_a_connection_without_a_further_request_is_ended() -> None:
    with served(hello, limits=limits(idle=1)) as port, connected(port) as one:
        one.sendall(REQUEST)
        answer = b""
        while data := one.recv(100):
            answer += data
        assert answer.startswith(b"HTTP/1.1 200")


def test_headers_that_never_end_are_not_heard_out() -> None:
    with served(hello, limits=limits(header_bytes=1000)) as port, connected(port) as one:
        one.sendall(b"GET / HTTP/1.1\r\nX: " + b"x" * 2000)
        assert one.recv(12) in (b"HTTP/1.1 431", b"HTTP/1.1 400")


def test_an_answer_that_is_not_taken_is_given_up() -> None:
    async def endless(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(1000):  # no client has room for that
            await send({"type": "http.response.body", "body": b"x" * 1_000_000, "more_body": True})
        done.set()

    log, done = Lines(), Event()
    with served(endless, log=log, limits=limits(answer=SHORT)) as port, connected(port) as slow:
        slow.sendall(REQUEST)
        assert done.wait(DEADLINE)
    assert log.refused[0] == "An answer was not taken in time."


def test_only_so_many_requests_are_at_work() -> None:
    async def stuck(scope: Any, receive: Any, send: Any) -> None:
        arrived.set()
        await asyncio.to_thread(release.wait, DEADLINE)
        await hello(scope, receive, send)

    arrived, release = Event(), Event()
    with served(stuck, limits=limits(requests=1)) as port, connected(port) as one:
        one.sendall(REQUEST)
        assert arrived.wait(DEADLINE)
        refused = httpx.get(f"http://127.0.0.1:{port}/")
        release.set()
        assert one.recv(12) == b"HTTP/1.1 200"
        assert httpx.get(f"http://127.0.0.1:{port}/").status_code == 200
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert refused.text == "1 requests are at work. Try again.\n"


def test_the_limit_of_descriptors_is_raised_as_far_as_it_may_be() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 1024), hard))
        raise_descriptor_limit(4096)
        wanted = 4096 + 256
        expected = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == expected
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
