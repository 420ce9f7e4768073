"""Performed procedure steps as the RIS holds them, and what did not fit the schedule."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from datetime import datetime

from pydicom.dataset import Dataset

from services.hospital.database import HospitalDatabase, Row, utc_now
from services.hospital.encoding import decode_dataset, encode_dataset
from services.hospital.records import MppsException, MppsRecord
from services.hospital.schedule_table import set_state

_LISTED_STATE = """
SELECT CASE
    WHEN EXISTS (SELECT 1 FROM mpps_steps s JOIN mpps m USING (sop_instance_uid)
                 WHERE s.schedule_id = :id AND m.status = 'COMPLETED') THEN 'COMPLETED'
    WHEN EXISTS (SELECT 1 FROM mpps_steps s JOIN mpps m USING (sop_instance_uid)
                 WHERE s.schedule_id = :id AND m.status = 'IN PROGRESS') THEN 'STARTED'
    ELSE 'SCHEDULED' END
"""


class PerformedTable:
    """Each change of a performed step and of the schedule behind it is one transaction."""

    def __init__(self, database: HospitalDatabase) -> None:
        self._database = database

    def get(self, sop_instance_uid: str) -> MppsRecord | None:
        rows = self._database.rows(
            "SELECT * FROM mpps WHERE sop_instance_uid = ?", (sop_instance_uid,)
        )
        return _record(rows[0]) if rows else None

    def all(self) -> list[MppsRecord]:
        rows = self._database.rows("SELECT * FROM mpps ORDER BY created_at, rowid")
        return [_record(row) for row in rows]

    def create(
        self,
        sop_instance_uid: str,
        calling_ae: str,
        dataset: Dataset,
        schedule_ids: Iterable[int],
        exceptions: Iterable[tuple[str, str, tuple[str, ...]]],
    ) -> bool:
        """Enter a step IN PROGRESS; False if the UID is taken.

        ``schedule_ids`` are the entries that it performs; ``exceptions`` are (kind, step ID,
        attributes) of those that it does not fit.
        """
        now = utc_now()
        with self._database.write() as db:
            taken = db.conn.execute(
                "SELECT 1 FROM mpps WHERE sop_instance_uid = ?", (sop_instance_uid,)
            ).fetchone()
            if taken:
                return False
            db.table("mpps").insert(
                {
                    "sop_instance_uid": sop_instance_uid,
                    "status": str(dataset.PerformedProcedureStepStatus),
                    "calling_ae": calling_ae,
                    "dataset": encode_dataset(dataset),
                    "created_at": now,
                    "updated_at": now,
                    "updates": 0,
                }
            )
            for schedule_id in schedule_ids:
                db.table("mpps_steps").insert(
                    {"sop_instance_uid": sop_instance_uid, "schedule_id": schedule_id},
                    ignore=True,
                )
            for kind, step_id, attributes in exceptions:
                db.table("mpps_exceptions").insert(
                    {
                        "sop_instance_uid": sop_instance_uid,
                        "kind": kind,
                        "step_id": step_id,
                        "attributes": json.dumps(attributes),
                        "recorded_at": now,
                    }
                )
            _follow(db.conn, sop_instance_uid)
        return True

    def update(self, sop_instance_uid: str, dataset: Dataset) -> bool:
        """Replace the data set of a step that is IN PROGRESS; False if it is final by now."""
        with self._database.write() as db:
            changed = db.conn.execute(
                "UPDATE mpps SET status = ?, dataset = ?, updated_at = ?, updates = updates + 1"
                " WHERE sop_instance_uid = ? AND status = 'IN PROGRESS'",
                (
                    str(dataset.PerformedProcedureStepStatus),
                    encode_dataset(dataset),
                    utc_now(),
                    sop_instance_uid,
                ),
            ).rowcount
            _follow(db.conn, sop_instance_uid)
        return bool(changed)

    def exceptions(self) -> list[MppsException]:
        return [
            MppsException(
                sop_instance_uid=row["sop_instance_uid"],
                kind=row["kind"],
                scheduled_procedure_step_id=row["step_id"],
                attributes=tuple(json.loads(row["attributes"])),
                recorded_at=datetime.fromisoformat(row["recorded_at"]),
            )
            for row in self._database.rows("SELECT * FROM mpps_exceptions ORDER BY id")
        ]


def _follow(connection: sqlite3.Connection, sop_instance_uid: str) -> None:
    """Bring the schedule in line with all performed steps of the entries concerned.

    A discontinued step leaves the examination to be done, so its entry is SCHEDULED again.
    """
    execute = connection.execute
    steps = execute(
        "SELECT id, state FROM schedule JOIN mpps_steps ON schedule_id = id"
        " WHERE sop_instance_uid = ?",
        (sop_instance_uid,),
    ).fetchall()
    for row_id, state in steps:
        (listed,) = execute(_LISTED_STATE, {"id": row_id}).fetchone()
        if listed != state:
            set_state(connection, row_id, listed)


def _record(row: Row) -> MppsRecord:
    return MppsRecord(
        sop_instance_uid=row["sop_instance_uid"],
        status=row["status"],
        calling_ae_title=row["calling_ae"],
        dataset=decode_dataset(row["dataset"]),
        created_at=datetime.fromisoformat(row["created_at"]),
        updated_at=datetime.fromisoformat(row["updated_at"]),
        updates=row["updates"],
    )
