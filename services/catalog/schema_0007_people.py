"""Who may use the box, how they want its screen, and who did what."""

NAME = "0007_people"

STATEMENTS = """
CREATE TABLE person (
    name TEXT PRIMARY KEY COLLATE NOCASE,
    role TEXT NOT NULL CHECK (role IN ('operator', 'supervisor', 'technician')),
    salt BLOB NOT NULL,
    pin BLOB NOT NULL,
    made TEXT NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0,
    failed REAL NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE preference (
    owner TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (owner, key)
) STRICT;

CREATE TABLE audit_event (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    who TEXT NOT NULL,
    role TEXT NOT NULL,
    action TEXT NOT NULL,
    outcome TEXT NOT NULL,
    exam_id TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX audit_event_by_exam ON audit_event (exam_id) WHERE exam_id <> '';
"""
