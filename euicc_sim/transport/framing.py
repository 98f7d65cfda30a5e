"""Length-prefixed messages over a stream: two bytes of length, big-endian, then that many bytes.

Knows sockets, exact reads and when the peer is idle, not what a message means.
"""

import select
import socket
from collections.abc import Callable, Iterator

MAX_MESSAGE = 0xFFFF
_LENGTH_BYTES = 2
_READ_BYTES = 0x1000
PAUSES = (0.002, 1.0, 1.2)
"""Seconds without a message, one after another: a moment; so long that nobody seems to talk to the
card; and altogether more than two, after which a log knows that nothing was said again."""
_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)
_TCP_FAMILIES = (socket.AF_INET, socket.AF_INET6)


class MessageTooLongError(Exception):
    """A message whose length does not fit into two bytes."""


class PeerGoneError(Exception):
    """The peer closed the connection, or it broke."""


def messages(sock: socket.socket, paused: Callable[[float], None]) -> Iterator[bytes]:
    """Messages until the peer is gone.

    `paused` is called after each of `PAUSES` without one, and gets its seconds. A message costs one
    read, or two if its length comes by itself as from vpcd.
    """
    waiting = select.poll()
    waiting.register(sock, select.POLLIN)
    delays = _QUICKACK is not None and sock.family in _TCP_FAMILIES
    received = b""
    try:
        while True:
            end = _LENGTH_BYTES + int.from_bytes(received[:_LENGTH_BYTES])
            if len(received) >= end:
                yield received[_LENGTH_BYTES:end]
                received = received[end:]
                continue
            if received:
                if delays:
                    _acknowledge_at_once(sock)
            else:
                for pause in PAUSES:
                    if waiting.poll(pause * 1000):
                        break
                    paused(pause)
            received += _part(sock)
    except PeerGoneError:
        return


def send(sock: socket.socket, message: bytes) -> None:
    """Send one message. Raises PeerGoneError, or MessageTooLongError with nothing sent."""
    if len(message) > MAX_MESSAGE:
        raise MessageTooLongError(
            f"a response of {len(message)} bytes is too long; a message has at most {MAX_MESSAGE}"
        )
    try:
        sock.sendall(len(message).to_bytes(_LENGTH_BYTES) + message)
    except OSError as error:
        raise PeerGoneError from error


def _part(sock: socket.socket) -> bytes:
    try:
        part = sock.recv(_READ_BYTES)
    except OSError as error:
        raise PeerGoneError from error
    if not part:
        raise PeerGoneError
    return part


def _acknowledge_at_once(sock: socket.socket) -> None:
    """Acknowledge the length, for which a peer that sends it by itself waits: else that is 40 ms.

    The kernel clears the option whenever it likes, so it is set for each such message.
    """
    if _QUICKACK is not None:
        sock.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
