import os
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from support.published_pki import PUBLISHED, TEST_EID, needs_published, tree

import keys
from keys import Curve, PkiError, Role, TestPki, make_eid
from keys.credential import is_issued_by

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


def test_a_new_pki_has_both_curves_nist_first() -> None:
    assert TestPki.create([Curve.BRP, Curve.NIST]).curves == (Curve.NIST, Curve.BRP)


def test_a_pki_may_have_one_curve() -> None:
    assert TestPki.create([Curve.BRP]).curves == (Curve.BRP,)


def test_a_pki_has_at_least_one_curve() -> None:
    with pytest.raises(PkiError, match="at least one curve"):
        TestPki.create([])


def test_a_seeded_pki_repeats_byte_for_byte_private_keys_included(tmp_path: Path) -> None:
    for name in ("one", "two"):
        TestPki.create(seed=77).write(tmp_path / name)
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


def test_a_different_seed_changes_every_file(tmp_path: Path) -> None:
    for seed in (1, 2):
        TestPki.create(seed=seed).write(tmp_path / str(seed))
    one, two = tree(tmp_path / "1"), tree(tmp_path / "2")
    assert one.keys() == two.keys()
    assert all(one[name] != two[name] for name in one)


def test_two_pkis_without_a_seed_differ() -> None:
    one, two = (TestPki.create([Curve.NIST]).branch(Curve.NIST) for _ in range(2))
    assert one.ci.ci_pk_id != two.ci.ci_pk_id


def test_the_files_are_those_of_sgp26(folder: Path) -> None:
    assert sorted(tree(folder)) == [
        "CertificateIssuer/CERT_CI_ECDSA_NIST.der",
        "CertificateIssuer/CERT_CI_ECDSA_NIST.pem",
        "CertificateIssuerKeys/SK_CI_ECDSA_NIST.pem",
        "DPauth/CERT_S_SM_DPauth_ECDSA_NIST.der",
        "DPauth/PK_S_SM_DPauth_ECDSA_NIST.pem",
        "DPauth/SK_S_SM_DPauth_ECDSA_NIST.pem",
        "DPpb/CERT_S_SM_DPpb_ECDSA_NIST.der",
        "DPpb/PK_S_SM_DPpb_ECDSA_NIST.pem",
        "DPpb/SK_S_SM_DPpb_ECDSA_NIST.pem",
        "DPtls/CERT_S_SM_DP_TLS_NIST.der",
        "DPtls/PK_S_SM_DP_TLS_NIST.pem",
        "DPtls/SK_S_SM_DP_TLS_NIST.pem",
        "DSauth/CERT_S_SM_DSauth_ECDSA_NIST.der",
        "DSauth/PK_S_SM_DSauth_ECDSA_NIST.pem",
        "DSauth/SK_S_SM_DSauth_ECDSA_NIST.pem",
        "DStls/CERT_S_SM_DS_TLS_NIST.der",
        "DStls/PK_S_SM_DS_TLS_NIST.pem",
        "DStls/SK_S_SM_DS_TLS_NIST.pem",
        "EIMsign/CERT_S_EIMsign_ECDSA_NIST.der",
        "EIMsign/SK_S_EIMsign_ECDSA_NIST.pem",
        "EUM/CERT_EUM_ECDSA_NIST.der",
        "EUM/PK_EUM_ECDSA_NIST.pem",
        "EUM/SK_EUM_ECDSA_NIST.pem",
        "eUICC/CERT_EUICC_ECDSA_NIST.der",
        "eUICC/PK_EUICC_ECDSA_NIST.pem",
        "eUICC/SK_EUICC_ECDSA_NIST.pem",
    ]


@needs_published
def test_the_files_are_where_the_published_ones_are_except_ci_key_and_tls(folder: Path) -> None:
    moved = {CI_KEY, "DPtls/CERT_S_SM_DP_TLS_NIST.der"}
    there = {one for one in tree(folder) if not one.startswith(("DSauth/", "DStls/"))}
    assert there - moved <= tree(PUBLISHED).keys()


def test_every_file_beside_the_ci_certificate_is_a_ci_certificate(folder: Path) -> None:
    for path in (folder / "CertificateIssuer").rglob("*"):
        load = {
            ".der": x509.load_der_x509_certificate,
            ".pem": x509.load_pem_x509_certificate,
        }[path.suffix]
        policies = load(path.read_bytes()).extensions.get_extension_for_class(
            x509.CertificatePolicies
        )
        assert policies.value[0].policy_identifier.dotted_string == "2.23.146.1.2.1.0"


def test_only_the_owner_can_read_private_keys(pki: TestPki, tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        pki.write(tmp_path)
    finally:
        os.umask(old)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("SK_*")}
    assert len(modes) == 18
    assert set(modes.values()) == {0o600}


def test_a_public_key_file_matches_its_certificate(folder: Path) -> None:
    key = load_pem_public_key((folder / "EUM/PK_EUM_ECDSA_NIST.pem").read_bytes())
    der = (folder / "EUM/CERT_EUM_ECDSA_NIST.der").read_bytes()
    assert key == x509.load_der_x509_certificate(der).public_key()


def test_a_pki_is_unchanged_after_writing_loading_and_writing(pki: TestPki, tmp_path: Path) -> None:
    pki.write(tmp_path / "one")
    TestPki.load(tmp_path / "one").write(tmp_path / "two")
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


def test_nothing_is_written_when_one_file_exists(pki: TestPki, tmp_path: Path) -> None:
    precious = tmp_path / "eUICC" / "SK_EUICC_ECDSA_BRP.pem"
    precious.parent.mkdir()
    precious.write_text("precious")
    with pytest.raises(PkiError, match=r"SK_EUICC_ECDSA_BRP\.pem exists"):
        pki.write(tmp_path)
    assert tree(tmp_path) == {"eUICC/SK_EUICC_ECDSA_BRP.pem": b"precious"}


def test_a_file_in_place_of_the_folder_is_reported(pki: TestPki, tmp_path: Path) -> None:
    (tmp_path / "pki").write_text("")
    with pytest.raises(PkiError, match="cannot be written"):
        pki.write(tmp_path / "pki")


def test_an_euicc_gets_one_credential_per_curve_nist_first(pki: TestPki) -> None:
    credentials = pki.issue_euicc(TEST_EID)
    assert [credential.curve for credential in credentials] == [Curve.NIST, Curve.BRP]
    assert [credential.ci_pk_id for credential in credentials] == [
        branch.ci.ci_pk_id for branch in pki.branches
    ]


def test_a_seeded_pki_issues_the_same_euicc_each_time(pki: TestPki) -> None:
    assert pki.issue_euicc(TEST_EID) == TestPki.create(seed=1).issue_euicc(TEST_EID)


def test_a_loaded_pki_issues_the_same_euicc_for_the_same_seed(folder: Path) -> None:
    one, two = (TestPki.load(folder).issue_euicc(TEST_EID, seed=4) for _ in range(2))
    assert one == two


def test_a_loaded_pki_issues_random_keys_without_a_seed(folder: Path) -> None:
    pki = TestPki.load(folder)
    assert pki.issue_euicc(TEST_EID) != pki.issue_euicc(TEST_EID)


def test_an_eid_that_the_eum_does_not_permit_is_refused(pki: TestPki) -> None:
    with pytest.raises(PkiError, match="does not begin with 89049032"):
        pki.issue_euicc(make_eid("89010203", 1))


def test_a_pki_for_a_different_iin_issues_its_eids() -> None:
    TestPki.create(iin="89010203").issue_euicc(make_eid("89010203", 1))


@pytest.mark.parametrize("role", Role)
def test_a_new_pki_has_every_party(role: Role, pki: TestPki) -> None:
    for branch in pki.branches:
        credential = pki.credential(role, branch.curve)
        issuer = branch.eum.credential if role is Role.EUICC else branch.ci
        assert is_issued_by(credential.certificate, issuer.certificate)


def test_the_package_offers_at_most_ten_names() -> None:
    assert len(keys.__all__) <= 10
    assert all(hasattr(keys, name) for name in keys.__all__)
