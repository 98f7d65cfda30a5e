"""The files of a card's directory, touched without leaving it: names, safe reading, operations.

The store opens only regular files in the directory itself. A symbolic link, a FIFO or an oversized
file is refused before anything is read or written. Knows no document.
"""

from __future__ import annotations

import errno
import os
import resource
import stat
from contextlib import suppress
from pathlib import Path

DOCUMENT = "card.json"
DRAFT = "card.json.new"
CHANGES = "card.changes"
HISTORY = "card.history"
HISTORY_DRAFT = "card.history.new"
LOCK = "lock"
MAX_FILE = 0x4000000
"""The maximum size in bytes of a document, change log or package: 64 MiB."""


class CardError(Exception):
    """A card directory that cannot be used: a sentence with the next step.

    Control characters that a file or path has are their escapes in it.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(
            "".join(one if one.isprintable() else ascii(one)[1:-1] for one in sentence)
        )


class CardInUseError(CardError):
    """A card that is open already."""


class Disk:
    """The file operations of the store; each is a method, so that a test can make it fail."""

    def write(self, path: Path, content: bytes, mode: int = 0o600) -> int:
        """Write a new file, replacing a leftover draft; return its descriptor."""
        refuse_link(path)
        with suppress(FileNotFoundError):
            os.unlink(path)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        return _filled(os.open(path, flags, mode), content)

    def append(self, path: Path, content: bytes, size: int) -> int:
        """Append to a file of `size` bytes; return its descriptor.

        Raises StrangeFileError, and writes nothing, if it is not that file.
        """
        fd = _opened(path, os.O_WRONLY | os.O_APPEND)
        found = os.fstat(fd)
        if found.st_size != size or found.st_nlink != 1:
            os.close(fd)
            raise StrangeFileError(errno.EBUSY, f"{path} was changed by another program")
        return _filled(fd, content)

    def truncate(self, path: Path, size: int) -> int:
        """Truncate a file; return its descriptor.

        Raises StrangeFileError, and changes nothing, if it has another name too.
        """
        fd = _opened(path, os.O_WRONLY)
        if os.fstat(fd).st_nlink != 1:
            os.close(fd)
            raise StrangeFileError(errno.EBUSY, f"{path} was changed by another program")
        try:
            os.ftruncate(fd, size)
        except BaseException:
            os.close(fd)
            raise
        return fd

    def sync(self, fd: int) -> None:
        """Sync a file (or directory) to disk."""
        os.fsync(fd)

    def sync_data(self, fd: int) -> None:
        """Sync appended data and the size to disk, but not the times."""
        os.fdatasync(fd)

    def replace(self, draft: Path, final: Path) -> None:
        """Replace the old file with the draft."""
        os.replace(draft, final)

    def remove(self, path: Path) -> None:
        """Remove a file that the document no longer names."""
        path.unlink(missing_ok=True)


class StrangeFileError(OSError):
    """A file that is not as the store left it."""


def _opened(path: Path, flags: int) -> int:
    fd = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        is_directory = stat.S_ISDIR(os.fstat(fd).st_mode)
        os.close(fd)
        if is_directory:
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        raise StrangeFileError(errno.EINVAL, "it is not a regular file", str(path))
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
    """The content of a regular file of at most MAX_FILE bytes. Raises OSError."""
    fd = _opened(path, os.O_RDONLY)
    with open(fd, "rb") as file:
        size = os.fstat(fd).st_size
        content = file.read(MAX_FILE + 1) if size <= MAX_FILE else b""
    if max(size, len(content)) > MAX_FILE:
        raise StrangeFileError(errno.EFBIG, f"it has {size} bytes, the maximum is {MAX_FILE}")
    return content


def refuse_link(path: Path) -> None:
    """Raise StrangeFileError for a symbolic link, which may lead anywhere."""
    if path.is_symlink():
        raise StrangeFileError(
            errno.ELOOP, f"{path} is a symbolic link; replace it with the file itself"
        )


def reason(error: OSError) -> str:
    """Why a file operation failed, in words."""
    if error.errno == errno.ELOOP and not isinstance(error, StrangeFileError):
        return "it is a symbolic link; replace it with the file itself"
    if error.errno == errno.EMFILE:
        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        return (
            f"this process may have {limit} open files, of which each open card is one; "
            "close some, or raise the limit with: ulimit -n"
        )
    return error.strerror or str(error)
