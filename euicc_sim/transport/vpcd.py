"""The vpcd wire protocol. Knows messages and control bytes, never an APDU.

A message is a length of two bytes, big-endian, and that many bytes. A message of one byte is for
the card's contacts and is not answered, but for the question for the ATR; every longer one is a
command and has exactly one answer. An answer too many would be taken for the next command's.
"""

import socket
from contextlib import suppress
from enum import IntEnum, unique
from typing import Protocol

from euicc_sim.transport.framing import PeerGoneError, messages, send


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


def serve_connection(sock: socket.socket, card: PoweredCard, observer: Observer) -> None:
    """Answer what comes until the peer is gone, then take the card's power away."""
    try:
        with suppress(PeerGoneError):
            for message in messages(sock, observer.idle):
                _answer(message, sock, card, observer)
    finally:
        card.power_off()
        observer.idle()


def _answer(message: bytes, sock: socket.socket, card: PoweredCard, observer: Observer) -> None:
    if len(message) > 1:
        answer = card.transmit(message)
        send(sock, answer)
        observer.answered(message, answer)
    elif message == bytes([Control.ATR]):
        send(sock, card.atr)
    elif message == bytes([Control.POWER_OFF]):
        card.power_off()
        observer.powered(Control.POWER_OFF)
    elif message in (bytes([Control.POWER_ON]), bytes([Control.RESET])):
        card.reset()
        observer.powered(Control(message[0]))
