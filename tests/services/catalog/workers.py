"""What other processes do to the catalog in the tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from services.catalog import Catalog


def open_together(path: Path, start: Any) -> None:
    """Open the catalog in the same moment as others."""
    start.wait()
    with Catalog(path) as catalog:
        assert catalog.rows("SELECT * FROM delivery") == []


def count_up(path: Path, start: Any, steps: int) -> None:
    """Read, think and write, many times."""
    with Catalog(path) as catalog:
        start.wait()
        for _ in range(steps):
            with catalog.writing() as db:
                (seen,) = db.conn.execute(
                    "SELECT failures FROM peer_state WHERE peer = 'counter'"
                ).fetchone()
                db.conn.execute(
                    "UPDATE peer_state SET failures = ? WHERE peer = 'counter'", [seen + 1]
                )
