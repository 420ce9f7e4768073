"""The worklist as the operator sees it: asked for, cached, with its age and its warnings."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date
from typing import Any

from device.worklist import QueryKeys, WorklistItem
from services.box import Box
from services.catalog import worklist as cache
from services.dicom.peers import Peer, Service
from services.dicom.worklist import find_worklist
from services.errors import PeerError

_log = logging.getLogger(__name__)

ROW_CAP = 500
"""Answers after which the query is cancelled: nobody picks a patient from a longer list."""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What asking one RIS brought; ``error`` is empty when it answered."""

    peer: str
    items: int = 0
    error: str = ""
    notes: tuple[str, ...] = ()


def refresh(box: Box, keys: QueryKeys, limit: int = ROW_CAP) -> list[Refreshed]:
    """Ask every RIS and take its answer into the cache; a silent one leaves the cache as it is."""
    return [_refresh(box, peer, keys, limit) for peer in box.offering(Service.WORKLIST)]


def _refresh(box: Box, peer: Peer, keys: QueryKeys, limit: int) -> Refreshed:
    try:
        answer = find_worklist(
            peer, box.calling_ae_title(peer), keys, box.station.character_set, limit
        )
    except PeerError as error:
        cache.note_failure(box.catalog, peer.name, str(error), at=box.wall())
        _log.warning("the worklist was not refreshed: %s", error)
        return Refreshed(peer.name, error=str(error))
    cache.replace(
        box.catalog,
        peer.name,
        keys,
        answer.items,
        truncated=answer.truncated,
        at=box.wall(),
    )
    notes = list(answer.problems)
    if answer.truncated:
        notes.append(f"the list was cut off at {limit} entries: narrow the query")
    if answer.rejected:
        notes.append(
            f"{answer.rejected} entries that do not fit the query were left out: "
            f"the RIS ignores a matching key"
        )
    return Refreshed(peer.name, items=len(answer.items), notes=tuple(notes))


def state_of(box: Box, item: WorklistItem) -> str:
    """One word for the list: our own exam's state first, else what the RIS says."""
    ours = cache.exams_of(box.catalog, item.key)
    if ours:
        exam_id, state = ours[-1]
        return f"{state} (exam {exam_id})"
    return item.scheduled_procedure_step_status or "SCHEDULED"


def age_of(box: Box, fresh: cache.Freshness) -> str:
    """One line: how old the list is and whether the RIS answered last time."""
    if fresh.succeeded is None:
        if not fresh.error:
            return f"{fresh.peer}: the whole list was not asked for yet"
        return f"{fresh.peer}: never answered. {fresh.error}"
    minutes = max(0, int((box.wall() - fresh.succeeded) / 60))
    age = "just now" if minutes == 0 else f"{minutes} min ago"
    offline = f" (offline: {fresh.error})" if fresh.error else ""
    return f"{fresh.peer}: list received {age}{offline}"


def as_plain(box: Box, entry: cache.CachedItem, today: date) -> dict[str, Any]:
    """One entry for scripts and for the console."""
    item = entry.item
    return {
        "key": item.key,
        "peer": entry.peer,
        "received": entry.received,
        "patient_name": item.patient_name,
        "patient_id": item.patient_id,
        "issuer_of_patient_id": item.issuer_of_patient_id,
        "birth_date": item.patient_birth_date,
        "sex": item.patient_sex,
        "accession_number": item.accession_number,
        "requested_procedure_id": item.requested_procedure_id,
        "requested_procedure_description": item.requested_procedure_description,
        "scheduled_procedure_step_id": item.scheduled_procedure_step_id,
        "scheduled_procedure_step_description": item.scheduled_procedure_step_description,
        "study_instance_uid": item.study_instance_uid,
        "modality": item.modality,
        "station_ae_title": item.scheduled_station_ae_title,
        "start_date": item.start_date,
        "start_time": item.start_time,
        "status": item.scheduled_procedure_step_status,
        "state": state_of(box, item),
        "problems": list(item.problems(today)),
    }
