"""Serves an application over HTTP or HTTPS until a signal. Knows no protocol above HTTP.

serve_app(app, "127.0.0.1", 8443, server_context(credential), log)
"""

from __future__ import annotations

import logging
import signal
import socket
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from math import ceil
from ssl import SSLContext
from threading import Thread, current_thread, main_thread
from typing import TYPE_CHECKING

import uvicorn

from euicc_sim.servers import Log, ServerError
from euicc_sim.servers.browsers import guarded
from euicc_sim.servers.client_certificate import with_certificates
from euicc_sim.servers.connections import (
    USUAL,
    Connection,
    Limits,
    limited,
    protocol,
    raise_descriptor_limit,
)

if TYPE_CHECKING:
    from starlette.types import ASGIApp


_LAST_ANSWERS_SECONDS = 5
_BACKLOG = 1024
"""Connections that wait to be accepted."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def serve_app(app: ASGIApp, host: str, port: int, tls: SSLContext | None, log: Log) -> None:
    """Serve until SIGINT or SIGTERM. Raises ServerError if it cannot listen on the port."""
    WebServer(host, port, tls, log).run(app)


class WebServer:
    """A server that listens from the start: early connections are served once it runs.

    `port` is the actual port, also if 0 was given.
    """

    def __init__(
        self,
        host: str,
        port: int,
        tls: SSLContext | None,
        log: Log,
        limits: Limits = USUAL,
        names: Collection[str] = (),
    ) -> None:
        """Listen; `names` are those of the server, if it listens on loopback.

        Raises ServerError if it cannot listen on the port.
        """
        self._log = log
        self._host, self._names = host, names
        self._tls = tls
        self._limits = limits
        kind = protocol(limits, log)
        self._connections = kind.all
        self._config = _config(limits, kind)
        self._socket = _bound(host, port)
        self.port: int = self._socket.getsockname()[1]
        self._server = _Server(self._config)

    def run(self, app: ASGIApp, started: Callable[[], None] = lambda: None) -> None:
        """Serve until SIGINT, SIGTERM or `stop`; requests under way are answered.

        `started` is called once a signal would end it cleanly.
        """
        self._server.started_call = started
        raise_descriptor_limit(self._limits.connections)
        known = with_certificates(app, self._connections.shown)
        guard = guarded(known, self._host, self._names, self._log)
        self._config.app = limited(guard, self._limits.requests)
        self._config.load()
        self._config.ssl = self._tls
        with self._told():
            self._server.run([self._socket])

    def stop(self) -> None:
        """End `run`, from any thread."""
        self._server.should_exit = True

    @contextmanager
    def running(self, app: ASGIApp) -> Iterator[None]:
        """Serve beside the block, in a thread; requests under way at its end are answered."""
        thread = Thread(target=self.run, args=(app,), name=f"port {self.port}")
        thread.start()
        try:
            yield
        finally:
            self.stop()
            thread.join()

    def close(self) -> None:
        """Close the port; `run` does so itself."""
        self._socket.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Send uvicorn's warnings to our log."""
        logger, handler = logging.getLogger("uvicorn.error"), _Handler(self._log)
        logger.addHandler(handler)
        before, logger.propagate = logger.propagate, False
        try:
            yield
        finally:
            logger.propagate = before
            logger.removeHandler(handler)


class _Server(uvicorn.Server):
    """Ends successfully after a signal; uvicorn would let the signal kill the process."""

    started_call: Callable[[], None]

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.started_call()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        if current_thread() is not main_thread():
            yield
            return
        before = [signal.signal(one, self.handle_exit) for one in _SIGNALS]
        try:
            yield
        finally:
            for one, handler in zip(_SIGNALS, before, strict=True):
                signal.signal(one, handler)


class _Handler(logging.Handler):
    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._tell = log

    def emit(self, record: logging.LogRecord) -> None:
        self._tell(self.format(record), refused=True)


def _config(limits: Limits, kind: type[Connection]) -> uvicorn.Config:
    """The configuration of uvicorn: quiet, with limits; uvloop where it is installed."""
    return uvicorn.Config(
        "none yet",
        loop="auto",
        http=kind,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=_BACKLOG,
        timeout_keep_alive=ceil(limits.idle),
        timeout_graceful_shutdown=_LAST_ANSWERS_SECONDS,
        h11_max_incomplete_event_size=limits.header_bytes,
    )


def _bound(host: str, port: int) -> socket.socket:
    """A socket on that port; uvicorn would end the process if it is in use."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        found = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        why = str(error.strerror or error).partition(" (while ")[0]  # the address repeated
        raise ServerError(
            f"Cannot listen on {host}:{port}: {why}. Choose another --port, or stop that program."
        ) from error
    # An answer's head and body are two writes. Without this option, which connections inherit, the
    # second waits for the client's delayed acknowledgement of the first, 40 ms.
    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return found
