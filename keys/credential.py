"""Certificates with their private keys. Knows how to read them, not how to make them."""

from dataclasses import dataclass, field

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from keys.curves import Curve
from keys.errors import PkiError


@dataclass(frozen=True)
class Credential:
    """A certificate and the private key of its subject; the key is never printed."""

    certificate: x509.Certificate
    private_key: ec.EllipticCurvePrivateKey = field(repr=False, compare=False)

    @property
    def curve(self) -> Curve:
        """The curve of the key."""
        return Curve.of(self.private_key)

    @property
    def der(self) -> bytes:
        """The certificate in DER."""
        return self.certificate.public_bytes(Encoding.DER)


@dataclass(frozen=True)
class EuiccCredential:
    """What an eUICC holds for one curve: its key and its chain up to a CI.

    `ci_pk_id` is the 20-byte subject key identifier of the CI certificate, which SGP.22 calls the
    CI public key identifier; the certificates are DER. The key is never printed.
    """

    curve: Curve
    ci_pk_id: bytes
    ci_certificate: bytes
    eum_certificate: bytes
    euicc_certificate: bytes
    private_key: ec.EllipticCurvePrivateKey = field(repr=False, compare=False)


def public_key(certificate: x509.Certificate) -> ec.EllipticCurvePublicKey:
    """The public key of a certificate; `PkiError` unless it is an elliptic curve key."""
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm) as reason:
        raise PkiError(f"{_title(certificate)} has no usable key: {reason}.") from reason
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise PkiError(
            f"{_title(certificate)} does not hold an elliptic curve key. Use one on P-256."
        )
    return key


def key_id(certificate: x509.Certificate) -> bytes:
    """The subject key identifier, 20 bytes in SGP.22 (RFC 5280 clause 4.2.1.2).

    `PkiError` when the certificate has none.
    """
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    except (x509.ExtensionNotFound, ValueError) as reason:
        raise PkiError(
            f"{_title(certificate)} has no subject key identifier, which an eUICC needs to name "
            "its CI. Use a certificate that follows SGP.22."
        ) from reason
    return extension.value.digest


def subject_eid(euicc: x509.Certificate) -> str | None:
    """The EID that an eUICC's certificate is for (SGP.22 clause 4.5.2.1); None if it has none."""
    found = euicc.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)
    return str(found[0].value) if found else None


def permitted_iins(eum: x509.Certificate) -> tuple[str, ...]:
    """The IINs that an EUM certificate permits in EIDs (SGP.22 clause 4.5.2.1).

    `PkiError` when its name constraints do not hold any.
    """
    try:
        constraints = eum.extensions.get_extension_for_class(x509.NameConstraints).value
    except (x509.ExtensionNotFound, ValueError):
        constraints = None
    permitted = (constraints.permitted_subtrees if constraints else None) or []
    iins = tuple(
        str(attribute.value)
        for name in permitted
        if isinstance(name, x509.DirectoryName)
        for attribute in name.value.get_attributes_for_oid(NameOID.SERIAL_NUMBER)
    )
    if not iins:
        raise PkiError(
            f"{_title(eum)} does not permit any IIN: its name constraints lack a serialNumber. "
            "Use an EUM certificate of SGP.22 variant O."
        )
    return iins


def is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether the certificate names `issuer` as its issuer and was signed with its key."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _title(certificate: x509.Certificate) -> str:
    return f"The certificate of {certificate.subject.rfc4514_string()}"
