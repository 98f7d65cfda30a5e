"""An eIM in a file: what it must not forget between two packages, as JSON of mode 0600.

One file stands for the eIM as one card knows it, since counter and token are a card's. The private
key in it is not encrypted. Knows files and the document; not what an eIM does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from euicc_sim.parties.eim.document import parse, render
from euicc_sim.parties.eim.party import Eim
from euicc_sim.parties.messages import safe_file
from euicc_sim.parties.messages.errors import EimError


def create(path: Path, eim: Eim) -> None:
    """Write a new file, whole and on the disk, or none. Raises EimError, also when it exists."""
    try:
        safe_file.create(path, render(eim))
    except FileExistsError as error:
        raise EimError(
            f"{path} exists, and keys are never overwritten. Choose another name, or move it away."
        ) from error
    except OSError as error:
        raise _unwritable(path, error) from error


def load(path: Path) -> Eim:
    """Read a file. Raises EimError with the file, the place in it and the reason."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from error
    try:
        return parse(content)
    except EimError as error:
        raise EimError(f"{path} is no eIM's file: {error}") from error


@contextmanager
def changing(path: Path) -> Iterator[Eim]:
    """Give the eIM of a file to change; it is saved when the block ends without an error.

    Nobody else changes the file meanwhile, so no counter is given out twice. Packages signed in the
    block leave after it: then their counter is on the disk. Raises EimError.
    """
    path = path.resolve()
    with ExitStack() as stack:
        try:
            stack.enter_context(safe_file.locked(path))
        except OSError as error:
            raise _unreadable(path, error) from error
        eim = load(path)
        yield eim
        try:
            safe_file.replace(path, render(eim))
        except OSError as error:
            raise _unwritable(path, error) from error


def _unreadable(path: Path, error: OSError) -> EimError:
    return EimError(
        f"{path} cannot be read: {error.strerror}. Check its name and permissions, "
        f"or make an eIM with: euicc-sim eim new {path} --id ID"
    )


def _unwritable(path: Path, error: OSError) -> EimError:
    return EimError(
        f"{path} cannot be written: {error.strerror}. Check that its folder exists, "
        "that you may write there, and that the disk has room."
    )
