"""Who may see the page: a token, a cookie, and no page of somebody else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest

pytest.importorskip("uvicorn")

import httpx
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from euicc_sim.web.server import Guard, PageError, PageServer

TOKEN, PORT = "right-token", 8090
HERE = f"http://127.0.0.1:{PORT}"
COOKIE = {"cookie": f"euicc-sim-{PORT}={TOKEN}"}


async def _page(_: object) -> PlainTextResponse:
    return PlainTextResponse("the page")


APP = Starlette(routes=[Route("/{rest:path}", _page, methods=["GET", "POST"])])


def ask(
    path: str, headers: Mapping[str, str] = MappingProxyType({}), method: str = "GET"
) -> httpx.Response:
    """What a browser gets."""

    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(Guard(APP, TOKEN, PORT))
        async with httpx.AsyncClient(transport=transport, base_url=HERE) as client:
            return await client.request(method, path, headers=dict(headers))

    return asyncio.run(asked())


def talk(headers: Mapping[str, str]) -> list[str]:
    """The kinds of messages that a websocket gets."""
    sent: list[str] = []

    async def accepting(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})

    async def send(message: Any) -> None:
        sent.append(message["type"])

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    named = {"host": f"127.0.0.1:{PORT}", **headers}
    pairs = [(name.encode(), value.encode()) for name, value in named.items()]
    scope = {"type": "websocket", "path": "/talk", "query_string": b"", "headers": pairs}
    asyncio.run(Guard(accepting, TOKEN, PORT)(scope, receive, send))
    return sent


def test_the_token_becomes_a_cookie_that_scripts_and_other_sites_do_not_get() -> None:
    answer = ask(f"/?token={TOKEN}")
    assert answer.status_code == 200
    assert '<meta http-equiv="refresh" content="0; url=/">' in answer.text
    assert "the page" not in answer.text
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"euicc-sim-{PORT}={TOKEN}; ")
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert ask("/", {"cookie": cookie.partition(";")[0]}).text == "the page"


@pytest.mark.parametrize(
    "path",
    ["/", "/_nicegui/x.js", "/?token=", "/?token=wrong", "/?" + "a=1&" * 20, "/?token=%ff%00"],
)
def test_without_the_token_nothing_is_given(path: str) -> None:
    answer = ask(path)
    assert answer.status_code == 403
    assert answer.text == (
        "Open the address that euicc-sim has printed: it has the token of this page.\n"
    )


def test_the_token_leads_to_the_page_whatever_the_path() -> None:
    answer = ask(f"//evil.example/?token={TOKEN}")
    assert "location" not in answer.headers
    assert "evil" not in answer.text


@pytest.mark.parametrize("host", ["evil.example", f"evil.example:{PORT}", "127.0.0.1:1", ""])
def test_a_name_that_is_not_ours_is_refused(host: str) -> None:
    answer = ask("/", {**COOKIE, "host": host})
    assert (answer.status_code, answer.text) == (403, "This page is for its own address only.\n")


@pytest.mark.parametrize("origin", ["http://evil.example", "null", f"https://127.0.0.1:{PORT}"])
def test_a_request_of_another_page_is_refused(origin: str) -> None:
    assert ask("/", {**COOKIE, "origin": origin}, "POST").status_code == 403


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "[::1]"])
def test_the_names_of_this_machine_are_ours(name: str) -> None:
    headers = {"host": f"{name}:{PORT}", "origin": f"http://{name}:{PORT}"}
    assert ask("/", headers | COOKIE).text == "the page"


def test_a_websocket_needs_the_cookie_and_the_origin_too() -> None:
    closed = ["websocket.close"]
    assert talk({}) == closed
    assert talk({"cookie": f"euicc-sim-{PORT}=wrong"}) == closed
    assert talk({**COOKIE, "origin": "http://evil.example"}) == closed
    assert talk({**COOKIE, "host": "evil.example"}) == closed
    assert talk({**COOKIE, "origin": HERE}) == ["websocket.accept"]


def test_a_port_in_use_is_a_sentence() -> None:
    first = PageServer(0, Starlette)
    try:
        with pytest.raises(PageError, match=f"cannot listen on port {first.port} .*different one"):
            PageServer(first.port, Starlette)
    finally:
        first.close()


def test_each_page_has_a_token_of_its_own_in_its_address() -> None:
    servers = [PageServer(0, Starlette) for _ in range(2)]
    tokens = [one.address.partition("?token=")[2] for one in servers]
    for one in servers:
        one.close()
    assert len(set(tokens)) == 2
    assert min(map(len, tokens)) >= 32


@pytest.mark.parametrize(
    ("typed", "seen"),
    [
        ("\U0001f600", "\U0001f600"),
        ("a\ud83d", "a�"),
        ("\ude00b", "�b"),
        ("\ude00\ud83d", "��"),
        ("\\ud83d", "\\ud83d"),
        ("\\\ud83d", "\\�"),
        ("\\\\\ud83d", "\\\\�"),
        ("ä", "ä"),
    ],
)
def test_half_a_character_is_replaced_before_the_page_sees_it(typed: str, seen: str) -> None:
    taken: list[str] = []

    async def taking(scope: Any, receive: Any, send: Any) -> None:
        taken.append((await receive())["text"])

    async def receive() -> Any:
        return {"type": "websocket.receive", "text": json.dumps([json.dumps(typed)])}

    async def send(message: Any) -> None:
        """Nobody listens."""

    pairs = {"host": f"127.0.0.1:{PORT}", **COOKIE}.items()
    headers = [(name.encode(), value.encode()) for name, value in pairs]
    scope = {"type": "websocket", "path": "/talk", "query_string": b"", "headers": headers}
    asyncio.run(Guard(taking, TOKEN, PORT)(scope, receive, send))
    assert json.loads(json.loads(taken[0])[0]) == seen
