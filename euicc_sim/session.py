"""One command's view of the card: drafts of what it keeps, and what it needs from outside.

A function replaces the drafts; the card keeps them when the function returns and drops them when
it raises. Knows no files, no status words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from euicc_sim.crypto.signature import sign

if TYPE_CHECKING:
    from types import TracebackType

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

    from euicc_sim.asn1.wire import Wire
    from euicc_sim.env import Env
    from euicc_sim.model.identity import Credential, Identity
    from euicc_sim.model.state import State
    from euicc_sim.model.volatile import Volatile


@dataclass(frozen=True, slots=True)
class Signer:
    """A credential together with its private key, which never shows."""

    credential: Credential
    key: EllipticCurvePrivateKey = field(repr=False)

    def sign(self, data: bytes) -> bytes:
        """r||s with SK.EUICC.ECDSA, 64 bytes."""
        return sign(self.key, data)


@dataclass(slots=True)
class Session:
    """What a function may read and replace. `notes` are words for the log, refusals in full."""

    state: State
    volatile: Volatile
    env: Env
    identity: Identity
    wire: Wire
    signers: Sequence[Signer]
    notes: list[str] = field(default_factory=list)
    refused: bool = False

    def note(self, text: str) -> None:
        """Say what happened, in words for a person."""
        self.notes.append(text)

    def refuse(self, why: str) -> None:
        """Say why something was refused, in words for a person."""
        self.refused = True
        self.notes.append(why)

    def signer_for(self, ci_pk_id: bytes) -> Signer:
        """The signer below that CI, or the first one when the card has none below it."""
        return self.signer_below(ci_pk_id) or self.signers[0]

    def signer_below(self, ci_pk_id: bytes) -> Signer | None:
        """The signer below that CI, if there is one."""
        return next((one for one in self.signers if one.credential.ci_pk_id == ci_pk_id), None)

    def savepoint(self) -> Savepoint:
        """A `with` block that undoes what its body did to the drafts when it raises."""
        return Savepoint(self)


class Savepoint:
    """The drafts of a session at one moment."""

    __slots__ = ("_session", "_state", "_volatile")

    def __init__(self, session: Session) -> None:
        """Remember them."""
        self._session = session
        self._state, self._volatile = session.state, session.volatile

    def __enter__(self) -> None:
        """Nothing yet."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Bring them back when the body raised."""
        if kind is not None:
            self._session.state, self._session.volatile = self._state, self._volatile
