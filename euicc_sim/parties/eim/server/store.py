"""The cards of an eIM in a folder: EID.json each, replaced whole, so that a restart loses nothing.

Several programs may use one folder at once. Knows files; not what is in a record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from euicc_sim.parties.eim.server.record import CardRecord, parse, render
from euicc_sim.parties.messages import safe_file
from euicc_sim.parties.messages.errors import EimError

_EID = re.compile(r"[0-9]{32}")


class UnknownEidError(EimError):
    """A card that the eIM does not have."""


@dataclass(frozen=True)
class EimStore:
    """A folder, which is made with the first card."""

    folder: Path

    def eids(self) -> list[str]:
        """The EIDs of all cards. Raises EimError when the folder cannot be read."""
        try:
            names = [one.stem for one in self.folder.iterdir() if one.suffix == ".json"]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _unreadable(self.folder, error) from error
        return sorted(one for one in names if _EID.fullmatch(one))

    def card(self, eid: str) -> CardRecord:
        """What is kept of a card. Raises UnknownEidError; EimError for a file that is not ours."""
        path = self._path(eid)
        try:
            content = path.read_bytes()
        except FileNotFoundError as error:
            raise _unknown(eid) from error
        except OSError as error:
            raise _unreadable(path, error) from error
        try:
            record = parse(content)
        except EimError as error:
            raise EimError(f"{path} is no card's file: {error}") from error
        if record.eid != eid:
            raise EimError(f"{path} is of the card {record.eid}. Give it that name again.")
        return record

    def add(self, record: CardRecord) -> None:
        """Begin with a card; nothing happens when it is there. Raises EimError."""
        path = self._path(record.eid)
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with suppress(FileExistsError):
                safe_file.create(path, render(record))
        except OSError as error:
            raise _unwritable(path, error) from error

    @contextmanager
    def changing(self, eid: str) -> Iterator[CardRecord]:
        """Give the record of a card to change; it is saved when the block ends without an error.

        Nobody else changes it meanwhile. Raises UnknownEidError, EimError.
        """
        path = self._path(eid)
        with ExitStack() as stack:
            try:
                stack.enter_context(safe_file.locked(path))
            except FileNotFoundError as error:
                raise _unknown(eid) from error
            except OSError as error:
                raise _unreadable(path, error) from error
            record = self.card(eid)
            before = render(record)
            yield record
            after = render(record)
            if after == before:
                return
            try:
                safe_file.replace(path, after)
            except OSError as error:
                raise _unwritable(path, error) from error

    def _path(self, eid: str) -> Path:
        if not _EID.fullmatch(eid):
            raise EimError(f"{eid[:40]!r} is no EID. Write its 32 digits without spaces.")
        return self.folder / f"{eid}.json"


def _unknown(eid: str) -> UnknownEidError:
    return UnknownEidError(
        f"No card {eid} is known here. Order something for it, "
        f"with: euicc-sim eim order FILE {eid} OP"
    )


def _unreadable(path: Path, error: OSError) -> EimError:
    return EimError(f"{path} cannot be read: {error.strerror}. Check its permissions.")


def _unwritable(path: Path, error: OSError) -> EimError:
    return EimError(
        f"{path} cannot be written: {error.strerror}. Check that you may write there, "
        "and that the disk has room."
    )
