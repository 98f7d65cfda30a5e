"""The two curves of the SGP.26 test certificates, named as in its file names."""

from enum import Enum
from typing import Self

from cryptography.hazmat.primitives.asymmetric import ec

from keys.errors import PkiError


class Curve(Enum):
    """A curve of remote SIM provisioning; the value is how SGP.26 file names spell it."""

    NIST = "NIST"
    BRP = "BRP"

    @classmethod
    def of(cls, key: ec.EllipticCurvePublicKey | ec.EllipticCurvePrivateKey) -> Self:
        """The curve of `key`; `PkiError` for any curve other than these two."""
        for curve in cls:
            if curve.standard_name == key.curve.name:
                return curve
        raise PkiError(
            f"The key is on {key.curve.name}, for which SGP.26 has no certificates. "
            "Use a key on P-256 or brainpoolP256r1."
        )

    @property
    def implementation(self) -> ec.EllipticCurve:
        """The curve object of the cryptography library."""
        return ec.SECP256R1() if self is Curve.NIST else ec.BrainpoolP256R1()

    @property
    def standard_name(self) -> str:
        """The name in SEC 2 (secp256r1) or RFC 5639 (brainpoolP256r1)."""
        return self.implementation.name

    @property
    def order(self) -> int:
        """The order n of the base point, 256 bits (FIPS 186-4 D.1.2.3, RFC 5639 clause 3.4)."""
        return _ORDERS[self]


_ORDERS = {
    Curve.NIST: 0xFFFFFFFF_00000000_FFFFFFFF_FFFFFFFF_BCE6FAAD_A7179E84_F3B9CAC2_FC632551,
    Curve.BRP: 0xA9FB57DB_A1EEA9BC_3E660A90_9D838D71_8C397AA3_B561A6F7_901E0E82_974856A7,
}
