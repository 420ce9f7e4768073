"""Exams and deliveries as plain data, for the command line, the console and scripts alike."""

from __future__ import annotations

import json
from typing import Any

from device.exam import Exam
from services.box import Box
from services.catalog import discarded, exams, provenance
from services.catalog.database import Row
from services.outbox import operator, peer_state
from services.outbox.model import Delivery

_COUNTS = """
    SELECT count(*) AS acquired,
        count(CASE WHEN stored = owed AND owed > 0 THEN 1 END) AS stored,
        count(CASE WHEN committed = promised AND promised > 0 THEN 1 END) AS committed
    FROM (SELECT i.sop_instance_uid, count(a.peer) AS owed, count(a.stored) AS stored,
            coalesce(sum(a.owes_commitment), 0) AS promised,
            count(CASE WHEN a.owes_commitment THEN a.committed END) AS committed
        FROM instance i LEFT JOIN archived a USING (sop_instance_uid)
        WHERE i.exam_id = ? AND i.discarded IS NULL AND i.object != 'rejection note'
        GROUP BY i.sop_instance_uid)
"""


def exam_as_plain(box: Box, exam: Exam) -> dict[str, Any]:
    """An exam in one line.

    ``stored`` counts images that every archive has, ``committed`` those that every archive that
    owes a promise has given one for.
    """
    item = exam.item
    counts = box.catalog.row(_COUNTS, [exam.exam_id]) or {}
    reason = exam.discontinuation_reason
    return {
        "exam": exam.exam_id,
        "state": exam.state.value,
        "scheduled": exam.scheduled,
        "patient_name": item.patient_name,
        "readable_name": item.readable_name,
        "patient_id": item.patient_id,
        "birth_date": item.patient_birth_date,
        "sex": item.patient_sex,
        "accession_number": item.accession_number,
        "modality": exam.modality,
        "started": exam.started.isoformat(),
        "ended": exam.ended.isoformat() if exam.ended else "",
        "reason": reason.meaning if reason else "",
        "study_instance_uid": exam.study_instance_uid,
        "mpps_uid": exam.mpps_uid,
        **counts,
    }


def exam_in_detail(box: Box, exam: Exam) -> dict[str, Any]:
    """An exam with every image, where it stands at each archive, and what is still owed.

    ``provenance`` of an image tells by DICOM keyword where a value came from; ``contributed`` lists
    what was said of the picture, in which words, and who stands for it.
    """
    owed = operator.deliveries(box.catalog, exam_id=exam.exam_id)
    faults = peer_faults(box)
    said = provenance.of_exam(box.catalog, exam.exam_id)
    return {
        **exam_as_plain(box, exam),
        "images": [
            {**_image(row), "contributed": said.get(row["sop_instance_uid"], [])}
            for row in exams.instances_of(box.catalog, exam.exam_id)
            if row["object"] != discarded.NOTE
        ],
        "owed": [delivery_as_plain(each, faults.get(each.peer, "")) for each in owed],
    }


def peer_faults(box: Box) -> dict[str, str]:
    """By name, why the peers that do not answer are left alone for a while."""
    states = (peer_state.get(box.catalog, peer.name) for peer in box.destinations)
    return {state.peer: state.last_error for state in states if state.last_error}


def delivery_as_plain(delivery: Delivery, peer_fault: str = "") -> dict[str, Any]:
    """One delivery for scripts; times are Unix seconds.

    ``peer_fault`` says why its peer cannot be reached at all, which no delivery can tell.
    """
    return {
        "id": delivery.id,
        "kind": delivery.kind.value,
        "peer": delivery.peer,
        "exam": delivery.exam_id,
        "sop_instance_uid": delivery.sop_instance_uid,
        "state": delivery.state.value,
        "attempts": delivery.attempts,
        "next_attempt": delivery.next_attempt,
        "last_status": delivery.last_status,
        "last_text": delivery.last_text,
        "advice": delivery.advice,
        "peer_fault": peer_fault,
        "created": delivery.created,
        "finished": delivery.finished,
    }


def _image(row: Row) -> dict[str, Any]:
    return {
        "sop_instance_uid": row["sop_instance_uid"],
        "sop_class_uid": row["sop_class_uid"],
        "series_instance_uid": row["series_instance_uid"],
        "series_number": row["series_number"],
        "instance_number": row["instance_number"],
        "object": row["object"],
        "frames": row["frames"],
        "dropped": row["dropped"],
        "acquired": row["acquired"],
        "path": row["path"],
        "missing": row["missing"] or "",
        "removed": row["removed"] or "",
        "discarded": row["discarded"] or "",
        "discard_reason": row["discard_reason"] or "",
        "provenance": json.loads(row["provenance"]),
        "archives": [
            {
                "peer": archive["peer"],
                "state": _archive_state(archive),
                "stored": archive["stored"] or "",
                "committed": archive["committed"] or "",
                "proof": archive["proof"] or "",
            }
            for archive in row["archives"]
        ],
    }


def _archive_state(archive: Row) -> str:
    if archive["committed"]:
        return "committed"
    if archive["proof"] == "query":
        return "stored, seen by query"
    return "stored" if archive["stored"] else "owed"
