"""The certificates of a card: their contents, and whether they chain to a CI.

SGP.22 v2.5 clause 4.5.2, variants O, and v3 without SubCAs. Validity dates are checked only if a
time is given.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtensionOID, NameOID, SignatureAlgorithmOID

from apdu import TlvError
from apdu.tlv import children, whole
from euicc_sim.asn1.codec import Asn1Error, Unknown
from euicc_sim.asn1.sgp32.profiles import GetCertsResponse
from euicc_sim.asn1.wire import WIRE_1_2, Wire
from euicc_sim.crypto.signature import UnusableKeyError, public_key
from euicc_sim.parties.messages.encoding import shown
from euicc_sim.parties.messages.errors import EimError, Refusal, SmdppError

ROLE_EUM, ROLE_EUM_V3 = "2.23.146.1.2.1.2", "2.23.146.1.2.1.0.0.0"
ROLE_EUICC, ROLE_EUICC_V3 = "2.23.146.1.2.1.1", "2.23.146.1.2.1.0.0.0.0.0"
PERMITTED_EINS = x509.ObjectIdentifier("2.23.146.1.2.2.0")
"""The extension of an EUM certificate of SGP.22 v3 that lists the prefixes of its EIDs."""

E = TypeVar("E", bound=x509.ExtensionType)

_EUICC_ROLE_BELOW = {ROLE_EUM: ROLE_EUICC, ROLE_EUM_V3: ROLE_EUICC_V3}
_EID = re.compile("[0-9]{32}")
_PRINTABLE_STRING = 0x13
_UNDERSTOOD = {
    ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
    ExtensionOID.SUBJECT_KEY_IDENTIFIER,
    ExtensionOID.KEY_USAGE,
    ExtensionOID.CERTIFICATE_POLICIES,
    ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
    ExtensionOID.BASIC_CONSTRAINTS,
    ExtensionOID.CRL_DISTRIBUTION_POINTS,
    ExtensionOID.NAME_CONSTRAINTS,
    PERMITTED_EINS,
}
_UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
    TlvError,
    Warning,
)


class _BrokenRuleError(Exception):
    """What is wrong with a certificate, a clause with "it" as the subject."""


class _ExpiredError(_BrokenRuleError):
    """The time is outside the validity."""


@dataclass(frozen=True, slots=True)
class Euicc:
    """An authenticated card: its EID (32 digits), its key and the CI key identifier."""

    eid: str
    key: ec.EllipticCurvePublicKey
    ci_pk_id: bytes


def authority_of(certificate: bytes) -> bytes:
    """The authority key identifier of an EUM certificate (DER), by which its CI is found.

    Raises SmdppError if the certificate is malformed or has none.
    """
    with _judging("EUM", Refusal.EUM_CERTIFICATE, Refusal.EUM_CERTIFICATE_EXPIRED):
        return _authority(x509.load_der_x509_certificate(certificate))


def check_euicc(
    euicc: bytes, eum: bytes, ci: x509.Certificate, at: datetime | None = None
) -> Euicc:
    """Verify a card's two certificates (DER) up to a CI.

    `at` is the time at which both must be valid, None for no check. Raises SmdppError with 8.1.2
    for the EUM certificate, 8.1.3 for the card's.
    """
    with _judging("EUM", Refusal.EUM_CERTIFICATE, Refusal.EUM_CERTIFICATE_EXPIRED):
        issuer = x509.load_der_x509_certificate(eum)
        role = _check_eum(issuer, ci, at)
    with _judging("eUICC", Refusal.EUICC_CERTIFICATE, Refusal.EUICC_CERTIFICATE_EXPIRED):
        certificate = x509.load_der_x509_certificate(euicc)
        _issued_below(certificate, issuer, at)
        _has_role(certificate, (_EUICC_ROLE_BELOW[role],))
        usage = _value(certificate, x509.KeyUsage)
        if usage is None or not usage.digital_signature:
            raise _BrokenRuleError("its keyUsage does not allow digitalSignature")
        eid = _eid(certificate)
        _permitted(certificate, eid, issuer, role)
        return Euicc(eid, public_key(euicc, in_certificate=True), _key_id(ci))


@contextmanager
def _judging(what: str, refusal: Refusal, expired: Refusal) -> Iterator[None]:
    """Turn a broken rule into an SmdppError about the certificate named `what`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            yield
    except _ExpiredError as error:
        why, refusal = str(error), expired
    except _BrokenRuleError as error:
        why = str(error)
    except InvalidSignature:
        why = "it is not signed by the key of its issuer"
    except UnusableKeyError as error:
        why = f"it has {error}"
    except _UNREADABLE as error:
        why = f"it cannot be read: {error}"
    else:
        return
    raise SmdppError(
        refusal,
        f"The {what} certificate is not accepted: {why}. "
        "Give the card certificates below a CI of this SM-DP+.",
    )


def _check_eum(eum: x509.Certificate, ci: x509.Certificate, at: datetime | None) -> str:
    _issued_below(eum, ci, at)
    role = _has_role(eum, tuple(_EUICC_ROLE_BELOW))
    usage = _value(eum, x509.KeyUsage)
    if usage is None or not usage.key_cert_sign:
        raise _BrokenRuleError("its keyUsage does not allow keyCertSign")
    basic = _value(eum, x509.BasicConstraints)
    if basic is None or not basic.ca:
        raise _BrokenRuleError("its basicConstraints do not make it a CA")
    return role


def _issued_below(
    certificate: x509.Certificate, issuer: x509.Certificate, at: datetime | None
) -> None:
    if certificate.version is not x509.Version.v3:
        raise _BrokenRuleError("it is not of version 3")
    authority = _authority(certificate)
    if authority != _key_id(issuer):
        raise _BrokenRuleError(
            f"its authorityKeyIdentifier is {authority.hex().upper()}, "
            f"the key above it is {_key_id(issuer).hex().upper()}"
        )
    if certificate.issuer != issuer.subject:
        raise _BrokenRuleError(
            f"its issuer is {certificate.issuer.rfc4514_string()}, "
            f"its issuer's certificate is that of {issuer.subject.rfc4514_string()}"
        )
    if certificate.signature_algorithm_oid != SignatureAlgorithmOID.ECDSA_WITH_SHA256:
        raise _BrokenRuleError("it is not signed with ECDSA and SHA-256")
    certificate.verify_directly_issued_by(issuer)
    strange = [one for one in certificate.extensions if one.critical and one.oid not in _UNDERSTOOD]
    if strange:
        raise _BrokenRuleError(
            f"its critical extension {strange[0].oid.dotted_string} is not understood"
        )
    _key_id(certificate)
    if at is not None and not certificate.not_valid_before_utc <= at <= (
        certificate.not_valid_after_utc
    ):
        raise _ExpiredError(
            f"it is valid from {certificate.not_valid_before_utc:%Y-%m-%d} "
            f"to {certificate.not_valid_after_utc:%Y-%m-%d}"
        )


def _has_role(certificate: x509.Certificate, roles: tuple[str, ...]) -> str:
    policies = [
        one.policy_identifier.dotted_string
        for one in _value(certificate, x509.CertificatePolicies) or ()
    ]
    found = next((role for role in roles if role in policies), None)
    if found is None:
        raise _BrokenRuleError(
            f"its certificatePolicies are {', '.join(policies) or 'missing'}, "
            f"not {' or '.join(roles)}"
        )
    return found


def _eid(certificate: x509.Certificate) -> str:
    found = certificate.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)
    if len(found) != 1:
        raise _BrokenRuleError(f"its subject has {len(found)} serialNumbers, where the EID is one")
    eid = str(found[0].value)
    if not _EID.fullmatch(eid):  # published test certificates have wrong check digits
        raise _BrokenRuleError(f"its serialNumber {eid[:40]!r} is not an EID of 32 digits")
    return eid


def _permitted(certificate: x509.Certificate, eid: str, eum: x509.Certificate, role: str) -> None:
    permitted = _by_names(certificate, eid, eum) if role == ROLE_EUM else _by_eins(eid, eum)
    if not permitted:
        raise _BrokenRuleError(f"its EUM may not issue for the EID {eid} under that name")


def _by_names(certificate: x509.Certificate, eid: str, eum: x509.Certificate) -> bool:
    constraints = _value(eum, x509.NameConstraints)
    subtrees = (constraints.permitted_subtrees if constraints else None) or []
    return any(
        _within(name.value, certificate.subject, eid)
        for name in subtrees
        if isinstance(name, x509.DirectoryName)
    )


def _within(permitted: x509.Name, subject: x509.Name, eid: str) -> bool:
    """Whether a permitted name has a prefix of the EID as serialNumber, and the organization.

    This is not a subtree in the sense of RFC 5280: a name with a complete EID is not below one with
    an IIN.
    """
    iins = permitted.get_attributes_for_oid(NameOID.SERIAL_NUMBER)
    organizations = permitted.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    own = {one.value for one in subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)}
    return any(eid.startswith(str(one.value)) for one in iins) and (
        not organizations or bool(own & {one.value for one in organizations})
    )


def _by_eins(eid: str, eum: x509.Certificate) -> bool:
    found = [one for one in eum.extensions if one.oid == PERMITTED_EINS]
    if not found or not isinstance(found[0].value, x509.UnrecognizedExtension):
        return False
    content = found[0].value.value
    items = children(content, whole(content).value)
    eins = [content[one.value : one.end] for one in items if one.tag == _PRINTABLE_STRING]
    return any(eid.startswith(one.decode("ascii")) for one in eins if one)


def _authority(certificate: x509.Certificate) -> bytes:
    found = _value(certificate, x509.AuthorityKeyIdentifier)
    if found is None or found.key_identifier is None:
        raise _BrokenRuleError("it has no authorityKeyIdentifier")
    return bytes(found.key_identifier)


def _key_id(certificate: x509.Certificate) -> bytes:
    found = _value(certificate, x509.SubjectKeyIdentifier)
    if found is None:
        raise _BrokenRuleError("it has no subjectKeyIdentifier")
    return bytes(found.digest)


def _value(certificate: x509.Certificate, kind: type[E]) -> E | None:
    """The value of an extension, None if it is absent."""
    return next((one.value for one in certificate.extensions if isinstance(one.value, kind)), None)


EuiccKey = ec.EllipticCurvePublicKey | bytes
"""A public key, or bytes that `certificate_der` accepts."""

_GET_CERTS = b"\xbf\x56"


def certificate_der(data: bytes, wire: Wire = WIRE_1_2) -> bytes:
    """The eUICC certificate from a GetCerts answer (BF56), DER or PEM.

    Raises EimError.
    """
    if data.startswith(_GET_CERTS):
        return _from_get_certs(data, wire)
    try:
        if data.lstrip().startswith(b"-----BEGIN"):
            return x509.load_pem_x509_certificate(data).public_bytes(Encoding.DER)
        x509.load_der_x509_certificate(data)
    except ValueError as error:
        raise EimError(
            "This is not a certificate of a card. Give the card's answer to GetCerts, "
            "which begins BF56, or its eUICC certificate as DER."
        ) from error
    return data


def _from_get_certs(answer: bytes, wire: Wire) -> bytes:
    try:
        found = wire[GetCertsResponse].read_keeping(answer)
    except Asn1Error as error:
        raise EimError(f"The GetCerts answer is damaged: {error}. Ask the card again.") from error
    if found[0] == "certs":
        return found[1]["euiccCertificate"]
    code = shown(found if isinstance(found, Unknown) else found[1])
    raise EimError(f"GetCerts was refused: {code}. Ask for a CI that the card has.")


def euicc_public_key(euicc: EuiccKey, wire: Wire = WIRE_1_2) -> ec.EllipticCurvePublicKey:
    """The public key. Raises EimError."""
    if isinstance(euicc, ec.EllipticCurvePublicKey):
        return euicc
    try:
        return public_key(certificate_der(euicc, wire), in_certificate=True)
    except UnusableKeyError as error:
        raise EimError(
            f"The card's certificate has {error}. Give the eUICC certificate, not another."
        ) from error


def eid_of(certificate: bytes) -> str | None:
    """The EID of an eUICC certificate (DER): the serialNumber of its subject."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what else the subject has is not looked at
        subject = x509.load_der_x509_certificate(certificate).subject
    found = subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)
    return str(found[0].value) if found else None


ROLE_DS_AUTH = "2.23.146.1.2.1.7"


def is_smds(certificate: bytes) -> bool:
    """Whether a server's certificate (DER) is CERT.DSauth, that of an SM-DS."""
    try:
        found = x509.load_der_x509_certificate(certificate)
        policies = _value(found, x509.CertificatePolicies) or ()
    except ValueError:
        return False
    return ROLE_DS_AUTH in {one.policy_identifier.dotted_string for one in policies}


def registered_id(certificate: bytes) -> str | None:
    """The OID in the subjectAltName of a server's certificate (DER); None if it has none."""
    try:
        names = x509.load_der_x509_certificate(certificate).extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        )
    except (ValueError, x509.ExtensionNotFound):
        return None
    found = names.value.get_values_for_type(x509.RegisteredID)
    return found[0].dotted_string if found else None
