import shutil
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from support.published_pki import PUBLISHED, TEST_EID, needs_published, tree

from keys import Curve, PkiError, Role, TestPki, write_private_key
from keys.credential import is_issued_by
from keys.profiles import NOT_AFTER, NOT_BEFORE, ci_subject
from keys.reading import BranchReader

CI_KEY = "CertificateIssuerKeys/SK_CI_ECDSA_NIST.pem"
CI_CERTIFICATE = "CertificateIssuer/CERT_CI_ECDSA_NIST.der"


@pytest.fixture(scope="module")
def pki() -> TestPki:
    return TestPki.create(seed=1)


@pytest.fixture
def folder(pki: TestPki, tmp_path: Path) -> Path:
    """A NIST-only PKI on disk."""
    TestPki([pki.branch(Curve.NIST)]).write(tmp_path / "pki")
    return tmp_path / "pki"


def test_the_ci_private_key_is_optional(folder: Path) -> None:
    (folder / CI_KEY).unlink()
    pki = TestPki.load(folder)
    pki.issue_euicc(TEST_EID)
    with pytest.raises(PkiError, match="SK_CI"):
        pki.branch(Curve.NIST).ci.issue_dp_auth()


def test_a_pki_without_ci_private_key_is_written_without_it(folder: Path, tmp_path: Path) -> None:
    (folder / CI_KEY).unlink()
    TestPki.load(folder).write(tmp_path / "copy")
    assert tree(tmp_path / "copy") == tree(folder)


def test_the_ci_private_key_is_also_found_beside_the_certificate(folder: Path) -> None:
    (folder / CI_KEY).rename(folder / "CertificateIssuer" / "SK_CI_ECDSA_NIST.pem")
    TestPki.load(folder).branch(Curve.NIST).ci.issue_eum()


def test_a_ci_certificate_in_pem_alone_is_enough(folder: Path) -> None:
    (folder / CI_CERTIFICATE).unlink()
    assert TestPki.load(folder).curves == (Curve.NIST,)


def test_a_party_without_private_key_is_left_out(folder: Path) -> None:
    (folder / "DPauth/SK_S_SM_DPauth_ECDSA_NIST.pem").unlink()
    pki = TestPki.load(folder)
    with pytest.raises(PkiError, match=r"lacks DPauth/CERT_S_SM_DPauth_ECDSA_NIST\.der or"):
        pki.credential(Role.DP_AUTH, Curve.NIST)


def test_a_missing_curve_is_reported(folder: Path) -> None:
    with pytest.raises(PkiError, match="no certificates on brainpoolP256r1"):
        TestPki.load(folder).branch(Curve.BRP)


def test_an_incomplete_curve_is_left_out(pki: TestPki, tmp_path: Path) -> None:
    pki.write(tmp_path)
    (tmp_path / "EUM/SK_EUM_ECDSA_NIST.pem").unlink()
    assert TestPki.load(tmp_path).curves == (Curve.BRP,)


def test_a_missing_folder_is_reported(tmp_path: Path) -> None:
    with pytest.raises(PkiError, match=r"nowhere is not a folder\. Name the folder"):
        TestPki.load(tmp_path / "nowhere")


def test_the_error_for_an_empty_folder_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(PkiError, match=r"CERT_CI_ECDSA_NIST\.der, .*are missing"):
        TestPki.load(tmp_path)


def test_a_missing_eum_key_is_reported(folder: Path) -> None:
    (folder / "EUM/SK_EUM_ECDSA_NIST.pem").unlink()
    with pytest.raises(PkiError, match=r"EUM/SK_EUM_ECDSA_NIST\.pem is missing"):
        TestPki.load(folder)


@pytest.mark.parametrize("name", [CI_CERTIFICATE, "EUM/CERT_EUM_ECDSA_NIST.der"])
def test_the_error_for_a_broken_certificate_names_the_file(name: str, folder: Path) -> None:
    (folder / name).write_bytes(b"broken")
    with pytest.raises(PkiError, match=rf"{name} is not an X\.509 certificate"):
        TestPki.load(folder)


@pytest.mark.parametrize(
    "name", [CI_KEY, "EUM/SK_EUM_ECDSA_NIST.pem", "DPpb/SK_S_SM_DPpb_ECDSA_NIST.pem"]
)
def test_a_key_of_a_different_certificate_is_reported(name: str, folder: Path) -> None:
    (folder / name).unlink()
    write_private_key(folder / name, ec.generate_private_key(ec.SECP256R1()))
    with pytest.raises(PkiError, match=rf"{name} is not the key of .*CERT_.*made together"):
        TestPki.load(folder)


def test_a_certificate_of_the_other_curve_is_reported(pki: TestPki, tmp_path: Path) -> None:
    pki.write(tmp_path)
    shutil.copy(tmp_path / "EUM/CERT_EUM_ECDSA_BRP.der", tmp_path / "EUM/CERT_EUM_ECDSA_NIST.der")
    with pytest.raises(PkiError, match=r"EUM_ECDSA_NIST\.der is for brainpoolP256r1"):
        TestPki.load(tmp_path)


def test_an_eum_of_a_different_ci_is_reported(folder: Path, tmp_path: Path) -> None:
    TestPki.create([Curve.NIST]).write(tmp_path / "other")
    shutil.rmtree(folder / "EUM")
    shutil.copytree(tmp_path / "other" / "EUM", folder / "EUM")
    with pytest.raises(PkiError, match=r"CERT_EUM_ECDSA_NIST\.der was not issued by"):
        TestPki.load(folder)


def test_the_error_for_an_eum_certificate_without_iin_names_the_file(
    pki: TestPki, folder: Path
) -> None:
    server = pki.credential(Role.DP_AUTH, Curve.NIST)
    (folder / "EUM/CERT_EUM_ECDSA_NIST.der").write_bytes(server.der)
    (folder / "EUM/SK_EUM_ECDSA_NIST.pem").unlink()
    write_private_key(folder / "EUM/SK_EUM_ECDSA_NIST.pem", server.private_key)
    with pytest.raises(PkiError, match=r"CERT_EUM_ECDSA_NIST\.der: .* does not permit any IIN"):
        TestPki.load(folder)


@pytest.mark.parametrize(
    ("key", "fault"),
    [
        (ed25519.Ed25519PrivateKey.generate(), "does not hold an elliptic curve key"),
        (ec.generate_private_key(ec.SECP384R1()), "key is on secp384r1"),
    ],
)
def test_the_error_for_a_ci_with_the_wrong_kind_of_key_names_the_file(
    key: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey, fault: str, folder: Path
) -> None:
    name = ci_subject("Test CI")
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, NOT_BEFORE, NOT_AFTER)
    hashing = hashes.SHA256() if isinstance(key, ec.EllipticCurvePrivateKey) else None
    certificate = builder.sign(key, hashing)
    (folder / CI_CERTIFICATE).write_bytes(certificate.public_bytes(Encoding.DER))
    with pytest.raises(PkiError, match=rf"CERT_CI_ECDSA_NIST\.der: .*{fault}"):
        TestPki.load(folder)


@pytest.mark.parametrize("name", ["EUM/SK_EUM_ECDSA_NIST.pem", "EUM/CERT_EUM_ECDSA_NIST.der"])
def test_a_file_that_vanishes_while_reading_is_reported(name: str, folder: Path) -> None:
    (folder / name).unlink()
    with pytest.raises(PkiError, match=f"{name} is missing"):
        BranchReader(folder, Curve.NIST).read()


def test_a_folder_that_cannot_be_searched_is_reported(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(_: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "is_file", denied)
    with pytest.raises(PkiError, match="cannot be read: Permission denied"):
        TestPki.load(folder)


@needs_published
def test_the_published_pki_is_loaded_with_its_ci_identifiers() -> None:
    pki = TestPki.load(PUBLISHED)
    assert [branch.ci.ci_pk_id.hex().upper() for branch in pki.branches] == [
        "F54172BDF98A95D65CBEB88A38A1C11D800A85C3",
        "C0BC70BA36929D43B467FF57570530E57AB8FCD8",
    ]


@needs_published
def test_the_published_parties_are_all_found() -> None:
    pki = TestPki.load(PUBLISHED)
    assert set(pki.branch(Curve.NIST).credentials) == set(Role)
    assert set(pki.branch(Curve.BRP).credentials) == set(Role) - {Role.EIM_SIGNING}


@needs_published
@pytest.mark.parametrize("curve", Curve)
def test_an_euicc_below_the_published_eum_has_a_complete_chain(curve: Curve) -> None:
    pki = TestPki.load(PUBLISHED)
    (credential,) = (c for c in pki.issue_euicc(TEST_EID) if c.curve is curve)
    euicc = x509.load_der_x509_certificate(credential.euicc_certificate)
    eum = x509.load_der_x509_certificate(credential.eum_certificate)
    assert is_issued_by(euicc, eum)
    assert is_issued_by(eum, pki.branch(curve).ci.certificate)
    assert credential.eum_certificate == tree(PUBLISHED)[f"EUM/CERT_EUM_ECDSA_{curve.value}.der"]


@needs_published
def test_the_published_ci_certifies_our_server() -> None:
    ci = TestPki.load(PUBLISHED).branch(Curve.NIST).ci
    assert is_issued_by(ci.issue_dp_tls("dp.example.com").certificate, ci.certificate)
