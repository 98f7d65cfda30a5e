"""An eIM in a file: what it must not forget between two packages, as JSON of mode 0600.

One file stands for the eIM as one card knows it, since counter and token are a card's. The private
key in it is not encrypted. Knows files and the document; not what an eIM does.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from euicc_sim.offcard.eim import Eim
from euicc_sim.offcard.eim_document import parse, render
from euicc_sim.offcard.errors import EimError


def create(path: Path, eim: Eim) -> None:
    """Write a new file, whole and on the disk, or none. Raises EimError, also when it exists."""
    draft = _draft(path, eim)
    try:
        os.link(draft, path)
    except FileExistsError as error:
        raise EimError(
            f"{path} exists, and keys are never overwritten. Choose another name, or move it away."
        ) from error
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        draft.unlink(missing_ok=True)
    _sync_folder(path)


def load(path: Path) -> Eim:
    """Read a file. Raises EimError with the file, the place in it and the reason."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from error
    try:
        return parse(content)
    except EimError as error:
        raise EimError(f"{path} is no eIM's file: {error}") from error


@contextmanager
def changing(path: Path) -> Iterator[Eim]:
    """Give the eIM of a file to change; it is saved when the block ends without an error.

    Nobody else changes the file meanwhile, so no counter is given out twice. Packages signed in the
    block leave after it: then their counter is on the disk. Raises EimError.
    """
    path = path.resolve()
    fd = _locked(path)
    try:
        eim = load(path)
        yield eim
        draft = _draft(path, eim)
        try:
            draft.replace(path)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise _unwritable(path, error) from error
        _sync_folder(path)
    finally:
        os.close(fd)


def _locked(path: Path) -> int:
    """A descriptor that holds the lock of the file which is at `path` now."""
    while True:
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise _unreadable(path, error) from error
        fcntl.flock(fd, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(fd), path.stat()):
                return fd
        os.close(fd)  # replaced while we waited


def _draft(path: Path, eim: Eim) -> Path:
    """A file beside `path`, of mode 0600 from its first byte, with the eIM on the disk."""
    try:
        fd, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent)
    except OSError as error:
        raise _unwritable(path, error) from error
    draft = Path(name)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(render(eim))
            file.flush()
            os.fsync(fd)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise _unwritable(path, error) from error
    return draft


def _sync_folder(path: Path) -> None:
    fd = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        os.close(fd)


def _unreadable(path: Path, error: OSError) -> EimError:
    return EimError(
        f"{path} cannot be read: {error.strerror}. Check its name and permissions, "
        f"or make an eIM with: euicc-sim eim new {path} --id ID"
    )


def _unwritable(path: Path, error: OSError) -> EimError:
    return EimError(
        f"{path} cannot be written: {error.strerror}. Check that its folder exists, "
        "that you may write there, and that the disk has room."
    )
