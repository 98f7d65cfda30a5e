"""The connections of a server: how many, how long each step may take, and who goes first.

A connection is idle until the first byte of a request, and again after the answer. An idle one
costs a descriptor and nothing else; when there are too many, the one that has been idle longest is
closed. There is no limit per address, as many devices may share one. Knows no protocol above HTTP.
"""

from __future__ import annotations

import asyncio
import resource
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.responses import PlainTextResponse

from euicc_sim.servers import Log

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol as _Http
else:
    try:
        from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol as _Http
    except ImportError:  # httptools does not install everywhere
        from uvicorn.protocols.http.h11_impl import H11Protocol as _Http


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What clients may use; times are in seconds.

    `requests` are at work at a time, further ones are answered with 503; `connections` are open.
    `idle` is how long a connection waits for a request, `header` how long the header of a request
    of up to `header_bytes` may take, `answer` how long it may take from there until the client has
    taken the answer.
    """

    requests: int = 100
    connections: int = 4096
    idle: float = 60.0
    header: float = 10.0
    header_bytes: int = 16 * 1024
    answer: float = 60.0


USUAL = Limits()
_OTHER_FILES = 256
"""Descriptors for everything but connections."""


class Connections:
    """The open connections of one server."""

    def __init__(self, limits: Limits, log: Log) -> None:
        self.limits = limits
        self.log = log
        self._open = 0
        self._idle: dict[Connection, None] = {}
        self.shown: dict[tuple[str, int], bytes] = {}
        """The verified TLS certificates of clients, by host and port."""

    def opened(self, one: Connection) -> bool:
        """Count a connection, at the cost of the longest idle one; False if none is idle."""
        self._open += 1
        if self._open > self.limits.connections:
            oldest = next(iter(self._idle), None)
            if oldest is None:
                return False
            self.busy(oldest)
            oldest.transport.abort()
        self._idle[one] = None
        return True

    def closed(self, one: Connection) -> None:
        """Forget a connection."""
        self._open -= 1
        self._idle.pop(one, None)

    def idle(self, one: Connection) -> None:
        """A connection waits for a request, from now on."""
        self._idle.pop(one, None)
        self._idle[one] = None

    def busy(self, one: Connection) -> None:
        """A connection has a request."""
        self._idle.pop(one, None)


class Connection(_Http):
    """A connection of uvicorn with deadlines for the beginning and the header of a request."""

    all: Connections
    """Set by `protocol`."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._deadline: asyncio.TimerHandle | None = None
        self._header_bytes = 0

    def connection_made(self, transport: Any) -> None:
        """Wait for a request."""
        super().connection_made(transport)
        tls = transport.get_extra_info("ssl_object")
        certificate = tls.getpeercert(binary_form=True) if tls is not None else None
        if certificate and self.client:
            self.all.shown[self.client] = certificate
        if self.all.opened(self):
            self._within(self.all.limits.idle)
        else:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._within(None)
        if self.client:
            self.all.shown.pop(self.client, None)
        self.all.closed(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take a part of a request."""
        if self._at_work:
            super().data_received(data)
            return
        if not self._header_bytes:
            self.all.busy(self)
            self._within(self.all.limits.header)
        self._header_bytes += len(data)
        super().data_received(data)
        if self._at_work:
            self._header_bytes = 0
            self._within(self.all.limits.answer, "An answer was not taken in time.")
        elif self._header_bytes > self.all.limits.header_bytes and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        if not self._at_work:
            self._within(None)  # uvicorn's own deadline holds from here on
            self.all.idle(self)

    def timeout_keep_alive_handler(self) -> None:
        """No request came. To close would be to wait until the last answer is taken."""
        self.transport.abort()

    @property
    def _at_work(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _within(self, seconds: float | None, why: str | None = None) -> None:
        """End the connection after that time unless this is called again; `why` is logged."""
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = None
        if seconds is not None:
            self._deadline = self.loop.call_later(seconds, self._end, why)

    def _end(self, why: str | None) -> None:
        if why is not None:
            self.all.log(why, refused=True)
        self.transport.abort()


def protocol(limits: Limits, log: Log) -> type[Connection]:
    """The class of the connections of one server."""
    return type("LimitedConnection", (Connection,), {"all": Connections(limits, log)})


def limited(app: ASGIApp, requests: int) -> ASGIApp:
    """An application that has so many requests at work; further ones are answered with 503."""
    at_work = 0
    busy = PlainTextResponse(
        f"{requests} requests are at work. Try again.\n", 503, {"Retry-After": "1"}
    )

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal at_work
        if at_work >= requests:
            await busy(scope, receive, send)
            return
        at_work += 1
        try:
            await app(scope, receive, send)
        finally:
            at_work -= 1

    return answer


def raise_descriptor_limit(connections: int) -> None:
    """Let this process open that many connections, as far as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + _OTHER_FILES
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"Content-Length: 0\r\nConnection: close\r\n\r\n"
)
