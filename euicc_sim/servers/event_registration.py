"""Registers the orders of an SM-DP+ at SM-DSs, and deletes them there, beside the server (ES12).

    registration = EventRegistration(EventKeeper(orders, registries, address), log)
    orders.changed = registration.changed
    with registration.running():
        ...

An SM-DS that does not answer delays no download: it is asked again later, also after a restart.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock, Thread

from euicc_sim.parties.messages import SmdppError
from euicc_sim.parties.smdpp import EventKeeper, OrderRecord
from euicc_sim.servers import Log

RETRY_SECONDS = 30.0
"""How long until an SM-DS that did not answer is asked again, and an order found to be expired."""
LAST_SECONDS = 5.0
"""How long the last registrations may take at the end."""


class EventRegistration:
    """The orders whose events wait for an SM-DS; what is done is a line in the log."""

    def __init__(self, keeper: EventKeeper, log: Log, retry: float = RETRY_SECONDS) -> None:
        self._keeper = keeper
        self._log = log
        self._retry = retry
        self._numbers: set[int] = set()
        self._lock = Lock()
        self._awake = Event()
        self._ending = Event()

    def changed(self, record: OrderRecord) -> None:
        """Look at an order that has changed."""
        if not self._keeper.settled(record):
            with self._lock:
                self._numbers.add(record.number)
            self._awake.set()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Work beside the block, first on what an earlier run has left."""
        for record in self._keeper.unsettled():
            self.changed(record)
        thread = Thread(target=self._run, name="events for SM-DSs", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ending.set()
            self._awake.set()
            thread.join(LAST_SECONDS)

    def _run(self) -> None:
        while True:
            ending = self._ending.is_set()
            self._awake.clear()
            with self._lock:
                numbers, self._numbers = self._numbers, set()
            left = {one for one in sorted(numbers) if not self._settled(one)}
            with self._lock:
                self._numbers |= left
            if ending:
                return
            if not self._awake.wait(self._retry):
                self._look_again()

    def _settled(self, number: int) -> bool:
        try:
            done = self._keeper.settle(number)
        except SmdppError as error:
            self._log(f"order {number}: {error}", refused=True)
            return False
        if done:
            self._log(f"order {number}: {done}")
        return True

    def _look_again(self) -> None:
        """Orders expire without a change."""
        try:
            for record in self._keeper.unsettled():
                self.changed(record)
        except SmdppError as error:
            self._log(f"the orders cannot be read: {error}", refused=True)
