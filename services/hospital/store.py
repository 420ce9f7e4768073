"""The memory of the simulated hospital, shared by its entities and readable beside them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Literal

from pydicom.dataset import Dataset

from services.hospital.archive_table import ArchiveTable
from services.hospital.database import HospitalDatabase
from services.hospital.faults import Faults
from services.hospital.performed_table import PerformedTable
from services.hospital.records import (
    CommitmentEntry,
    MppsException,
    MppsRecord,
    PrintedFilm,
    StoredInstance,
)
from services.hospital.schedule_table import ScheduleTable

Counted = Literal["store_status", "mpps_status"]


class HospitalStore:
    """Schedule, performed steps, archive, films and fault switches in one SQLite database.

    Any number of processes may open the same path while the hospital runs; each sees what the
    others committed.

    Parameters
    ----------
    path : Path
        The database file; made with its folders when absent.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._database = HospitalDatabase(path)
        self.schedule = ScheduleTable(self._database)
        self.performed = PerformedTable(self._database)
        self.archive = ArchiveTable(self._database)

    def add_worklist_item(self, dataset: Dataset) -> None:
        """Schedule one procedure step; see :meth:`add_worklist_items`."""
        self.schedule.add([dataset])

    def add_worklist_items(self, datasets: Iterable[Dataset]) -> None:
        """Schedule many in one transaction; ValueError for incomplete or repeated ones."""
        self.schedule.add(datasets)

    def mpps(self, sop_instance_uid: str) -> MppsRecord | None:
        """One performed step, None when the RIS never heard of it."""
        return self.performed.get(sop_instance_uid)

    def mpps_all(self) -> list[MppsRecord]:
        """All performed steps, oldest first."""
        return self.performed.all()

    def exceptions(self) -> list[MppsException]:
        """Performed steps that did not fit the schedule, oldest first."""
        return self.performed.exceptions()

    def instances(self) -> list[StoredInstance]:
        """What the PACS holds, oldest first."""
        return self.archive.instances()

    def commitments(self) -> list[CommitmentEntry]:
        """The log of Storage Commitment requests, oldest first."""
        return self.archive.commitments()

    def films(self) -> list[PrintedFilm]:
        """What the film printer printed, oldest first."""
        return [
            PrintedFilm(
                film_box_uid=row["film_box_uid"],
                calling_ae=row["calling_ae"],
                display_format=row["display_format"],
                film_size_id=row["film_size_id"],
                copies=row["copies"],
                paths=tuple(Path(path) for path in json.loads(row["paths"])),
                printed_at=datetime.fromisoformat(row["printed_at"]),
            )
            for row in self._database.rows("SELECT * FROM films ORDER BY id")
        ]

    def add_film(self, film: PrintedFilm) -> None:
        """Enter a printed sheet."""
        with self._database.write() as db:
            db.table("films").insert(
                {
                    "film_box_uid": film.film_box_uid,
                    "calling_ae": film.calling_ae,
                    "display_format": film.display_format,
                    "film_size_id": film.film_size_id,
                    "copies": film.copies,
                    "paths": json.dumps([str(path) for path in film.paths]),
                    "printed_at": film.printed_at.isoformat(),
                }
            )

    def set_faults(self, faults: Faults) -> None:
        """Replace all fault switches; the entities obey from their next step on."""
        with self._database.write() as db:
            db.table("faults").insert(
                {
                    "id": 1,
                    "faults": faults.to_json(),
                    "store_status_left": faults.store_status_count,
                    "mpps_status_left": faults.mpps_status_count,
                },
                replace=True,
            )

    def faults(self) -> Faults:
        """The switches as they are."""
        rows = self._database.rows("SELECT faults FROM faults")
        return Faults.from_json(rows[0]["faults"]) if rows else Faults()

    def faults_for(self, ae_title: str) -> Faults:
        """The switches that concern one entity."""
        faults = self.faults()
        return faults if faults.concerns(ae_title) else Faults()

    def spend(self, fault: Counted, ae_title: str) -> int | None:
        """The status that the next request is to be refused with, counting it; None if none."""
        faults = self.faults_for(ae_title)
        status = faults.store_status if fault == "store_status" else faults.mpps_status
        if status is None:
            return None
        column = f"{fault}_left"
        with self._database.write() as db:
            spent: sqlite3.Cursor = db.conn.execute(
                f"UPDATE faults SET {column} = {column} - 1"  # noqa: S608
                f" WHERE {column} IS NULL OR {column} > 0"
            )
        return status if spent.rowcount else None

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> HospitalStore:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
