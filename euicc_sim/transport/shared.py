"""One card that several links share, guarded by a lock. Knows nothing of links or commands.

Observers take the same lock, so that the card does not change while they look at it (at its
events, for example).
"""

from contextlib import AbstractContextManager
from threading import RLock
from time import monotonic

from euicc_sim.transport.link import LinkObserver
from euicc_sim.transport.vpcd import Control, PoweredCard


class SharedCard:
    """A card that answers one command at a time, from whichever thread it comes.

    From now on `card` must not be used in any other way.
    """

    def __init__(self, card: PoweredCard) -> None:
        self._card = card
        self._lock = RLock()
        self._commanded = 0.0

    @property
    def atr(self) -> bytes:
        """The answer to reset; does not reset the card."""
        return self._card.atr

    def power_off(self) -> None:
        """Power the card off, for all links."""
        with self._lock:
            self._card.power_off()

    def reset(self) -> bytes:
        """Reset the card, for all links; return the ATR."""
        with self._lock:
            return self._card.reset()

    def transmit(self, apdu: bytes) -> bytes:
        """Answer one command."""
        with self._lock:
            self._commanded = monotonic()
            return self._card.transmit(apdu)

    def held(self) -> AbstractContextManager[object]:
        """Keep all links from the card for a while."""
        return self._lock

    def idle(self, seconds: float) -> None:
        """Pass it on, when no other way has brought a command meanwhile."""
        with self._lock:
            self._card.idle(min(seconds, monotonic() - self._commanded))

    def observer(self, heard: LinkObserver) -> LinkObserver:
        """`heard`, but called only while the card is idle, and from one thread at a time."""
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

    def disconnected(self) -> None:
        with self._lock:
            self._heard.disconnected()

    def silent(self) -> None:
        with self._lock:
            self._heard.silent()

    def another(self, *, is_turned_away: bool) -> None:
        with self._lock:
            self._heard.another(is_turned_away=is_turned_away)
