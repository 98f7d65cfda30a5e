"""Files that are either complete or absent, each with one writer at a time.

Mode 0600 from the start, as some hold keys. All errors are OSError.
"""

from __future__ import annotations

import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def create(path: Path, content: bytes) -> None:
    """Write a new file, on the disk when this returns. Raises FileExistsError, OSError."""
    draft = _draft(path, content)
    try:
        os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    _sync_folder(path)


def replace(path: Path, content: bytes) -> None:
    """Replace the content of a file; a reader sees either the old or the new."""
    draft = _draft(path, content)
    try:
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    _sync_folder(path)


def content(path: Path, at_most: int) -> bytes:
    """The first bytes of a regular file; links are not followed. Raises OSError."""
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(fd, "rb") as file:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError(0, "it is not a regular file")
        return file.read(at_most)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock for replacing the file; others wait. Raises OSError if there is no file."""
    fd = _locked(path)
    try:
        yield
    finally:
        os.close(fd)


def _locked(path: Path) -> int:
    """A descriptor that holds the lock of the file now at `path`."""
    while True:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        fcntl.flock(fd, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(fd), path.stat()):
                return fd
        os.close(fd)  # replaced while waiting


def _draft(path: Path, content: bytes) -> Path:
    """A new file beside `path` with the content, synced to disk."""
    fd, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent)
    draft = Path(name)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(fd)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    return draft


def _sync_folder(path: Path) -> None:
    fd = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
