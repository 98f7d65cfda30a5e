"""A card at one moment, from its directory and its journal, whether or not it is served."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from euicc_sim.model.identity import Identity
from euicc_sim.model.state import State
from euicc_sim.store import CHANGES, DOCUMENT, CardError, changed_at, read
from euicc_sim.tracing import journal
from euicc_sim.tracing.journal import JOURNAL, Entry
from euicc_sim.tracing.served import serving


@dataclass(frozen=True, slots=True)
class Moment:
    """A card as it was found: its directory, what it keeps, what its functions came to.

    `changed` is when card.json was, in seconds since 1970; `serving` what the process that serves
    the card said last of its link, None when there is none; `trouble` why this is not the newest.
    """

    directory: Path
    identity: Identity
    state: State
    changed: float
    entries: Sequence[Entry]
    serving: Entry | None = None
    trouble: str = ""


class Watched:
    """A card's directory, read again when its files have changed."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._entries: Sequence[Entry] = ()
        self._journal_mark: object = None
        self._mark: object = None
        self._moment: Moment | None = None

    def look(self) -> Moment:
        """The card as it is; the same object as before when nothing has changed.

        Raises CardError when it cannot be read the first time.
        """
        journal_mark = self._mark_of(JOURNAL)
        if journal_mark != self._journal_mark:
            self._entries, self._journal_mark = journal.read(self._directory), journal_mark
        files = self._mark_of(DOCUMENT), self._mark_of(CHANGES)
        mark = (*files, journal_mark, serving(self._entries))
        if self._moment is None or mark != self._mark:
            self._moment, self._mark = self._read(), mark
        return self._moment

    def _read(self) -> Moment:
        try:
            identity, state, _ = read(self._directory)
            changed = changed_at(self._directory)
        except (CardError, OSError) as error:
            if self._moment is None:
                raise
            return replace(self._moment, trouble=str(error))
        served = serving(self._entries)
        return Moment(self._directory, identity, state, changed, self._entries, served)

    def _mark_of(self, name: str) -> object:
        try:
            found = (self._directory / name).stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size
