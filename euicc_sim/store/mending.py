"""Checks a card's directory, and mends what needs a person's decision.

That is a `card.json` that was edited while it had a pending change log, and a damaged history.
"""

from __future__ import annotations

import os
from contextlib import ExitStack, suppress
from enum import StrEnum
from pathlib import Path

from euicc_sim.store import change_log, history
from euicc_sim.store.change_log import EditedError, LogError
from euicc_sim.store.directory import (
    JsonStore,
    look,
    misfit,
    missing,
    replayed,
    stored,
    stored_history,
)
from euicc_sim.store.disk import (
    CHANGES,
    DOCUMENT,
    DRAFT,
    HISTORY,
    HISTORY_DRAFT,
    CardError,
    Disk,
    read_file,
    reason,
    refuse_link,
)
from euicc_sim.store.document import DocumentError, PackageError, render
from euicc_sim.store.history import History, HistoryError
from euicc_sim.store.making import load_signers
from euicc_sim.store.packages import Packages, sync_folder, unused

EDITED = "card.json.edited"
LOG_DRAFT = "card.changes.new"


class Keep(StrEnum):
    """What `mend` keeps: the edited file alone, or the edited file with the changes applied."""

    EDIT = "edit"
    CHANGES = "changes"


def check_card(directory: Path) -> list[str]:
    """Remarks on a sound card's directory. Raises CardError if it is not sound.

    The card may be in use; nothing is changed.
    """
    found = look(directory)
    load_signers(directory, found.identity)
    said = []
    if found.waiting:
        number = len(found.waiting)
        said.append(f"{number} change{'s wait' if number > 1 else ' waits'} in {CHANGES}")
    if found.log.torn:
        said.append(
            f"{CHANGES} ends with {found.log.torn} bytes of a command that was never answered"
        )
    said += [
        f"{draft} is a draft left by a killed process; the next save replaces it"
        for draft in (DRAFT, HISTORY_DRAFT)
        if (directory / draft).exists()
    ]
    packages = Packages(directory, Disk(), fsync=False)
    packages.loaded(found.state, change_log.removed(found.log.lines))
    said += [
        f"{path.relative_to(directory)} is not a package of this card" for path in packages.untidy()
    ]
    return said


def mend_card(directory: Path, keep: Keep | None = None, disk: Disk | None = None) -> str:
    """Mend a damaged history, and resolve the conflict of an edited `card.json` with its change
    log; say what was done.

    The file that is not kept is renamed, so nothing is lost. On CardError nothing is changed.
    `keep` is needed for the conflict only.
    """
    if not (directory / DOCUMENT).exists():
        raise CardError(f"there is no card in {directory}")
    store = JsonStore(directory)
    disk = disk or Disk()
    try:
        return _mend_history(directory, disk) or _mend(directory, keep, disk)
    except OSError as error:
        raise CardError(f"{directory} could not be mended: {reason(error)}") from error
    finally:
        store.close()


def _mend(directory: Path, keep: Keep | None, disk: Disk) -> str:
    if keep is None:
        look(directory)
        return f"{directory} is sound, so there is nothing to mend"
    document = read_file(directory / DOCUMENT)
    try:
        changes = read_file(directory / CHANGES)
        log = change_log.read(changes)
        if waiting := log.waiting(change_log.digest(document)):
            replayed(directory, document, waiting)
    except FileNotFoundError:
        return f"there is no {CHANGES}, so there is nothing to mend"
    except EditedError:
        if keep is Keep.CHANGES:
            return _keep_changes(directory, document, changes, log, disk)
    except LogError as error:
        if keep is Keep.CHANGES:
            raise misfit(directory, document, error) from error
    except DocumentError as error:
        raise _no_card(directory, error) from error
    else:
        return f"{DOCUMENT} and {CHANGES} belong together, so there is nothing to mend"
    return _keep_edit(directory, document, changes, disk)


def _no_card(directory: Path, error: DocumentError) -> CardError:
    if isinstance(error, PackageError):
        return CardError(missing(directory / DOCUMENT, error))
    return CardError(f"{directory / DOCUMENT} cannot be kept: {error}")


def _keep_edit(directory: Path, document: bytes, changes: bytes, disk: Disk) -> str:
    try:
        stored(directory, document)
    except DocumentError as error:
        raise _no_card(directory, error) from error
    remembered = stored_history(directory)
    ran, unreadable = change_log.readable(changes)
    remembered.add(*ran)
    former, former_history = unused(directory / f"{CHANGES}.1"), None
    with ExitStack() as undo:
        if not remembered.is_stored:
            former_history = _replace_history(directory, remembered, disk, undo)
        undo.callback(_back, former, directory / CHANGES)
        disk.replace(directory / CHANGES, former)
        sync_folder(directory, disk)
        undo.pop_all()
    if former_history is not None:
        _remove(former_history)
    said = f"{DOCUMENT} is the edited file; the changes are in {former.name}"
    if unreadable:
        said += (
            f"; {unreadable} of its lines cannot be read, and a package that ran there is forgotten"
        )
    return said


def _mend_history(directory: Path, disk: Disk) -> str | None:
    """Keep what can be read of a damaged history; None if it is sound."""
    path = directory / HISTORY
    try:
        content = read_file(path)
        history.read(content)
    except FileNotFoundError:
        return None
    except HistoryError:
        found, lost = history.readable(content)
    else:
        return None
    with ExitStack() as undo:
        former = _replace_history(directory, found, disk, undo) or path
        sync_folder(directory, disk)
        undo.pop_all()
    said = f"{HISTORY} has the {len(found)} packages that could be read"
    if lost:
        lines = "lines is missing or damaged, and its package is"
        if lost > 1:
            lines = "lines are missing or damaged, and their packages are"
        said += f"; {lost} of its {lines} forgotten"
    return f"{said}; the damaged file is {former.name}"


def _replace_history(directory: Path, new: History, disk: Disk, undo: ExitStack) -> Path | None:
    """Put a history in place; the name that the former one has got, if there was one."""
    path, former = directory / HISTORY, None
    _draft(disk, directory / HISTORY_DRAFT, new.render(), undo)
    if path.exists():
        former = unused(directory / f"{HISTORY}.1")
        os.link(path, former)
        undo.callback(_back, former, path)
    else:
        undo.callback(_remove, path)
    disk.replace(directory / HISTORY_DRAFT, path)
    return former


def _keep_changes(
    directory: Path, document: bytes, changes: bytes, log: change_log.Log, disk: Disk
) -> str:
    lines = [one for one in log.lines if one.changes is not None]
    try:
        identity, state = replayed(directory, document, lines)
    except LogError as error:
        raise misfit(directory, document, error) from error
    except DocumentError as error:
        raise _no_card(directory, error) from error
    content = render(identity, state)
    line, _ = log.end.line(log.lines[-1].card, folded=change_log.digest(content))
    former, former_log = unused(directory / EDITED), unused(directory / f"{CHANGES}.1")
    with ExitStack() as undo:
        _draft(disk, directory / DRAFT, content, undo)
        _draft(disk, directory / LOG_DRAFT, changes[: log.end.size] + line, undo)
        for path, name in ((directory / DOCUMENT, former), (directory / CHANGES, former_log)):
            os.link(path, name)
            undo.callback(_back, name, path)
        # the longer log first: it leads to both documents
        disk.replace(directory / LOG_DRAFT, directory / CHANGES)
        disk.replace(directory / DRAFT, directory / DOCUMENT)
        sync_folder(directory, disk)
        undo.pop_all()
    with suppress(OSError):
        former_log.unlink()
    return f"{DOCUMENT} has the changes; the edited file is {former.name}"


def _draft(disk: Disk, path: Path, content: bytes, undo: ExitStack) -> None:
    refuse_link(path)
    undo.callback(_remove, path)
    _synced(disk, disk.write(path, content))


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


def _back(name: Path, path: Path) -> None:
    """Give a file that was renamed or linked its own name again, and only that."""
    with suppress(OSError):
        os.replace(name, path)
    _remove(name)  # which a replacement by the same file leaves


def _synced(disk: Disk, fd: int) -> None:
    try:
        disk.sync(fd)
    finally:
        os.close(fd)
