"""Concealment of a subscriber's identity: the output of a SUCI's protection scheme.

3GPP TS 33.501 annex C.3: ECIES with the home network's public key, profile A on X25519 and profile
B on P-256. The MSIN comes in as it is coded in the SUCI; the caller supplies the random bytes of
the ephemeral key.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.ciphers.modes import CTR
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from euicc_sim.crypto.agreement import make_pair
from euicc_sim.crypto.signature import UnusableKeyError

_KEY, _COUNTER, _MAC_KEY = 16, 16, 32
_TAG = 8
_X25519_SIZE = 32
_P256 = "secp256r1"


class Scheme(IntEnum):
    """The protection schemes, by their identifiers (TS 33.501 annex C.1)."""

    NULL = 0
    PROFILE_A = 1
    PROFILE_B = 2


def conceal(
    scheme: Scheme, home_key: bytes, identity: bytes, random: Callable[[int], bytes]
) -> bytes:
    """The scheme output: the identity itself, or ephemeral public key, ciphertext and MAC.

    `home_key` is the public key of the home network: 32 bytes for profile A, a compressed or
    uncompressed point for B, unused for the null scheme. Raises UnusableKeyError.
    """
    if scheme is Scheme.NULL:
        return identity
    agree = _x25519 if scheme is Scheme.PROFILE_A else _p256
    secret, ephemeral = agree(home_key, random)
    keys = X963KDF(SHA256(), _KEY + _COUNTER + _MAC_KEY, ephemeral).derive(secret)
    key, counter, mac_key = keys[:_KEY], keys[_KEY : _KEY + _COUNTER], keys[_KEY + _COUNTER :]
    ciphertext = Cipher(AES128(key), CTR(counter)).encryptor().update(identity)
    mac = HMAC(mac_key, SHA256())
    mac.update(ciphertext)
    return ephemeral + ciphertext + mac.finalize()[:_TAG]


def _x25519(home_key: bytes, random: Callable[[int], bytes]) -> tuple[bytes, bytes]:
    """The shared secret, and the ephemeral public key."""
    own = X25519PrivateKey.from_private_bytes(random(_X25519_SIZE))
    try:
        secret = own.exchange(X25519PublicKey.from_public_bytes(home_key))
    except (ValueError, InvalidKey) as error:
        raise UnusableKeyError(f"not a public key of X25519: {error}") from error
    return secret, own.public_key().public_bytes_raw()


def _p256(home_key: bytes, random: Callable[[int], bytes]) -> tuple[bytes, bytes]:
    """The shared secret, and the ephemeral public key as a compressed point."""
    try:
        home = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), home_key)
    except ValueError as error:
        raise UnusableKeyError(f"not a point on {_P256}: {error}") from error
    pair = make_pair(_P256, random)
    own = ec.derive_private_key(int.from_bytes(pair.private), ec.SECP256R1())
    return own.exchange(ec.ECDH(), home), own.public_key().public_bytes(
        Encoding.X962, PublicFormat.CompressedPoint
    )
