"""An SM-DP+'s credentials below each CI, and its transactions. Sends nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from euicc_sim.crypto.chain import Role as ServerRole
from euicc_sim.crypto.chain import check_server
from euicc_sim.parties import authentication
from euicc_sim.parties.authentication import SMDPP, registered, unknown
from euicc_sim.parties.messages.errors import Refusal, SmdppError
from euicc_sim.parties.messages.euicc_certificates import Euicc
from euicc_sim.parties.smdpp.download_orders import OrderRecord
from keys import Curve, Role, TestPki
from keys.credential import Credential, key_id


@dataclass(frozen=True)
class Identity(authentication.Identity):
    """An SM-DP+'s credentials below one CI: CERT.DPauth, and CERT.DPpb (`pb`), with their keys."""

    pb: Credential

    @classmethod
    def below(cls, ci: x509.Certificate, auth: Credential, pb: Credential) -> Self:
        """Raise InvalidCertificateError for certificates that no card would accept."""
        der, number = ci.public_bytes(Encoding.DER), key_id(ci)
        oid = registered(ci, auth, SMDPP)
        check_server(pb.der, der, number, (ServerRole.DP_PB,))
        return cls(ci, number, auth, oid, pb)


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


_MENDABLE = (Refusal.CONFIRMATION_CODE, Refusal.CONFIRMATION_CODE_MISSING)
"""After these, PrepareDownload can be answered again in the same transaction."""


@dataclass
class Session(authentication.Session[Identity]):
    """One transaction: what was sent, and what the card has proved so far.

    `record` is the order as it was when it was offered. The transaction is `bound` once a Bound
    Profile Package was sent (`answered` is the hash of the request for it), `reported` once its
    result came, `over` once it was cancelled, and `mendable` after a refusal that the user can
    mend, such as that of a wrong confirmation code.
    """

    record: OrderRecord | None = None
    smdp_signature2: bytes = b""
    bound: bool = False
    mendable: bool = False
    answered: bytes = b""
    reported: bool = False

    @property
    def download(self) -> tuple[Euicc, OrderRecord]:
        """The card and its order. Raises SmdppError before AuthenticateClient."""
        if self.euicc is None or self.record is None:
            raise unknown(self.transaction_id)
        return self.euicc, self.record

    @property
    def outlives_end(self) -> bool:
        """Whether the result is still accepted: if a package was sent."""
        return self.bound


def check_oid(oid: str, own: str) -> None:
    """Raise SmdppError if what a card signed is for another SM-DP+ than that with OID `own`."""
    if oid != own:
        raise SmdppError(
            Refusal.OTHER_SMDP,
            f"The card's message is for the SM-DP+ {oid}; this one is {own}. Send it to that one.",
        )


class Sessions(authentication.Sessions[Session]):
    """The transactions of an SM-DP+ for which messages may still arrive."""

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
