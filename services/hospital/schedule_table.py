"""The schedule of the RIS: one row for each Scheduled Procedure Step."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from pydicom.dataset import Dataset

from services.hospital.database import HospitalDatabase, Row
from services.hospital.encoding import decode_dataset, encode_dataset

_MATCHED = (
    "id, patient_name, patient_id, accession_number, requested_procedure_id, study_instance_uid,"
    " step_id, modality, station_ae_title, start_date, start_time, performing_physician"
)
_BATCH = 100


@dataclass(frozen=True, slots=True)
class ScheduledStep:
    """What an MPPS is compared with."""

    row_id: int
    step_id: str
    patient_name: str
    patient_id: str
    birth_date: str
    sex: str


class ScheduleTable:
    """Entries come in with orders, are STARTED by an MPPS and leave when it is COMPLETED."""

    def __init__(self, database: HospitalDatabase) -> None:
        self._database = database

    def add(self, datasets: Iterable[Dataset]) -> None:
        """Enter worklist items, all or none.

        Raises
        ------
        ValueError
            If an item has not exactly one Scheduled Procedure Step or lacks a type 1 attribute of
            PS3.4 table K.6-1 that identifies it, or is scheduled already.
        """
        rows = [_row(dataset) for dataset in datasets]
        with self._database.write() as db:
            for row in rows:
                known = db.conn.execute(
                    "SELECT 1 FROM schedule WHERE study_instance_uid = ? AND step_id = ?",
                    (row["study_instance_uid"], row["step_id"]),
                ).fetchone()
                if known:
                    raise ValueError(
                        f"Scheduled Procedure Step {row['step_id']} of study "
                        f"{row['study_instance_uid']} is scheduled already"
                    )
                db.table("schedule").insert(row)

    def mark_started(self, step_ids: Iterable[str]) -> None:
        """Show entries as STARTED that are performed at a station without MPPS."""
        with self._database.write() as db:
            for step_id in step_ids:
                row = db.conn.execute(
                    "SELECT id FROM schedule WHERE step_id = ? AND state = 'SCHEDULED'", (step_id,)
                ).fetchone()
                if row is not None:
                    set_state(db.conn, row[0], "STARTED")

    def candidates(self, where: str, parameters: tuple[Any, ...]) -> list[Row]:
        """The matching columns of all entries on the worklist that satisfy an SQL condition."""
        return self._database.rows(
            f"SELECT {_MATCHED} FROM schedule WHERE state != 'COMPLETED' AND {where}"  # noqa: S608
            " ORDER BY start_date, start_time, id",
            parameters,
        )

    def encoded(self, row_ids: list[int], *, implicit: bool) -> Iterator[bytes]:
        """The encoded entries, in the order asked for, read a hundred at a time."""
        column = "implicit_vr" if implicit else "explicit_vr"
        for start in range(0, len(row_ids), _BATCH):
            batch = row_ids[start : start + _BATCH]
            marks = ",".join("?" * len(batch))
            found = {
                row["id"]: row["entry"]
                for row in self._database.rows(
                    f"SELECT id, {column} AS entry FROM schedule"  # noqa: S608
                    f" WHERE id IN ({marks})",
                    tuple(batch),
                )
            }
            yield from (found[row_id] for row_id in batch if row_id in found)

    def find_step(
        self, study_instance_uid: str, step_id: str, accession_number: str
    ) -> ScheduledStep | None:
        """The entry that a Scheduled Step Attributes item refers to, COMPLETED ones included."""
        rows = self._database.rows(
            "SELECT id, step_id, patient_name, patient_id, birth_date, sex FROM schedule"
            " WHERE step_id = ? AND (study_instance_uid = ? OR accession_number = ?)"
            " ORDER BY study_instance_uid = ? DESC LIMIT 1",
            (step_id, study_instance_uid, accession_number or None, study_instance_uid),
        )
        if not rows:
            return None
        row = dict(rows[0])
        return ScheduledStep(row_id=row.pop("id"), **row)

    def states(self) -> dict[str, str]:
        """State of every entry by Scheduled Procedure Step ID."""
        rows = self._database.rows("SELECT step_id, state FROM schedule")
        return {row["step_id"]: row["state"] for row in rows}


def set_state(connection: sqlite3.Connection, row_id: int, state: str) -> None:
    """Change an entry's state, also in what is sent: SPS Status (0040,0020)."""
    (encoded,) = connection.execute(
        "SELECT explicit_vr FROM schedule WHERE id = ?", (row_id,)
    ).fetchone()
    dataset = decode_dataset(encoded)
    dataset.ScheduledProcedureStepSequence[0].ScheduledProcedureStepStatus = state
    connection.execute(
        "UPDATE schedule SET state = ?, explicit_vr = ?, implicit_vr = ? WHERE id = ?",
        (state, encode_dataset(dataset), encode_dataset(dataset, implicit=True), row_id),
    )


def _row(original: Dataset) -> dict[str, Any]:
    steps = original.get("ScheduledProcedureStepSequence") or []
    if len(steps) != 1:
        raise ValueError(f"a worklist item has one Scheduled Procedure Step, not {len(steps)}")
    dataset = deepcopy(original)
    step = dataset.ScheduledProcedureStepSequence[0]
    for place, keywords in (
        (dataset, ("StudyInstanceUID", "RequestedProcedureID", "PatientName", "PatientID")),
        (
            step,
            (
                "ScheduledProcedureStepID",
                "ScheduledProcedureStepStartDate",
                "ScheduledProcedureStepStartTime",
                "Modality",
                "ScheduledStationAETitle",
            ),
        ),
    ):
        missing = [keyword for keyword in keywords if not place.get(keyword)]
        if missing:
            raise ValueError(f"a worklist item needs {', '.join(missing)} (PS3.4 table K.6-1)")
    step.ScheduledProcedureStepStatus = "SCHEDULED"
    return {
        "state": "SCHEDULED",
        "patient_name": str(dataset.PatientName),
        "patient_id": str(dataset.PatientID),
        "birth_date": str(dataset.get("PatientBirthDate") or ""),
        "sex": str(dataset.get("PatientSex") or ""),
        "accession_number": str(dataset.get("AccessionNumber") or ""),
        "requested_procedure_id": str(dataset.RequestedProcedureID),
        "study_instance_uid": str(dataset.StudyInstanceUID),
        "step_id": str(step.ScheduledProcedureStepID),
        "modality": str(step.Modality),
        "station_ae_title": _joined(step.ScheduledStationAETitle),
        "start_date": str(step.ScheduledProcedureStepStartDate),
        "start_time": str(step.ScheduledProcedureStepStartTime),
        "performing_physician": str(step.get("ScheduledPerformingPhysicianName") or ""),
        "explicit_vr": encode_dataset(dataset),
        "implicit_vr": encode_dataset(dataset, implicit=True),
    }


def _joined(value: Any) -> str:
    """Several AE titles of one step, as DICOM writes them."""
    return str(value) if isinstance(value, str) else "\\".join(str(title) for title in value)
