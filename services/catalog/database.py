"""Opening the catalog and writing to it, one transaction a step."""

from __future__ import annotations

import fcntl
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from services.catalog.schema import COMPATIBILITY, migrations
from services.errors import CatalogError, StorageFull

BUSY_TIMEOUT_MS = 60_000
"""How long a writer waits for another process's transaction; those last milliseconds."""

Row = dict[str, Any]


class Catalog:
    """The box's database: WAL, ``synchronous=FULL``, foreign keys, STRICT tables.

    One connection per process, guarded by a lock, so that threads may share the object. Opening
    migrates the schema forwards; two processes that open a new database at once take turns.

    Parameters
    ----------
    path : Path
        The database file; its folder is made when missing.

    Raises
    ------
    CatalogError
        When the file is no database of ours, or a later version of the box changed what its
        tables mean.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._steps = 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = self._open()
        except (sqlite3.Error, OSError) as error:
            raise CatalogError(
                f"the catalog {path} cannot be opened: {error}. {_advice(error)}"
            ) from (error)

    def _open(self) -> Database:
        # On a box each service is a user of its own, and they share the catalog as a group: SQLite
        # would make the file for its owner only, and the journal beside it like the file.
        self.path.touch(mode=0o660)
        connection = sqlite3.connect(
            self.path,
            timeout=BUSY_TIMEOUT_MS / 1000,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            return self._prepare(connection)
        except BaseException:
            connection.close()
            raise

    def _prepare(self, connection: sqlite3.Connection) -> Database:
        connection.row_factory = sqlite3.Row
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        # Switching to WAL ignores the busy time-out, hence the file lock around the first open.
        with (self.path.parent / f"{self.path.name}.opening").open("w") as turnstile:
            fcntl.flock(turnstile, fcntl.LOCK_EX)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            database = Database(connection, execute_plugins=False)
            self._refuse_an_incompatible_schema(database)
            # before the migrations: a cut between the two must not leave earlier software in doubt
            self._raise_compatibility(database)
            if migrations.pending(database):
                migrations.apply(database)
        return database

    def _compatibility(self, database: Database) -> int:
        return int(database.conn.execute("PRAGMA user_version").fetchone()[0])

    def _raise_compatibility(self, database: Database) -> None:
        if self._compatibility(database) < COMPATIBILITY:
            database.conn.execute(f"PRAGMA user_version = {COMPATIBILITY:d}")

    def _refuse_an_incompatible_schema(self, database: Database) -> None:
        """A later version that only added to the catalog is no obstacle: see COMPATIBILITY."""
        found = self._compatibility(database)
        if found > COMPATIBILITY:
            raise CatalogError(
                f"the catalog {self.path} was written by a later version of the box (its "
                f"compatibility is {found}, this box knows {COMPATIBILITY}): update this box "
                f"before using it"
            )

    @contextmanager
    def writing(self) -> Iterator[Database]:
        """One durable step: everything inside is committed together or not at all.

        Raises
        ------
        StorageFull
            When the medium has no room for the step.
        CatalogError
            When a step is begun inside another one.
        """
        with self._lock:
            connection = self._db.conn
            if connection.in_transaction:
                raise CatalogError("a catalog step was begun inside another one")
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield self._db
                connection.execute("COMMIT")
            except BaseException as error:
                # a COMMIT that failed leaves its transaction open
                connection.rollback()
                if isinstance(error, sqlite3.Error) and _is_full(error):
                    raise StorageFull(
                        f"the catalog {self.path} cannot grow: the medium is full. Nothing of "
                        f"this step was kept; free space or replace the card, then repeat it"
                    ) from error
                raise
            self._steps += 1

    def rows(self, sql: str, parameters: Sequence[Any] | Row = ()) -> list[Row]:
        """All rows of a query, as plain dictionaries."""
        with self._lock:
            cursor = self._db.conn.execute(sql, parameters)
            return [dict(row) for row in cursor.fetchall()]

    def row(self, sql: str, parameters: Sequence[Any] | Row = ()) -> Row | None:
        """The first row of a query, or None."""
        with self._lock:
            found = self._db.conn.execute(sql, parameters).fetchone()
            return None if found is None else dict(found)

    def version(self) -> int:
        """A number that grows when anybody has committed: another process, or a thread of ours.

        Reads one page of shared memory; polling it is how a service notices new work.
        """
        with self._lock:
            others = int(self._db.conn.execute("PRAGMA data_version").fetchone()[0])
            return others + self._steps

    def close(self) -> None:
        """Close the connection; the object is of no use afterwards."""
        with self._lock:
            self._db.conn.close()

    def __enter__(self) -> Catalog:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _advice(error: sqlite3.Error | OSError) -> str:
    if getattr(error, "sqlite_errorcode", 0) in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return (
            "The file is damaged, or is no catalog. The images are still in the spool beside it: "
            "do not delete anything, and call service"
        )
    return "Check that the data partition is mounted and writable"


def _is_full(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL
