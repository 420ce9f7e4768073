"""Calibrations as rows: what was measured, when it holds, and who measured."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime

from sqlite_utils import Database

from device.calibration import Binding, Ruler
from device.grey_ramp import GreyRange
from services.catalog.database import Catalog, Row
from services.errors import NotFound


def add_ruler(db: Database, ruler: Ruler, made: datetime) -> int:
    """Enter a ruler; one that held under the same circumstances holds no longer."""
    binding = _text(ruler.binding)
    db.conn.execute(
        "UPDATE ruler_calibration SET withdrawn = ?"
        " WHERE source = ? AND binding = ? AND withdrawn IS NULL",
        [made.isoformat(), ruler.binding.source, binding],
    )
    entered = db.conn.execute(
        "INSERT INTO ruler_calibration (source, binding, pixel_spacing, calibration_type,"
        " description, confirmed_by, made) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
        [
            ruler.binding.source,
            binding,
            json.dumps(ruler.spacing),
            ruler.calibration_type,
            ruler.description,
            ruler.confirmed_by,
            made.isoformat(),
        ],
    ).fetchone()
    return int(entered[0])


def ruler_in_force(catalog: Catalog, binding: Binding) -> Ruler | None:
    """The ruler that holds under exactly these circumstances."""
    row = catalog.row(
        "SELECT * FROM ruler_calibration WHERE source = ? AND binding = ? AND withdrawn IS NULL",
        [binding.source, _text(binding)],
    )
    if row is None:
        return None
    between_rows, between_columns = json.loads(row["pixel_spacing"])
    return Ruler(
        binding=binding,
        spacing=(between_rows, between_columns),
        description=row["description"],
        confirmed_by=row["confirmed_by"],
        calibration_type=row["calibration_type"],
    )


def withdraw_ruler(db: Database, number: int, at: datetime) -> None:
    """Let a ruler hold no longer; what it was used for stays as it is.

    Raises
    ------
    NotFound
        There is none of this number in force.
    """
    done = db.conn.execute(
        "UPDATE ruler_calibration SET withdrawn = ? WHERE id = ? AND withdrawn IS NULL",
        [at.isoformat(), number],
    )
    if done.rowcount == 0:
        raise NotFound(
            f"no calibration {number} is in force: 'gantry calibrate list' shows those there are"
        )


def add_range(db: Database, source: str, measured: GreyRange, by: str, made: datetime) -> int:
    """Enter what a grey ramp showed."""
    entered = db.conn.execute(
        "INSERT INTO range_calibration (source, black, white, findings, confirmed_by, made)"
        " VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
        [
            source,
            measured.black,
            measured.white,
            json.dumps(measured.findings),
            by,
            made.isoformat(),
        ],
    ).fetchone()
    return int(entered[0])


def rulers(catalog: Catalog) -> list[Row]:
    """All rulers for display, newest first; ``binding`` and ``pixel_spacing`` are decoded."""
    rows = catalog.rows("SELECT * FROM ruler_calibration ORDER BY id DESC")
    return [
        {
            **row,
            "binding": json.loads(row["binding"]),
            "pixel_spacing": json.loads(row["pixel_spacing"]),
        }
        for row in rows
    ]


def ranges(catalog: Catalog) -> list[Row]:
    """All measured ranges for display, newest first."""
    rows = catalog.rows("SELECT * FROM range_calibration ORDER BY id DESC")
    return [{**row, "findings": json.loads(row["findings"])} for row in rows]


def _text(binding: Binding) -> str:
    return json.dumps(asdict(binding), sort_keys=True)
