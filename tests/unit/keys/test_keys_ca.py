from typing import cast

import pytest
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from support.published_pki import TEST_EID

from keys import CertificateIssuer, Curve, PkiError, make_eid
from keys.credential import is_issued_by, permitted_iins, public_key
from keys.source import RandomKeys


@pytest.fixture(params=Curve)
def ci(request: pytest.FixtureRequest) -> CertificateIssuer:
    curve: Curve = request.param
    return CertificateIssuer.create(curve)


def attribute(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    (found,) = name.get_attributes_for_oid(oid)
    return str(found.value)


def test_three_calls_make_a_whole_chain(ci: CertificateIssuer) -> None:
    eum = ci.issue_eum(iin="89049032")
    euicc = eum.issue_euicc(TEST_EID)
    certificate = x509.load_der_x509_certificate(euicc.euicc_certificate)
    assert is_issued_by(certificate, eum.credential.certificate)
    assert is_issued_by(eum.credential.certificate, ci.certificate)
    assert is_issued_by(ci.certificate, ci.certificate)


def test_the_euicc_certificate_matches_its_key(ci: CertificateIssuer) -> None:
    euicc = ci.issue_eum().issue_euicc(TEST_EID)
    certificate = x509.load_der_x509_certificate(euicc.euicc_certificate)
    assert certificate.public_key() == euicc.private_key.public_key()
    assert Curve.of(euicc.private_key) is euicc.curve


def test_ci_pk_id_is_the_sha1_of_the_ci_public_key(ci: CertificateIssuer) -> None:
    expected = x509.SubjectKeyIdentifier.from_public_key(public_key(ci.certificate)).digest
    assert ci.issue_eum().issue_euicc(TEST_EID).ci_pk_id == expected
    assert len(expected) == 20


def test_an_euicc_is_given_the_certificate_of_its_ci(ci: CertificateIssuer) -> None:
    euicc = ci.issue_eum().issue_euicc(TEST_EID)
    assert x509.load_der_x509_certificate(euicc.ci_certificate) == ci.certificate


def test_an_sm_ds_differs_from_an_sm_dp_in_role_and_oid(ci: CertificateIssuer) -> None:
    ds, dp = ci.issue_ds_auth(), ci.issue_dp_auth()
    assert is_issued_by(ds.certificate, ci.certificate)
    policies, names = (
        [one.certificate.extensions.get_extension_for_class(kind).value for one in (ds, dp)]
        for kind in (x509.CertificatePolicies, x509.SubjectAlternativeName)
    )
    assert policies[0] != policies[1]
    assert names[0] != names[1]


def test_the_eid_is_the_serial_number_in_the_euicc_subject(ci: CertificateIssuer) -> None:
    euicc = ci.issue_eum().certify_euicc(TEST_EID)
    assert attribute(euicc.certificate.subject, NameOID.SERIAL_NUMBER) == TEST_EID


def test_the_euicc_has_the_organization_of_the_eum(ci: CertificateIssuer) -> None:
    euicc = ci.issue_eum(organization="Another EUM").certify_euicc(TEST_EID)
    assert attribute(euicc.certificate.subject, NameOID.ORGANIZATION_NAME) == "Another EUM"


def test_an_eum_permits_the_iin_it_was_made_for() -> None:
    eum = CertificateIssuer.create().issue_eum("89010203")
    assert eum.permitted_iins == ("89010203",)
    eum.issue_euicc(make_eid("89010203", 1))


def test_an_eid_with_a_different_iin_is_refused() -> None:
    eum = CertificateIssuer.create().issue_eum("89010203")
    with pytest.raises(PkiError, match=r"does not begin with 89010203.*an EUM for 89049032"):
        eum.issue_euicc(TEST_EID)


def test_an_eid_with_wrong_check_digits_is_refused() -> None:
    with pytest.raises(PkiError, match="wrong check digits"):
        CertificateIssuer.create().issue_eum().issue_euicc(TEST_EID[:-1] + "4")


def test_a_malformed_iin_is_refused() -> None:
    with pytest.raises(PkiError, match="is not an IIN"):
        CertificateIssuer.create().issue_eum("890490")


def test_a_ci_without_private_key_cannot_issue_certificates(ci: CertificateIssuer) -> None:
    with pytest.raises(PkiError, match="private key is missing"):
        CertificateIssuer(ci.certificate, None).issue_eum()


def test_certificates_are_valid_as_long_as_their_issuer(ci: CertificateIssuer) -> None:
    euicc = ci.issue_eum().certify_euicc(TEST_EID).certificate
    assert euicc.not_valid_before_utc == ci.certificate.not_valid_before_utc
    assert euicc.not_valid_after_utc == ci.certificate.not_valid_after_utc


def test_auth_and_binding_certificates_name_the_same_server(ci: CertificateIssuer) -> None:
    names = [
        credential.certificate.extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        ).value.get_values_for_type(x509.RegisteredID)
        for credential in (ci.issue_dp_auth(), ci.issue_dp_pb(), ci.issue_dp_tls())
    ]
    assert names == [[x509.ObjectIdentifier("2.999.10")]] * 3


def test_the_tls_certificate_names_its_host(ci: CertificateIssuer) -> None:
    tls = ci.issue_dp_tls(host="dp.example.com").certificate
    names = tls.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["dp.example.com"]
    assert attribute(tls.subject, NameOID.COMMON_NAME) == "dp.example.com"


def test_the_eim_certificate_is_issued_by_the_ci(ci: CertificateIssuer) -> None:
    eim = ci.issue_eim_signing("eim.test")
    assert is_issued_by(eim.certificate, ci.certificate)
    assert eim.curve is Curve.of(public_key(ci.certificate))


def test_a_seed_repeats_certificates_of_every_kind() -> None:
    def everything() -> list[bytes]:
        ci = CertificateIssuer.create(Curve.BRP, seed=9)
        eum = ci.issue_eum()
        issued = [ci.issue_dp_auth(), ci.issue_dp_pb(), ci.issue_dp_tls(), ci.issue_eim_signing()]
        ders = [eum.credential.der, eum.issue_euicc(TEST_EID).euicc_certificate]
        return ders + [credential.der for credential in issued]

    assert everything() == everything()


def test_two_servers_below_one_seeded_ci_have_different_keys() -> None:
    ci = CertificateIssuer.create(seed=9)
    one, two = (public_key(ci.issue_dp_auth(oid).certificate) for oid in ("2.999.10", "2.999.12"))
    assert one != two


def test_a_seeded_euicc_repeats_below_a_random_eum() -> None:
    ci = CertificateIssuer.create()
    eum = ci.issue_eum()
    assert eum.issue_euicc(TEST_EID, seed=1) == eum.issue_euicc(TEST_EID, seed=1)
    assert eum.issue_euicc(TEST_EID, seed=1) != eum.issue_euicc(TEST_EID, seed=2)


def test_without_seed_each_euicc_has_a_new_key() -> None:
    eum = CertificateIssuer.create().issue_eum()
    assert eum.issue_euicc(TEST_EID) != eum.issue_euicc(TEST_EID)


def test_no_private_key_is_printed(ci: CertificateIssuer) -> None:
    eum = ci.issue_eum()
    shown = repr((ci, eum, eum.issue_euicc(TEST_EID), ci.issue_dp_auth()))
    assert "private_key" not in shown
    assert "PrivateKey" not in shown


def test_an_openssl_without_deterministic_signatures_is_reported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def lacking(*_: object, **__: object) -> None:
        raise UnsupportedAlgorithm("deterministic")

    monkeypatch.setattr(x509.CertificateBuilder, "sign", lacking)
    with pytest.raises(PkiError, match="RFC 6979"):
        CertificateIssuer.create(seed=1)


def test_a_certificate_without_name_constraints_does_not_permit_any_iin() -> None:
    with pytest.raises(PkiError, match="does not permit any IIN"):
        permitted_iins(CertificateIssuer.create().certificate)


def test_a_certificate_without_key_identifier_cannot_be_a_ci() -> None:
    eim = CertificateIssuer.create().issue_eim_signing()
    issuer = CertificateIssuer(eim.certificate, eim.private_key, RandomKeys())
    with pytest.raises(PkiError, match="no subject key identifier"):
        issuer.issue_eum()


def test_a_signature_by_a_ci_of_the_same_name_is_not_accepted() -> None:
    one, other = CertificateIssuer.create(), CertificateIssuer.create()
    assert not is_issued_by(one.issue_eum().credential.certificate, other.certificate)


def test_an_issued_key_signs_what_its_certificate_verifies(ci: CertificateIssuer) -> None:
    auth, algorithm = ci.issue_dp_auth(), ec.ECDSA(hashes.SHA256())
    signature = auth.private_key.sign(b"message", algorithm)
    public_key(auth.certificate).verify(signature, b"message", algorithm)


def test_a_public_key_that_openssl_does_not_support_is_reported() -> None:
    class Lacking:
        subject = x509.Name([])

        def public_key(self) -> None:
            raise UnsupportedAlgorithm("curve")

    with pytest.raises(PkiError, match="has no usable key: curve"):
        public_key(cast(x509.Certificate, Lacking()))
