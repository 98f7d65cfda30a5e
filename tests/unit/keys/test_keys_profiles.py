"""Our certificates against those that GSMA publishes, and against SGP.22 where those are absent."""

import hashlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from support.published_pki import TEST_EID, needs_published, published

from keys import CertificateIssuer, Curve
from keys.credential import public_key

Facts = list[tuple[str, bool, object]]


@pytest.fixture(scope="module")
def ci() -> CertificateIssuer:
    return CertificateIssuer.create(Curve.NIST)


def certificates(curve: Curve) -> dict[str, x509.Certificate]:
    ci = CertificateIssuer.create(curve)
    eum = ci.issue_eum()
    made = {
        "CertificateIssuer/CERT_CI_ECDSA": ci.certificate,
        "EUM/CERT_EUM_ECDSA": eum.credential.certificate,
        "eUICC/CERT_EUICC_ECDSA": eum.certify_euicc(TEST_EID).certificate,
        "DPauth/CERT_S_SM_DPauth_ECDSA": ci.issue_dp_auth().certificate,
        "DPpb/CERT_S_SM_DPpb_ECDSA": ci.issue_dp_pb().certificate,
        "EIMsign/CERT_S_EIMsign_ECDSA": ci.issue_eim_signing().certificate,
    }
    return {f"{kind}_{curve.value}": certificate for kind, certificate in made.items()}


@pytest.fixture(scope="module")
def ours() -> dict[str, x509.Certificate]:
    return certificates(Curve.NIST) | certificates(Curve.BRP)


def extensions(certificate: x509.Certificate) -> Facts:
    """OID, criticality and value of each extension, without the key identifiers."""
    masked = (x509.SubjectKeyIdentifier, x509.AuthorityKeyIdentifier)
    return [
        (
            extension.oid.dotted_string,
            extension.critical,
            None if isinstance(extension.value, masked) else extension.value.public_bytes(),
        )
        for extension in certificate.extensions
    ]


KINDS = [
    *(
        f"{kind}_{curve}"
        for kind in (
            "CertificateIssuer/CERT_CI_ECDSA",
            "EUM/CERT_EUM_ECDSA",
            "eUICC/CERT_EUICC_ECDSA",
            "DPauth/CERT_S_SM_DPauth_ECDSA",
            "DPpb/CERT_S_SM_DPpb_ECDSA",
        )
        for curve in ("NIST", "BRP")
    ),
    "EIMsign/CERT_S_EIMsign_ECDSA_NIST",
]


@needs_published
@pytest.mark.parametrize("kind", KINDS)
def test_extensions_are_the_published_ones_in_value_criticality_and_order(
    kind: str, ours: dict[str, x509.Certificate]
) -> None:
    assert extensions(ours[kind]) == extensions(published(f"{kind}.der"))


@needs_published
@pytest.mark.parametrize("kind", KINDS)
def test_subject_and_issuer_are_the_published_ones_byte_for_byte(
    kind: str, ours: dict[str, x509.Certificate]
) -> None:
    theirs = published(f"{kind}.der")
    assert ours[kind].subject.public_bytes() == theirs.subject.public_bytes()
    assert ours[kind].issuer.public_bytes() == theirs.issuer.public_bytes()


@needs_published
@pytest.mark.parametrize("kind", KINDS)
def test_version_and_signature_algorithm_are_the_published_ones(
    kind: str, ours: dict[str, x509.Certificate]
) -> None:
    theirs = published(f"{kind}.der")
    assert ours[kind].version == theirs.version
    assert ours[kind].signature_algorithm_oid == theirs.signature_algorithm_oid


@needs_published
def test_the_tls_certificate_of_the_second_server_is_the_published_one(
    ci: CertificateIssuer,
) -> None:
    theirs = published("DPtls/CERT_S_SM_DP2_TLS.der")
    tls = ci.issue_dp_tls(host="testsmdpplus2.example.com", oid="2.999.12").certificate
    assert extensions(tls) == extensions(theirs)
    assert tls.subject.public_bytes() == theirs.subject.public_bytes()


@pytest.mark.parametrize(
    ("kind", "policy", "critical"),
    [
        ("CertificateIssuer/CERT_CI_ECDSA_NIST", "2.23.146.1.2.1.0", True),
        ("eUICC/CERT_EUICC_ECDSA_NIST", "2.23.146.1.2.1.1", True),
        ("EUM/CERT_EUM_ECDSA_NIST", "2.23.146.1.2.1.2", True),
        ("DPauth/CERT_S_SM_DPauth_ECDSA_NIST", "2.23.146.1.2.1.4", True),
        ("DPpb/CERT_S_SM_DPpb_ECDSA_NIST", "2.23.146.1.2.1.5", True),
    ],
)
def test_each_party_has_the_policy_of_its_role(
    kind: str, policy: str, critical: bool, ours: dict[str, x509.Certificate]
) -> None:
    extension = ours[kind].extensions.get_extension_for_class(x509.CertificatePolicies)
    assert [info.policy_identifier.dotted_string for info in extension.value] == [policy]
    assert extension.critical is critical


def test_the_tls_policy_is_not_critical(ci: CertificateIssuer) -> None:
    tls = ci.issue_dp_tls().certificate
    extension = tls.extensions.get_extension_for_class(x509.CertificatePolicies)
    assert [info.policy_identifier.dotted_string for info in extension.value] == [
        "2.23.146.1.2.1.3"
    ]
    assert not extension.critical


def test_the_eum_constrains_organization_and_iin(ours: dict[str, x509.Certificate]) -> None:
    eum = ours["EUM/CERT_EUM_ECDSA_NIST"]
    extension = eum.extensions.get_extension_for_class(x509.NameConstraints)
    (name,) = extension.value.permitted_subtrees or []
    assert extension.critical
    assert isinstance(name, x509.DirectoryName)
    assert [attribute.value for attribute in name.value] == ["RSP Test EUM", "89049032"]


def test_an_eum_cannot_certify_another_ca(ours: dict[str, x509.Certificate]) -> None:
    constraints = ours["EUM/CERT_EUM_ECDSA_NIST"].extensions.get_extension_for_class(
        x509.BasicConstraints
    )
    assert (constraints.value.ca, constraints.value.path_length) == (True, 0)


def test_the_ci_may_sign_certificates_and_revocation_lists(ci: CertificateIssuer) -> None:
    usage = ci.certificate.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert (usage.value.key_cert_sign, usage.value.crl_sign) == (True, True)
    assert not usage.value.digital_signature


def test_key_identifiers_lead_from_the_euicc_to_the_ci(ours: dict[str, x509.Certificate]) -> None:
    chain = [ours["eUICC/CERT_EUICC_ECDSA_NIST"], ours["EUM/CERT_EUM_ECDSA_NIST"]]
    issuers = [ours["EUM/CERT_EUM_ECDSA_NIST"], ours["CertificateIssuer/CERT_CI_ECDSA_NIST"]]
    for certificate, issuer in zip(chain, issuers, strict=False):
        found = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
        point = public_key(issuer).public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        expected = hashlib.sha1(point, usedforsecurity=False).digest()
        assert found.key_identifier == expected


def test_the_validity_is_fixed(ci: CertificateIssuer) -> None:
    assert ci.certificate.not_valid_before_utc.isoformat() == "2020-04-01T00:00:00+00:00"
    assert ci.certificate.not_valid_after_utc.isoformat() == "2055-04-01T00:00:00+00:00"
