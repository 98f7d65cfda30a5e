"""The files of a card's directory, touched without leaving it: names, safe reading, operations.

Whatever the store opens is a plain file of the directory itself. A symbolic link, a FIFO or a file
beyond all measure is refused before anything is read or written. Knows no document.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

DOCUMENT = "card.json"
DRAFT = "card.json.new"
CHANGES = "card.changes"
LOCK = "lock"
MAX_FILE = 0x4000000
"""Bytes of the greatest document, change log or package that is read: 64 MiB."""


class CardError(Exception):
    """A card directory that cannot be used: a sentence that says what to do."""


class Disk:
    """The file operations of the store, each a method so that a test can make it fail."""

    def write(self, path: Path, content: bytes, mode: int = 0o644) -> int:
        """Write a new file in the place of a draft that was left over; return its descriptor."""
        refuse_link(path)
        with suppress(FileNotFoundError):
            os.unlink(path)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        return _filled(os.open(path, flags, mode), content)

    def append(self, path: Path, content: bytes, size: int) -> int:
        """Add to the end of a file that has `size` bytes; return its descriptor.

        Raises StrangeFileError, having written nothing, when it is another file than that.
        """
        fd = _opened(path, os.O_WRONLY | os.O_APPEND)
        found = os.fstat(fd)
        if found.st_size != size or found.st_nlink != 1:
            os.close(fd)
            raise StrangeFileError(errno.EBUSY, f"{path} was changed by another program")
        return _filled(fd, content)

    def truncate(self, path: Path, size: int) -> int:
        """Cut a file off; return its descriptor."""
        fd = _opened(path, os.O_WRONLY)
        try:
            os.ftruncate(fd, size)
        except BaseException:
            os.close(fd)
            raise
        return fd

    def sync(self, fd: int) -> None:
        """Bring a file (or directory) to the disk."""
        os.fsync(fd)

    def sync_data(self, fd: int) -> None:
        """Bring what was appended to the disk, and the size, but no times."""
        os.fdatasync(fd)

    def replace(self, draft: Path, final: Path) -> None:
        """Put the draft in the place of the old file."""
        os.replace(draft, final)

    def remove(self, path: Path) -> None:
        """Remove a file that no document names any more."""
        path.unlink(missing_ok=True)


class StrangeFileError(OSError):
    """A file that is not as the store has left it."""


def _opened(path: Path, flags: int) -> int:
    fd = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        is_directory = stat.S_ISDIR(os.fstat(fd).st_mode)
        os.close(fd)
        if is_directory:
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        raise StrangeFileError(errno.EINVAL, "it is not a plain file", str(path))
    return fd


def _filled(fd: int, content: bytes) -> int:
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(fd, view) :]
    except BaseException:
        os.close(fd)
        raise
    return fd


def read_file(path: Path) -> bytes:
    """The content of a plain file of at most MAX_FILE bytes. Raises OSError."""
    fd = _opened(path, os.O_RDONLY)
    with open(fd, "rb") as file:
        size = os.fstat(fd).st_size
        content = file.read(MAX_FILE + 1) if size <= MAX_FILE else b""
    if max(size, len(content)) > MAX_FILE:
        raise StrangeFileError(
            errno.EFBIG, f"it has {size} bytes, and none of a card has more than {MAX_FILE}"
        )
    return content


def refuse_link(path: Path) -> None:
    """Raise StrangeFileError when that is a symbolic link, which may lead anywhere."""
    if path.is_symlink():
        raise StrangeFileError(errno.ELOOP, f"{path} is a symbolic link; put the file itself there")


def reason(error: OSError) -> str:
    """Why a file operation failed, in words."""
    if error.errno == errno.ELOOP and not isinstance(error, StrangeFileError):
        return "it is a symbolic link; put the file itself there"
    return error.strerror or str(error)
