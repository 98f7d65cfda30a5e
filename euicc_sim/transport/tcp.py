"""APDUs over TCP, for programs that have sockets but not PC/SC.

The framing is the same both ways: two bytes of length, big-endian, then that many bytes. The client
sends a command APDU and gets the response, data and status word. A length of 0 resets the card and
is answered with the ATR. Each message has exactly one answer.

    0005 0070000001  ->  0003 01 9000    MANAGE CHANNEL
    0000             ->  0017 3B9F96…    reset

One client at a time has the card, for as long as it likes. The next one waits for a few seconds,
which is enough where one program ends and another begins, and is then disconnected. When a client
disconnects, the card is reset. If a reader has the same card, that resets it for both: a card has
only one set of contacts.
"""

import select
import socket
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from euicc_sim.transport.framing import PeerGoneError, messages, send
from euicc_sim.transport.link import LinkObserver, ListeningLink
from euicc_sim.transport.vpcd import Control, Observer, PoweredCard, pauses

PATIENCE = 5.0
"""Seconds that a client waits for another one to disconnect."""


class TcpLink(ListeningLink):
    """Listens, and serves one client after another; another one waits for `patience` seconds."""

    backlog = 16

    def __init__(
        self,
        host: str,
        port: int,
        card: PoweredCard,
        observer: LinkObserver,
        patience: float = PATIENCE,
    ) -> None:
        super().__init__(host, port, card, observer)
        self._patience = patience
        self._waiting: deque[tuple[float, socket.socket]] = deque()

    def run(self) -> None:
        """Serve one client after another until stopped."""
        try:
            super().run()
        finally:
            for _, sock in self._waiting:
                sock.close()

    def _accept(self) -> socket.socket | None:
        if not self._waiting or self._stopped.is_set():
            return super()._accept()
        self._observer.waiting("")
        return self._waiting.popleft()[1]

    def _converse(self, sock: socket.socket) -> None:
        self._observer.connected()
        with self._watched_door():
            serve_client(sock, self._card, self._observer)

    @contextmanager
    def _watched_door(self) -> Iterator[None]:
        """Meanwhile, receive other clients."""
        wake, woken = socket.socketpair()
        with wake, woken:
            doorman = threading.Thread(target=self._receive, args=(woken,))
            doorman.start()
            try:
                yield
            finally:
                wake.close()
                doorman.join()

    def _receive(self, woken: socket.socket) -> None:
        """Let other clients wait, and disconnect those that have waited long enough."""
        door = select.poll()
        for one in (woken, self._listener):
            door.register(one, select.POLLIN)
        while True:
            pause = None
            if self._waiting:
                pause = max(0.0, self._waiting[0][0] - time.monotonic()) * 1000
            ready = [fd for fd, _ in door.poll(pause)]
            if woken.fileno() in ready:
                return
            if ready:
                try:
                    other = self._listener.accept()[0]
                except OSError:  # no descriptor is left: they wait unseen
                    return
                self._waiting.append((time.monotonic() + self._patience, other))
                self._observer.another(is_turned_away=False)
            while self._waiting and self._waiting[0][0] <= time.monotonic():
                self._waiting.popleft()[1].close()
                self._observer.another(is_turned_away=True)


def serve_client(sock: socket.socket, card: PoweredCard, observer: Observer) -> None:
    """Answer messages until the client is gone, then power the card off."""
    try:
        with suppress(PeerGoneError):
            for message in messages(sock, pauses(card, observer)):
                if message:
                    answer = card.transmit(message)
                    send(sock, answer)
                    observer.answered(message, answer)
                else:
                    send(sock, card.reset())
                    observer.powered(Control.RESET)
    finally:
        card.power_off()
        observer.idle()
