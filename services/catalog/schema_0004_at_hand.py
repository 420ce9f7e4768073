"""Which exam the operator has open."""

NAME = "0004_at_hand"

STATEMENTS = """
CREATE TABLE at_hand (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    exam_id TEXT NOT NULL REFERENCES exam (exam_id) ON DELETE CASCADE,
    protocol TEXT NOT NULL,
    since TEXT NOT NULL,
    confirmed_at TEXT NOT NULL,
    doubt TEXT NOT NULL DEFAULT ''
) STRICT;
"""
