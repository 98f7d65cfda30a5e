"""Connections with a deadline for the whole request, and to checked addresses only.

httpx gives up a server that is silent for a time, not one that sends a byte now and then. The name
of a server is resolved once, and the address that was checked is the one connected to. Needs
httpcore, which comes with httpx.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from threading import local

import httpcore
import httpx

Resolve = Callable[[str, int], str]
"""The address to connect to for a host and a port. Raises LpaError for one that is not allowed."""


class Deadline(local):
    """When the request of this thread must be over."""

    until = float("inf")

    def within(self, seconds: float) -> None:
        """It has that many seconds from now on."""
        self.until = time.monotonic() + seconds

    def left(self, timeout: float | None) -> float:
        """How long an operation may wait. Raises httpcore.ReadTimeout when the time is over."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("it took too long")
        return left if timeout is None else min(left, timeout)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = self._deadline.left(timeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


class _Backend(httpcore.SyncBackend):
    def __init__(self, deadline: Deadline, resolve: Resolve | None) -> None:
        self._deadline = deadline
        self._resolve = resolve

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        if self._resolve is not None:
            host = self._resolve(host, port)
        left = self._deadline.left(timeout)
        stream = super().connect_tcp(host, port, left, local_address, socket_options)
        return _Stream(stream, self._deadline)


class Network(httpx.BaseTransport):
    """The httpx transport; a request and its answer have `seconds` together."""

    def __init__(
        self, context: ssl.SSLContext, seconds: float, resolve: Resolve | None = None
    ) -> None:
        self._seconds = seconds
        self._deadline = Deadline()
        self._pool = httpcore.ConnectionPool(
            ssl_context=context, network_backend=_Backend(self._deadline, resolve)
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; the answer's body is read later, within the same time."""
        self._deadline.within(self._seconds)
        url = request.url
        found = self._pool.handle_request(
            httpcore.Request(
                request.method,
                httpcore.URL(
                    scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(found.status, headers=found.headers, stream=_Body(found))

    def close(self) -> None:
        """End all connections."""
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        return self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


FAILURES = (
    httpx.TransportError,
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
)
"""What a connection may raise."""
