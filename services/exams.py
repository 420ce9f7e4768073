"""Exams from the first tap to the last: start, complete, discontinue."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import BytesIO

from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset
from sqlite_utils import Database

from device import exam_machine, mpps
from device.exam import Exam, ExamState, Series
from device.reasons import Code
from device.worklist import WorklistItem
from services import character_sets, discards
from services.box import Box
from services.catalog import at_hand, discarded, exams
from services.dicom.peers import Service
from services.errors import CatalogError, ExamEnded, ExamWithoutImages, StorageFull
from services.outbox import commitments
from services.outbox.model import Kind
from services.outbox.queue import enqueue

Along = Callable[[Database, Exam], None]
"""Done in the transaction that begins an exam; what it raises undoes the beginning."""


def _alone(_: Database, __: Exam) -> None:
    """Nothing else belongs to the beginning."""


def start(
    box: Box,
    items: Sequence[WorklistItem],
    *,
    modality: str = "",
    operators_name: str = "",
    along: Along = _alone,
) -> Exam:
    """Bind an exam to its worklist items and owe the RIS its N-CREATE, in one step.

    Parameters
    ----------
    items
        One item as a rule, several of the same patient in the group case, or one made by
        :meth:`WorklistItem.unscheduled`. The same one twice counts once.
    modality
        Taken from the first item, else from the station, when empty.
    along
        What else must be true or kept in the same step.

    Raises
    ------
    StorageFull
        When the card is above the high-water mark: images could not be kept until they are
        committed.
    CatalogError
        When the items belong to different patients.
    """
    refuse_mixed_patients(items)
    distinct = {item.key: item for item in items}
    return _begin(box, tuple(distinct.values()), modality, operators_name, along=along)


def append(box: Box, exam_id: str, *, operators_name: str = "", along: Along = _alone) -> Exam:
    """A further performed procedure step in the study of an exam that has ended."""
    earlier = exams.load(box.catalog, exam_id)
    if earlier.state is ExamState.IN_PROGRESS:
        raise CatalogError(f"exam {exam_id} is still in progress: acquire into it instead")
    study = (earlier.study_instance_uid, earlier.study_id)
    return _begin(box, earlier.items, earlier.modality, operators_name, study, along=along)


def _begin(
    box: Box,
    items: tuple[WorklistItem, ...],
    modality: str,
    operators_name: str,
    study: tuple[str, str] | None = None,
    *,
    along: Along,
) -> Exam:
    _refuse_when_full(box)
    with box.catalog.writing() as db:
        number = exams.next_number(db)
        exam = _bind(box, number, items, modality, operators_name, study)
        exams.insert(db, number, exam)
        payload = encode(mpps.create_dataset(exam, box.station))
        for peer in box.offering(Service.MPPS):
            enqueue(db, Kind.MPPS_CREATE, peer.name, exam.exam_id, at=box.wall(), payload=payload)
        along(db, exam)
    return exam


def complete(box: Box, exam_id: str) -> Exam:
    """End an exam as completed and owe the RIS its final N-SET.

    Raises
    ------
    ExamWithoutImages
        When it has none but discarded ones: such an exam is discontinued, with a reason.
    device.errors.IllegalTransition
        When it has ended already.
    """
    exam = exams.load(box.catalog, exam_id)
    return _end(box, exam_machine.complete(exam, box.clock.now()))


def discontinue(box: Box, exam_id: str, reason: Code) -> Exam:
    """End an exam as discontinued for a coded reason (PS3.16 CID 9300)."""
    exam = exams.load(box.catalog, exam_id)
    return _end(box, exam_machine.discontinue(exam, box.clock.now(), reason))


def _end(box: Box, exam: Exam) -> Exam:
    with (
        box.spool.acquiring(exam.exam_id),
        box.catalog.writing() as db,
        discards.telling(box, db, exam),
    ):
        _refuse_a_second_end(db, exam)
        _refuse_completing_nothing(box, exam)
        exams.update(db, exam)
        if db.conn.execute("SELECT 1 FROM at_hand WHERE exam_id = ?", [exam.exam_id]).fetchone():
            at_hand.clear(db)
        series = _series_for_report(box, db, exam)
        payload = encode(mpps.set_dataset(exam, series, box.station, _retrieve_ae_title(box)))
        for row in db.query(
            "SELECT peer FROM delivery WHERE kind = 'mpps-create' AND exam_id = ?"
            " AND state != 'cancelled'",
            [exam.exam_id],
        ):
            enqueue(db, Kind.MPPS_SET, row["peer"], exam.exam_id, at=box.wall(), payload=payload)
        _file_for_cancelled(db, exam.exam_id, payload, at=box.wall())
        commitments.hasten(db, exam.exam_id, at=box.wall())
    return exam


def _file_for_cancelled(db: Database, exam_id: str, payload: bytes, *, at: float) -> None:
    """Keep the N-SET, cancelled, where the N-CREATE was: resending that one brings both back."""
    db.conn.execute(
        "INSERT INTO delivery (kind, peer, exam_id, state, payload, created)"
        " SELECT DISTINCT 'mpps-set', peer, exam_id, 'cancelled', ?, ? FROM delivery c"
        " WHERE kind = 'mpps-create' AND exam_id = ? AND NOT EXISTS (SELECT 1 FROM delivery o"
        " WHERE o.kind = 'mpps-create' AND o.exam_id = c.exam_id AND o.peer = c.peer"
        " AND o.state != 'cancelled')",
        [payload, at, exam_id],
    )


def _refuse_a_second_end(db: Database, exam: Exam) -> None:
    state = db.conn.execute("SELECT state FROM exam WHERE exam_id = ?", [exam.exam_id]).fetchone()[
        0
    ]
    if state != ExamState.IN_PROGRESS:
        raise ExamEnded(f"exam {exam.exam_id} was ended by somebody else meanwhile: {state}")


def _refuse_completing_nothing(box: Box, exam: Exam) -> None:
    # in the step itself: the last image may be discarded meanwhile
    if exam.state is ExamState.COMPLETED and not discarded.kept(box.catalog, exam.exam_id):
        raise ExamWithoutImages(
            f"exam {exam.exam_id} has no images: take one, or discontinue it with a reason"
        )


def _series_for_report(box: Box, db: Database, exam: Exam) -> tuple[Series, ...]:
    """The performed series; an exam without images reports one empty series of its own.

    PS3.4 Table F.7.2-1 asks for at least one item in a final N-SET.
    """
    series = exams.series_of(box.catalog, exam.exam_id)
    if series:
        return series
    number = exams.next_series_number(db, exam.exam_id, exam.study_instance_uid)
    empty = Series(
        series_instance_uid=box.uids(),
        series_number=number,
        modality=exam.modality,
        protocol_name="no images",
        series_description="",
        frame_of_reference_uid=box.uids(),
        started=exam.started,
    )
    exams.insert_series(db, exam.exam_id, empty)
    return (empty,)


def _retrieve_ae_title(box: Box) -> str:
    archives = box.offering(Service.QUERY)
    stores = [peer for peer in archives if peer.offers(Service.STORE)]
    return stores[0].ae_title if stores else ""


def _bind(
    box: Box,
    number: int,
    items: tuple[WorklistItem, ...],
    modality: str,
    operators_name: str,
    study: tuple[str, str] | None,
) -> Exam:
    item = items[0]
    # the group case: images of several studies get one of their own, the MPPS names them all
    one_study = len({each.study_instance_uid for each in items}) == 1
    study_uid, study_id = study or (
        (item.study_instance_uid if one_study else "") or box.uids(),
        item.requested_procedure_id or f"G{number:09d}",
    )
    return Exam(
        exam_id=str(number),
        mpps_uid=box.uids(),
        study_instance_uid=study_uid,
        study_id=study_id,
        performed_procedure_step_id=f"P{number:09d}",
        items=items,
        modality=modality or item.modality or box.station.modality,
        state=ExamState.IN_PROGRESS,
        started=box.clock.now(),
        character_set=character_sets.for_exam(
            items,
            operators_name,
            box.station,
            preferred=item.character_set or box.station.character_set,
            # an N-SET is written in the character set of its N-CREATE (PS3.4 F.7.2.2.1), so it
            # must hold whatever protocol is going to be picked
            more=[text for each in box.protocols for text in character_sets.of_protocol(each)],
        ),
        operators_name=operators_name,
        study_started=exams.study_started(box.catalog, study_uid, number),
    )


def refuse_mixed_patients(items: Sequence[WorklistItem]) -> None:
    """Return if one exam may satisfy all of these entries.

    Raises
    ------
    CatalogError
        There is none, or they belong to different patients.
    """
    # two identifiers must agree: where there is no birth date, the name takes its place
    identities = {
        (
            item.patient_id or item.patient_name,
            item.issuer_of_patient_id,
            item.patient_birth_date or item.patient_name,
        )
        for item in items
    }
    if len(identities) != 1:
        raise CatalogError(
            "an exam belongs to one patient, and these worklist items name several: "
            "start one exam for each"
        )


def _refuse_when_full(box: Box) -> None:
    usage = box.spool.usage()
    if usage.percent < box.retention.high_water_percent:
        return
    raise StorageFull(
        f"the card is {usage.percent:.0f} % full (limit {box.retention.high_water_percent} %): "
        f"no new exam is begun. Nothing is lost; see 'gantry outbox' for the archive that has "
        f"not committed its images yet"
    )


def encode(dataset: Dataset) -> bytes:
    """A data set as the outbox keeps it: Explicit VR Little Endian without a file header."""
    buffer = DicomBytesIO()
    buffer.is_implicit_VR = False
    buffer.is_little_endian = True
    write_dataset(buffer, dataset)
    return bytes(buffer.getvalue())


def decode(payload: bytes) -> Dataset:
    """The data set that :func:`encode` made.

    Raises
    ------
    CatalogError
        When these are not all of its bytes: pydicom reads what it can and says nothing.
    """
    dataset = read_dataset(BytesIO(payload), is_implicit_VR=False, is_little_endian=True)
    if not payload or encode(dataset) != payload:
        raise CatalogError("a message in the outbox is damaged; it was not sent")
    return dataset
