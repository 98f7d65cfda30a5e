"""An open card's directory: a lock, the document, its change log, and what is beside them.

`docs/store.md` says what is on the disk at every moment and how opening recovers the state. Knows
files, not the content of the document.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from euicc_sim.model.identity import Identity
from euicc_sim.model.notification import RanPackage
from euicc_sim.model.state import State
from euicc_sim.store import change_log, history, packages
from euicc_sim.store.change_log import EditedError, End, Line, Log, LogError
from euicc_sim.store.disk import (
    CHANGES,
    DOCUMENT,
    DRAFT,
    HISTORY,
    HISTORY_DRAFT,
    LOCK,
    MAX_FILE,
    CardError,
    CardInUseError,
    Disk,
    StrangeFileError,
    read_file,
    reason,
    refuse_link,
)
from euicc_sim.store.document import (
    DocumentError,
    PackageError,
    from_tree,
    parse,
    render,
    schema_of,
    tree,
)
from euicc_sim.store.history import History, HistoryError, Ran
from euicc_sim.store.holder import holder_of, open_in
from euicc_sim.store.packages import Packages, sync_folder
from euicc_sim.store.schema import PACKAGES, SCHEMA

GROWN = 0x40000
"""The size in bytes at which a change log is folded in the first pause: 256 KiB."""
READ_TRIES = 50

log = logging.getLogger(__name__)


class JsonStore:
    """The open directory of a card, locked until `close`.

    With `fsync` off a save survives the end of the process, but not a power cut.
    """

    def __init__(self, directory: Path, *, fsync: bool = True, disk: Disk | None = None) -> None:
        """Lock the directory. Raises CardError if it is not a card, or open already."""
        self.directory = directory
        self._disk = disk or Disk()
        self._fsync = fsync
        self._packages = Packages(directory, self._disk, fsync=fsync)
        self._found: Found | None = None
        self._identity: Identity | None = None
        self._state = State()
        self._history = History()
        self._card = ""
        self._is_current_schema = False
        self._has_log = False
        self._end = End()
        self._log_path = directory / CHANGES
        self._has_tail = False
        self._doubt: str | None = None
        self._lock_fd = _lock(directory)

    def close(self) -> None:
        """Bring the document up to date and unlock. Closing twice has no effect."""
        if self._lock_fd < 0:
            return
        try:
            self.fold()
        except OSError as error:
            log.warning("%s waits for its changes in %s: %s", DOCUMENT, CHANGES, reason(error))
        os.close(self._lock_fd)
        self._lock_fd = -1

    def create(self, identity: Identity, state: State) -> None:
        """Rewrite the whole document; the first one makes the directory a card.

        On OSError the previous document is restored.
        """
        former = self._identity
        old = read_file(self.directory / DOCUMENT) if former else None
        self._packages.bring(state)
        self._identity = identity
        try:
            self._rewrite(state)
        except OSError:
            self._identity = former
            if old is not None and not self._doubt:
                self._put_back(old)
            raise
        self._state = state
        self._packages.named(state)
        self._packages.settle()

    def load(self) -> tuple[Identity, State]:
        """Read the document and its change log. On CardError the files are left unchanged."""
        identity, state = self.look()
        self.recover()
        return identity, state

    def look(self) -> tuple[Identity, State]:
        """Read as `load` does, without changing any file; saving works after `recover`.

        Raises CardError. Other reasons to refuse an opening are checked between the two.
        """
        self._found = look(self.directory)
        return self._found.identity, self._found.state

    def recover(self) -> None:
        """Fold the pending changes that `look` has found, and tidy `profiles/`."""
        found, self._found = self._found, None
        if found is None:
            return
        self._identity, self._state, self._history = found.identity, found.state, found.history
        self._card = found.card
        self._is_current_schema = found.is_current_schema
        self._end, self._has_log = found.log.end, found.has_log
        self._packages.loaded(found.state, change_log.removed(found.log.lines))
        if self._recovered(found.log):
            self._tidy()

    @property
    def has_grown(self) -> bool:
        """Whether the change log is long enough to fold in the next pause."""
        return self._end.size >= GROWN

    def ran_before(self, fingerprint: bytes) -> RanPackage | None:
        """The last run of the package with that fingerprint, if the card remembers one."""
        return self._history.find(fingerprint)

    def save(self, state: State, ran: RanPackage | None = None) -> None:
        """Store a state: when this returns it is on the disk, when it raises the old one still is.

        `ran` is the package that has made it, which is remembered from then on. Raises OSError.
        """
        self._check_open()
        changes = change_log.differences(self._state, state)
        if not changes and ran is None:
            self._state = state
            return
        profiles_change = state.profiles is not self._state.profiles
        if (
            not self._is_current_schema
            or self._end.size > MAX_FILE // 2
            or (profiles_change and self._packages.need_a_fold(state))
        ):
            self._rewrite(self._state)
        if profiles_change:
            self._packages.bring(state)
        if ran is None:
            self._append(changes=changes)
        else:
            self._append(changes=changes, ran=Ran.of(ran))
            self._history.add(ran)
        self._state = state
        if profiles_change:
            self._packages.named(state)

    def fold(self) -> None:
        """Bring the document up to date and empty the change log. Raises OSError.

        If it raises, nothing is lost: document and change log together still hold the state.
        """
        if self._lock_fd < 0 or self._identity is None or self._doubt:
            return
        if not self._end.size:
            return
        self._rewrite(self._state)

    def _check_open(self) -> None:
        if self._identity is None or self._lock_fd < 0:
            raise OSError("the card's directory is not open")
        if self._doubt:
            raise OSError(self._doubt)

    # -- the document

    def _rewrite(self, state: State) -> None:
        """Move all changes from the change log into the document. Raises OSError.

        The log leads from the old document to the new one, so that whichever of the two a power cut
        leaves is complete together with the log.
        """
        if self._identity is None:
            raise OSError("the card's directory is not open")
        content = render(self._identity, state)
        if len(content) > MAX_FILE:
            raise OSError(errno.EFBIG, f"{DOCUMENT} would have more than {MAX_FILE} bytes")
        self._make_log()
        if self._end.size:
            self._append(folded=change_log.digest(content))
        self._replace_document(content)
        self._replace_history()
        self._packages.settle()
        self._packages.sync()
        if self._end.size:
            # not synced: if a power cut brings the lines back, they end at this very document
            os.close(self._disk.truncate(self.directory / CHANGES, 0))
            self._end = End()

    def _replace_document(self, content: bytes) -> None:
        """Replace the document; the draft is synced first.

        If the last step fails, a power cut may still bring the old one back.
        """
        self._replace(DRAFT, DOCUMENT, content)
        self._card = change_log.digest(content)
        self._sync_directory()
        self._is_current_schema = True

    def _replace_history(self) -> None:
        """Write the packages of the change log into the history, before that is emptied."""
        if self._history.is_stored:
            return
        self._replace(HISTORY_DRAFT, HISTORY, self._history.render())
        self._sync_directory()
        self._history.is_stored = True

    def _replace(self, draft: str, final: str, content: bytes) -> None:
        fd = self._disk.write(self.directory / draft, content)
        try:
            if self._fsync:
                self._disk.sync(fd)
        finally:
            os.close(fd)
        self._disk.replace(self.directory / draft, self.directory / final)

    def _put_back(self, content: bytes) -> None:
        try:
            self._replace_document(content)
        except OSError as error:
            self._doubt = f"a failed save could not be undone ({error}); open the card again"

    def _sync_directory(self) -> None:
        if self._fsync:
            sync_folder(self.directory, self._disk)

    # -- the change log

    def _make_log(self) -> bool:
        """Create the change log if missing; return whether it is new and must be synced."""
        if self._has_log:
            return False
        path = self.directory / CHANGES
        if not os.path.lexists(path):
            os.close(self._disk.write(path, b""))
        self._has_log = True
        return True

    def _append(self, **content: Any) -> None:
        """Append a line; if it does not reach the disk, remove it again. Raises OSError."""
        if self._make_log():
            self._sync_directory()
        if self._has_tail:
            self._cut_tail()
        line, end = self._end.line(self._card, **content)
        try:
            fd = self._disk.append(self._log_path, line, self._end.size)
            try:
                if self._fsync:
                    self._disk.sync_data(fd)
            finally:
                os.close(fd)
        except StrangeFileError as error:
            self._doubt = f"{error.strerror}; close the card and look at it: euicc-sim card check"
            raise
        except OSError:
            self._has_tail = True
            with suppress(OSError):  # the next save tries this again before it stores anything
                self._cut_tail()
            raise
        self._end = end

    def _cut_tail(self) -> None:
        """Remove a line that was never answered, so that it cannot reappear after a power cut."""
        fd = self._disk.truncate(self.directory / CHANGES, self._end.size)
        try:
            if self._fsync:
                self._disk.sync(fd)
        finally:
            os.close(fd)
        self._has_tail = False

    # -- an opening

    def _recovered(self, found: Log) -> bool:
        """Fold the lines that the last process left; return whether the log is empty then.

        A card on a read-only disk can still be opened.
        """
        if not found.end.size and not found.torn:
            return True
        self._has_tail = found.torn > 0
        try:
            if self._has_tail:
                self._cut_tail()
            self.fold()
        except OSError as error:
            log.warning("%s waits for its changes in %s: %s", DOCUMENT, CHANGES, reason(error))
        return not self._end.size

    def _tidy(self) -> None:
        """Only when the disk cannot return to a document that names other packages."""
        if not self._packages.untidy():
            return
        try:
            self._sync_directory()
        except OSError:
            return
        self._packages.tidy()


@dataclass(frozen=True, slots=True)
class Found:
    """The consistent content of a card's directory.

    `document` is `card.json`, `card` its digest; the state includes the changes in `waiting`, the
    lines of the `log` that are not folded yet. The `history` includes the packages of all lines.
    """

    identity: Identity
    state: State
    document: bytes
    card: str
    log: Log
    waiting: tuple[Line, ...]
    history: History
    has_log: bool
    is_current_schema: bool


def read(directory: Path) -> tuple[Identity, State, bytes]:
    """Read a card, which may be in use; the last is its document. Raises CardError.

    The history is not needed for that, and not read.
    """
    found = look(directory, with_history=False)
    return found.identity, found.state, found.document


def changed_at(directory: Path) -> float:
    """When a card last changed, in seconds since 1970. Raises OSError."""
    changes = directory / CHANGES
    document = (directory / DOCUMENT).stat().st_mtime
    waiting = changes.exists() and changes.stat().st_size
    return max(document, changes.stat().st_mtime) if waiting else document


def look(directory: Path, *, with_history: bool = True) -> Found:
    """Read a card, which may be in use, without locking it. Raises CardError.

    A fold replaces the document before the history, and that before it empties the log: if the
    document is unchanged after log and history were read, the three belong together.
    """
    for _ in range(READ_TRIES):
        document, changes = _contents(directory)
        try:
            stored = stored_history(directory) if with_history else History()
            found = _found(directory, document, changes, stored)
        except CardError:
            if (document, changes) == _contents(directory):
                raise
            continue
        if document == _document(directory):
            return found
    raise CardError(f"the card in {directory} keeps changing; stop its client, then try again")


def _contents(directory: Path) -> tuple[bytes, bytes | None]:
    document = _document(directory)
    path = directory / CHANGES
    try:
        return document, read_file(path)
    except FileNotFoundError:
        return document, None
    except OSError as error:
        raise CardError(f"{path} cannot be read: {reason(error)}") from error


def _document(directory: Path) -> bytes:
    path = directory / DOCUMENT
    try:
        for name in (DRAFT, PACKAGES):
            refuse_link(directory / name)
    except OSError as error:
        raise CardError(reason(error)) from error
    try:
        return read_file(path)
    except FileNotFoundError as error:
        raise CardError(
            f"there is no card in {directory} (no {DOCUMENT}); "
            f"make one with: euicc-sim card new {directory}"
        ) from error
    except OSError as error:
        raise CardError(f"{path} cannot be read: {reason(error)}") from error


def stored_history(directory: Path) -> History:
    """The history as the file has it, without the packages in the log. Raises CardError."""
    path = directory / HISTORY
    try:
        return history.read(read_file(path))
    except FileNotFoundError:
        return History()
    except OSError as error:
        raise CardError(f"{path} cannot be read: {reason(error)}") from error
    except HistoryError as error:
        raise CardError(
            f"{path} is damaged: {error}; the file was left as it is, so restore a copy, "
            f"or keep what can be read of it with: euicc-sim card mend {directory}"
        ) from error


def _found(directory: Path, document: bytes, changes: bytes | None, remembered: History) -> Found:
    path = directory / DOCUMENT
    card = change_log.digest(document)
    try:
        read_log = change_log.read(changes or b"")
        waiting = read_log.waiting(card)
    except LogError as error:
        raise misfit(directory, document, error) from error
    except EditedError as error:
        raise _edited(directory, document) from error
    try:
        if waiting:
            identity, state = replayed(directory, document, waiting)
        else:
            identity, state = stored(directory, document)
    except LogError as error:
        raise misfit(directory, document, error) from error
    except PackageError as error:
        raise CardError(missing(path, error)) from error
    except DocumentError as error:
        raise CardError(
            f"{path} is damaged: {error}; the file was left as it is, "
            "so mend that place or restore a copy"
        ) from error
    remembered.add(*change_log.ran(read_log.lines))
    return Found(
        identity=identity,
        state=state,
        document=document,
        card=card,
        log=read_log,
        waiting=waiting,
        history=remembered,
        has_log=changes is not None,
        is_current_schema=schema_of(document) == SCHEMA,
    )


def stored(directory: Path, document: bytes) -> tuple[Identity, State]:
    """The card of a document alone. Raises DocumentError."""
    return parse(document, lambda iccid: packages.fetch(directory, iccid))


def replayed(directory: Path, document: bytes, lines: Sequence[Line]) -> tuple[Identity, State]:
    """The card of a document with the changes of some lines applied.

    Raises LogError if they do not fit, DocumentError if the document is invalid, and PackageError
    if a profile package is not there.
    """
    found = tree(document)
    for one in lines:
        try:
            change_log.put(found, one.changes or {})
        except ValueError as error:
            raise LogError(one.number, str(error)) from error
    try:
        return from_tree(found, lambda iccid: packages.fetch(directory, iccid))
    except PackageError:
        raise
    except DocumentError as error:
        why = f"the resulting card is invalid: {error}"
        raise LogError(lines[-1].number, why) from error


def missing(path: Path, error: PackageError) -> str:
    """What is said of a card without one of its packages."""
    return (
        f"{path} is damaged: {error}; the file was left as it is, "
        "so restore that package or a copy of the card"
    )


def misfit(directory: Path, document: bytes, error: LogError) -> CardError:
    """A log that does not fit; mending is advised where it can be done."""
    way_out = "restore a copy of both"
    try:
        stored(directory, document)
        way_out += f", or let go of the changes with: euicc-sim card mend {directory} --keep edit"
    except DocumentError as other:
        way_out += f" ({DOCUMENT} alone is damaged too: {other})"
    return CardError(
        f"{directory / CHANGES} does not fit, line {error.line}: {error}; it and {DOCUMENT} were "
        f"left as they are, so {way_out}"
    )


def _edited(directory: Path, document: bytes) -> CardError:
    """An edited document beside a log of the one before."""
    first = ""
    try:
        stored(directory, document)
    except PackageError:
        pass  # the changes may remove that Profile
    except DocumentError as error:
        first = f"mend that place first ({error}), then "
    return CardError(
        f"{directory / DOCUMENT} was edited while changes waited in {CHANGES}, which belong to the "
        f"file as it was; both were left as they are, so {first}choose: euicc-sim card mend "
        f"{directory} --keep edit (and let go of the changes), or --keep changes (and make them to "
        "the edited file)"
    )


def _lock(directory: Path) -> int:
    if not directory.exists():
        raise CardError(
            f"there is no directory {directory}; make a card with: euicc-sim card new {directory}"
        )
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        fd = os.open(directory / LOCK, flags, 0o600)
    except NotADirectoryError as error:
        raise CardError(f"{directory} cannot be opened: {reason(error)}") from error
    except OSError as error:
        raise CardError(f"{directory} cannot be locked: {reason(error)}") from error
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise CardError(f"{directory / LOCK} is not a plain file; remove it")
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        where = open_in(holder_of(fd))
        os.close(fd)
        raise CardInUseError(
            f"the card in {directory} is open already, {where}; "
            "close that one first, or work on a copy: euicc-sim card copy"
        ) from error
    return fd


__all__ = [
    "CHANGES",
    "DOCUMENT",
    "DRAFT",
    "LOCK",
    "CardError",
    "Disk",
    "Found",
    "JsonStore",
    "changed_at",
    "look",
    "read",
]
