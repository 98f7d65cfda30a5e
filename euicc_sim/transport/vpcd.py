"""The vpcd wire protocol. Knows messages and control bytes, never an APDU.

A message is a length of two bytes, big-endian, and that many bytes. A message of one byte is for
the card's contacts and is not answered, but for the question for the ATR; every longer one is a
command and has exactly one answer. An answer too many would be taken for the next command's.
"""

import select
import socket
from enum import IntEnum, unique
from typing import Protocol

MAX_MESSAGE = 0xFFFF
_LENGTH_BYTES = 2
_IDLE_MILLISECONDS = 2
_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)
_TCP_FAMILIES = (socket.AF_INET, socket.AF_INET6)


@unique
class Control(IntEnum):
    """What a message of one byte asks for."""

    POWER_OFF = 0x00
    POWER_ON = 0x01
    RESET = 0x02
    ATR = 0x04


class PoweredCard(Protocol):
    """A card as a reader sees it: contacts with power on them, and commands."""

    @property
    def atr(self) -> bytes:
        """The answer to reset; asked several times a second, it changes nothing."""
        ...

    def power_off(self) -> None:
        """Take the power away."""
        ...

    def reset(self) -> bytes:
        """Power on, or reset the powered card; give the ATR."""
        ...

    def transmit(self, apdu: bytes) -> bytes:
        """Answer one command; trouble inside the card is a status word too."""
        ...


class Observer(Protocol):
    """Whoever writes the log; told only after the reader has what it waits for."""

    def powered(self, control: Control) -> None:
        """Say that power was switched; `control` is never `Control.ATR`."""
        ...

    def answered(self, apdu: bytes, answer: bytes) -> None:
        """Say that `answer` has left. Be quick: the next command may be waiting already."""
        ...

    def idle(self) -> None:
        """Say that nothing has come for a moment: the time for what takes longer."""
        ...


class MessageTooLongError(Exception):
    """An answer that the two bytes of length cannot announce."""


class _PeerGoneError(Exception):
    """The other end closed, or the connection broke."""


def serve_connection(sock: socket.socket, card: PoweredCard, observer: Observer) -> None:
    """Answer what comes until the peer is gone, then take the card's power away."""
    waiting = select.poll()
    waiting.register(sock, select.POLLIN)
    try:
        while True:
            if not waiting.poll(_IDLE_MILLISECONDS):
                observer.idle()
            _answer(_receive(sock), sock, card, observer)
    except _PeerGoneError:
        return
    finally:
        card.power_off()
        observer.idle()


def _answer(message: bytes, sock: socket.socket, card: PoweredCard, observer: Observer) -> None:
    if len(message) > 1:
        answer = card.transmit(message)
        _send(sock, answer)
        observer.answered(message, answer)
    elif message == bytes([Control.ATR]):
        _send(sock, card.atr)
    elif message == bytes([Control.POWER_OFF]):
        card.power_off()
        observer.powered(Control.POWER_OFF)
    elif message in (bytes([Control.POWER_ON]), bytes([Control.RESET])):
        card.reset()
        observer.powered(Control(message[0]))


def _receive(sock: socket.socket) -> bytes:
    length = int.from_bytes(_receive_exactly(sock, _LENGTH_BYTES))
    return _receive_exactly(sock, length)


def _receive_exactly(sock: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        try:
            _acknowledge_at_once(sock)
            part = sock.recv(size - len(parts))
            _acknowledge_at_once(sock)
        except OSError as error:
            raise _PeerGoneError from error
        if not part:
            raise _PeerGoneError
        parts += part
    return bytes(parts)


def _acknowledge_at_once(sock: socket.socket) -> None:
    """Keep the kernel from delaying its ACK, for which vpcd's second packet would wait 40 ms.

    The kernel forgets the wish whenever it pleases: it is repeated around every `recv`.
    """
    if _QUICKACK is not None and sock.family in _TCP_FAMILIES:
        sock.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)


def _send(sock: socket.socket, message: bytes) -> None:
    if len(message) > MAX_MESSAGE:
        raise MessageTooLongError(f"an answer of {len(message)} bytes; vpcd takes {MAX_MESSAGE}")
    try:
        sock.sendall(len(message).to_bytes(_LENGTH_BYTES) + message)
    except OSError as error:
        raise _PeerGoneError from error
