"""Disks that break: one operation fails, or the directory is copied around each of them.

Nothing is brought to a real disk, which no test could see.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from euicc_sim.store.directory import Disk


class CountingDisk(Disk):
    """A disk that tells what it is asked for, and calls `around` before and after it."""

    def __init__(self) -> None:
        """Nothing was asked for yet."""
        self.calls: list[str] = []

    def around(self, call: str, *, after: bool) -> None:
        """For subclasses."""

    def _do(self, call: str, work: Callable[[], int | None]) -> int:
        self.calls.append(call)
        self.around(call, after=False)
        result = work()
        self.around(call, after=True)
        return result or 0

    def write(self, path: Path, content: bytes, mode: int = 0o644) -> int:
        """Write, counted."""
        return self._do("write", lambda: super(CountingDisk, self).write(path, content, mode))

    def sync(self, fd: int) -> None:
        """Count only."""
        self._do("sync", lambda: None)

    def replace(self, draft: Path, final: Path) -> None:
        """Rename, counted."""
        self._do("replace", lambda: super(CountingDisk, self).replace(draft, final))

    def remove(self, path: Path) -> None:
        """Remove, counted."""
        self._do("remove", lambda: super(CountingDisk, self).remove(path))


class FaultyDisk(CountingDisk):
    """Fails at the operations of those numbers (0 is the next), half done or not begun."""

    def __init__(self) -> None:
        """Nothing fails."""
        super().__init__()
        self.failing: frozenset[int] = frozenset()
        self.half = False

    def arm(self, *failing: int, half: bool = False) -> None:
        """From now on."""
        self.calls, self.failing, self.half = [], frozenset(failing), half

    def around(self, call: str, *, after: bool) -> None:
        """Fail when it is time."""
        if not after and len(self.calls) - 1 in self.failing:
            number = errno.ENOSPC if call == "write" else errno.EIO
            raise OSError(number, os.strerror(number))

    def write(self, path: Path, content: bytes, mode: int = 0o644) -> int:
        """Write the half of it first when it is going to fail like that."""
        if self.half and len(self.calls) in self.failing:
            path.write_bytes(content[: len(content) // 2])
        return super().write(path, content, mode)


class ImagingDisk(CountingDisk):
    """Copies the directory before and after each operation, and in the middle of each write."""

    def __init__(self, directory: Path, images: Path) -> None:
        """Copies go into folders below `images`."""
        super().__init__()
        self._directory = directory
        self._images = images
        self.images: list[tuple[str, Path]] = []

    def _take(self, name: str) -> None:
        image = self._images / f"{len(self.images)}"
        shutil.copytree(self._directory, image)
        self.images.append((name, image))

    def around(self, call: str, *, after: bool) -> None:
        """Copy."""
        self._take(f"{'after' if after else 'before'} {call}")

    def write(self, path: Path, content: bytes, mode: int = 0o644) -> int:
        """Copy while it is written, too."""
        for part in (0, 1, len(content) // 2, len(content) - 1):
            path.write_bytes(content[:part])
            self._take(f"{part} bytes written")
        return super().write(path, content, mode)
