"""Signs certificates. Knows names and signatures; a template gives the contents."""

from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from keys import profiles
from keys.credential import Credential
from keys.curves import Curve
from keys.errors import PkiError
from keys.profiles import ExtensionsForKey
from keys.source import KeySource


@dataclass(frozen=True)
class Template:
    """A certificate before it has a key.

    `label` is unique below the issuer; a seeded source derives the key from it.
    """

    label: str
    subject: x509.Name
    extensions: ExtensionsForKey


def self_sign(template: Template, curve: Curve, source: KeySource) -> Credential:
    """A root certificate with the fixed validity in `profiles`; `PkiError` as for `issue`."""
    key = source.key(curve, template.label)
    builder = (
        _builder(template, key, source)
        .issuer_name(template.subject)
        .not_valid_before(profiles.NOT_BEFORE)
        .not_valid_after(profiles.NOT_AFTER)
    )
    return _sign(builder, key, key, source)


def issue(template: Template, issuer: Credential, source: KeySource) -> Credential:
    """A certificate with a new key on the issuer's curve and the issuer's validity.

    `PkiError` when the OpenSSL in use lacks the curve or deterministic signatures.
    """
    key = source.key(issuer.curve, template.label)
    builder = (
        _builder(template, key, source)
        .issuer_name(issuer.certificate.subject)
        .not_valid_before(issuer.certificate.not_valid_before_utc)
        .not_valid_after(issuer.certificate.not_valid_after_utc)
    )
    return _sign(builder, key, issuer.private_key, source)


def _builder(
    template: Template, key: ec.EllipticCurvePrivateKey, source: KeySource
) -> x509.CertificateBuilder:
    builder = (
        x509.CertificateBuilder()
        .subject_name(template.subject)
        .public_key(key.public_key())
        .serial_number(source.serial(Curve.of(key), template.label))
    )
    for extension, critical in template.extensions(key.public_key()):
        builder = builder.add_extension(extension, critical)
    return builder


def _sign(
    builder: x509.CertificateBuilder,
    key: ec.EllipticCurvePrivateKey,
    issuer_key: ec.EllipticCurvePrivateKey,
    source: KeySource,
) -> Credential:
    try:
        certificate = builder.sign(
            issuer_key, hashes.SHA256(), ecdsa_deterministic=source.deterministic
        )
    except UnsupportedAlgorithm as reason:
        raise PkiError(
            "The OpenSSL in use lacks deterministic signatures (RFC 6979), which a seed needs. "
            "Leave out the seed, or install the cryptography wheel from PyPI."
        ) from reason
    return Credential(certificate, key)
