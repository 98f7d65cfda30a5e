"""Where an eIM keeps its cards: the database beside its file, and what 0.2.0 left there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from euicc_sim.cli.console import log_line
from euicc_sim.servers import extra_needed

if TYPE_CHECKING:
    from euicc_sim.servers.database import EimDatabase

DatabaseOption = Annotated[
    Path | None,
    typer.Option(
        "--database",
        "--store",
        metavar="PATH",
        help="Where to keep the cards; a folder of version 0.2.0 is taken over.",
        show_default="FILE's name and .db",
    ),
]


def opened(file: Path, given: Path | None, keep_results: int | None = None) -> EimDatabase:
    """The database of an eIM's file, made if there is none. Raises StorageError, ServerError."""
    with extra_needed():
        from euicc_sim.servers.database import EimDatabase
    path = database_of(file, given)
    folder = given if given is not None and given.is_dir() else path.with_suffix(".cards")
    return EimDatabase(path, keep_results=keep_results, folder=folder, taken_over=log_line)


def database_of(file: Path, given: Path | None = None) -> Path:
    """The path of the database of an eIM's file; it need not exist."""
    if given is None:
        return file.with_suffix(".db")
    return given.with_suffix(".db") if given.is_dir() else given
