"""The Modality Performed Procedure Step SCP: each request against the rules and the schedule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydicom.dataset import Dataset

from services.hospital import mpps_rules as rules
from services.hospital.matching import same_name
from services.hospital.mpps_rules import MppsRefused
from services.hospital.schedule_table import ScheduledStep
from services.hospital.store import HospitalStore


@dataclass(frozen=True, slots=True)
class _Fit:
    """One scheduled step that an MPPS names: the entry that it fits, or why it does not."""

    row_id: int | None
    kind: str
    step_id: str
    attributes: tuple[str, ...]


def create_step(
    store: HospitalStore, sop_instance_uid: str, calling_ae: str, dataset: Dataset
) -> int:
    """N-CREATE; returns how many exceptions it left for a person.

    Raises
    ------
    MppsRefused
        With the status for the SCU.
    """
    if not sop_instance_uid:
        raise MppsRefused(rules.INVALID_VALUE, "AffectedSOPInstanceUID is chosen by the SCU")
    if store.mpps(sop_instance_uid) is not None:
        raise MppsRefused(rules.DUPLICATE_INSTANCE, "this step exists already")
    rules.check_create(dataset)
    fits = list(_fits(store, dataset))
    misfits = [(fit.kind, fit.step_id, fit.attributes) for fit in fits if fit.row_id is None]
    created = store.performed.create(
        sop_instance_uid,
        calling_ae,
        dataset,
        [fit.row_id for fit in fits if fit.row_id is not None],
        misfits,
    )
    if not created:
        raise MppsRefused(rules.DUPLICATE_INSTANCE, "this step exists already")
    return len(misfits)


def set_step(store: HospitalStore, sop_instance_uid: str, modifications: Dataset) -> str:
    """N-SET; returns the step's status afterwards.

    Raises
    ------
    MppsRefused
        With the status for the SCU.
    """
    record = store.mpps(sop_instance_uid)
    if record is None:
        raise MppsRefused(rules.NO_SUCH_INSTANCE, "no such performed procedure step")
    if record.status in rules.FINAL:
        raise _final()
    rules.check_set(modifications, record.dataset)
    merged = record.dataset
    for element in modifications:
        merged[element.tag] = element
    rules.check_final(merged)
    if not store.performed.update(sop_instance_uid, merged):
        raise _final()
    return str(merged.PerformedProcedureStepStatus)


def _final() -> MppsRefused:
    return MppsRefused(
        rules.PROCESSING_FAILURE,
        "Performed Procedure Step Object may no longer be updated",
        error_id=rules.NO_LONGER_UPDATABLE,
    )


def _fits(store: HospitalStore, dataset: Dataset) -> Iterator[_Fit]:
    """How each Scheduled Step Attributes item fits; an unscheduled one has no step ID."""
    for item in dataset.ScheduledStepAttributesSequence:
        step_id = str(item.ScheduledProcedureStepID or "").strip()
        if not step_id:
            continue
        step = store.schedule.find_step(
            str(item.StudyInstanceUID), step_id, str(item.AccessionNumber or "").strip()
        )
        if step is None:
            yield _Fit(None, "unknown step", step_id, ("ScheduledProcedureStepID",))
            continue
        different = _different_demographics(step, dataset)
        if different:
            yield _Fit(None, "demographics", step_id, different)
        else:
            yield _Fit(step.row_id, "", step_id, ())


def _different_demographics(step: ScheduledStep, dataset: Dataset) -> tuple[str, ...]:
    different = []
    if not same_name(step.patient_name, str(dataset.PatientName or "")):
        different.append("PatientName")
    for keyword, scheduled in (
        ("PatientID", step.patient_id),
        ("PatientBirthDate", step.birth_date),
        ("PatientSex", step.sex),
    ):
        if str(dataset[keyword].value or "").strip() != scheduled.strip():
            different.append(keyword)
    return tuple(different)
