"""Certificates of RSP servers, directly below a CI (SGP.22 v2.5 clauses 4.5.2.1 and 4.5.2.2).

Checks whether one is genuine, and whose it is. Keeps no state. Validity dates are ignored, since a
card has no clock: an expired certificate is accepted.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509.oid import ExtensionOID, SignatureAlgorithmOID

from euicc_sim.crypto.signature import PublicKey, UnusableKeyError, public_key


class Role(StrEnum):
    """What a server's certificate is for: id-rspRole of its policy, SGP.22 Annex H."""

    DP_AUTH = "2.23.146.1.2.1.4"
    DP_PB = "2.23.146.1.2.1.5"
    DS_AUTH = "2.23.146.1.2.1.7"


class InvalidCertificateError(ValueError):
    """A certificate that breaks a rule, or that the CI did not issue."""


class UnsupportedCurveError(ValueError):
    """A certificate whose key is neither on P-256 nor on brainpoolP256r1."""


@dataclass(frozen=True, slots=True)
class Server:
    """The holder of a certificate: its role and its registered OID."""

    role: Role
    oid: str


_UNDERSTOOD = {
    ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
    ExtensionOID.SUBJECT_KEY_IDENTIFIER,
    ExtensionOID.KEY_USAGE,
    ExtensionOID.CERTIFICATE_POLICIES,
    ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
    ExtensionOID.BASIC_CONSTRAINTS,
    ExtensionOID.CRL_DISTRIBUTION_POINTS,
}
"""Extensions that may be critical."""

_UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
    Warning,
)


def server_key(der: bytes) -> PublicKey:
    """The public key of a server's certificate.

    Raises InvalidCertificateError for bytes that are not a certificate, UnsupportedCurveError for
    a key that the card cannot verify with.
    """
    with _reading():
        x509.load_der_x509_certificate(der)
    try:
        return public_key(der, in_certificate=True)
    except UnusableKeyError as error:
        raise UnsupportedCurveError(str(error)) from error


def check_server(der: bytes, ci: bytes, ci_pk_id: bytes, roles: Collection[Role]) -> Server:
    """Check a certificate against the rules and against the CI that should have issued it.

    `ci` is the CI's certificate, `ci_pk_id` its key identifier; `roles` are the acceptable ones.
    Raises InvalidCertificateError, which names the broken rule.
    """
    with _reading():
        certificate = x509.load_der_x509_certificate(der)
        extensions = certificate.extensions
        _issued_below(certificate, extensions, x509.load_der_x509_certificate(ci), ci_pk_id)
        _lawful(certificate, extensions)
        return Server(_role(extensions, roles), _registered_id(extensions))


@contextmanager
def _reading() -> Iterator[None]:
    """Turn what the library refuses, or warns about, into InvalidCertificateError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            yield
    except InvalidCertificateError:
        raise
    except InvalidSignature as error:
        raise InvalidCertificateError("it is not signed by the key of its CI") from error
    except _UNREADABLE as error:
        raise InvalidCertificateError(f"it cannot be read: {error}") from error


def _issued_below(
    certificate: x509.Certificate,
    extensions: x509.Extensions,
    ci: x509.Certificate,
    ci_pk_id: bytes,
) -> None:
    authority = _value(extensions, x509.AuthorityKeyIdentifier)
    if authority is None or authority.key_identifier != ci_pk_id:
        raise InvalidCertificateError(
            f"its authorityKeyIdentifier is not the CI key {ci_pk_id.hex().upper()}"
        )
    if certificate.issuer != ci.subject:
        raise InvalidCertificateError(
            f"its issuer is {certificate.issuer.rfc4514_string()}, "
            f"the CI is {ci.subject.rfc4514_string()}"
        )
    if certificate.signature_algorithm_oid != SignatureAlgorithmOID.ECDSA_WITH_SHA256:
        raise InvalidCertificateError("it is not signed with ECDSA and SHA-256")
    certificate.verify_directly_issued_by(ci)


def _lawful(certificate: x509.Certificate, extensions: x509.Extensions) -> None:
    if certificate.version is not x509.Version.v3:
        raise InvalidCertificateError("its version is not 3")
    strange = next((one for one in extensions if one.critical and one.oid not in _UNDERSTOOD), None)
    if strange is not None:
        raise InvalidCertificateError(
            f"its critical extension {strange.oid.dotted_string} is not understood"
        )
    usage = _value(extensions, x509.KeyUsage)
    if usage is None or not usage.digital_signature:
        raise InvalidCertificateError("its keyUsage does not allow digitalSignature")


def _role(extensions: x509.Extensions, roles: Collection[Role]) -> Role:
    policies = {
        one.policy_identifier.dotted_string
        for one in _value(extensions, x509.CertificatePolicies) or ()
    }
    found = next((role for role in roles if role in policies), None)
    if found is None:
        wanted = " or ".join(role.name for role in roles)
        raise InvalidCertificateError(f"its certificatePolicies do not make it one of {wanted}")
    return found


def _registered_id(extensions: x509.Extensions) -> str:
    names = _value(extensions, x509.SubjectAlternativeName)
    found = names.get_values_for_type(x509.RegisteredID) if names else []
    if not found:
        raise InvalidCertificateError("its subjectAltName has no registeredID")
    return str(found[0].dotted_string)


def _value(extensions: x509.Extensions, kind: type[Any]) -> Any:
    """The value of an extension, or None when there is none."""
    return next((one.value for one in extensions if isinstance(one.value, kind)), None)
