"""Makes cards: EID, certificates and private keys into a directory, and reads the keys again."""

from __future__ import annotations

import shutil
from pathlib import Path

from cryptography import x509

from euicc_sim.model.identity import Credential, Identity
from euicc_sim.model.state import Limits, State
from euicc_sim.session import Signer
from euicc_sim.storage import DOCUMENT, CardError, JsonStore
from keys import (
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
    if (directory / DOCUMENT).exists():
        raise CardError(
            f"there is a card in {directory} already; open it, or choose another directory"
        )
    if limits.eims < 1 or limits.results < 1:
        raise CardError("a card has room for at least one eIM and one package result")
    try:
        validate_eid(eid)
        directory.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
        credentials = _issue(directory, eid, pki, seed)
        _write(directory, Identity(eid, credentials, limits=limits, seed=seed))
    except PkiError as error:
        raise CardError(str(error)) from error
    except OSError as error:
        raise CardError(f"no card could be made in {directory}: {error}") from error


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
    name = f"SK_EUICC_ECDSA_{issued.curve.value}.pem"
    write_private_key(directory / name, issued.private_key)
    return Credential(
        curve=issued.curve.value,
        ci_pk_id=issued.ci_pk_id,
        eum_certificate=issued.eum_certificate,
        euicc_certificate=issued.euicc_certificate,
        key_file=name,
    )


def _write(directory: Path, identity: Identity) -> None:
    store = JsonStore(directory)
    try:
        store.create(identity, State())
    finally:
        store.close()


def load_signers(directory: Path, identity: Identity) -> tuple[Signer, ...]:
    """The private keys that belong to a card's certificates. Raises CardError."""
    return tuple(_signer(directory, one) for one in identity.credentials)


def _signer(directory: Path, credential: Credential) -> Signer:
    path = directory / credential.key_file
    try:
        key = load_private_key(path)
        certificate = x509.load_der_x509_certificate(credential.euicc_certificate)
    except (PkiError, ValueError) as error:
        raise CardError(f"{path} does not go with this card: {error}") from error
    if certificate.public_key() != key.public_key():
        raise CardError(
            f"{path} is not the private key of this card's {credential.curve} certificate"
        )
    return Signer(credential, key)


def copy_card(source: Path, target: Path) -> None:
    """Take a snapshot of a card, which may be in use. Raises CardError."""
    if not (source / DOCUMENT).is_file():
        raise CardError(f"there is no card in {source}")
    if target.exists():
        raise CardError(f"{target} is there already; choose another directory")
    try:
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("lock", "*.new"))
        target.chmod(DIRECTORY_MODE)
    except (OSError, shutil.Error) as error:
        raise CardError(f"the copy into {target} failed: {error}") from error
