"""Passes the notifications that an eIM holds on to their SM-DP+s, one after the other.

One thread of the server does it, and sleeps when nothing waits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event, Thread

from euicc_sim.parties.eim.server.card_records import EimStore, Forward
from euicc_sim.parties.eim.server.orders import stamp
from euicc_sim.parties.messages.errors import EimError, LpaError, SmdppError
from euicc_sim.parties.messages.interfaces import Servers, Tell

RETRY, LONGEST_RETRY = timedelta(seconds=30), timedelta(hours=1)
"""How long an unreachable SM-DP+ is left alone; twice as long each time, up to the second."""
CLAIMED = timedelta(minutes=2)
"""How long nobody else tries a notification that is being passed on."""


class Forwarder:
    """Passes on what waits in a store; what could not be delivered is kept and tried again."""

    def __init__(
        self, store: EimStore, servers: Servers, tell: Tell, now: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._servers = servers
        self._tell = tell
        self._now = now
        self._woken = Event()
        self._ended = False

    def wake(self) -> None:
        """Something new waits."""
        self._woken.set()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Pass on what waits and what comes, in a thread, during the block."""
        thread = Thread(target=self._run, name="notifications", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ended = True
            self._woken.set()
            thread.join(CLAIMED.total_seconds())

    def pass_on(self) -> None:
        """Pass on everything that is due, each notification once."""
        while not self._ended:
            now = self._now()
            one = self._store.claim(stamp(now), stamp(now + CLAIMED))
            if one is None:
                return
            problem = self._forward(one)
            wait = min(RETRY * 2 ** min(one.tries, 10), LONGEST_RETRY)
            self._store.passed_on(one, problem, stamp(self._now() + wait))

    def _run(self) -> None:
        while not self._ended:
            self._woken.clear()
            try:
                self.pass_on()
                wait = self._until_next()
            except EimError as error:
                self._tell(f"notifications are not passed on: {error}", refused=True)
                wait = RETRY.total_seconds()
            self._woken.wait(wait)

    def _until_next(self) -> float | None:
        """The seconds until something is due; None if nothing waits."""
        at = self._store.next_forward()
        if at is None:
            return None
        return max((datetime.fromisoformat(at) - self._now()).total_seconds(), 1.0)

    def _forward(self, one: Forward) -> str | None:
        """Why it was not delivered, or None; a refusal by the SM-DP+ counts as delivered."""
        about = f"{one.sender}: a notification for {one.address}"
        try:
            self._servers(one.address).handle_notification(one.message)
        except SmdppError as error:
            self._tell(f"{about} was refused there: {error}", refused=True)
        except LpaError as error:
            self._tell(f"{about} waits: {error}", refused=True)
            return str(error)
        else:
            self._tell(f"{about} passed on")
        return None
