"""Putting spool and catalog right at start, after a crash or a pulled plug."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, replace
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import FileDataset
from pydicom.errors import InvalidDicomError
from pydicom.uid import (
    UID,
    CTImageStorage,
    KeyObjectSelectionDocumentStorage,
    MRImageStorage,
    SecondaryCaptureImageStorage,
)
from sqlite_utils import Database

from device.iod.video import VIDEO_SOP_CLASSES
from services import match_journal
from services.box import Box
from services.catalog import exams
from services.catalog.exams import Instance
from services.clip_file import FinishedClip
from services.clip_journal import JOURNAL_SUFFIX
from services.clip_recovery import finish_cut_off
from services.outbox.queue import enqueue_stores, free_dead_leases
from services.spool import TEMPORARY_SUFFIX

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Report:
    """What recovery found. ``ran`` is False when somebody was acquiring, so nothing was due.

    ``recordings`` counts clips that were cut off and are finished now; they are among ``adopted``
    as well, or among ``quarantined``.
    """

    ran: bool
    unfinished: int = 0
    recordings: int = 0
    adopted: int = 0
    quarantined: int = 0
    missing: int = 0
    leases: int = 0


def recover(box: Box) -> Report:
    """Reconcile the spool with the catalog, and free what dead processes had claimed.

    - A match that was cut off is undone, or finished where it was decided.
    - A recording that was cut off is finished with the frames that are whole, and says so.
    - Any other temporary file was never acquired: it goes.
    - A whole file without a row was acquired up to its last step: its row is made now when its
      series is known and its exam still in progress; else it goes into quarantine, for a person.
    - A row whose file is gone is an alarm, never dropped: it is marked, and what is owed of it
      is held.
    """
    leases = free_dead_leases(box.catalog)
    match_journal.recover(box)
    with box.spool.quiet() as quiet:
        if not quiet:
            return Report(ran=False, leases=leases)
        recordings, unfinished = _finish_recordings(box)
        known = {
            row["path"]
            for row in box.catalog.rows("SELECT path FROM instance WHERE removed IS NULL")
        }
        adopted = quarantined = 0
        present: set[str] = set()
        for path in list(box.spool.files()):
            relative = path.relative_to(box.spool.root).as_posix()
            if path.name.endswith(TEMPORARY_SUFFIX):
                path.unlink()
                unfinished += 1
            elif relative in known:
                present.add(relative)
            elif _was_removed(box, relative) or _is_unfiled_note(path):
                box.spool.remove(relative)
            elif _adopt(box, path, relative, recordings.get(relative)):
                adopted += 1
            else:
                target = box.spool.set_aside(path)
                _log.error("a file that belongs to no exam was set aside as %s", target.name)
                quarantined += 1
        missing = _mark_missing(box, known - present)
    report = Report(True, unfinished, len(recordings), adopted, quarantined, missing, leases)
    if report != Report(True):
        _log.warning("after a crash or a power cut: %s", report)
    return report


def _finish_recordings(box: Box) -> tuple[dict[str, FinishedClip], int]:
    """Clips that a crash cut off, made whole as far as they go; by their path in the spool.

    The second value counts those of which nothing was whole.
    """
    finished: dict[str, FinishedClip] = {}
    empty = 0
    for path in list(box.spool.files()):
        if not path.name.endswith(JOURNAL_SUFFIX):
            continue
        data = path.with_name(path.name.removesuffix(JOURNAL_SUFFIX) + TEMPORARY_SUFFIX)
        begun = data.is_file()
        try:
            clip = finish_cut_off(box.spool, path)
        except (OSError, ValueError, InvalidDicomError) as error:
            target = box.spool.set_aside(path)
            _log.error(
                "a recording that was cut off cannot be finished (%s); its journal was set aside"
                " as %s, and its data beside it", type(error).__name__, target.name,
            )  # fmt: skip
            if data.is_file():
                box.spool.set_aside(data)
            continue
        if clip is not None:
            _log.warning("a recording was cut off: its first %d frames are kept", clip.frames)
            finished[clip.relative] = clip
        elif begun:
            _log.warning("a recording was cut off before one frame of it was whole: it is lost")
            empty += 1
    return finished, empty


def _adopt(box: Box, path: Path, relative: str, clip: FinishedClip | None) -> bool:
    try:
        dataset = dcmread(path, stop_before_pixels=True)
        instance = _instance_of(box, dataset, path, relative)
    except (InvalidDicomError, OSError, AttributeError, ValueError, KeyError) as error:
        _log.warning("an unfinished file could not be read: %s", type(error).__name__)
        return False
    if instance is not None and clip is not None:
        built = clip.built
        instance = replace(
            instance, dropped=clip.dropped, provenance=built.provenance, origins=built.origins
        )
    with box.catalog.writing() as db:
        if instance is None or not _has_room_for(db, instance):
            return False
        exams.insert_instance(db, instance)
        enqueue_stores(db, box.peers, instance.exam_id, instance.sop_instance_uid, at=box.wall())
    _log.warning("exam %s: an image that a crash had cut off was taken in", instance.exam_id)
    return True


def _has_room_for(db: Database, instance: Instance) -> bool:
    """Whether series and exam are as they were when the file was written."""
    row = db.conn.execute(
        "SELECT exam.state FROM series JOIN exam USING (exam_id)"
        " WHERE series_instance_uid = ? AND exam_id = ? AND NOT EXISTS"
        " (SELECT 1 FROM instance WHERE series_instance_uid = ? AND instance_number = ?)",
        [
            instance.series_instance_uid,
            instance.exam_id,
            instance.series_instance_uid,
            instance.instance_number,
        ],
    ).fetchone()
    # a final N-SET has named every instance: one that it does not name needs a person
    return row is not None and row["state"] == "IN PROGRESS"


def _instance_of(box: Box, dataset: FileDataset, path: Path, relative: str) -> Instance | None:
    series_uid = str(dataset.SeriesInstanceUID)
    row = box.catalog.row(
        "SELECT exam_id FROM series JOIN exam USING (exam_id)"
        " WHERE series_instance_uid = ? AND study_instance_uid = ?",
        # of the former study: the exam was matched since, and the file names another patient
        [series_uid, str(dataset.StudyInstanceUID)],
    )
    sop_instance_uid = str(dataset.SOPInstanceUID)
    if row is None or relative != box.spool.path_of(row["exam_id"], sop_instance_uid):
        return None
    return Instance(
        sop_instance_uid=sop_instance_uid,
        series_instance_uid=series_uid,
        exam_id=row["exam_id"],
        instance_number=int(dataset.InstanceNumber),
        sop_class_uid=str(dataset.SOPClassUID),
        transfer_syntax_uid=str(dataset.file_meta.TransferSyntaxUID),
        path=relative,
        size=path.stat().st_size,
        sha256=_digest(path),
        object=_object_name(str(dataset.SOPClassUID)),
        frames=int(dataset.get("NumberOfFrames", 1)),
        dropped=0,
        provenance={},
        acquired=box.clock.now(),
    )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _object_name(sop_class_uid: str) -> str:
    """As :attr:`Instance.object` names what was built."""
    if sop_class_uid in VIDEO_SOP_CLASSES:
        return "video"
    kinds = {CTImageStorage: "CT", MRImageStorage: "MR", SecondaryCaptureImageStorage: "SC"}
    return kinds.get(UID(sop_class_uid), "SC multi-frame")


def _is_unfiled_note(path: Path) -> bool:
    """Whether this is a rejection note of an exam whose end was cut off: it gets a new one then."""
    try:
        dataset = dcmread(path, specific_tags=["SOPClassUID"], stop_before_pixels=True)
    except (InvalidDicomError, OSError):
        return False
    return bool(dataset.get("SOPClassUID") == KeyObjectSelectionDocumentStorage)


def _was_removed(box: Box, relative: str) -> bool:
    """Whether retention has let the image go, and was cut off before its file went."""
    row = box.catalog.row("SELECT removed FROM instance WHERE path = ?", [relative])
    return row is not None and row["removed"] is not None


def _mark_missing(box: Box, gone: set[str]) -> int:
    now = box.clock.now().isoformat()
    lost = 0
    for path in sorted(gone):
        with box.catalog.writing() as db:
            marked = db.conn.execute(
                "UPDATE instance SET missing = ?"
                " WHERE path = ? AND removed IS NULL AND missing IS NULL",
                [now, path],
            )
            if not marked.rowcount:
                continue  # told before, or retention let it go while we were looking
            lost += 1
            db.conn.execute(
                "UPDATE delivery SET state = 'held', last_text = 'the file is gone from the card',"
                " advice = 'The image was acquired but its file cannot be found. Do not delete it"
                " at the console; call service before the card is used further'"
                " WHERE kind = 'store' AND state IN ('waiting', 'sending') AND sop_instance_uid ="
                " (SELECT sop_instance_uid FROM instance WHERE path = ?)",
                [path],
            )
        _log.critical("an image file of the catalog is gone from the spool: %s", path)
    return lost
