"""A server's credentials below each CI, and which of them a card can verify. Sends nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from euicc_sim.crypto.chain import check_server
from euicc_sim.parties.authentication.server_kind import ServerKind
from euicc_sim.parties.messages.errors import SmdppError
from keys.credential import Credential, key_id


@dataclass(frozen=True)
class Identity:
    """A server's credentials below one CI: CERT.DPauth or CERT.DSauth with its key.

    `ci_pk_id` is the CI's key identifier, 20 bytes; `oid` the registeredID of the certificate.
    """

    ci: x509.Certificate
    ci_pk_id: bytes
    auth: Credential
    oid: str


I_co = TypeVar("I_co", bound=Identity, covariant=True)
I = TypeVar("I", bound=Identity)  # noqa: E741 - one letter, as all type variables


def registered(ci: x509.Certificate, auth: Credential, kind: ServerKind) -> str:
    """The OID of a server in the certificate that it shows to cards.

    Raises InvalidCertificateError for a certificate that no card would accept.
    """
    der = ci.public_bytes(Encoding.DER)
    return check_server(auth.der, der, key_id(ci), (kind.role,)).oid


def choose(
    kind: ServerKind,
    known: Sequence[I],
    for_verification: Sequence[bytes],
    for_signing: Sequence[bytes],
) -> I:
    """The identity below the first CI of the card's signing list that it can verify (clause 5.6.1).

    Raises SmdppError if the card signs below none of these CIs, or verifies with none of those.
    """
    own = {one.ci_pk_id: one for one in known}
    signing = [one for one in for_signing if one in own]
    if not signing:
        raise SmdppError(
            kind.ci_keys,
            f"The card signs below the CI keys {_listed(for_signing)}, and this {kind.name} "
            f"verifies with {_listed(own)}. Take both of one PKI.",
        )
    found = next((own[one] for one in signing if one in for_verification), None)
    if found is None:
        raise SmdppError(
            kind.certificate,
            f"The card verifies with the CI keys {_listed(for_verification)}, and this {kind.name} "
            f"has certificates below {_listed(signing)} for it. Take both of one PKI.",
        )
    return found


def _listed(numbers: Iterable[bytes]) -> str:
    return ", ".join(one.hex().upper() for one in numbers) or "(none)"
