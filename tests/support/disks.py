"""Disks that break: one operation fails, or the directory is copied around each of them.

Nothing is brought to a real disk, which no test could see.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from euicc_sim.store.disk import Disk


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

    def append(self, path: Path, content: bytes, size: int) -> int:
        """Append, counted."""
        return self._do("append", lambda: super(CountingDisk, self).append(path, content, size))

    def truncate(self, path: Path, size: int) -> int:
        """Cut off, counted."""
        return self._do("truncate", lambda: super(CountingDisk, self).truncate(path, size))

    def sync(self, fd: int) -> None:
        """Count only."""
        self._do("sync", lambda: None)

    def sync_data(self, fd: int) -> None:
        """Count only."""
        self._do("sync data", lambda: None)

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

    @property
    def _fails_half(self) -> bool:
        return self.half and len(self.calls) in self.failing

    def around(self, call: str, *, after: bool) -> None:
        """Fail when it is time."""
        if not after and len(self.calls) - 1 in self.failing:
            number = errno.ENOSPC if call in ("write", "append") else errno.EIO
            raise OSError(number, os.strerror(number))

    def write(self, path: Path, content: bytes, mode: int = 0o644) -> int:
        """Write the half of it first when it is going to fail like that."""
        if self._fails_half:
            path.write_bytes(content[: len(content) // 2])
        return super().write(path, content, mode)

    def append(self, path: Path, content: bytes, size: int) -> int:
        """Append the half of it first when it is going to fail like that."""
        if self._fails_half:
            with path.open("ab") as file:
                file.write(content[: len(content) // 2])
        return super().append(path, content, size)


class ImagingDisk(CountingDisk):
    """Copies the directory before and after each operation, and in the middle of each write."""

    def __init__(self, directory: Path, images: Path) -> None:
        """Copies go into folders below `images`."""
        super().__init__()
        self._directory = directory
        self._images = images
        self.images: list[tuple[str, Path]] = []

    def _take(self, name: str) -> Path:
        image = self._images / f"{len(self.images)}"
        shutil.copytree(self._directory, image)
        self.images.append((name, image))
        return image

    def around(self, call: str, *, after: bool) -> None:
        """Copy."""
        self._take(f"{'after' if after else 'before'} {call}")

    def write(self, path: Path, content: bytes, mode: int = 0o644) -> int:
        """Copy while it is written, too."""
        for part in _parts(content):
            path.write_bytes(content[:part])
            self._take(f"{part} bytes written")
        return super().write(path, content, mode)

    def append(self, path: Path, content: bytes, size: int) -> int:
        """Copy as if it were cut off at some bytes, or blocks of it had never been written."""
        name = path.relative_to(self._directory)
        before = path.read_bytes()
        for part in _parts(content):
            image = self._take(f"{part} bytes appended")
            (image / name).write_bytes(before + content[:part])
            image = self._take(f"{part} bytes appended, then zeros")
            (image / name).write_bytes(before + content[:part] + bytes(len(content) - part))
        middle = len(content) // 2
        image = self._take("the first half is zeros")
        (image / name).write_bytes(before + bytes(middle) + content[middle:])
        return super().append(path, content, size)


def _parts(content: bytes) -> list[int]:
    return sorted({part for part in (0, 1, len(content) // 2, len(content) - 1) if part >= 0})
