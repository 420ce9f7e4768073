"""What was said of each picture: by whom, in which words, and who stands for it."""

from __future__ import annotations

from collections.abc import Iterable

from sqlite_utils import Database

from device.provenance import Origin
from services.catalog.database import Catalog, Row


def insert(db: Database, sop_instance_uid: str, origins: Iterable[Origin]) -> None:
    """Enter the origins of one instance, in the step that enters the instance itself."""
    db.conn.executemany(
        "INSERT INTO attribute_origin (sop_instance_uid, keyword, source, raw, confirmed_by)"
        " VALUES (?, ?, ?, ?, ?)",
        [
            (sop_instance_uid, one.keyword, one.source.value, one.raw, one.confirmed_by)
            for one in origins
        ],
    )


def of_exam(catalog: Catalog, exam_id: str) -> dict[str, list[Row]]:
    """By SOP Instance UID, one row an attribute: keyword, source, raw, confirmed_by."""
    told: dict[str, list[Row]] = {}
    for row in catalog.rows(
        "SELECT o.sop_instance_uid, o.keyword, o.source, o.raw, o.confirmed_by"
        " FROM attribute_origin o JOIN instance i USING (sop_instance_uid)"
        " WHERE i.exam_id = ? ORDER BY o.sop_instance_uid, o.keyword",
        [exam_id],
    ):
        told.setdefault(row.pop("sop_instance_uid"), []).append(row)
    return told
