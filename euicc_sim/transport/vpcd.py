"""The vpcd wire protocol. Knows messages and control bytes, and nothing of APDUs.

A message is two bytes of length, big-endian, then that many bytes. A message of one byte switches
power or resets the card and is not answered, except for the request for the ATR. Every longer one
is a command and has exactly one answer: one too many would be taken for that of the next command.
"""

import socket
from collections.abc import Callable
from contextlib import suppress
from enum import IntEnum, unique
from typing import Protocol

from euicc_sim.transport.framing import PeerGoneError, messages, send


@unique
class Control(IntEnum):
    """Messages of one byte."""

    POWER_OFF = 0x00
    POWER_ON = 0x01
    RESET = 0x02
    ATR = 0x04


_POWER_OFF = bytes([Control.POWER_OFF])
_POWERING = (bytes([Control.POWER_ON]), bytes([Control.RESET]))


class PoweredCard(Protocol):
    """A card as a reader sees it: power, reset and commands."""

    @property
    def atr(self) -> bytes:
        """The answer to reset. Readers ask for it several times a second; it changes nothing."""
        ...

    def power_off(self) -> None:
        """Power the card off."""
        ...

    def reset(self) -> bytes:
        """Power the card on, or reset it if it is on; return the ATR."""
        ...

    def transmit(self, apdu: bytes) -> bytes:
        """Answer one command; a fault inside the card is a status word too."""
        ...

    def idle(self, seconds: float) -> None:
        """Do what no command is to wait for: nothing has come for so many seconds."""
        ...


class Observer(Protocol):
    """Writes the log. It is called only after the reader has its answer."""

    def connected(self) -> None:
        """Report, once for each connection, that PC/SC programs can open the card."""
        ...

    def powered(self, control: Control) -> None:
        """Report a power-on, power-off or reset; `control` is never `Control.ATR`."""
        ...

    def answered(self, apdu: bytes, answer: bytes) -> None:
        """Report that `answer` was sent. Be quick: the next command may already be waiting."""
        ...

    def idle(self) -> None:
        """Report a moment without messages: now is the time for anything slow."""
        ...


def serve_connection(sock: socket.socket, card: PoweredCard, observer: Observer) -> None:
    """Answer messages until the peer is gone, then power the card off."""
    arrival = _Arrival(observer)
    told_of_pause = pauses(card, observer)

    def paused(seconds: float) -> None:
        arrival.passed()
        told_of_pause(seconds)

    try:
        with suppress(PeerGoneError):
            for message in messages(sock, paused):
                if arrival.is_told:
                    _answer(message, sock, card, observer)
                    continue
                arrival.passed()
                _answer(message, sock, card, observer)
                arrival.answered(message)
    finally:
        card.power_off()
        observer.idle()


class _Arrival:
    """Tells the observer when PC/SC programs can open the card.

    vpcd accepts a connection before pcscd looks for a card. pcscd then powers it, asks for its ATR
    and offers it to programs: so the moment is just after that ATR.
    """

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._is_powered = self._is_there = self.is_told = False

    def answered(self, message: bytes) -> None:
        """Take note of a message that was answered."""
        if message in _POWERING:
            self._is_powered = True
        elif self._is_powered and message != _POWER_OFF:
            self._is_there = True

    def passed(self) -> None:
        """Tell it, if the time has come: after a pause, or with the next message."""
        if self._is_there and not self.is_told:
            self.is_told = True
            self._observer.connected()


def pauses(card: PoweredCard, observer: Observer) -> Callable[[float], None]:
    """Who is told of a pause: the log first, and then the card."""

    def paused(seconds: float) -> None:
        observer.idle()
        card.idle(seconds)

    return paused


def _answer(message: bytes, sock: socket.socket, card: PoweredCard, observer: Observer) -> None:
    if len(message) > 1:
        answer = card.transmit(message)
        send(sock, answer)
        observer.answered(message, answer)
    elif message == bytes([Control.ATR]):
        send(sock, card.atr)
    elif message == _POWER_OFF:
        card.power_off()
        observer.powered(Control.POWER_OFF)
    elif message in _POWERING:
        card.reset()
        observer.powered(Control(message[0]))
