"""A lasting link from one card to one slot of vpcd: connect or listen, and again when it ends.

Knows addresses and retries; `vpcd` knows what is sent over a connection.
"""

import errno
import os
import select
import socket
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Protocol

from euicc_sim.transport.vpcd import Observer, PoweredCard, serve_connection

RETRY_SECONDS = 0.05
CONNECT_SECONDS = 1.0
SILENCE_SECONDS = 2.0
NO_READER_SECONDS = 1.0


class LinkObserver(Observer, Protocol):
    """Reports the state of the link to the user; each method is called once per change."""

    def waiting(self, reason: str) -> None:
        """Report that vpcd is not there; `reason` is the system's error, empty when listening."""
        ...

    def disconnected(self) -> None:
        """Report that a connection has ended, whether or not it was reported."""
        ...

    def silent(self) -> None:
        """Report that vpcd accepted but sends nothing: a different card may have the slot."""
        ...

    def another(self, *, is_turned_away: bool) -> None:
        """Report that another client waits for the card, or was turned away."""
        ...


class Service(Protocol):
    """Something that runs in a thread of its own until it is stopped, or ends by itself."""

    def run(self) -> None:
        """Serve until stopped, or until there is nothing more to serve."""
        ...

    def stop(self) -> None:
        """Make `run` return at once; may be called from any thread."""
        ...


class LinkError(Exception):
    """A link that cannot work, however long one waits. The text is a sentence for the user."""


class NoReaderError(LinkError):
    """This card's port is refused although other cards have their slots."""

    def __init__(self, port: int) -> None:
        super().__init__(f"Nothing listens on port {port}, although another card has its slot.")
        self.port = port


class Link(ABC):
    """One card's link; `run` serves it until `stop`, which may be called from any thread."""

    def __init__(self, card: PoweredCard, observer: LinkObserver) -> None:
        self._card = card
        self._observer = observer
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._blocking: socket.socket | None = None
        self._connected_since: float | None = None

    @abstractmethod
    def run(self) -> None:
        """Serve one connection after another until stopped."""

    def stop(self) -> None:
        """Make `run` return at once, whatever it is waiting for."""
        with self._lock:
            self._stopped.set()
            if self._blocking is not None:
                with suppress(OSError):
                    self._blocking.shutdown(socket.SHUT_RDWR)

    def connected_for(self, seconds: float) -> bool:
        """Whether the current connection has lasted that long."""
        since = self._connected_since
        return since is not None and time.monotonic() - since >= seconds

    @contextmanager
    def _stoppable(self, sock: socket.socket) -> Iterator[bool]:
        """Let `stop` shut this socket down; yields false if it has been called already."""
        with self._lock:
            self._blocking = sock
            go = not self._stopped.is_set()
        try:
            yield go
        finally:
            with self._lock:
                self._blocking = None

    def _serve(self, sock: socket.socket) -> None:
        with sock, self._stoppable(sock) as go:
            if not go:
                return
            self._connected_since = time.monotonic()
            try:
                self._converse(sock)
            finally:
                self._connected_since = None
                self._observer.disconnected()

    def _converse(self, sock: socket.socket) -> None:
        """Serve one connection to its end."""
        if not select.select([sock], [], [], SILENCE_SECONDS)[0]:
            self._observer.silent()
        serve_connection(sock, self._card, self._observer)


class ConnectingLink(Link):
    """The usual mode: vpcd listens and the card connects, as often as necessary.

    If `earlier` links are given and one of them has been connected for a second, a port that has
    been refused for a second is taken to be absent: `run` raises `NoReaderError`.
    """

    def __init__(
        self,
        host: str,
        port: int,
        card: PoweredCard,
        observer: LinkObserver,
        earlier: Sequence[Link] = (),
    ) -> None:
        super().__init__(card, observer)
        self._address = (host, port)
        self._earlier = earlier

    def run(self) -> None:
        """Connect, serve, and connect again until stopped."""
        while (sock := self._connect()) is not None:
            self._serve(sock)
            self._stopped.wait(RETRY_SECONDS)

    def _connect(self) -> socket.socket | None:
        started = time.monotonic()
        told = False
        while not self._stopped.is_set():
            try:
                return _connection(self._address)
            except OSError as error:
                if not told:
                    self._observer.waiting(error.strerror or str(error))
                    told = True
                if isinstance(error, ConnectionRefusedError):
                    self._give_up_without_reader(started)
                self._stopped.wait(RETRY_SECONDS)
        return None

    def _give_up_without_reader(self, started: float) -> None:
        if time.monotonic() - started < NO_READER_SECONDS:
            return
        if any(link.connected_for(NO_READER_SECONDS) for link in self._earlier):
            raise NoReaderError(self._address[1])


class ListeningLink(Link):
    """vpcd's reversed mode: the card listens and vpcd connects, one connection at a time.

    It listens from the start, with port 0 on a free port. `run` closes the socket in the end; call
    `close` if `run` is never called. Raises LinkError when it cannot listen.
    """

    backlog = 1

    def __init__(self, host: str, port: int, card: PoweredCard, observer: LinkObserver) -> None:
        super().__init__(card, observer)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            self._listener = socket.create_server((host, port), family=family, backlog=self.backlog)
        except OSError as error:
            raise LinkError(f"Cannot listen on {host}:{port}: {error.strerror or error}") from error
        self.port: int = self._listener.getsockname()[1]

    def run(self) -> None:
        """Accept, serve, and accept again until stopped."""
        with self._listener:
            while (sock := self._accept()) is not None:
                self._serve(sock)

    def close(self) -> None:
        """Stop listening."""
        self._listener.close()

    def _accept(self) -> socket.socket | None:
        self._observer.waiting("")
        with self._stoppable(self._listener) as go:
            try:
                return self._listener.accept()[0] if go else None
            except OSError:
                if self._stopped.is_set():
                    return None
                raise


def _connection(address: tuple[str, int]) -> socket.socket:
    failure: OSError | None = None
    for family, kind, protocol, _, where in socket.getaddrinfo(*address, type=socket.SOCK_STREAM):
        try:
            return _connected(socket.socket(family, kind, protocol), where)
        except OSError as error:
            failure = failure or error
    raise failure or OSError("no address")


def _connected(sock: socket.socket, where: tuple[object, ...]) -> socket.socket:
    """Connect without ever blocking vpcd's own port.

    vpcd's ports are in the range from which the kernel picks our local port. SO_REUSEADDR lets vpcd
    listen on that port although it is in use. And if the kernel picks the very port that we connect
    to, TCP connects the socket to itself: that counts as refused.
    """
    with ExitStack() as undo:
        undo.callback(sock.close)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.settimeout(CONNECT_SECONDS)
        sock.connect(where)
        if sock.getsockname() == sock.getpeername():
            raise ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
        sock.settimeout(None)
        undo.pop_all()
    return sock
