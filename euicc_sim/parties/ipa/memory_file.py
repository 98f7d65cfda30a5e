"""What an IPA remembers, in a file (JSON, mode 0600).

The file is replaced as a whole and several IPAs can share one: each change holds its lock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import field

from euicc_sim.parties.ipa.state_changes import Remembered
from euicc_sim.parties.messages import safe_file
from euicc_sim.parties.messages.errors import LpaError
from euicc_sim.parties.messages.json_document import DocumentError, read_document, write_document

AT_MOST = 1 << 20
"""Bytes of the file: thousands of cards."""


class _Document(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """The whole file: cards by EID."""

    ipa: Literal[1] = 1
    cards: dict[str, Remembered] = field(default_factory=dict)


class MemoryFile:
    """A `Memory` in a file, which is made unless it exists."""

    def __init__(self, path: Path) -> None:
        """Raises LpaError if it cannot be read or made, or is not such a file."""
        self._path = path
        with self._told():
            self._make()
            self._document()

    def read(self, eid: str) -> Remembered:
        """What is remembered of a card, nothing if the file is gone. Raises LpaError."""
        with self._told():
            self._make()
            return self._document().cards.get(eid) or Remembered()

    def change(self, eid: str, change: Callable[[Remembered], Remembered]) -> None:
        """Change it; on the disk when this returns. Raises LpaError, and nothing has changed."""
        with self._told(), self._locked():
            document = self._document()
            document.cards[eid] = change(document.cards.get(eid) or Remembered())
            safe_file.replace(self._path, write_document(document))

    def _make(self) -> None:
        """Make the file unless it is there."""
        if not self._path.exists():
            with suppress(FileExistsError):
                safe_file.create(self._path, write_document(_Document()))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._make()
        with safe_file.locked(self._path):
            yield

    def _document(self) -> _Document:
        return read_document(_Document, safe_file.content(self._path, AT_MOST))

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = error.strerror or str(error)
            raise LpaError(
                f"{self._path}, where the IPA remembers what it told, cannot be used: {reason}. "
                "Make the folder writable, or name another file."
            ) from error
        except DocumentError as error:
            raise LpaError(
                f"{self._path} is not what an IPA remembers: {error} Or remove it: the next poll "
                "begins anew, and tells the eIM of no change."
            ) from error
