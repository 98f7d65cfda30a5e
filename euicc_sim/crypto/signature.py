"""ECDSA with SHA-256 in the plain format r||s of BSI TR-03111, 64 bytes, on 256-bit curves."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

SIGNATURE_SIZE = 64
FINGERPRINT_SIZE = 8
_HALF = SIGNATURE_SIZE // 2
_CURVES = ("secp256r1", "brainpoolP256r1")
_SIGN = ec.ECDSA(SHA256(), deterministic_signing=True)
_VERIFY = ec.ECDSA(SHA256())

PublicKey = ec.EllipticCurvePublicKey


class UnusableKeyError(ValueError):
    """Bytes that are not a public key on P-256 or brainpoolP256r1."""


@lru_cache(maxsize=1024)
def public_key(der: bytes, *, in_certificate: bool) -> PublicKey:
    """The key of a SubjectPublicKeyInfo or certificate (DER). Raises UnusableKeyError."""
    try:
        key: object = (
            x509.load_der_x509_certificate(der).public_key()
            if in_certificate
            else load_der_public_key(der)
        )
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion) as error:
        raise UnusableKeyError(f"not a public key: {error}") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name not in _CURVES:
        name = key.curve.name if isinstance(key, ec.EllipticCurvePublicKey) else type(key).__name__
        raise UnusableKeyError(
            f"the key is on {name}; only P-256 and brainpoolP256r1 are supported"
        )
    return key


def check_readable(der: bytes, *, in_certificate: bool) -> None:
    """Raise UnusableKeyError for bytes that are not a SubjectPublicKeyInfo or certificate at all.

    A key of any algorithm is fine: the card is not the one that verifies with it.
    """
    try:
        if in_certificate:
            x509.load_der_x509_certificate(der)
        else:
            load_der_public_key(der)
    except UnsupportedAlgorithm:
        return
    except (ValueError, TypeError, x509.InvalidVersion) as error:
        raise UnusableKeyError(f"not a public key: {error}") from error


def sign(key: ec.EllipticCurvePrivateKey, data: bytes) -> bytes:
    """r||s over `data`; the nonce follows RFC 6979, so the same data gets the same signature."""
    r, s = decode_dss_signature(key.sign(data, _SIGN))
    return r.to_bytes(_HALF) + s.to_bytes(_HALF)


def verifies(key: ec.EllipticCurvePublicKey, signature: bytes, data: bytes) -> bool:
    """Whether `signature` (r||s, 64 bytes) over `data` was made with this key."""
    if len(signature) != SIGNATURE_SIZE:
        return False
    r, s = int.from_bytes(signature[:_HALF]), int.from_bytes(signature[_HALF:])
    try:
        key.verify(encode_dss_signature(r, s), data, _VERIFY)
    except InvalidSignature:
        return False
    return True


def fingerprint(name: bytes, der: bytes, signature: bytes, *, in_certificate: bool) -> bytes:
    """What `name` has signed, as 8 bytes: the same however the signature is written.

    They are the first of SHA-256 over the name, the public key as SubjectPublicKeyInfo (DER), r and
    the smaller of s and n - s, since everybody can turn one into the other. `der` is the key or
    certificate. Raises UnusableKeyError.
    """
    key, order = _key_and_order(der, in_certificate=in_certificate)
    s = int.from_bytes(signature[_HALF:])
    lower = min(s, order - s).to_bytes(_HALF)
    return sha256(name + key + signature[:_HALF] + lower).digest()[:FINGERPRINT_SIZE]


@lru_cache(maxsize=1024)
def _key_and_order(der: bytes, *, in_certificate: bool) -> tuple[bytes, int]:
    key = public_key(der, in_certificate=in_certificate)
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return spki, key.curve.group_order
