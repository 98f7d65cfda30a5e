"""The contents of each certificate of the test PKI: names, policies and extensions.

Values, criticality and order are those of the certificates that GSMA publishes with SGP.26, which
follow SGP.22 clause 4.5.2.1 (variant O). Does not handle private keys or sign anything.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

Extensions = tuple[tuple[x509.ExtensionType, bool], ...]
"""Extensions in the order they have in the certificate, each with its criticality."""

ExtensionsForKey = Callable[[ec.EllipticCurvePublicKey], Extensions]
"""Makes the extensions of a certificate from its public key."""

NOT_BEFORE = datetime(2020, 4, 1, tzinfo=UTC)
NOT_AFTER = datetime(2055, 4, 1, tzinfo=UTC)

# id-rspRole, SGP.22 Annex H
ROLE_CI = ObjectIdentifier("2.23.146.1.2.1.0")
ROLE_EUICC = ObjectIdentifier("2.23.146.1.2.1.1")
ROLE_EUM = ObjectIdentifier("2.23.146.1.2.1.2")
ROLE_DP_TLS = ObjectIdentifier("2.23.146.1.2.1.3")
ROLE_DP_AUTH = ObjectIdentifier("2.23.146.1.2.1.4")
ROLE_DP_PB = ObjectIdentifier("2.23.146.1.2.1.5")
ROLE_DS_TLS = ObjectIdentifier("2.23.146.1.2.1.6")
ROLE_DS_AUTH = ObjectIdentifier("2.23.146.1.2.1.7")

# Object identifiers of the parties, below the arc 2.999 that is reserved for examples
CI_OID = "2.999.1"
EUM_OID = "2.999.5"
DP_OID = "2.999.10"
DS_OID = "2.999.15"

IIN = "89049032"
EUM_ORGANIZATION = "RSP Test EUM"
DP_NAME = "TEST SM-DP+"
DS_NAME = "TEST SM-DS"
DP_HOST = "testsmdpplus1.example.com"
DS_HOST = "testrootsmds.example.com"
EIM_NAME = "eim.example.com"

_CRL_A = "http://ci.test.example.com/CRL-A.crl"
_CRL_B = "http://ci.test.example.com/CRL-B.crl"


def ci_subject(name: str) -> x509.Name:
    """The subject of a CI."""
    return _name(
        (NameOID.COMMON_NAME, name),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, "TESTCERT"),
        (NameOID.ORGANIZATION_NAME, "RSPTEST"),
        (NameOID.COUNTRY_NAME, "IT"),
    )


def ci_extensions(key: ec.EllipticCurvePublicKey) -> Extensions:
    """CERT.CI.ECDSA, the self-signed root."""
    return (
        (x509.SubjectKeyIdentifier.from_public_key(key), False),
        (x509.BasicConstraints(ca=True, path_length=None), True),
        (_policy(ROLE_CI), True),
        (_key_usage(key_cert_sign=True, crl_sign=True), True),
        (_names(_registered_id(CI_OID)), False),
        (_crl(_CRL_A, _CRL_B), False),
    )


def eum_subject(organization: str) -> x509.Name:
    """The subject of an eUICC manufacturer (EUM)."""
    return _name(
        (NameOID.COUNTRY_NAME, "ES"),
        (NameOID.ORGANIZATION_NAME, organization),
        (NameOID.COMMON_NAME, "EUM Test"),
    )


def eum_extensions(
    key: ec.EllipticCurvePublicKey, authority: bytes, organization: str, iin: str
) -> Extensions:
    """CERT.EUM.ECDSA, which limits its eUICCs to the organization and to EIDs starting with `iin`.

    `authority` is the 20-byte key identifier of the CI.
    """
    permitted = _name(
        (NameOID.ORGANIZATION_NAME, organization),
        (NameOID.SERIAL_NUMBER, iin),
    )
    return (
        (_authority(authority), False),
        (x509.SubjectKeyIdentifier.from_public_key(key), False),
        (_key_usage(key_cert_sign=True), True),
        (_policy(ROLE_EUM), True),
        (_names(_registered_id(EUM_OID)), False),
        (x509.BasicConstraints(ca=True, path_length=0), True),
        (_crl(_CRL_B), False),
        (x509.NameConstraints([x509.DirectoryName(permitted)], None), True),
    )


def euicc_subject(eum: x509.Name, eid: str) -> x509.Name:
    """The subject of an eUICC: country and organization of its EUM, EID as serial number."""
    inherited = (NameOID.COUNTRY_NAME, NameOID.ORGANIZATION_NAME)
    return x509.Name(
        [
            *(attribute for oid in inherited for attribute in eum.get_attributes_for_oid(oid)),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, eid),
            x509.NameAttribute(NameOID.COMMON_NAME, "Test eUICC"),
        ]
    )


def euicc_extensions(key: ec.EllipticCurvePublicKey, authority: bytes) -> Extensions:
    """CERT.EUICC.ECDSA; `authority` is the 20-byte key identifier of the EUM."""
    return (
        (_authority(authority), False),
        (x509.SubjectKeyIdentifier.from_public_key(key), False),
        (_key_usage(digital_signature=True), True),
        (_policy(ROLE_EUICC), True),
    )


def dp_subject(name: str) -> x509.Name:
    """The subject of an SM-DP+ or SM-DS; for the TLS certificate `name` is its host name."""
    return _name((NameOID.ORGANIZATION_NAME, "ACME"), (NameOID.COMMON_NAME, name))


def dp_extensions(
    key: ec.EllipticCurvePublicKey, authority: bytes, role: ObjectIdentifier, oid: str
) -> Extensions:
    """CERT.DPauth.ECDSA, CERT.DPpb.ECDSA and CERT.DSauth.ECDSA, which differ only in `role`.

    `authority` is the 20-byte key identifier of the CI, `oid` the server's own in dotted form.
    """
    return (
        (_authority(authority), False),
        (x509.SubjectKeyIdentifier.from_public_key(key), False),
        (_names(_registered_id(oid)), False),
        (_key_usage(digital_signature=True), True),
        (_policy(role), True),
        (_crl(_CRL_A, _CRL_B), False),
    )


def tls_extensions(
    key: ec.EllipticCurvePublicKey, authority: bytes, role: ObjectIdentifier, host: str, oid: str
) -> Extensions:
    """CERT.DP.TLS or CERT.DS.TLS, by its `role`, for a host name or IP address.

    `authority` and `oid` are as for `dp_extensions`.
    """
    usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    return (
        (_key_usage(digital_signature=True), True),
        (x509.ExtendedKeyUsage(usages), True),
        (_policy(role), False),
        (x509.SubjectKeyIdentifier.from_public_key(key), False),
        (_authority(authority), False),
        (_names(_host(host), _registered_id(oid)), False),
        (_crl(_CRL_A, _CRL_B), False),
    )


def eim_subject(name: str) -> x509.Name:
    """The subject of an eIM: its host name or other identifier."""
    return _name((NameOID.COUNTRY_NAME, "DE"), (NameOID.COMMON_NAME, name))


def eim_signing_extensions(authority: bytes) -> Extensions:
    """The eIM's signing certificate (SGP.32), which has neither policy nor key identifier."""
    return (
        (_authority(authority), False),
        (_key_usage(digital_signature=True), True),
    )


def _name(*attributes: tuple[ObjectIdentifier, str]) -> x509.Name:
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in attributes])


def _authority(key_id: bytes) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier(key_id, None, None)


def _policy(role: ObjectIdentifier) -> x509.CertificatePolicies:
    return x509.CertificatePolicies([x509.PolicyInformation(role, None)])


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _registered_id(oid: str) -> x509.RegisteredID:
    return x509.RegisteredID(ObjectIdentifier(oid))


def _names(*names: x509.GeneralName) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName(names)


def _crl(*addresses: str) -> x509.CRLDistributionPoints:
    return x509.CRLDistributionPoints(
        x509.DistributionPoint([x509.UniformResourceIdentifier(address)], None, None, None)
        for address in addresses
    )


def _key_usage(
    *, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )
