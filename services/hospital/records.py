"""What the simulated hospital remembers, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydicom.dataset import Dataset


@dataclass(frozen=True, slots=True)
class MppsRecord:
    """One Modality Performed Procedure Step as the RIS holds it.

    Attributes
    ----------
    sop_instance_uid : str
        The UID that the modality chose in its N-CREATE.
    status : str
        ``IN PROGRESS``, ``COMPLETED`` or ``DISCONTINUED``.
    calling_ae_title : str
        Who created it.
    dataset : Dataset
        Everything created and set so far, in the character set of the N-CREATE.
    created_at, updated_at : datetime
        When the RIS took the N-CREATE and the latest N-SET, UTC.
    updates : int
        How many N-SET were accepted.
    """

    sop_instance_uid: str
    status: str
    calling_ae_title: str
    dataset: Dataset
    created_at: datetime
    updated_at: datetime
    updates: int


@dataclass(frozen=True, slots=True)
class MppsException:
    """A performed step that did not fit the schedule and waits for a person at the RIS.

    ``kind`` is ``demographics`` (patient differs from the order) or ``unknown step`` (no such
    Scheduled Procedure Step); ``attributes`` names what differs.
    """

    sop_instance_uid: str
    kind: str
    scheduled_procedure_step_id: str
    attributes: tuple[str, ...]
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class StoredInstance:
    """One SOP Instance that the PACS holds.

    ``times_received`` is above one when the modality sent it again; ``path`` is the file with the
    data set exactly as received the last time.
    """

    sop_instance_uid: str
    sop_class_uid: str
    study_instance_uid: str
    series_instance_uid: str
    patient_id: str
    path: Path
    received_at: datetime
    times_received: int
    calling_ae: str


@dataclass(frozen=True, slots=True)
class CommitmentEntry:
    """One Storage Commitment transaction in the log of the PACS.

    ``state`` is ``pending``, ``reported`` or ``never`` (the fault that keeps silent);
    ``committed`` and ``failed`` count the references of the latest report.
    """

    transaction_uid: str
    calling_ae: str
    state: str
    reports: int
    committed: int
    failed: int
    requested_at: datetime


@dataclass(frozen=True, slots=True)
class PrintedFilm:
    """One sheet that the film printer printed; ``paths`` holds its image boxes in order."""

    film_box_uid: str
    calling_ae: str
    display_format: str
    film_size_id: str
    copies: int
    paths: tuple[Path, ...]
    printed_at: datetime
