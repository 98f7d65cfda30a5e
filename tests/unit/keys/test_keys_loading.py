import shutil
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from support.published_pki import PUBLISHED, TEST_EID, needs_published, published, tree

from keys import Curve, PkiError, Role, TestPki, make_eid, write_private_key
from keys.credential import is_issued_by
from keys.profiles import NOT_AFTER, NOT_BEFORE, ci_subject
from keys.reading import BranchReader, read_eim_signing_key

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
    pki, of_smds = TestPki.load(PUBLISHED), {Role.DS_AUTH, Role.DS_TLS}
    assert set(pki.branch(Curve.NIST).credentials) - of_smds == set(Role) - of_smds
    assert set(pki.branch(Curve.BRP).credentials) - of_smds == set(Role) - of_smds - {
        Role.EIM_SIGNING
    }


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


# -- the signing key of an eIM, and the layout of SGP.26 from v3.0.1 on

EIM_KEY = "SK_S_EIMsign_ECDSA_NIST.pem"
LATER = {
    "CertificateIssuer/CERT_CI_ECDSA_{}.der": "CI/CERT_CI_SIG_{}.der",
    "CertificateIssuerKeys/SK_CI_ECDSA_{}.pem": "CI/SK_CI_SIG_{}.pem",
    "EUM/CERT_EUM_ECDSA_{}.der": "EUM/CERT_EUM_SIG_{}.der",
    "EUM/SK_EUM_ECDSA_{}.pem": "EUM/SK_EUM_SIG_{}.pem",
    "eUICC/CERT_EUICC_ECDSA_{}.der": "eUICC/CERT_EUICC_SIG_{}.der",
    "eUICC/SK_EUICC_ECDSA_{}.pem": "eUICC/SK_EUICC_SIG_{}.pem",
    "DPauth/CERT_S_SM_DPauth_ECDSA_{}.der": ("SM-DP+/SM_DPauth/CERT_S_SM_DPauth_VARO_SIG_{}.der"),
    "DPauth/SK_S_SM_DPauth_ECDSA_{}.pem": "SM-DP+/SM_DPauth/SK_S_SM_DPauth_SIG_{}.pem",
    "DPpb/CERT_S_SM_DPpb_ECDSA_{}.der": "SM-DP+/SM_DPpb/CERT_S_SM_DPpb_VARO_SIG_{}.der",
    "DPpb/SK_S_SM_DPpb_ECDSA_{}.pem": "SM-DP+/SM_DPpb/SK_S_SM_DPpb_SIG_{}.pem",
    "DPtls/CERT_S_SM_DP_TLS_{}.der": "SM-DP+/SM_DPtls/CERT_S_SM_DP_VARO_TLS_{}.der",
    "DPtls/SK_S_SM_DP_TLS_{}.pem": "SM-DP+/SM_DPtls/SK_S_SM_DP_TLS_{}.pem",
    "EIMsign/CERT_S_EIMsign_ECDSA_{}.der": "EIM/CERT_S_EIMsign_ECDSA_{}.der",
    "EIMsign/SK_S_EIMsign_ECDSA_{}.pem": "EIM/SK_S_EIMsign_ECDSA_{}.pem",
}
"""The files of both layouts; those on the right are from a list of the files of v3.0.2."""
LATER |= {
    old.replace("DP", "DS"): new.replace("DP+", "DS").replace("DP", "DS")
    for old, new in LATER.items()
    if old.startswith(("DPauth", "DPtls"))
}
"""Those of an SM-DS are named in the same way."""


def test_a_folder_of_a_later_sgp26_is_the_same_pki(pki: TestPki, tmp_path: Path) -> None:
    pki.write(tmp_path / "old")
    for old, new in LATER.items():
        for curve in Curve:
            target = tmp_path / "new" / new.format(curve.value)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(tmp_path / "old" / old.format(curve.value), target)
    TestPki.load(tmp_path / "new").write(tmp_path / "again")
    assert tree(tmp_path / "again") == tree(tmp_path / "old")


@pytest.mark.parametrize("place", ["EIMsign", "EIM/EIMsign", "EIM", "."])
def test_the_signing_key_of_an_eim_needs_nothing_beside_it(
    pki: TestPki, tmp_path: Path, place: str
) -> None:
    key = pki.credential(Role.EIM_SIGNING, Curve.NIST).private_key
    (tmp_path / place).mkdir(parents=True, exist_ok=True)
    write_private_key(tmp_path / place / EIM_KEY, key)
    for curve in (None, Curve.NIST):
        assert read_eim_signing_key(tmp_path, curve).private_numbers() == key.private_numbers()


def test_of_two_signing_keys_the_curve_chooses(pki: TestPki, tmp_path: Path) -> None:
    pki.write(tmp_path)
    for wanted, curve in ((None, Curve.NIST), (Curve.NIST, Curve.NIST), (Curve.BRP, Curve.BRP)):
        key = pki.credential(Role.EIM_SIGNING, curve).private_key
        assert read_eim_signing_key(tmp_path, wanted).public_key() == key.public_key()
    (tmp_path / "EIMsign" / EIM_KEY).unlink()
    key = pki.credential(Role.EIM_SIGNING, Curve.BRP).private_key
    assert read_eim_signing_key(tmp_path).public_key() == key.public_key()


def test_a_signing_key_for_the_other_curve_only_is_reported(folder: Path) -> None:
    with pytest.raises(PkiError, match=r"for secp256r1 only\. Take that curve, or add EIMsign/SK_"):
        read_eim_signing_key(folder, Curve.BRP)


def test_a_folder_without_a_signing_key_is_reported(folder: Path, tmp_path: Path) -> None:
    (folder / "EIMsign" / EIM_KEY).unlink()
    with pytest.raises(PkiError, match=r"no signing key of an eIM: .*NIST\.pem and .*BRP\.pem are"):
        read_eim_signing_key(folder)
    with pytest.raises(PkiError, match=r"nowhere is not a folder\. Name the folder"):
        read_eim_signing_key(tmp_path / "nowhere")


def test_a_signing_key_that_is_not_its_certificate_s_is_reported(folder: Path) -> None:
    (folder / "EIMsign" / EIM_KEY).unlink()
    write_private_key(folder / "EIMsign" / EIM_KEY, ec.generate_private_key(ec.SECP256R1()))
    with pytest.raises(PkiError, match=r"is not the key of .*CERT_S_EIMsign_ECDSA_NIST\.der"):
        read_eim_signing_key(folder)


def test_a_signing_key_under_the_name_of_the_other_curve_is_reported(tmp_path: Path) -> None:
    write_private_key(tmp_path / EIM_KEY, ec.generate_private_key(ec.BrainpoolP256R1()))
    with pytest.raises(PkiError, match=r"NIST\.pem is for brainpoolP256r1, but NIST in its name"):
        read_eim_signing_key(tmp_path)


def test_a_folder_of_signing_keys_that_cannot_be_searched_is_reported(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(_: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "is_file", denied)
    with pytest.raises(PkiError, match="cannot be read: Permission denied"):
        read_eim_signing_key(folder)


@needs_published
def test_the_published_signing_key_is_that_of_the_published_certificate() -> None:
    certificate = published("EIMsign/CERT_S_EIMsign_ECDSA_NIST.der")
    assert read_eim_signing_key(PUBLISHED).public_key() == certificate.public_key()


# -- an eUICC that a PKI has already


def test_an_euicc_of_the_pki_keeps_its_certificate_and_key(pki: TestPki, folder: Path) -> None:
    (held,) = TestPki.load(folder).euicc_of(TEST_EID)
    own = pki.credential(Role.EUICC, Curve.NIST)
    assert held.euicc_certificate == own.der
    assert held.private_key.private_numbers() == own.private_key.private_numbers()
    assert held.ci_pk_id == pki.branch(Curve.NIST).ci.ci_pk_id
    assert held.eum_certificate == pki.branch(Curve.NIST).eum.credential.der


def test_another_euicc_or_one_without_its_key_is_made_anew(pki: TestPki, folder: Path) -> None:
    own = pki.credential(Role.EUICC, Curve.NIST)
    (other,) = TestPki.load(folder).euicc_of(make_eid("89049032", 7))
    assert other.euicc_certificate != own.der
    (folder / "eUICC/SK_EUICC_ECDSA_NIST.pem").unlink()
    (new,) = TestPki.load(folder).euicc_of(TEST_EID)
    assert new.euicc_certificate != own.der
    with pytest.raises(PkiError, match="has wrong check digits"):
        TestPki.load(folder).euicc_of(TEST_EID[:-1] + "4")


@needs_published
def test_the_published_euicc_is_that_of_the_published_certificates() -> None:
    for held in TestPki.load(PUBLISHED).euicc_of(TEST_EID):
        name = f"eUICC/CERT_EUICC_ECDSA_{held.curve.value}.der"
        assert held.euicc_certificate == tree(PUBLISHED)[name]
        assert held.private_key.public_key() == published(name).public_key()
