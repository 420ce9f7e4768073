"""Exams that are given to another patient or order, on the box or by the archive."""

from __future__ import annotations

NAME = "0006_reconciled"

STATEMENTS = """
CREATE TABLE matching (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    exam_id TEXT NOT NULL REFERENCES exam (exam_id),
    state TEXT NOT NULL CHECK (state IN ('begun', 'done', 'undone')),
    begun TEXT NOT NULL,
    begun_by TEXT NOT NULL,
    ended TEXT,
    former BLOB NOT NULL
) STRICT;
CREATE INDEX matching_by_exam ON matching (exam_id);
CREATE INDEX matching_begun ON matching (id) WHERE state = 'begun';

CREATE TABLE matching_file (
    path TEXT PRIMARY KEY,
    matching_id INTEGER NOT NULL REFERENCES matching (id)
) STRICT;

CREATE TABLE matching_hold (
    delivery_id INTEGER PRIMARY KEY REFERENCES delivery (id),
    matching_id INTEGER NOT NULL REFERENCES matching (id)
) STRICT;

CREATE TABLE reconciliation (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    exam_id TEXT NOT NULL REFERENCES exam (exam_id),
    state TEXT NOT NULL CHECK (state IN ('asked', 'confirmed', 'done', 'withdrawn')),
    entry BLOB NOT NULL,
    asked TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    confirmed TEXT,
    confirmed_by TEXT NOT NULL DEFAULT '',
    ended TEXT,
    ended_by TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX reconciliation_open ON reconciliation (exam_id)
    WHERE state IN ('asked', 'confirmed');
CREATE INDEX reconciliation_by_exam ON reconciliation (exam_id);

CREATE TABLE exam_face (
    number INTEGER PRIMARY KEY,
    exam_id TEXT NOT NULL UNIQUE,
    patient_name TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    birth_date TEXT NOT NULL,
    sex TEXT NOT NULL,
    accession_number TEXT NOT NULL,
    description TEXT NOT NULL,
    scheduled INTEGER NOT NULL,
    searched TEXT NOT NULL
) STRICT;

CREATE TABLE delivery_progress (
    delivery_id INTEGER PRIMARY KEY REFERENCES delivery (id),
    sent INTEGER NOT NULL,
    at REAL NOT NULL
) STRICT;

CREATE INDEX delivery_by_end ON delivery (peer, finished) WHERE finished IS NOT NULL;
"""
