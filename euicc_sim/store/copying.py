"""Copies a card, which may be in use, as a consistent snapshot."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from euicc_sim.store.directory import Found, look
from euicc_sim.store.disk import CHANGES, DOCUMENT, HISTORY, LOCK, CardError, reason
from euicc_sim.store.document import render
from euicc_sim.store.packages import ASIDE
from euicc_sim.store.schema import PACKAGES, package_file

DIRECTORY_MODE = 0o700


def copy_card(source: Path, target: Path) -> None:
    """Take a snapshot of a card, which may be in use. On CardError there is none.

    Document, history and packages are written from one consistent reading, with all changes in the
    document; the keys and other files never change and are copied.
    """
    try:
        _check_copy(source, target)
        found = look(source)
        target.mkdir(mode=DIRECTORY_MODE, parents=True)
        try:
            _take(found, source, target)
        except BaseException:
            shutil.rmtree(target, ignore_errors=True)
            raise
    except OSError as error:
        raise CardError(f"the copy into {target} failed: {_reason(error)}") from error


def _take(found: Found, source: Path, target: Path) -> None:
    not_copied = (DOCUMENT, CHANGES, HISTORY, LOCK, ASIDE, PACKAGES, "*.new")
    ignored = shutil.ignore_patterns(*not_copied)
    shutil.copytree(source, target, ignore=ignored, dirs_exist_ok=True, symlinks=True)
    target.chmod(DIRECTORY_MODE)
    if found.state.profiles:
        (target / PACKAGES).mkdir(mode=DIRECTORY_MODE)
    for one in found.state.profiles:
        _write(target / package_file(one.iccid), one.package, 0o600)
    if found.history:
        _write(target / HISTORY, found.history.render(), 0o644)
    document = render(found.identity, found.state) if found.waiting else found.document
    _write(target / DOCUMENT, document, 0o644)


def _write(path: Path, content: bytes, mode: int) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with open(fd, "wb") as file:
        file.write(content)


def _check_copy(source: Path, target: Path) -> None:
    if not (source / DOCUMENT).is_file():
        raise CardError(f"there is no card in {source}")
    if target.exists():
        raise CardError(f"{target} exists already; choose another directory")
    if target.resolve().is_relative_to(source.resolve()):
        raise CardError(f"{target} is inside the card; choose a directory outside {source}")


def _reason(error: OSError) -> str:
    """Why a file operation failed; copytree collects (source, target, reason) for each file."""
    if isinstance(error, shutil.Error):
        return str(error.args[0][0][2])
    return reason(error)
