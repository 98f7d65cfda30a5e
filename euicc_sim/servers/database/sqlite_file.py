"""A SQLite file of one kind and version, made when it is missing. Knows no tables.

Mode 0600, WAL; a commit is synced to the disk. What SQLite says becomes the sentence of an error of
the caller's type.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import event

LOCKED_SECONDS = 10.0
"""How long a transaction waits for those of others."""

_IMMEDIATE = "immediate"


class FileKind(NamedTuple):
    """What a file holds: a name, SQLite's application_id, and the version of its tables."""

    name: str
    application_id: int
    version: int


class SqliteFile:
    """Connections to a database file; `failure` makes an error of a sentence."""

    def __init__(
        self,
        path: Path,
        kind: FileKind,
        tables: sa.MetaData,
        failure: Callable[[str], Exception],
        *,
        fsync: bool = True,
    ) -> None:
        """Open the file, or make it."""
        self.path = path
        self._kind = kind
        self._failure = failure
        self._synchronous = "FULL" if fsync else "NORMAL"
        self._writer = Lock()
        with self._sentences():
            _create(path)
            self._engine = self._opened()
            self._immediate = self._engine.execution_options(**{_IMMEDIATE: True})
            with self._immediate.begin() as connection:
                self._check(connection, tables)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection that sees one state of the file throughout the block."""
        with self._sentences(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction, the only one that writes; an error in the block undoes it."""
        with self._sentences(), self._turn(), self._immediate.begin() as connection:
            yield connection

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait for the other threads of this process.

        SQLite lets those who wait sleep for up to 100 ms, and whoever wakes in time goes first; a
        lock wakes the next one at once. SQLite's own wait is left for other processes.
        """
        if not self._writer.acquire(timeout=LOCKED_SECONDS):
            raise self._failure(_locked(self.path))
        try:
            yield
        finally:
            self._writer.release()

    def _opened(self) -> sa.Engine:
        url = sa.URL.create("sqlite", database=str(self.path))
        engine = sa.create_engine(url, connect_args={"timeout": LOCKED_SECONDS})

        # SQLAlchemy begins transactions, not the driver, which would begin them too late.
        @event.listens_for(engine, "connect")
        def connected(connection: sqlite3.Connection, _: object) -> None:
            connection.isolation_level = None
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA synchronous = {self._synchronous}")

        @event.listens_for(engine, "begin")
        def begun(connection: sa.Connection) -> None:
            immediate = connection.get_execution_options().get(_IMMEDIATE, False)
            connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

        return engine

    def _check(self, connection: sa.Connection, tables: sa.MetaData) -> None:
        kind = self._kind
        found = _number(connection, "application_id"), _number(connection, "user_version")
        if found == (0, 0) and not sa.inspect(connection).get_table_names():
            tables.create_all(connection)
            connection.exec_driver_sql(f"PRAGMA application_id = {kind.application_id}")
            connection.exec_driver_sql(f"PRAGMA user_version = {kind.version}")
        elif found[0] != kind.application_id:
            raise self._failure(
                f"{self.path} is not {kind.name}. Choose another file, or move this one away."
            )
        elif found[1] != kind.version:
            raise self._failure(
                f"{self.path} is of version {found[1]}; this program reads version "
                f"{kind.version}. Use the program that made it."
            )

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.DBAPIError as error:
            raise self._failure(_sentence(self.path, error.orig)) from error
        except OSError as error:
            raise self._failure(
                f"{self.path} cannot be opened: {error.strerror}. Check that its folder exists and "
                "that you may write there."
            ) from error


def _create(path: Path) -> None:
    """An empty file of its owner if there is none. Raises OSError."""
    try:
        fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        if not stat.S_ISREG(path.lstat().st_mode):
            raise OSError(0, "it is not a regular file") from None
        return
    try:
        os.fchmod(fd, 0o600)
    finally:
        os.close(fd)


def _number(connection: sa.Connection, pragma: str) -> int:
    return int(connection.exec_driver_sql(f"PRAGMA {pragma}").scalar_one())


def _sentence(path: Path, error: BaseException | None) -> str:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    match code:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return _locked(path)
        case sqlite3.SQLITE_FULL:
            return f"{path} cannot grow: the disk is full. Make room; nothing was changed."
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            return f"{path} is damaged: {error}. Restore a copy of it."
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return f"{path} cannot be written: {error}. Check its permissions and its folder's."
    return f"{path} cannot be used: {error}. Check the disk, and that it has room."


def _locked(path: Path) -> str:
    return (
        f"{path} is locked by another program for {LOCKED_SECONDS:g} seconds. End that "
        "program, or try again."
    )
