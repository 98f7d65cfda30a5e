"""Keys and certificates as files. Knows formats and file modes, not the layout of folders."""

import errno
import logging
import os
import stat
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from keys.curves import Curve
from keys.errors import PkiError

_OWNER_ONLY = 0o600
_PUBLIC = 0o644
_MAX_KEY_FILE = 0x10000
_OTHERS = 0o077

log = logging.getLogger(__name__)
# The library raises TypeError when a key is encrypted.
_UNPARSABLE = (ValueError, TypeError, UnsupportedAlgorithm)


def write_private_key(path: Path, key: ec.EllipticCurvePrivateKey, *, fsync: bool = True) -> None:
    """Write `key` as unencrypted PKCS#8 PEM (RFC 5958) to a new file that only its owner can read.

    The file has mode 0600 from its first byte and is on the disk on return, unless `fsync` is off.
    `PkiError` when the file exists (it is not touched) or cannot be written (nothing is left
    behind).
    """
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    _write_new(path, pem, _OWNER_ONLY, fsync=fsync)


def write_public_file(path: Path, content: bytes, *, fsync: bool = True) -> None:
    """Write `content`, a certificate or public key, to a new file that anybody can read.

    `PkiError` as for `write_private_key`.
    """
    _write_new(path, content, _PUBLIC, fsync=fsync)


def load_private_key(path: Path, *, plain: bool = False) -> ec.EllipticCurvePrivateKey:
    """Read an unencrypted PEM private key, PKCS#8 (RFC 5958) or SEC 1 (RFC 5915).

    With `plain` only a plain file of up to 64 KiB is read, and no symbolic link is followed.
    `PkiError` when the file cannot be read, is not such a key, or its curve is not in `Curve`.
    """
    content = _read_plain(path) if plain else _read(path)
    try:
        key = serialization.load_pem_private_key(content, password=None)
    except _UNPARSABLE as reason:
        raise PkiError(
            f"{path} does not hold a usable private key: {reason}. "
            "Replace it with an elliptic curve key in unencrypted PEM."
        ) from reason
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise PkiError(f"{path} is not an elliptic curve key. Replace it with one on P-256.")
    try:
        Curve.of(key)
    except PkiError as reason:
        raise PkiError(f"{path}: {reason}") from reason
    return key


def load_certificate(path: Path) -> x509.Certificate:
    """Read an X.509 certificate, DER or PEM; `PkiError` when it cannot be read or parsed."""
    content = _read(path)
    try:
        if content.startswith(b"-----BEGIN"):
            return x509.load_pem_x509_certificate(content)
        return x509.load_der_x509_certificate(content)
    except _UNPARSABLE as reason:
        raise PkiError(
            f"{path} is not an X.509 certificate: {reason}. Replace it with one, in DER or PEM."
        ) from reason


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as reason:
        raise PkiError(
            f"{path} cannot be read: {reason.strerror}. Check its name and its permissions."
        ) from reason


def _read_plain(path: Path) -> bytes:
    # Without O_NONBLOCK a FIFO would keep us waiting.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags)
        try:
            mode = os.fstat(descriptor).st_mode
            if mode & _OTHERS:
                log.warning("%s can be read by others; let only you: chmod 600 %s", path, path)
            content = os.read(descriptor, _MAX_KEY_FILE + 1) if stat.S_ISREG(mode) else None
        finally:
            os.close(descriptor)
    except OSError as reason:
        why = "it is a symbolic link" if reason.errno == errno.ELOOP else reason.strerror
        raise PkiError(
            f"{path} cannot be read: {why}. Put the key file itself there, readable by you."
        ) from reason
    if content is None:
        why = os.strerror(errno.EISDIR) if stat.S_ISDIR(mode) else "it is not a plain file"
        raise PkiError(f"{path} cannot be read: {why}. Put the key file itself there.")
    if len(content) > _MAX_KEY_FILE:
        raise PkiError(
            f"{path} cannot be read: it has more than {_MAX_KEY_FILE} bytes, which no key has. "
            "Put the key file itself there."
        )
    return content


def _write_new(path: Path, content: bytes, mode: int, *, fsync: bool) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError as reason:
        raise PkiError(
            f"{path} exists, and keys are never overwritten. Choose a different path, or move it."
        ) from reason
    except OSError as reason:
        raise _unwritable(path, reason) from reason
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            if fsync:
                os.fsync(descriptor)
        if fsync:
            _sync_folder(path.parent)
    except OSError as reason:
        path.unlink(missing_ok=True)
        raise _unwritable(path, reason) from reason


def _sync_folder(folder: Path) -> None:
    """Make the new name itself durable; fsync of a file does not promise its directory entry."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unwritable(path: Path, reason: OSError) -> PkiError:
    return PkiError(
        f"{path} cannot be written: {reason.strerror}. Check that its folder exists, "
        "that you may write there, and that the disk has room."
    )
