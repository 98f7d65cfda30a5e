"""Where new keys and serial numbers come from: the system's random source, or a seed.

Anybody who knows the seed can compute the keys. Seeds are for tests and demonstrations.
"""

import hashlib
from dataclasses import dataclass
from typing import Protocol

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec

from keys.curves import Curve
from keys.errors import PkiError

_SERIAL_BYTES = 8


class KeySource(Protocol):
    """Makes the key and the serial number of the certificate called `label`."""

    @property
    def deterministic(self) -> bool:
        """Whether signatures are deterministic (RFC 6979), so that they repeat."""

    def key(self, curve: Curve, label: str) -> ec.EllipticCurvePrivateKey:
        """A private key on `curve`; `PkiError` when this OpenSSL lacks the curve."""

    def serial(self, curve: Curve, label: str) -> int:
        """A positive serial number of at most 20 bytes (RFC 5280 clause 4.1.2.2)."""


@dataclass(frozen=True)
class RandomKeys:
    """New keys and serial numbers on each call."""

    deterministic = False

    def key(self, curve: Curve, label: str) -> ec.EllipticCurvePrivateKey:
        """A new random key."""
        try:
            return ec.generate_private_key(curve.implementation)
        except UnsupportedAlgorithm as reason:
            raise _no_curve(curve) from reason

    def serial(self, curve: Curve, label: str) -> int:
        """A new random number."""
        return x509.random_serial_number()


@dataclass(frozen=True)
class SeededKeys:
    """The same key and number for the same seed, curve and label, on every machine."""

    seed: int
    deterministic = True

    def key(self, curve: Curve, label: str) -> ec.EllipticCurvePrivateKey:
        """The key whose scalar is SHA-256 of seed, curve and label, reduced to 1 to n-1."""
        scalar = int.from_bytes(self._digest("key", curve, label)) % (curve.order - 1) + 1
        try:
            return ec.derive_private_key(scalar, curve.implementation)
        except UnsupportedAlgorithm as reason:
            raise _no_curve(curve) from reason

    def serial(self, curve: Curve, label: str) -> int:
        """A number of 8 bytes; its top bits are 01, so that its DER length is always the same."""
        number = int.from_bytes(self._digest("serial", curve, label)[:_SERIAL_BYTES])
        return number & 0x3FFF_FFFF_FFFF_FFFF | 0x4000_0000_0000_0000

    def _digest(self, purpose: str, curve: Curve, label: str) -> bytes:
        text = f"euicc-sim {purpose}\n{self.seed}\n{curve.value}\n{label}"
        return hashlib.sha256(text.encode()).digest()


def key_source(seed: int | None) -> KeySource:
    """Random keys for None, otherwise the keys of that seed."""
    return RandomKeys() if seed is None else SeededKeys(seed)


def _no_curve(curve: Curve) -> PkiError:
    return PkiError(
        f"The OpenSSL in use does not support {curve.standard_name}. "
        "Use only the other curve, or install the cryptography wheel from PyPI."
    )
