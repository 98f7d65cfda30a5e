"""Serves the page on loopback, to whoever has the token.

The address that is printed has the token, and whoever opens it gets a cookie. Without the cookie,
under a name that is not ours (Host), or from a page of somebody else (Origin), nothing is answered,
neither a request nor a websocket: the page acts on cards.
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import socket
from collections.abc import Callable
from hmac import compare_digest
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import uvicorn
from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, PlainTextResponse

from euicc_sim.servers.browsers import why_refused
from euicc_sim.transport.link import LinkError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOST = "127.0.0.1"
COOKIE = "euicc-sim"
_TOKEN_BYTES = 24
_NAMES = ("127.0.0.1", "localhost", "[::1]")
_LAST_ANSWERS_SECONDS = 1
_POLICY_VIOLATION = 1008


_ENTRANCE = (
    '<!doctype html><meta http-equiv="refresh" content="0; url=/"><title>euicc-sim</title>'
    '<a href="/">euicc-sim</a>'
)
"""Leads to the page: a browser that came from another site sends the cookie only from here on."""


class PageError(LinkError):
    """Why the page cannot be served: a sentence with the next step."""


class Guard:
    """An ASGI application that lets only its owner's browser in."""

    def __init__(self, app: ASGIApp, token: str, port: int) -> None:
        self._app = app
        self._token = token
        self._hosts = frozenset(f"{name}:{port}" for name in _NAMES)
        self._cookie = f"{COOKIE}-{port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what may come in, refuse the rest."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if why_refused(headers, "http", self._hosts.__contains__) is not None:
            await _refuse(scope, receive, send, "This page is for its own address only.")
        elif self._is_known(headers):
            await self._app(scope, _readable(receive), send)
        elif scope["type"] == "http" and self._is_token(scope):
            answer = HTMLResponse(_ENTRANCE)
            answer.set_cookie(self._cookie, self._token, httponly=True, samesite="strict")
            await answer(scope, receive, send)
        else:
            why = "Open the address that euicc-sim has printed: it has the token of this page."
            await _refuse(scope, receive, send, why)

    def _is_known(self, headers: Headers) -> bool:
        try:
            cookies = SimpleCookie(headers.get("cookie", ""))
        except CookieError:
            return False
        given = cookies.get(self._cookie)
        return given is not None and self._is(given.value)

    def _is_token(self, scope: Scope) -> bool:
        try:
            query = parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=8)
        except ValueError:
            return False
        return any(self._is(one) for one in query.get("token", ()))

    def _is(self, given: str) -> bool:
        return compare_digest(given.encode(), self._token.encode())


_HALF = re.compile(
    r"(\\+)u(?:[dD][89abAB][0-9a-fA-F]{2}(\\+u[dD][c-fC-F][0-9a-fA-F]{2})?"
    r"|[dD][c-fC-F][0-9a-fA-F]{2})"
)
"""An escape of JSON for a surrogate: its backslashes, and the second of a pair."""
_LITERAL = 4
"""NiceGUI puts JSON into JSON: so many backslashes are one that somebody typed."""


def _readable(receive: Receive) -> Receive:
    """What a websocket receives, with U+FFFD for half a character, which cannot be encoded."""

    async def received() -> Message:
        message = await receive()
        if text := message.get("text"):
            message["text"] = _HALF.sub(_whole, text)
        return message

    return received


def _whole(found: re.Match[str]) -> str:
    if found[2] or len(found[1]) % _LITERAL == 0:
        return found[0]
    return f"{found[1]}ufffd"


async def _refuse(scope: Scope, receive: Receive, send: Send, why: str) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
        return
    await PlainTextResponse(f"{why}\n", 403)(scope, receive, send)


class PageServer:
    """A service, as `transport.link.Service`: it listens from the start, and serves in `run`.

    `make` gives the application. Raises PageError.
    """

    def __init__(self, port: int, make: Callable[[], ASGIApp], token: str | None = None) -> None:
        self._make = make
        try:
            self._socket = socket.create_server((HOST, port))
        except OSError as error:
            why = str(error.strerror or error).partition(" (")[0]
            raise PageError(
                f"The page cannot listen on port {port} ({why}). Name a different one."
            ) from error
        self.port: int = self._socket.getsockname()[1]
        self._token = token or secrets.token_urlsafe(_TOKEN_BYTES)
        self._server: uvicorn.Server | None = None
        self._is_stopped = False

    @property
    def address(self) -> str:
        """The address to open, with the token."""
        return f"http://{HOST}:{self.port}/?token={self._token}"

    def run(self) -> None:
        """Serve until `stop`."""
        with self._socket:
            if self._is_stopped:
                return
            for name in ("nicegui", "engineio", "socketio"):
                logging.getLogger(name).setLevel(logging.CRITICAL)
            config = uvicorn.Config(
                Guard(self._make(), self._token, self.port),
                log_config=None,
                log_level="critical",
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=_LAST_ANSWERS_SECONDS,
            )
            self._server = uvicorn.Server(config)
            self._server.should_exit = self._is_stopped
            with asyncio.Runner() as runner:
                runner.run(self._server.serve([self._socket]))

    def stop(self) -> None:
        """Make `run` return."""
        self._is_stopped = True
        if self._server is not None:
            self._server.should_exit = True

    def close(self) -> None:
        """Close the port, if `run` was never called."""
        self._socket.close()
