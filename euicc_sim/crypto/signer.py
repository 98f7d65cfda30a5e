"""A card's private key with the certificate that goes with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from euicc_sim.crypto.signature import sign

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

    from euicc_sim.model.identity import Credential


@dataclass(frozen=True, slots=True)
class Signer:
    """A credential with its private key, which is never shown."""

    credential: Credential
    key: EllipticCurvePrivateKey = field(repr=False)

    def sign(self, data: bytes) -> bytes:
        """Sign with SK.EUICC.ECDSA: r||s, 64 bytes."""
        return sign(self.key, data)
