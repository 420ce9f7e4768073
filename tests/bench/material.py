"""A box in a folder, and CT slices of the usual size in its spool."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from device.protocol import ObjectKind, Protocol
from device.station import Station
from device.uids import random_uid
from device.worklist import WorklistItem
from drivers.frame import Frame
from services import exams
from services.box import Box, Retention
from services.catalog import Catalog
from services.clock import SystemClock
from services.dicom.peers import Peer
from services.spool import Spool

CT = Protocol(
    name="Bench",
    source="bench",
    object=ObjectKind.CT,
    modality="CT",
    body_part="HEAD",
    geometry={
        "PixelSpacing": [0.5, 0.5],
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "ImagePositionPatient": [-128, -128, 0],
        "SliceThickness": 1,
        "SpacingBetweenSlices": 1,
        "PatientPosition": "HFS",
    },
    technique={
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "KVP": 120,
        "RescaleSlope": 1,
        "RescaleIntercept": -1024,
        "RescaleType": "HU",
    },
)


class Slices:
    """A frame source of random 12-bit pictures of 512 x 512, as fast as they are read."""

    name = "bench"
    dropped = 0
    frame_time_ms: float | None = None

    def __init__(self, count: int) -> None:
        generator = np.random.default_rng(1)
        self._pixels = generator.integers(0, 4096, (512, 512), dtype=np.uint16)
        self._left = count
        self._sequence = 0

    def open(self) -> None:
        """Nothing to open."""

    def close(self) -> None:
        """Nothing to close."""

    def read(self, timeout: float) -> Frame | None:
        if not self._left:
            return None
        self._left -= 1
        self._sequence += 1
        return Frame(
            pixels=self._pixels + np.uint16(self._sequence % 7),
            bits_stored=13,
            photometric="MONOCHROME2",
            sequence=self._sequence,
            monotonic_ns=self._sequence,
            taken_at=datetime.now(UTC),
            native=True,
        )


def make_box(folder: Path, peers: tuple[Peer, ...] = ()) -> Box:
    return Box(
        station=Station(ae_title="BENCH", manufacturer="Bench"),
        state_dir=folder,
        catalog=Catalog(folder / "catalog.sqlite"),
        spool=Spool(folder / "spool"),
        peers=peers,
        retention=Retention(keep_days=1, high_water_percent=95),
        clock=SystemClock(ZoneInfo("UTC")),
        uids=random_uid,
        software_version="bench",
    )


def start_exam(box: Box) -> str:
    item = WorklistItem.unscheduled(
        patient_id="BENCH", patient_name="Bench^Mark", study_instance_uid=random_uid()
    )
    return exams.start(box, [item], modality="CT").exam_id
