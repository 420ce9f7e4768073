"""Sheets that modalities printed here: what became of their pictures, and of their paper."""

from __future__ import annotations

NAME = "0009_received_sheets"

STATEMENTS = (
    """
    CREATE TABLE received_sheet (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        job_uid TEXT NOT NULL,
        number INTEGER NOT NULL,
        caller TEXT NOT NULL,
        received TEXT NOT NULL,
        priority TEXT NOT NULL,
        copies INTEGER NOT NULL,
        film_size TEXT NOT NULL,
        folder TEXT NOT NULL UNIQUE,
        pictures INTEGER NOT NULL,
        digest TEXT NOT NULL,
        same_as INTEGER REFERENCES received_sheet (id),
        images TEXT NOT NULL CHECK (images IN ('none', 'waiting', 'unassigned', 'taken',
                                               'discarded')),
        exam_id TEXT REFERENCES exam (exam_id),
        paper TEXT NOT NULL CHECK (paper IN ('none', 'waiting', 'sending', 'done', 'held',
                                             'cancelled')),
        printer TEXT NOT NULL DEFAULT '',
        paper_job INTEGER,
        paper_uuid TEXT NOT NULL DEFAULT '',
        paper_next REAL NOT NULL DEFAULT 0,
        words TEXT NOT NULL DEFAULT '',
        settled TEXT,
        removed TEXT,
        UNIQUE (job_uid, number)
    ) STRICT
    """,
    "CREATE INDEX received_sheet_open ON received_sheet (id) WHERE settled IS NULL",
    "CREATE INDEX received_sheet_alike ON received_sheet (digest, id)",
    """
    CREATE TABLE received_picture (
        sheet_id INTEGER NOT NULL REFERENCES received_sheet (id),
        position INTEGER NOT NULL,
        sop_instance_uid TEXT NOT NULL UNIQUE,
        PRIMARY KEY (sheet_id, position)
    ) STRICT, WITHOUT ROWID
    """,
)
