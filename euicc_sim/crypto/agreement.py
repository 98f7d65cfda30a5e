"""One-time key pairs and ECKA on 256-bit curves (SGP.22 v2.5 clause 2.6.3, BSI TR-03111 4.3).

Public keys are uncompressed points, 65 bytes; private keys are scalars, 32 bytes. The caller
supplies the random bytes, so that a seeded card repeats.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from euicc_sim.crypto.signature import UnusableKeyError

SCALAR_SIZE = 32
_EXTRA = 8
_CURVES: dict[str, tuple[ec.EllipticCurve, int]] = {
    "secp256r1": (
        ec.SECP256R1(),
        0xFFFFFFFF_00000000_FFFFFFFF_FFFFFFFF_BCE6FAAD_A7179E84_F3B9CAC2_FC632551,
    ),
    "brainpoolP256r1": (
        ec.BrainpoolP256R1(),
        0xA9FB57DB_A1EEA9BC_3E660A90_9D838D71_8C397AA3_B561A6F7_901E0E82_974856A7,
    ),
}
"""Each curve and the order of its base point (FIPS 186-4 D.1.2.3, RFC 5639 clause 3.4)."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A key pair on the named curve; the private key is not printed."""

    curve: str
    public: bytes
    private: bytes = field(repr=False)


def make_pair(curve: str, random: Callable[[int], bytes]) -> KeyPair:
    """A new pair from 40 random bytes (FIPS 186-4 B.4.1); KeyError for an unknown curve."""
    implementation, order = _CURVES[curve]
    scalar = int.from_bytes(random(SCALAR_SIZE + _EXTRA)) % (order - 1) + 1
    public = ec.derive_private_key(scalar, implementation).public_key()
    return KeyPair(
        curve,
        public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint),
        scalar.to_bytes(SCALAR_SIZE),
    )


def shared_secret(curve: str, private: bytes, public: bytes) -> bytes:
    """The x-coordinate of the shared point, 32 bytes.

    Raises UnusableKeyError when `public` is not a point on the curve.
    """
    implementation, _ = _CURVES[curve]
    try:
        other = ec.EllipticCurvePublicKey.from_encoded_point(implementation, public)
    except ValueError as error:
        raise UnusableKeyError(f"not a point on {curve}: {error}") from error
    own = ec.derive_private_key(int.from_bytes(private), implementation)
    return own.exchange(ec.ECDH(), other)
