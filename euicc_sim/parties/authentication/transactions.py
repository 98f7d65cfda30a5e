"""The transactions of a server for which messages of cards may still arrive."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import RLock
from time import monotonic
from typing import Generic, TypeVar

from euicc_sim.parties.authentication.identities import I_co, Identity
from euicc_sim.parties.messages.errors import Refusal, SmdppError
from euicc_sim.parties.messages.euicc_certificates import Euicc

BEGUN_AT_MOST = 10_000
BEGUN_SECONDS = 600.0
"""How long, and how many, transactions wait for a card that has not said yet who it is."""
PROVED_AT_MOST = 10_000
PROVED_PER_CARD = 16
"""How many transactions of authenticated cards are known, in all and of one card."""


@dataclass
class Session(Generic[I_co]):
    """One transaction: what was sent, and the card once it has proved itself.

    It is `over` once nothing more of it is expected; `begun` is when, by the clock of its
    `Sessions`.
    """

    transaction_id: bytes
    identity: I_co
    challenge: bytes
    euicc: Euicc | None = None
    over: bool = False
    begun: float = 0.0

    @property
    def outlives_end(self) -> bool:
        """Whether it is still to be found after its end."""
        return False

    def check_transaction(self, transaction_id: bytes) -> None:
        """Raise SmdppError if what a card signed belongs to another transaction."""
        if transaction_id != self.transaction_id:
            raise unknown(transaction_id)


S = TypeVar("S", bound=Session[Identity])


@dataclass
class Sessions(Generic[S]):
    """The transactions of a server.

    Anybody can begin some, a card only prove itself with its key: those that were only begun never
    push out one whose card has proved itself, and many of one card push out its own.
    """

    clock: Callable[[], float] = monotonic
    _begun: dict[bytes, S] = field(default_factory=dict)
    _proved: dict[bytes, S] = field(default_factory=dict)
    _of_card: dict[str, dict[bytes, None]] = field(default_factory=dict)
    _lock: RLock = field(default_factory=RLock)

    def add(self, session: S) -> None:
        """Add a transaction that begins; of too many, the oldest is forgotten."""
        session.begun = self.clock()
        with self._lock:
            while self._begun:
                oldest = next(iter(self._begun.values()))
                old = oldest.begun < session.begun - BEGUN_SECONDS
                if len(self._begun) < BEGUN_AT_MOST and not old:
                    break
                del self._begun[oldest.transaction_id]
            self._begun[session.transaction_id] = session

    def prove(self, session: S, euicc: Euicc) -> None:
        """Keep a transaction whose card has proved itself; of too many, its oldest is forgotten."""
        session.euicc = euicc
        with self._lock:
            self._begun.pop(session.transaction_id, None)
            own = self._of_card.get(euicc.eid, {})
            if len(own) >= PROVED_PER_CARD:
                self._forget(next(iter(own)))
            elif len(self._proved) >= PROVED_AT_MOST:
                self._forget(next(iter(self._proved)))
            self._proved[session.transaction_id] = session
            self._of_card.setdefault(euicc.eid, {})[session.transaction_id] = None

    def find(self, transaction_id: bytes) -> S | None:
        """A transaction, even one that is over, as its result may be late."""
        found = self._proved.get(transaction_id) or self._begun.get(transaction_id)
        if found is None or found.euicc is not None:
            return found
        return None if found.begun < self.clock() - BEGUN_SECONDS else found

    def any(self, transaction_id: bytes) -> S:
        """The same. Raises SmdppError if there is none."""
        found = self.find(transaction_id)
        if found is None:
            raise unknown(transaction_id)
        return found

    def current(self, transaction_id: bytes) -> S:
        """A transaction in progress. Raises SmdppError."""
        found = self.any(transaction_id)
        if found.over:
            raise unknown(transaction_id)
        return found

    def end(self, session: S) -> None:
        """End a transaction; it is forgotten unless it outlives its end."""
        session.over = True
        if not session.outlives_end:
            with self._lock:
                self._begun.pop(session.transaction_id, None)
                self._forget(session.transaction_id)

    def _forget(self, transaction_id: bytes) -> None:
        found = self._proved.pop(transaction_id, None)
        if found is None or found.euicc is None:
            return
        own = self._of_card[found.euicc.eid]
        del own[transaction_id]
        if not own:
            del self._of_card[found.euicc.eid]

    @contextmanager
    def ending(self, session: S) -> Iterator[None]:
        """A refusal in this block ends the transaction."""
        try:
            yield
        except SmdppError:
            self.end(session)
            raise


def unknown(transaction_id: bytes) -> SmdppError:
    """The refusal of an unknown transactionId."""
    return SmdppError(
        Refusal.TRANSACTION,
        f"No transaction {transaction_id.hex().upper() or '(empty)'} waits for this. "
        "Begin again with InitiateAuthentication.",
    )
