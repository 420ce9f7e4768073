"""What the PACS holds and what it promised."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from services.hospital.database import HospitalDatabase, Row, utc_now
from services.hospital.records import CommitmentEntry, StoredInstance

Reference = tuple[str, str]
"""SOP Class UID and SOP Instance UID."""


class ArchiveTable:
    """Instances by SOP Instance UID, and the commitment log."""

    def __init__(self, database: HospitalDatabase) -> None:
        self._database = database

    def add(self, instance: StoredInstance, transfer_syntax_uid: str, header: bytes) -> Path | None:
        """Enter an instance or count it again.

        Returns
        -------
        Path or None
            Where an earlier copy lay, if that is another place: it can be deleted.
        """
        with self._database.write() as db:
            earlier = db.conn.execute(
                "SELECT path FROM instances WHERE sop_instance_uid = ?",
                (instance.sop_instance_uid,),
            ).fetchone()
            db.conn.execute(
                "INSERT INTO instances (sop_instance_uid, sop_class_uid, study_instance_uid,"
                " series_instance_uid, patient_id, transfer_syntax_uid, path, header, received_at,"
                " calling_ae) VALUES (?,?,?,?,?,?,?,?,?,?)"
                " ON CONFLICT (sop_instance_uid) DO UPDATE SET"
                " sop_class_uid = excluded.sop_class_uid,"
                " study_instance_uid = excluded.study_instance_uid,"
                " series_instance_uid = excluded.series_instance_uid,"
                " patient_id = excluded.patient_id,"
                " transfer_syntax_uid = excluded.transfer_syntax_uid,"
                " path = excluded.path, header = excluded.header,"
                " received_at = excluded.received_at, calling_ae = excluded.calling_ae,"
                " times_received = times_received + 1",
                (
                    instance.sop_instance_uid,
                    instance.sop_class_uid,
                    instance.study_instance_uid,
                    instance.series_instance_uid,
                    instance.patient_id,
                    transfer_syntax_uid,
                    str(instance.path),
                    header,
                    instance.received_at.isoformat(),
                    instance.calling_ae,
                ),
            )
        if earlier is None or earlier[0] == str(instance.path):
            return None
        return Path(earlier[0])

    def instances(self) -> list[StoredInstance]:
        rows = self._database.rows("SELECT * FROM instances ORDER BY received_at, rowid")
        return [_instance(row) for row in rows]

    def headers(self, where: str, parameters: tuple[str, ...]) -> list[Row]:
        """Rows with ``header`` and UIDs of the instances that satisfy an SQL condition."""
        return self._database.rows(
            "SELECT sop_instance_uid, sop_class_uid, study_instance_uid, series_instance_uid,"  # noqa: S608
            " transfer_syntax_uid, path, header FROM instances"
            f" WHERE {where} ORDER BY received_at, rowid",
            parameters,
        )

    def open_commitment(
        self, transaction_uid: str, calling_ae: str, references: Sequence[Reference], state: str
    ) -> None:
        """Log a request; the same transaction asked for again is pending once more."""
        with self._database.write() as db:
            db.conn.execute(
                "INSERT INTO commitments (transaction_uid, calling_ae, state, refs, requested_at)"
                " VALUES (?,?,?,?,?) ON CONFLICT (transaction_uid, calling_ae)"
                " DO UPDATE SET state = excluded.state, refs = excluded.refs",
                (transaction_uid, calling_ae, state, json.dumps(references), utc_now()),
            )

    def pending_commitments(self) -> list[tuple[str, str]]:
        """Transaction UID and calling AE title of what was not reported yet."""
        rows = self._database.rows(
            "SELECT transaction_uid, calling_ae FROM commitments WHERE state = 'pending'"
        )
        return [(row["transaction_uid"], row["calling_ae"]) for row in rows]

    def references(self, transaction_uid: str, calling_ae: str) -> list[Reference]:
        rows = self._database.rows(
            "SELECT refs FROM commitments WHERE transaction_uid = ? AND calling_ae = ?",
            (transaction_uid, calling_ae),
        )
        return [(str(c), str(i)) for row in rows for c, i in json.loads(row["refs"])]

    def sop_class_of(self, sop_instance_uid: str) -> str | None:
        """The SOP class under which an instance is held, None if it is not."""
        rows = self._database.rows(
            "SELECT sop_class_uid, path FROM instances WHERE sop_instance_uid = ?",
            (sop_instance_uid,),
        )
        if not rows or not Path(rows[0]["path"]).is_file():
            return None
        return str(rows[0]["sop_class_uid"])

    def refuse_once(self, sop_instance_uid: str) -> bool:
        """True the first time that it is asked for this instance (the ``partial`` fault)."""
        with self._database.write() as db:
            changed = db.conn.execute(
                "UPDATE instances SET refused_commitment = 1"
                " WHERE sop_instance_uid = ? AND refused_commitment = 0",
                (sop_instance_uid,),
            ).rowcount
        return bool(changed)

    def reported(self, transaction_uid: str, calling_ae: str, committed: int, failed: int) -> None:
        with self._database.write() as db:
            db.conn.execute(
                "UPDATE commitments SET state = 'reported', reports = reports + 1,"
                " committed = ?, failed = ? WHERE transaction_uid = ? AND calling_ae = ?",
                (committed, failed, transaction_uid, calling_ae),
            )

    def commitments(self) -> list[CommitmentEntry]:
        return [
            CommitmentEntry(
                transaction_uid=row["transaction_uid"],
                calling_ae=row["calling_ae"],
                state=row["state"],
                reports=row["reports"],
                committed=row["committed"],
                failed=row["failed"],
                requested_at=datetime.fromisoformat(row["requested_at"]),
            )
            for row in self._database.rows("SELECT * FROM commitments ORDER BY rowid")
        ]


def _instance(row: Row) -> StoredInstance:
    return StoredInstance(
        sop_instance_uid=row["sop_instance_uid"],
        sop_class_uid=row["sop_class_uid"],
        study_instance_uid=row["study_instance_uid"],
        series_instance_uid=row["series_instance_uid"],
        patient_id=row["patient_id"],
        path=Path(row["path"]),
        received_at=datetime.fromisoformat(row["received_at"]),
        times_received=row["times_received"],
        calling_ae=row["calling_ae"],
    )
