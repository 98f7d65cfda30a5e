"""Whose signature an answer must have: the card's key, out of a certificate or GetCerts answer.

The certificate is taken at its word; its chain up to a CI is not looked at.
"""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from euicc_sim.asn1.codec import Asn1Error
from euicc_sim.asn1.wire import WIRE_1_2
from euicc_sim.crypto.signature import UnusableKeyError, public_key
from euicc_sim.parties.messages.code_names import with_names
from euicc_sim.parties.messages.errors import EimError

EuiccKey = ec.EllipticCurvePublicKey | bytes
"""A public key, or bytes that `certificate_der` understands."""

_GET_CERTS = b"\xbf\x56"


def certificate_der(data: bytes) -> bytes:
    """The eUICC certificate out of a GetCerts answer (BF56), a DER or a PEM file.

    Raises EimError.
    """
    if data.startswith(_GET_CERTS):
        return _from_get_certs(data)
    try:
        if data.lstrip().startswith(b"-----BEGIN"):
            return x509.load_pem_x509_certificate(data).public_bytes(Encoding.DER)
        x509.load_der_x509_certificate(data)
    except ValueError as error:
        raise EimError(
            "This is no certificate of a card. Give the card's answer to GetCerts, "
            "which begins BF56, or its eUICC certificate as DER."
        ) from error
    return data


def _from_get_certs(answer: bytes) -> bytes:
    spec = WIRE_1_2.types["GetCertsResponse"]
    try:
        form, value = with_names(spec, WIRE_1_2.decode("GetCertsResponse", answer))
    except Asn1Error as error:
        raise EimError(f"The GetCerts answer is damaged: {error}. Ask the card again.") from error
    if form == "getCertsError":
        raise EimError(f"GetCerts was refused: {value}. Ask for a CI that the card has.")
    return bytes(value["euiccCertificate"])


def euicc_public_key(euicc: EuiccKey) -> ec.EllipticCurvePublicKey:
    """The key itself. Raises EimError."""
    if isinstance(euicc, ec.EllipticCurvePublicKey):
        return euicc
    try:
        return public_key(certificate_der(euicc), in_certificate=True)
    except UnusableKeyError as error:
        raise EimError(
            f"The card's certificate has {error}. Give the eUICC certificate, not another."
        ) from error


def eid_of(certificate: bytes) -> str | None:
    """The EID that an eUICC certificate (DER) is for, its subject's serialNumber."""
    subject = x509.load_der_x509_certificate(certificate).subject
    found = subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)
    return str(found[0].value) if found else None
