"""Makes cards: EID, certificates and private keys into a directory, and reads the keys again."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from euicc_sim.model.identity import Credential, Identity
from euicc_sim.model.state import Limits, State
from euicc_sim.session import Signer
from euicc_sim.storage import DOCUMENT, DRAFT, LOCK, CardError, JsonStore
from keys import (
    Curve,
    EuiccCredential,
    PkiError,
    TestPki,
    load_private_key,
    validate_eid,
    write_private_key,
)

DEFAULT_EID = "89049032123451234512345678901235"
"""The EID of the GSMA test card, so that scripts with signed packages can be replayed."""

PKI_FOLDER = "pki"
DIRECTORY_MODE = 0o700


def make_identity(
    directory: Path, *, eid: str, pki: Path | str | None, seed: int | None, limits: Limits
) -> None:
    """Put a new card into `directory`. Raises CardError, and then there is no card."""
    if limits.eims < 1 or limits.results < 1:
        raise CardError("a card has room for at least one eIM and one package result")
    try:
        _check_free(directory)
        validate_eid(eid)
        with _new_card(directory) as store:
            credentials = _issue(directory, eid, pki, seed)
            store.create(Identity(eid, credentials, limits=limits, seed=seed), State())
    except PkiError as error:
        raise CardError(str(error)) from error
    except OSError as error:
        raise CardError(f"no card could be made in {directory}: {_reason(error)}") from error


def _check_free(directory: Path) -> None:
    if (directory / DOCUMENT).exists():
        raise CardError(
            f"there is a card in {directory} already; open it, or choose another directory"
        )


@contextmanager
def _new_card(directory: Path) -> Iterator[JsonStore]:
    """A directory, locked, for a card; what a failed creation has put there goes again."""
    made = not directory.exists()
    directory.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    store = JsonStore(directory)
    parts = (DOCUMENT, DRAFT, PKI_FOLDER, *map(_key_file, Curve))
    new = [path for path in (directory / name for name in parts) if not os.path.lexists(path)]
    try:
        yield store
    except BaseException:
        with suppress(OSError):
            _remove(new)
            if made:
                (directory / LOCK).unlink()
                directory.rmdir()
        raise
    finally:
        store.close()


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _key_file(curve: Curve) -> str:
    return f"SK_EUICC_ECDSA_{curve.value}.pem"


def _issue(
    directory: Path, eid: str, pki: Path | str | None, seed: int | None
) -> tuple[Credential, ...]:
    own = directory / PKI_FOLDER
    if pki is not None:
        issuer = TestPki.load(Path(pki))
    elif own.exists():
        issuer = TestPki.load(own)
    else:
        issuer = TestPki.create(seed=seed)
        issuer.write(own)
    return tuple(_keep(directory, one) for one in issuer.issue_euicc(eid, seed))


def _keep(directory: Path, issued: EuiccCredential) -> Credential:
    name = _key_file(issued.curve)
    write_private_key(directory / name, issued.private_key)
    return Credential(
        curve=issued.curve.value,
        ci_pk_id=issued.ci_pk_id,
        eum_certificate=issued.eum_certificate,
        euicc_certificate=issued.euicc_certificate,
        key_file=name,
        ci_certificate=issued.ci_certificate,
    )


def load_signers(directory: Path, identity: Identity) -> tuple[Signer, ...]:
    """The private keys that belong to a card's certificates. Raises CardError."""
    return tuple(_signer(directory, one) for one in identity.credentials)


def _signer(directory: Path, credential: Credential) -> Signer:
    path = directory / credential.key_file
    try:
        key = load_private_key(path)
    except PkiError as error:
        raise CardError(str(error)) from error
    try:
        certified = x509.load_der_x509_certificate(credential.euicc_certificate).public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CardError(
            f"{directory / DOCUMENT} is damaged: "
            f"the card's {credential.curve} certificate cannot be used: {error}"
        ) from error
    if certified != key.public_key():
        raise CardError(
            f"{path} is not the private key of this card's {credential.curve} certificate"
        )
    return Signer(credential, key)


def copy_card(source: Path, target: Path) -> None:
    """Take a snapshot of a card, which may be in use. Raises CardError, and then there is none."""
    try:
        _check_copy(source, target)
        target.mkdir(mode=DIRECTORY_MODE, parents=True)
        try:
            ignored = shutil.ignore_patterns(LOCK, "*.new")
            shutil.copytree(source, target, ignore=ignored, dirs_exist_ok=True)
            target.chmod(DIRECTORY_MODE)
        except BaseException:
            shutil.rmtree(target, ignore_errors=True)
            raise
    except OSError as error:
        raise CardError(f"the copy into {target} failed: {_reason(error)}") from error


def _check_copy(source: Path, target: Path) -> None:
    if not (source / DOCUMENT).is_file():
        raise CardError(f"there is no card in {source}")
    if target.exists():
        raise CardError(f"{target} is there already; choose another directory")
    if target.resolve().is_relative_to(source.resolve()):
        raise CardError(f"{target} lies within the card; choose a directory outside {source}")


def _reason(error: OSError) -> str:
    """Why a file operation failed; copytree packs (source, target, reason) of each file."""
    if isinstance(error, shutil.Error):
        return str(error.args[0][0][2])
    return error.strerror or str(error)
