"""No web page of somebody else orders, or speaks for an IPA."""

from __future__ import annotations

import socket
from typing import Any

import httpx
import pytest
from support.hexes import hx
from support.web import DEADLINE, Lines, served

from euicc_sim.servers.browsers import guarded
from euicc_sim.servers.ipa_app import ipa_app


async def hello(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost"}, 200),
        ({"Host": "LOCALHOST:8080"}, 200),
        ({"Host": "127.0.0.2:1"}, 200),
        ({"Host": "[::1]:8080"}, 200),
        ({"Host": "attacker.example.com"}, 403),
        ({"Host": "127.0.0.1.attacker.example.com"}, 403),
        ({"Host": "10.0.0.1"}, 403),
        ({"Host": ""}, 403),
        ({"Host": "[::1"}, 403),
        ({"Origin": "https://attacker.example.com"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "localhost:8080", "Origin": "http://localhost:8080"}, 200),
        ({"Host": "localhost:8080", "Origin": "http://localhost:8081"}, 403),
        ({"Host": "localhost:8080", "Origin": "https://localhost:8080"}, 403),
        ({"Host": "attacker.example.com", "Origin": "http://attacker.example.com"}, 403),
    ],
)
def test_a_page_of_another_server_is_refused(headers: dict[str, str], status: int) -> None:
    log = Lines()
    with served(hello, log=log) as port:
        answer = httpx.post(f"http://127.0.0.1:{port}/", headers=headers)
    assert answer.status_code == status
    assert bool(log.refused) == (status == 403)


def test_a_request_without_a_host_is_served() -> None:
    with (
        served(hello) as port,
        socket.create_connection(("127.0.0.1", port), DEADLINE) as one,
    ):
        one.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert one.recv(12) == b"HTTP/1.1 200"


@pytest.mark.parametrize(
    ("listening", "named", "host", "status"),
    [
        ("127.0.0.1", ["eim.example.com"], "EIM.example.com:8080", 200),
        ("127.0.0.1", [], "eim.example.com:8080", 403),
        ("192.0.2.1", [], "eim.example.com", 200),
    ],
)
def test_a_server_on_loopback_knows_its_names(
    listening: str, named: list[str], host: str, status: int
) -> None:
    app = guarded(hello, listening, named, Lines())
    assert asked(app, {"Host": host}).status_code == status


def asked(app: Any, headers: dict[str, str]) -> httpx.Response:
    async def work() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
            return await client.get("http://127.0.0.1/", headers=headers)

    import asyncio

    return asyncio.run(work())


def test_what_a_page_says_of_itself_does_not_move_the_terminal() -> None:
    log = Lines()
    app = guarded(hello, "127.0.0.1", [], log)
    answer = asked(app, {"Host": "x\x1b[2J"})
    assert answer.status_code == 403
    assert "\x1b" not in log.refused[0] + answer.text


def test_a_listening_ipa_demands_the_type_of_esipa() -> None:
    """A page can send any bytes without a Content-Type, but not this type."""
    done: list[bytes] = []

    def transferred(message: bytes) -> bytes:
        done.append(message)
        return b""

    log = Lines()
    with served(ipa_app(transferred, log), log=log) as port:
        url = f"http://127.0.0.1:{port}/gsma/rsp2/asn1"
        for headers in ({}, {"Content-Type": "text/plain"}):
            answer = httpx.post(url, content=hx("BF4E05 BF530280 01"), headers=headers)
            assert answer.status_code == 415
        kind = {"Content-Type": "application/x-gsma-rsp-asn1"}
        assert httpx.post(url, content=b"\xbf\x4e\0", headers=kind).status_code == 204
    assert done == [b"\xbf\x4e\0"]
