"""Profile packages: one file each, beside the document, in `profiles/`.

A package is written as a draft (`….upp.new`) and gets its name once the document or the change log
refers to it; it is removed when neither does any more. A file without a reference is thus
foreign, or the draft of an unfinished command.
"""

from __future__ import annotations

import errno
import logging
import os
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from euicc_sim.model.state import State
from euicc_sim.store.disk import Disk, read_file, reason, refuse_link
from euicc_sim.store.schema import PACKAGES, package_file

ASIDE = "aside"
_PACKAGE = re.compile(r"[0-9A-F]{0,20}\.upp")
_DRAFT = re.compile(r"[0-9A-F]{0,20}\.upp\.new")

log = logging.getLogger(__name__)


def fetch(directory: Path, iccid: bytes) -> bytes:
    """The stored package of a Profile. Raises ValueError with the reason if there is none.

    The name is tried again after the draft, which may have been renamed in between.
    """
    path = directory / package_file(iccid)
    try:
        refuse_link(path.parent)
        for one in (path, _draft(path)):
            with suppress(FileNotFoundError):
                return read_file(one)
        return read_file(path)
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {reason(error)}") from error


def _draft(path: Path) -> Path:
    return path.with_name(f"{path.name}.new")


class Packages:
    """The packages of an open card."""

    def __init__(self, directory: Path, disk: Disk, *, fsync: bool) -> None:
        """Start without any."""
        self._directory = directory
        self._folder = directory / PACKAGES
        self._disk = disk
        self._fsync = fsync
        self._known: dict[str, bytes] = {}
        self._to_name: set[str] = set()
        self._to_remove: set[str] = set()
        self._unsynced = False

    def loaded(self, state: State, removed: Iterable[bytes]) -> None:
        """Set the packages that are present and referenced; those of `removed` Profiles may go."""
        self._known = _packages(state)
        for name in map(package_file, removed):
            if name not in self._known and os.path.lexists(self._directory / name):
                self._to_remove.add(name)

    def need_a_fold(self, state: State) -> bool:
        """Whether a new package has the name of one that goes at the next fold."""
        return not self._to_remove.isdisjoint(package_file(one.iccid) for one in state.profiles)

    def bring(self, state: State) -> None:
        """Write drafts of a state's new packages. Raises OSError."""
        packages = _packages(state)
        new = {name: one for name, one in packages.items() if self._known.get(name) is not one}
        changed = [name for name, one in new.items() if self._known.get(name, one) != one]
        if changed:
            raise OSError(errno.EINVAL, f"{changed[0]} exists, and a package never changes")
        new = {name: one for name, one in new.items() if name not in self._known}
        if not new:
            return
        self._make_folder()
        for name, content in new.items():
            path = self._directory / name
            if os.path.lexists(path):
                self._disk.remove(path)
            self._to_remove.discard(name)
            fd = self._disk.write(_draft(path), content, 0o600)
            try:
                if self._fsync:
                    self._disk.sync(fd)
            finally:
                os.close(fd)
        self._sync_folder()

    def named(self, state: State) -> None:
        """Rename drafts; packages that the state no longer refers to go at the next fold.

        Until then `card.json` names them. A draft that cannot be renamed is as good as the file,
        and `settle` tries it again.
        """
        packages = _packages(state)
        came, went = packages.keys() - self._known.keys(), self._known.keys() - packages.keys()
        self._known = packages
        self._to_name = (self._to_name | came) - went
        self._to_remove |= went
        self._rename()

    def settle(self) -> None:
        """After a fold: complete the pending renames and removals, as far as possible."""
        self._rename()
        self._settle(self._to_remove, self._remove)

    def _rename(self) -> None:
        self._settle(self._to_name, lambda path: self._disk.replace(_draft(path), path))

    def _remove(self, path: Path) -> None:
        self._disk.remove(path)
        if os.path.lexists(_draft(path)):
            self._disk.remove(_draft(path))

    def _settle(self, names: set[str], work: Callable[[Path], None]) -> None:
        """Do the work for each file; those for which it fails stay in `names`."""
        if not names or self._folder.is_symlink():
            return
        for name in sorted(names):
            self._unsynced = True
            try:
                work(self._directory / name)
            except FileNotFoundError:
                pass
            except OSError:
                continue
            names.discard(name)

    def sync(self) -> None:
        """Sync the changes of `settle` to disk. Raises OSError."""
        if self._unsynced:
            self._sync_folder()
            self._unsynced = False

    def untidy(self) -> list[Path]:
        """Put the folder of a newly opened card in order: the files without a reference."""
        found = sorted(self._folder.glob("*.upp*"))
        return [
            one
            for one in found
            if f"{PACKAGES}/{one.name}" not in self._known.keys() | self._to_remove
            and (_PACKAGE.fullmatch(one.name) or _DRAFT.fullmatch(one.name))
        ]

    def tidy(self) -> None:
        """Rename or remove drafts; move every other package aside."""
        for path in self.untidy():
            final = path.with_suffix("")
            if not _DRAFT.fullmatch(path.name):
                self._move_aside(path)
                continue
            with suppress(OSError):
                if f"{PACKAGES}/{final.name}" in self._known and not os.path.lexists(final):
                    self._disk.replace(path, final)
                else:
                    self._disk.remove(path)

    def _move_aside(self, path: Path) -> None:
        folder = self._directory / ASIDE
        try:
            refuse_link(folder)
            folder.mkdir(mode=0o700, exist_ok=True)
            target = unused(folder / path.name)
            self._disk.replace(path, target)
        except OSError as error:
            log.warning("%s is not a package of this card, and stays: %s", path, reason(error))
            return
        log.warning("%s is not a package of this card, and was moved to %s", path, target)

    def _make_folder(self) -> None:
        refuse_link(self._folder)
        if self._folder.is_dir():
            return
        self._folder.mkdir(mode=0o700)
        if self._fsync:
            sync_folder(self._directory, self._disk)

    def _sync_folder(self) -> None:
        if self._fsync:
            sync_folder(self._folder, self._disk)


def unused(path: Path) -> Path:
    """The path, or the first free one with a number appended."""
    number = 0
    found = path
    while os.path.lexists(found):
        number += 1
        found = path.with_name(f"{path.name}.{number}")
    return found


def sync_folder(folder: Path, disk: Disk) -> None:
    """Sync a folder's names to disk. Raises OSError."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        disk.sync(fd)
    finally:
        os.close(fd)


def _packages(state: State) -> dict[str, bytes]:
    return {package_file(one.iccid): one.package for one in state.profiles}
