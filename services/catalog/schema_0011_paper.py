"""Print jobs on paper: which job of the print server a job was given to."""

from __future__ import annotations

NAME = "0011_paper"

STATEMENTS = (
    "ALTER TABLE print_job ADD COLUMN paper_job INTEGER",
    "ALTER TABLE print_job ADD COLUMN paper_uuid TEXT NOT NULL DEFAULT ''",
)
