"""One card, several ways to it: a lock that all of them take. Knows no way and no command.

The observers take the same lock, so what they ask the card about (its events, say) holds still.
"""

from threading import RLock

from euicc_sim.transport.link import LinkObserver
from euicc_sim.transport.vpcd import Control, PoweredCard


class SharedCard:
    """A card that answers one command after the other, whichever thread it comes from."""

    def __init__(self, card: PoweredCard) -> None:
        """Guard `card`; nobody else may use it from now on."""
        self._card = card
        self._lock = RLock()

    @property
    def atr(self) -> bytes:
        """The answer to reset, without resetting anything."""
        return self._card.atr

    def power_off(self) -> None:
        """Take the power away, from everyone."""
        with self._lock:
            self._card.power_off()

    def reset(self) -> bytes:
        """Reset it, for everyone; give the ATR."""
        with self._lock:
            return self._card.reset()

    def transmit(self, apdu: bytes) -> bytes:
        """Answer one command."""
        with self._lock:
            return self._card.transmit(apdu)

    def observer(self, heard: LinkObserver) -> LinkObserver:
        """`heard`, told of one thing at a time and never while the card works."""
        return _SharedObserver(heard, self._lock)


class _SharedObserver:
    def __init__(self, heard: LinkObserver, lock: RLock) -> None:
        self._heard = heard
        self._lock = lock

    def powered(self, control: Control) -> None:
        with self._lock:
            self._heard.powered(control)

    def answered(self, apdu: bytes, answer: bytes) -> None:
        with self._lock:
            self._heard.answered(apdu, answer)

    def idle(self) -> None:
        with self._lock:
            self._heard.idle()

    def waiting(self, reason: str) -> None:
        with self._lock:
            self._heard.waiting(reason)

    def connected(self) -> None:
        with self._lock:
            self._heard.connected()

    def silent(self) -> None:
        with self._lock:
            self._heard.silent()
