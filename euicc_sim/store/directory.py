"""A card's directory: one JSON document, replaced whole or not at all, profile packages, a lock.

A package is on the disk before the document that names it, and goes after the document that does
not any more; what is left of a save that failed is cleared away when the card is opened next.
Knows files; not what is in the document.
"""

from __future__ import annotations

import fcntl
import os
import re
from contextlib import suppress
from pathlib import Path

from euicc_sim.model.identity import Identity
from euicc_sim.model.state import State
from euicc_sim.store.document import DocumentError, parse
from euicc_sim.store.rendering import Renderer
from euicc_sim.store.rendering_profiles import PACKAGES, package_file

DOCUMENT = "card.json"
DRAFT = "card.json.new"
LOCK = "lock"
_PACKAGE = re.compile(r"[0-9A-F]{0,20}\.upp(\.new)?")


class CardError(Exception):
    """A card directory that cannot be used: a sentence that says what to do."""


class Disk:
    """The file operations of one save, each a method so that a test can make it fail."""

    def write(self, path: Path, content: bytes, mode: int = 0o644) -> int:
        """Write a new file, replacing a draft that was left over; return its descriptor."""
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
        try:
            view = memoryview(content)
            while view:
                view = view[os.write(fd, view) :]
        except BaseException:
            os.close(fd)
            raise
        return fd

    def sync(self, fd: int) -> None:
        """Bring a file (or directory) to the disk."""
        os.fsync(fd)

    def replace(self, draft: Path, final: Path) -> None:
        """Put the draft in the place of the old file."""
        os.replace(draft, final)

    def remove(self, path: Path) -> None:
        """Remove a file that no document names any more."""
        path.unlink(missing_ok=True)


class JsonStore:
    """The open directory of a card, locked until `close`.

    With `fsync` off a save survives the end of the process, not of the power.
    """

    def __init__(self, directory: Path, *, fsync: bool = True, disk: Disk | None = None) -> None:
        """Lock the directory. Raises CardError when it is no card's or is open already."""
        self.directory = directory
        self._disk = disk or Disk()
        self._fsync = fsync
        self._kept = b""
        self._renderer: Renderer | None = None
        self._doubt: str | None = None
        self._packages: frozenset[str] = frozenset()
        self._directory_fd = _open_directory(directory)
        try:
            self._lock_fd = _lock(directory)
        except BaseException:
            os.close(self._directory_fd)
            raise

    def close(self) -> None:
        """Unlock. Closing twice is fine."""
        if self._lock_fd >= 0:
            os.close(self._lock_fd)
            os.close(self._directory_fd)
            self._lock_fd = self._directory_fd = -1

    def create(self, identity: Identity, state: State) -> None:
        """Write the first document; it is what makes the directory a card."""
        self._renderer = Renderer(identity)
        self.save(state)

    def load(self) -> tuple[Identity, State]:
        """Read the document. Raises CardError with file, place and reason; the file stays."""
        identity, state, self._kept = read(self.directory)
        self._renderer = Renderer(identity)
        self._packages = frozenset(_packages(state))
        self._clear()
        return identity, state

    def save(self, state: State) -> None:
        """Keep a state: when this returns it is on disk, when it raises the old one still is.

        Raises OSError.
        """
        if self._renderer is None or self._lock_fd < 0:
            raise OSError("the card's directory is not open")
        if self._doubt:
            raise OSError(self._doubt)
        content = self._renderer.render(state)
        packages = _packages(state)
        self._put_packages({n: one for n, one in packages.items() if n not in self._packages})
        self._put(content)
        self._kept = content
        gone = self._packages.difference(packages)
        self._packages = frozenset(packages)
        for name in gone:
            with suppress(OSError):
                self._disk.remove(self.directory / name)

    def _put_packages(self, packages: dict[str, bytes]) -> None:
        if not packages:
            return
        folder = self.directory / PACKAGES
        folder.mkdir(mode=0o700, exist_ok=True)
        for name, content in packages.items():
            self._replace(self.directory / name, content, mode=0o600)
        if self._fsync:
            fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                self._disk.sync(fd)
            finally:
                os.close(fd)
            self._disk.sync(self._directory_fd)

    def _clear(self) -> None:
        """Remove packages, whole or drafts, that no document names; other files stay."""
        found = sorted((self.directory / PACKAGES).glob("*"))
        ours = [one for one in found if _PACKAGE.fullmatch(one.name)]
        left = [one for one in ours if f"{PACKAGES}/{one.name}" not in self._packages]
        if not left:
            return
        if self._fsync:
            try:
                self._disk.sync(self._directory_fd)
            except OSError:
                return
        for path in left:
            with suppress(OSError):
                self._disk.remove(path)

    def _put(self, content: bytes) -> None:
        self._replace(self.directory / DOCUMENT, content)
        if self._fsync:
            try:
                self._disk.sync(self._directory_fd)
            except OSError:
                self._put_back()
                raise

    def _replace(self, final: Path, content: bytes, mode: int = 0o644) -> None:
        """Put a file in the place of an old one; the draft is on the disk before."""
        draft = final.with_name(f"{final.name}.new")
        fd = self._disk.write(draft, content, mode)
        try:
            if self._fsync:
                self._disk.sync(fd)
        finally:
            os.close(fd)
        self._disk.replace(draft, final)

    def _put_back(self) -> None:
        """The new document is in place but may not outlive the power: bring the old one back."""
        if not self._kept:
            return
        try:
            self._replace(self.directory / DOCUMENT, self._kept)
        except OSError as error:
            self._doubt = f"a failed save could not be undone ({error}); open the card again"


def read(directory: Path) -> tuple[Identity, State, bytes]:
    """Read a card's document without locking. Raises CardError."""
    path = directory / DOCUMENT
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise CardError(
            f"there is no card in {directory} (no {DOCUMENT}); "
            f"make one with: euicc-sim card new {directory}"
        ) from error
    except OSError as error:
        raise CardError(f"{path} cannot be read: {error.strerror or error}") from error
    try:
        return *parse(content, lambda iccid: _fetch(directory, iccid)), content
    except DocumentError as error:
        raise CardError(
            f"{path} is damaged: {error}; the file was left as it is, "
            "so mend that place or restore a copy"
        ) from error


def _packages(state: State) -> dict[str, bytes]:
    return {package_file(one.iccid): one.package for one in state.profiles}


def _fetch(directory: Path, iccid: bytes) -> bytes:
    path = directory / package_file(iccid)
    try:
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror or error}") from error


def _open_directory(directory: Path) -> int:
    try:
        return os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise CardError(
            f"there is no directory {directory}; make a card with: euicc-sim card new {directory}"
        ) from error
    except OSError as error:
        raise CardError(f"{directory} cannot be opened: {error.strerror or error}") from error


def _lock(directory: Path) -> int:
    try:
        fd = os.open(directory / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise CardError(f"{directory} cannot be locked: {error.strerror or error}") from error
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(fd)
        raise CardError(
            f"the card in {directory} is open already, here or in another process; "
            "close that one first, or work on a copy: euicc-sim card copy"
        ) from error
    return fd
