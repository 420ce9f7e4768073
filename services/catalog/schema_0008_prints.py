"""Print jobs: what was ordered, how far it came, and which images it still needs."""

from __future__ import annotations

NAME = "0008_prints"

STATEMENTS = (
    """
    CREATE TABLE print_job (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        delivery_id INTEGER NOT NULL UNIQUE REFERENCES delivery (id),
        exam_id TEXT NOT NULL REFERENCES exam (exam_id),
        printer TEXT NOT NULL,
        layout BLOB NOT NULL,
        copies INTEGER NOT NULL,
        sheets INTEGER NOT NULL,
        sheets_done INTEGER NOT NULL DEFAULT 0,
        no_return TEXT,
        doubtful_to INTEGER NOT NULL DEFAULT 0,
        made_by TEXT NOT NULL,
        made TEXT NOT NULL,
        ended TEXT,
        outcome TEXT NOT NULL DEFAULT '' CHECK (outcome IN ('', 'printed', 'marked', 'cancelled',
                                                            'redirected')),
        code TEXT NOT NULL DEFAULT '',
        words TEXT NOT NULL DEFAULT '',
        reference TEXT NOT NULL DEFAULT '',
        follows INTEGER REFERENCES print_job (id)
    ) STRICT
    """,
    "CREATE INDEX print_job_by_exam ON print_job (exam_id, id)",
    """
    CREATE TABLE print_job_image (
        job_id INTEGER NOT NULL REFERENCES print_job (id),
        sop_instance_uid TEXT NOT NULL REFERENCES instance (sop_instance_uid),
        PRIMARY KEY (job_id, sop_instance_uid)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX print_job_image_by_image ON print_job_image (sop_instance_uid)",
    """
    CREATE TABLE print_event (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        job_id INTEGER NOT NULL REFERENCES print_job (id),
        moment TEXT NOT NULL,
        event TEXT NOT NULL,
        sheet INTEGER,
        by_whom TEXT NOT NULL DEFAULT '',
        words TEXT NOT NULL DEFAULT ''
    ) STRICT
    """,
    "CREATE INDEX print_event_by_job ON print_event (job_id, id)",
    """
    CREATE TABLE printer_fact (
        printer TEXT PRIMARY KEY,
        asked REAL NOT NULL,
        status TEXT NOT NULL,
        status_info TEXT NOT NULL,
        facts BLOB NOT NULL
    ) STRICT
    """,
)
