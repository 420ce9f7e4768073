"""The hospital's one SQLite database: its tables and its transactions."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from services.errors import CatalogError

SCHEMA_VERSION = 1

_SCHEMA = """
CREATE TABLE schedule (
    id INTEGER PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('SCHEDULED', 'STARTED', 'COMPLETED')),
    patient_name TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    birth_date TEXT NOT NULL,
    sex TEXT NOT NULL,
    accession_number TEXT NOT NULL,
    requested_procedure_id TEXT NOT NULL,
    study_instance_uid TEXT NOT NULL,
    step_id TEXT NOT NULL,
    modality TEXT NOT NULL,
    station_ae_title TEXT NOT NULL,
    start_date TEXT NOT NULL,
    start_time TEXT NOT NULL,
    performing_physician TEXT NOT NULL,
    explicit_vr BLOB NOT NULL,
    implicit_vr BLOB NOT NULL,
    UNIQUE (study_instance_uid, step_id)
) STRICT;
CREATE INDEX schedule_by_accession ON schedule (accession_number);
CREATE INDEX schedule_by_patient ON schedule (patient_id);
CREATE INDEX schedule_by_procedure ON schedule (requested_procedure_id);
CREATE INDEX schedule_by_date ON schedule (start_date, modality);
CREATE TABLE mpps (
    sop_instance_uid TEXT PRIMARY KEY,
    status TEXT NOT NULL,
    calling_ae TEXT NOT NULL,
    dataset BLOB NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    updates INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE mpps_steps (
    sop_instance_uid TEXT NOT NULL REFERENCES mpps (sop_instance_uid),
    schedule_id INTEGER NOT NULL REFERENCES schedule (id),
    PRIMARY KEY (sop_instance_uid, schedule_id)
) STRICT;
CREATE INDEX mpps_steps_by_schedule ON mpps_steps (schedule_id);
CREATE TABLE mpps_exceptions (
    id INTEGER PRIMARY KEY,
    sop_instance_uid TEXT NOT NULL,
    kind TEXT NOT NULL,
    step_id TEXT NOT NULL,
    attributes TEXT NOT NULL,
    recorded_at TEXT NOT NULL
) STRICT;
CREATE TABLE instances (
    sop_instance_uid TEXT PRIMARY KEY,
    sop_class_uid TEXT NOT NULL,
    study_instance_uid TEXT NOT NULL,
    series_instance_uid TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    transfer_syntax_uid TEXT NOT NULL,
    path TEXT NOT NULL,
    header BLOB NOT NULL,
    received_at TEXT NOT NULL,
    times_received INTEGER NOT NULL DEFAULT 1,
    calling_ae TEXT NOT NULL,
    refused_commitment INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX instances_by_study ON instances (study_instance_uid, series_instance_uid);
CREATE TABLE commitments (
    transaction_uid TEXT NOT NULL,
    calling_ae TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'reported', 'never')),
    refs TEXT NOT NULL,
    reports INTEGER NOT NULL DEFAULT 0,
    committed INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    requested_at TEXT NOT NULL,
    PRIMARY KEY (transaction_uid, calling_ae)
) STRICT;
CREATE TABLE films (
    id INTEGER PRIMARY KEY,
    film_box_uid TEXT NOT NULL,
    calling_ae TEXT NOT NULL,
    display_format TEXT NOT NULL,
    film_size_id TEXT NOT NULL,
    copies INTEGER NOT NULL,
    paths TEXT NOT NULL,
    printed_at TEXT NOT NULL
) STRICT;
CREATE TABLE faults (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    faults TEXT NOT NULL,
    store_status_left INTEGER,
    mpps_status_left INTEGER
) STRICT;
"""

Row = Mapping[str, Any]


class HospitalDatabase:
    """One connection, shared by the threads of a process and safe beside other processes.

    Every write is one ``BEGIN IMMEDIATE`` transaction, so that two writers queue instead of
    failing.

    Raises
    ------
    CatalogError
        If the file was written by a newer version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            path, timeout=30, check_same_thread=False, isolation_level=None
        )
        self._db = Database(connection)
        self._lock = threading.RLock()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        self._create()

    def _create(self) -> None:
        with self.write() as db:
            (version,) = db.conn.execute("PRAGMA user_version").fetchone()
            if version > SCHEMA_VERSION:
                raise CatalogError(
                    f"{self.path} was written by a newer version (schema {version}, known up to "
                    f"{SCHEMA_VERSION}). Use a newer Gantry or another folder"
                )
            if version == SCHEMA_VERSION:
                return
            for statement in _SCHEMA.split(";"):
                if statement.strip():
                    db.conn.execute(statement)
            db.conn.execute(f"PRAGMA user_version={SCHEMA_VERSION}")

    @contextmanager
    def write(self) -> Iterator[Database]:
        """One transaction: all of it is durable afterwards, or none."""
        with self._lock:
            self._db.conn.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.conn.execute("ROLLBACK")
                raise
            self._db.conn.execute("COMMIT")

    def rows(self, sql: str, parameters: tuple[Any, ...] = ()) -> list[Row]:
        """All rows of a query, outside any transaction."""
        with self._lock:
            return list(self._db.query(sql, parameters))

    def close(self) -> None:
        with self._lock:
            self._db.close()


def utc_now() -> str:
    """The wall time that goes into a row."""
    return datetime.now(UTC).isoformat()
