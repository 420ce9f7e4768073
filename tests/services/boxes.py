"""Boxes in a temporary folder, with a clock that the test sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from device.exam import Exam, Series
from device.ports import Clock
from device.protocol import ObjectKind, Protocol
from device.station import Station
from device.uids import random_uid
from device.worklist import WorklistItem
from drivers.pattern import PatternSource
from services import exams as lives
from services.acquisition import Acquisition, Summary
from services.box import Box, Retention
from services.catalog import Catalog, exams
from services.catalog.exams import Instance
from services.dicom.peers import Peer, Service, Timeouts
from services.outbox.queue import enqueue_stores
from services.spool import Spool
from tests.device.iod.factories import answer

ZONE = timezone(timedelta(hours=2))
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
EXPLICIT = "1.2.840.10008.1.2.1"
YEAR = 366 * 86400.0

STATION = Station(
    ae_title="GANTRY",
    station_name="CT1",
    institution_name="Hospital",
    modality="OT",
)
CAPTURE = Protocol(
    name="Capture",
    source="pattern",
    object=ObjectKind.SC,
    modality="OT",
    series_description="Screen",
    burned_in_annotation=False,
)
CLIP = replace(CAPTURE, name="Loop", multi_frame=True)


@dataclass
class HandClock:
    """Stands still until it is moved."""

    wall: datetime = datetime(2026, 3, 4, 9, 0, tzinfo=ZONE)
    ticks: float = 1000.0

    def now(self) -> datetime:
        return self.wall

    def monotonic(self) -> float:
        return self.ticks

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.wall += timedelta(seconds=seconds)
        self.ticks += seconds

    def jump(self, seconds: float) -> None:
        """Set the wall clock, as NTP does; no time passes."""
        self.wall += timedelta(seconds=seconds)


def make_box(
    folder: Path,
    peers: Sequence[Peer] = (),
    clock: Clock | None = None,
    *,
    station: Station = STATION,
    keep_days: int = 30,
    high_water_percent: int = 101,
) -> Box:
    """A box over real files; the default high-water mark is never reached."""
    return Box(
        station=station,
        state_dir=folder,
        catalog=Catalog(folder / "catalog.sqlite"),
        spool=Spool(folder / "spool"),
        peers=tuple(peers),
        retention=Retention(keep_days, high_water_percent),
        clock=clock or HandClock(),
        uids=random_uid,
        software_version="0.1.0",
    )


def archive(name: str = "pacs", port: int = 104, **more: Any) -> Peer:
    """An archive that stores, commits and answers queries; commitment is required."""
    values: dict[str, Any] = {
        "ae_title": name.upper(),
        "host": "127.0.0.1",
        "services": frozenset({Service.STORE, Service.COMMIT, Service.QUERY}),
        "commitment_required": True,
        "timeouts": Timeouts(connect=1.0, acse=2.0, dimse=5.0),
        "commitment_timeout": 3600.0,
        "commitment_wait": 0.0,
    }
    return Peer(name=name, port=port, **(values | more))


def ris(name: str = "ris", port: int = 105, **more: Any) -> Peer:
    """A RIS with worklist and MPPS."""
    services = frozenset({Service.WORKLIST, Service.MPPS})
    return archive(name, port, **({"services": services, "commitment_required": False} | more))


def item(number: int = 1, **more: Any) -> WorklistItem:
    """One scheduled step of the patient PID-1."""
    return WorklistItem.from_dataset(answer(number=number, **more))


def begin(box: Box, number: int = 1, **more: Any) -> Exam:
    """An exam of :func:`item`."""
    return lives.start(box, [item(number, **more)])


def add_images(box: Box, exam: Exam, count: int = 1) -> list[str]:
    """Enter instances of one new series as rows only, owed to every archive."""
    with box.catalog.writing() as db:
        series = Series(
            series_instance_uid=random_uid(),
            series_number=exams.next_series_number(db, exam.exam_id, exam.study_instance_uid),
            modality="OT",
            protocol_name="Capture",
            series_description="",
            frame_of_reference_uid=random_uid(),
            started=box.clock.now(),
        )
        exams.insert_series(db, exam.exam_id, series)
        uids = [random_uid() for _ in range(count)]
        for number, uid in enumerate(uids, 1):
            exams.insert_instance(db, _instance(box, exam, series, number, uid))
            enqueue_stores(db, box.peers, exam.exam_id, uid, at=box.wall())
    return uids


def acquire(
    box: Box, exam: Exam, frames: int = 1, protocol: Protocol = CAPTURE, **pattern: Any
) -> Summary:
    """Take real images of the test pattern, durable and owed."""
    source = PatternSource("pattern", 0, **({"rows": 32, "columns": 32, "bits": 8} | pattern))
    return Acquisition(box, exam.exam_id, protocol).run(source, frames=frames)


def states(box: Box, kind: str = "") -> dict[int, str]:
    """Delivery states by number."""
    rows = box.catalog.rows(
        "SELECT id, state FROM delivery WHERE ? IN ('', kind) ORDER BY id", [kind]
    )
    return {row["id"]: row["state"] for row in rows}


def archived(box: Box, uid: str, peer: str = "pacs") -> dict[str, Any] | None:
    """What one archive has said of one instance."""
    return box.catalog.row(
        "SELECT * FROM archived WHERE sop_instance_uid = ? AND peer = ?", [uid, peer]
    )


def _instance(box: Box, exam: Exam, series: Series, number: int, uid: str) -> Instance:
    return Instance(
        sop_instance_uid=uid,
        series_instance_uid=series.series_instance_uid,
        exam_id=exam.exam_id,
        instance_number=number,
        sop_class_uid=SECONDARY_CAPTURE,
        transfer_syntax_uid=EXPLICIT,
        path=box.spool.path_of(exam.exam_id, uid),
        size=1,
        sha256="",
        object="SC",
        frames=1,
        dropped=0,
        provenance={},
        acquired=box.clock.now(),
    )
