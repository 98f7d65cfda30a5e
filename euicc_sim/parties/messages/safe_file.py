"""Files that are whole or not there at all, each with one writer at a time.

Of mode 0600 from their first byte, as keys are in some. All errors are OSError.
"""

from __future__ import annotations

import fcntl
import os
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
    """Put other content in the place of a file's; whoever reads has the old or the new."""
    draft = _draft(path, content)
    try:
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    _sync_folder(path)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Be the only one who replaces the file; others wait. Raises OSError when there is none."""
    fd = _locked(path)
    try:
        yield
    finally:
        os.close(fd)


def _locked(path: Path) -> int:
    """A descriptor that holds the lock of the file which is at `path` now."""
    while True:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        fcntl.flock(fd, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(fd), path.stat()):
                return fd
        os.close(fd)  # replaced while we waited


def _draft(path: Path, content: bytes) -> Path:
    """A file beside `path` that has the content on the disk."""
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
