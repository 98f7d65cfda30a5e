"""An SM-DP+'s credentials below each CI, and its transactions. Sends nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import RLock
from time import monotonic
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from euicc_sim.crypto.chain import Role as ServerRole
from euicc_sim.crypto.chain import check_server
from euicc_sim.parties.messages.errors import Refusal, SmdppError
from euicc_sim.parties.messages.euicc_certificates import Euicc
from euicc_sim.parties.smdpp.download_orders import OrderRecord
from keys import Curve, Role, TestPki
from keys.credential import Credential, key_id


@dataclass(frozen=True)
class Identity:
    """An SM-DP+'s credentials below one CI: CERT.DPauth and CERT.DPpb with their keys.

    `ci_pk_id` is the CI's key identifier, 20 bytes; `oid` the registeredID of CERT.DPauth.
    """

    ci: x509.Certificate
    ci_pk_id: bytes
    auth: Credential
    pb: Credential
    oid: str

    @classmethod
    def below(cls, ci: x509.Certificate, auth: Credential, pb: Credential) -> Self:
        """Raise InvalidCertificateError for certificates that no card would accept."""
        der, number = ci.public_bytes(Encoding.DER), key_id(ci)
        oid = check_server(auth.der, der, number, (ServerRole.DP_AUTH,)).oid
        check_server(pb.der, der, number, (ServerRole.DP_PB,))
        return cls(ci, number, auth, pb, oid)


def identities(pki: TestPki, curves: Iterable[Curve] | None = None) -> tuple[Identity, ...]:
    """Those of a test PKI, on all its curves or on these. Raises PkiError if one is missing."""
    return tuple(
        Identity.below(
            pki.branch(curve).ci.certificate,
            pki.credential(Role.DP_AUTH, curve),
            pki.credential(Role.DP_PB, curve),
        )
        for curve in (pki.curves if curves is None else curves)
    )


def choose(
    known: Sequence[Identity], for_verification: Sequence[bytes], for_signing: Sequence[bytes]
) -> Identity:
    """The identity below the first CI of the card's signing list that it can verify (clause 5.6.1).

    Raises SmdppError if the card signs below none of these CIs, or verifies with none of those.
    """
    own = {one.ci_pk_id: one for one in known}
    signing = [one for one in for_signing if one in own]
    if not signing:
        raise SmdppError(
            Refusal.CI_KEYS,
            f"The card signs below the CI keys {_listed(for_signing)}, and this SM-DP+ verifies "
            f"with {_listed(own)}. Take both of one PKI.",
        )
    found = next((own[one] for one in signing if one in for_verification), None)
    if found is None:
        raise SmdppError(
            Refusal.NO_SERVER_CERTIFICATE,
            f"The card verifies with the CI keys {_listed(for_verification)}, and this SM-DP+ has "
            f"certificates below {_listed(signing)} for it. Take both of one PKI.",
        )
    return found


def _listed(numbers: Iterable[bytes]) -> str:
    return ", ".join(one.hex().upper() for one in numbers) or "(none)"


_MENDABLE = (Refusal.CONFIRMATION_CODE, Refusal.CONFIRMATION_CODE_MISSING)
"""After these, PrepareDownload can be answered again in the same transaction."""


@dataclass
class Session:
    """One transaction: what was sent, and what the card has proved so far.

    `record` is the order as it was when it was offered. The transaction is `bound` once a Bound
    Profile Package was sent (`answered` is the hash of the request for it), `reported` once its
    result came, `over` once it was cancelled, and `mendable` after a refusal that the user can
    mend, such as that of a wrong confirmation code.
    """

    transaction_id: bytes
    identity: Identity
    challenge: bytes
    euicc: Euicc | None = None
    record: OrderRecord | None = None
    smdp_signature2: bytes = b""
    bound: bool = False
    mendable: bool = False
    over: bool = False
    answered: bytes = b""
    reported: bool = False
    begun: float = 0.0

    @property
    def download(self) -> tuple[Euicc, OrderRecord]:
        """The card and its order. Raises SmdppError before AuthenticateClient."""
        if self.euicc is None or self.record is None:
            raise unknown(self.transaction_id)
        return self.euicc, self.record

    def check_transaction(self, transaction_id: bytes) -> None:
        """Raise SmdppError if what a card signed belongs to another transaction."""
        if transaction_id != self.transaction_id:
            raise unknown(transaction_id)


def check_oid(oid: str, own: str) -> None:
    """Raise SmdppError if what a card signed is for another SM-DP+ than that with OID `own`."""
    if oid != own:
        raise SmdppError(
            Refusal.OTHER_SMDP,
            f"The card's message is for the SM-DP+ {oid}; this one is {own}. Send it to that one.",
        )


BEGUN_AT_MOST = 10_000
BEGUN_SECONDS = 600.0
"""How long, and how many, transactions wait for a card that has not said yet who it is."""
PROVED_AT_MOST = 10_000
PROVED_PER_CARD = 16
"""How many transactions of authenticated cards are known, in all and of one card."""


@dataclass
class Sessions:
    """The transactions of an SM-DP+ for which messages may still arrive.

    Anybody can begin some, a card only prove itself with its key: those that were only begun never
    push out one whose card has proved itself, and many of one card push out its own.
    """

    clock: Callable[[], float] = monotonic
    _begun: dict[bytes, Session] = field(default_factory=dict)
    _proved: dict[bytes, Session] = field(default_factory=dict)
    _of_card: dict[str, dict[bytes, None]] = field(default_factory=dict)
    _lock: RLock = field(default_factory=RLock)

    def add(self, session: Session) -> None:
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

    def prove(self, session: Session, euicc: Euicc) -> None:
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

    def find(self, transaction_id: bytes) -> Session | None:
        """A transaction, even one that is over, as its result may be late."""
        found = self._proved.get(transaction_id) or self._begun.get(transaction_id)
        if found is None or found.euicc is not None:
            return found
        return None if found.begun < self.clock() - BEGUN_SECONDS else found

    def any(self, transaction_id: bytes) -> Session:
        """The same. Raises SmdppError if there is none."""
        found = self.find(transaction_id)
        if found is None:
            raise unknown(transaction_id)
        return found

    def current(self, transaction_id: bytes) -> Session:
        """A transaction in progress. Raises SmdppError."""
        found = self.any(transaction_id)
        if found.over:
            raise unknown(transaction_id)
        return found

    def end(self, session: Session) -> None:
        """End a transaction: only the result is still accepted, if a package was sent."""
        session.over = True
        if not session.bound:
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
    def ending(self, session: Session) -> Iterator[None]:
        """A refusal in this block ends the transaction, unless the user can mend it."""
        try:
            yield
        except SmdppError as error:
            session.mendable = error.refusal in _MENDABLE
            if not session.mendable:
                self.end(session)
            raise
        session.mendable = False


def unknown(transaction_id: bytes) -> SmdppError:
    """The refusal of an unknown transactionId."""
    return SmdppError(
        Refusal.TRANSACTION,
        f"No transaction {transaction_id.hex().upper() or '(empty)'} waits for this. "
        "Begin again with InitiateAuthentication.",
    )
