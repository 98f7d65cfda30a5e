import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from keys import Curve, PkiError, load_private_key, write_private_key
from keys.pem import load_certificate, write_public_file

PEM, PKCS8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8


@pytest.fixture
def key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@pytest.mark.parametrize("curve", Curve)
def test_a_written_key_is_read_back(curve: Curve, tmp_path: Path) -> None:
    key = ec.generate_private_key(curve.implementation)
    write_private_key(tmp_path / "key.pem", key)
    assert load_private_key(tmp_path / "key.pem").private_numbers() == key.private_numbers()


def test_the_key_file_is_pkcs8(tmp_path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    write_private_key(tmp_path / "key.pem", key)
    assert (tmp_path / "key.pem").read_bytes().startswith(b"-----BEGIN PRIVATE KEY-----")


def test_only_the_owner_can_read_the_key(tmp_path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    old = os.umask(0)
    try:
        write_private_key(tmp_path / "key.pem", key)
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "key.pem").stat().st_mode) == 0o600


def test_the_mode_is_right_before_the_first_byte(
    tmp_path: Path, key: ec.EllipticCurvePrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, int]] = []
    fdopen = os.fdopen

    def watched(descriptor: int, mode: str) -> object:
        status = os.fstat(descriptor)
        seen.append((stat.S_IMODE(status.st_mode), status.st_size))
        return fdopen(descriptor, mode)

    monkeypatch.setattr(os, "fdopen", watched)
    write_private_key(tmp_path / "key.pem", key)
    assert seen == [(0o600, 0)]


def test_a_file_that_exists_is_not_overwritten(
    tmp_path: Path, key: ec.EllipticCurvePrivateKey
) -> None:
    (tmp_path / "key.pem").write_text("precious")
    with pytest.raises(PkiError, match="never overwritten"):
        write_private_key(tmp_path / "key.pem", key)
    assert (tmp_path / "key.pem").read_text() == "precious"


def test_a_dangling_link_is_not_followed(tmp_path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    (tmp_path / "key.pem").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PkiError):
        write_private_key(tmp_path / "key.pem", key)
    assert not (tmp_path / "elsewhere").exists()


def test_a_failed_write_leaves_no_file(
    tmp_path: Path, key: ec.EllipticCurvePrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(PkiError, match="No space left"):
        write_private_key(tmp_path / "key.pem", key)
    assert list(tmp_path.iterdir()) == []


def test_a_key_cannot_be_written_to_a_missing_folder(
    tmp_path: Path, key: ec.EllipticCurvePrivateKey
) -> None:
    with pytest.raises(PkiError, match="cannot be written: No such file"):
        write_private_key(tmp_path / "no" / "key.pem", key)


def test_an_existing_public_file_is_not_overwritten(tmp_path: Path) -> None:
    write_public_file(tmp_path / "a", b"1")
    with pytest.raises(PkiError):
        write_public_file(tmp_path / "a", b"2")


def test_a_missing_key_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(PkiError, match=r"key\.pem cannot be read: No such file"):
        load_private_key(tmp_path / "key.pem")


def test_a_folder_in_place_of_a_key_is_reported(tmp_path: Path) -> None:
    with pytest.raises(PkiError, match="cannot be read: Is a directory"):
        load_private_key(tmp_path)


@pytest.mark.parametrize("content", [b"", b"no key", b"\xff\x00", b"-----BEGIN PRIVATE KEY-----"])
def test_a_file_that_is_not_a_pem_key_is_reported(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key.pem").write_bytes(content)
    with pytest.raises(PkiError, match="does not hold a usable private key"):
        load_private_key(tmp_path / "key.pem")


def test_an_encrypted_key_is_refused(tmp_path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    secret = serialization.BestAvailableEncryption(b"secret")
    (tmp_path / "key.pem").write_bytes(key.private_bytes(PEM, PKCS8, secret))
    with pytest.raises(PkiError, match="in unencrypted PEM"):
        load_private_key(tmp_path / "key.pem")


def test_a_key_of_the_wrong_kind_is_refused(tmp_path: Path) -> None:
    other = ed25519.Ed25519PrivateKey.generate()
    (tmp_path / "key.pem").write_bytes(
        other.private_bytes(PEM, PKCS8, serialization.NoEncryption())
    )
    with pytest.raises(PkiError, match="is not an elliptic curve key"):
        load_private_key(tmp_path / "key.pem")


def test_a_key_on_an_unknown_curve_is_refused(tmp_path: Path) -> None:
    write_private_key(tmp_path / "key.pem", ec.generate_private_key(ec.SECP384R1()))
    with pytest.raises(PkiError, match=r"key\.pem: The key is on secp384r1"):
        load_private_key(tmp_path / "key.pem")


def test_an_sec1_key_with_parameters_is_read(
    tmp_path: Path, key: ec.EllipticCurvePrivateKey
) -> None:
    traditional = serialization.PrivateFormat.TraditionalOpenSSL
    pem = key.private_bytes(PEM, traditional, serialization.NoEncryption())
    parameters = b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    (tmp_path / "key.pem").write_bytes(parameters + pem)
    assert load_private_key(tmp_path / "key.pem").private_numbers() == key.private_numbers()


@pytest.mark.parametrize("content", [b"", b"0\x00", b"-----BEGIN CERTIFICATE-----"])
def test_a_file_that_is_not_a_certificate_is_reported(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "cert.der").write_bytes(content)
    with pytest.raises(PkiError, match=r"cert\.der is not an X\.509 certificate"):
        load_certificate(tmp_path / "cert.der")
