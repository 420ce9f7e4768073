"""The catalog's tables, as migrations that only ever go forwards.

Times in columns that are compared (attempts, leases) are Unix seconds; times that are written into
objects are ISO 8601 with their offset.
"""

from __future__ import annotations

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from services.catalog import (
    schema_0004_at_hand,
    schema_0005_discarded,
    schema_0006_reconciled,
    schema_0007_people,
    schema_0008_prints,
    schema_0009_received_sheets,
    schema_0011_paper,
    schema_0012_at_hand_boot,
)

migrations = Migrations("gantry")

_FIRST = """
CREATE TABLE worklist_item (
    key TEXT PRIMARY KEY,
    peer TEXT NOT NULL,
    start_date TEXT NOT NULL,
    start_time TEXT NOT NULL,
    received REAL NOT NULL,
    dataset BLOB NOT NULL
) STRICT;
CREATE INDEX worklist_item_by_start ON worklist_item (start_date, start_time);

CREATE TABLE worklist_refresh (
    peer TEXT PRIMARY KEY,
    succeeded REAL,
    attempted REAL NOT NULL,
    items INTEGER NOT NULL,
    truncated INTEGER NOT NULL,
    error TEXT NOT NULL
) STRICT;

CREATE TABLE exam (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    exam_id TEXT NOT NULL UNIQUE,
    mpps_uid TEXT NOT NULL UNIQUE,
    study_instance_uid TEXT NOT NULL,
    study_id TEXT NOT NULL,
    performed_procedure_step_id TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('IN PROGRESS', 'COMPLETED', 'DISCONTINUED')),
    modality TEXT NOT NULL,
    started TEXT NOT NULL,
    ended TEXT,
    character_set TEXT NOT NULL,
    operators_name TEXT NOT NULL,
    performing_physicians_name TEXT NOT NULL,
    discontinuation_reason TEXT
) STRICT;

CREATE TABLE exam_item (
    exam_id TEXT NOT NULL REFERENCES exam (exam_id),
    position INTEGER NOT NULL,
    key TEXT NOT NULL,
    dataset BLOB NOT NULL,
    PRIMARY KEY (exam_id, position)
) STRICT;
CREATE INDEX exam_item_by_key ON exam_item (key);

CREATE TABLE series (
    series_instance_uid TEXT PRIMARY KEY,
    exam_id TEXT NOT NULL REFERENCES exam (exam_id),
    series_number INTEGER NOT NULL,
    modality TEXT NOT NULL,
    protocol_name TEXT NOT NULL,
    series_description TEXT NOT NULL,
    frame_of_reference_uid TEXT NOT NULL,
    body_part TEXT NOT NULL,
    laterality TEXT NOT NULL,
    started TEXT NOT NULL,
    UNIQUE (exam_id, series_number)
) STRICT;

CREATE TABLE instance (
    sop_instance_uid TEXT PRIMARY KEY,
    series_instance_uid TEXT NOT NULL REFERENCES series (series_instance_uid),
    exam_id TEXT NOT NULL REFERENCES exam (exam_id),
    instance_number INTEGER NOT NULL,
    sop_class_uid TEXT NOT NULL,
    transfer_syntax_uid TEXT NOT NULL,
    path TEXT NOT NULL UNIQUE,
    size INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    object TEXT NOT NULL,
    frames INTEGER NOT NULL,
    dropped INTEGER NOT NULL,
    provenance TEXT NOT NULL,
    acquired TEXT NOT NULL,
    missing TEXT,
    removed TEXT,
    UNIQUE (series_instance_uid, instance_number)
) STRICT;
CREATE INDEX instance_by_exam ON instance (exam_id);

CREATE TABLE archived (
    sop_instance_uid TEXT NOT NULL REFERENCES instance (sop_instance_uid),
    peer TEXT NOT NULL,
    owes_commitment INTEGER NOT NULL,
    stored TEXT,
    committed TEXT,
    proof TEXT,
    refused_commitments INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (sop_instance_uid, peer)
) STRICT;

CREATE TABLE delivery (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('mpps-create', 'mpps-set', 'store', 'commit', 'check',
                                       'film', 'paper', 'audit', 'export')),
    peer TEXT NOT NULL,
    exam_id TEXT REFERENCES exam (exam_id),
    sop_instance_uid TEXT REFERENCES instance (sop_instance_uid),
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sending', 'awaiting',
                                                           'done', 'held', 'cancelled')),
    payload BLOB,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_attempt REAL NOT NULL DEFAULT 0,
    lease_owner TEXT,
    lease_until REAL,
    transaction_uid TEXT,
    last_status INTEGER,
    last_text TEXT NOT NULL DEFAULT '',
    advice TEXT NOT NULL DEFAULT '',
    created REAL NOT NULL,
    finished REAL
) STRICT;
CREATE INDEX delivery_open ON delivery (peer, state, kind, id)
    WHERE state IN ('waiting', 'sending', 'awaiting', 'held');
CREATE INDEX delivery_by_exam ON delivery (exam_id, peer, kind, state);
CREATE UNIQUE INDEX delivery_once ON delivery (kind, peer, exam_id, ifnull(sop_instance_uid, ''))
    WHERE state IN ('waiting', 'sending', 'awaiting', 'held')
      AND kind IN ('mpps-create', 'mpps-set', 'store', 'commit', 'check');

CREATE TABLE commitment (
    transaction_uid TEXT PRIMARY KEY,
    peer TEXT NOT NULL,
    exam_id TEXT NOT NULL REFERENCES exam (exam_id),
    delivery_id INTEGER NOT NULL REFERENCES delivery (id),
    requested REAL NOT NULL,
    answered REAL
) STRICT;

CREATE TABLE commitment_item (
    transaction_uid TEXT NOT NULL REFERENCES commitment (transaction_uid),
    sop_instance_uid TEXT NOT NULL REFERENCES instance (sop_instance_uid),
    result TEXT CHECK (result IN ('committed', 'failed')),
    reason INTEGER,
    PRIMARY KEY (transaction_uid, sop_instance_uid)
) STRICT;

CREATE TABLE peer_state (
    peer TEXT PRIMARY KEY,
    failures INTEGER NOT NULL DEFAULT 0,
    paused_until REAL NOT NULL DEFAULT 0,
    last_contact REAL,
    last_error TEXT NOT NULL DEFAULT ''
) STRICT;
"""


@migrations(name="0001_first")
def _first(db: Database) -> None:
    # executescript would commit the migration's own transaction
    for statement in _FIRST.split(";"):
        if statement.strip():
            db.conn.execute(statement)


_SECOND = """
CREATE TABLE attribute_origin (
    sop_instance_uid TEXT NOT NULL REFERENCES instance (sop_instance_uid) ON DELETE CASCADE,
    keyword TEXT NOT NULL,
    source TEXT NOT NULL CHECK (source IN ('native', 'serial', 'print', 'calibrated', 'operator',
                                           'preset', 'generated', 'absent')),
    raw TEXT NOT NULL,
    confirmed_by TEXT NOT NULL,
    PRIMARY KEY (sop_instance_uid, keyword)
) STRICT, WITHOUT ROWID;

CREATE TABLE ruler_calibration (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    source TEXT NOT NULL,
    binding TEXT NOT NULL,
    pixel_spacing TEXT NOT NULL,
    calibration_type TEXT NOT NULL,
    description TEXT NOT NULL,
    confirmed_by TEXT NOT NULL,
    made TEXT NOT NULL,
    withdrawn TEXT
) STRICT;
CREATE UNIQUE INDEX ruler_calibration_in_force ON ruler_calibration (source, binding)
    WHERE withdrawn IS NULL;

CREATE TABLE range_calibration (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    source TEXT NOT NULL,
    black INTEGER NOT NULL,
    white INTEGER NOT NULL,
    findings TEXT NOT NULL,
    confirmed_by TEXT NOT NULL,
    made TEXT NOT NULL
) STRICT;
"""


@migrations(name="0002_provenance")
def _second(db: Database) -> None:
    for statement in _SECOND.split(";"):
        if statement.strip():
            db.conn.execute(statement)


_THIRD = """
CREATE INDEX delivery_by_image ON delivery (sop_instance_uid) WHERE sop_instance_uid IS NOT NULL;
CREATE INDEX instance_present ON instance (acquired) WHERE removed IS NULL;
CREATE INDEX commitment_by_delivery ON commitment (delivery_id);
CREATE INDEX exam_by_study ON exam (study_instance_uid, number);
"""


@migrations(name="0003_history")
def _third(db: Database) -> None:
    """What a box asks of its years: an image's deliveries, what is still here, a study's exams."""
    for statement in _THIRD.split(";"):
        if statement.strip():
            db.conn.execute(statement)


LATER = (
    schema_0004_at_hand,
    schema_0005_discarded,
    schema_0006_reconciled,
    schema_0007_people,
    schema_0008_prints,
    schema_0009_received_sheets,
    schema_0011_paper,
    schema_0012_at_hand_boot,
)
"""Migrations with a file of their own: ``NAME`` and ``STATEMENTS``."""


def _register(name: str, statements: str | tuple[str, ...]) -> None:
    # a trigger holds semicolons of its own: its file gives the statements one by one
    each = statements.split(";") if isinstance(statements, str) else statements

    @migrations(name=name)
    def _apply(db: Database) -> None:
        for statement in each:
            if statement.strip():
                db.conn.execute(statement)


for _later in LATER:
    _register(_later.NAME, _later.STATEMENTS)

COMPATIBILITY = 1
"""Kept in the database as ``user_version``; software opens a catalog with its own or a lower one.

A migration that only adds tables, indexes and columns with defaults leaves it as it is, so that a
box that falls back to its earlier software after an update goes on with the same catalog. A
migration after which earlier software would misread or damage something raises it; the manifest of
an update tells it beforehand (:mod:`firmware.update`).
"""

VERSIONS = ("0001_first", "0002_provenance", "0003_history", *(each.NAME for each in LATER))
"""Every migration that this version of the box knows, oldest first."""
