"""Trying out every service of a peer, with one line of advice where something is wrong."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset

from device.commitment import CommitmentResult, parse_report, request_dataset
from device.errors import DeviceError
from device.worklist import QueryKeys, WorklistItem
from firmware.workshop.test_objects import TestExam, make_test_exam
from services.box import Box
from services.console.workshop import Line
from services.dicom.association import associate
from services.dicom.capabilities import probe
from services.dicom.commitment import request_commitment
from services.dicom.mpps import n_create, n_set
from services.dicom.outcome import (
    Disposition,
    Outcome,
    commit_request_outcome,
    mpps_create_outcome,
    mpps_set_outcome,
    store_outcome,
)
from services.dicom.peers import Peer, Service
from services.dicom.query import instances_present
from services.dicom.sop_classes import MODALITY_PERFORMED_PROCEDURE_STEP
from services.dicom.store import StoreSession
from services.dicom.worklist import find_worklist
from services.errors import PeerError
from services.outbox import operator, peer_state

_ROWS = 500
_SHOWN = 3
_REPORT_SECONDS = 5.0
"""How long a report of the test commitment is waited for on its own association."""

_GOOD = (Disposition.DONE, Disposition.DONE_WITH_WARNING)


class PeerTests:
    """Satisfies :class:`services.console.workshop.PeerDesk`."""

    def __init__(self, box: Box) -> None:
        self._box = box

    def known(self) -> list[dict[str, Any]]:
        """Every configured peer and how it was at the last contact."""
        told: list[dict[str, Any]] = []
        for peer in self._box.peers:
            state = peer_state.get(self._box.catalog, peer.name)
            told.append(
                {
                    "name": peer.name,
                    "ae_title": peer.ae_title,
                    "host": peer.host,
                    "port": peer.port,
                    "services": sorted(service.value for service in peer.services),
                    "tls": peer.tls is not None,
                    "last_contact": state.last_contact,
                    "fault": state.last_error,
                    "owed": sum(operator.owed(self._box.catalog, peer.name).values()),
                }
            )
        return told

    def test(self, name: str, objects: bool) -> Iterator[Line]:
        """Try one peer out.

        Parameters
        ----------
        name : str
            Of the peer.
        objects : bool
            Whether a marked test step and a marked test object may be left at the peer.

        Raises
        ------
        NotFound
            There is no such peer.
        """
        peer = self._box.peer(name)
        calling = self._box.calling_ae_title(peer)
        lines = [
            Line(each.service, each.ok, each.what, each.advice) for each in probe(peer, calling)
        ]
        yield from lines
        if not lines[0].ok and len(lines) == 1:
            return
        if peer.offers(Service.WORKLIST):
            yield self._tried("worklist rows", lambda: self._rows(peer, calling))
        if objects:
            yield from self._with_objects(peer, calling)

    def _with_objects(self, peer: Peer, calling: str) -> Iterator[Line]:
        exam = make_test_exam(self._box)
        if peer.offers(Service.MPPS):
            yield self._tried("test step", lambda: _report(peer, calling, exam))
        if not peer.offers(Service.STORE):
            return
        stored = self._tried("test object", lambda: _store(peer, calling, exam))
        yield stored
        if not stored.ok:
            return
        if peer.offers(Service.QUERY):
            yield self._tried("test object found", lambda: _find(peer, calling, exam))
        if peer.offers(Service.COMMIT):
            yield self._tried("test commitment", lambda: self._commit(peer, calling, exam))

    def _tried(self, what: str, attempt: Callable[[], Line]) -> Line:
        try:
            return attempt()
        except PeerError as error:
            return Line(what, False, error.reason, error.advice)
        except DeviceError as error:
            return Line(what, False, str(error), "Complete the station's own data, then try again.")

    def _rows(self, peer: Peer, calling: str) -> Line:
        keys = QueryKeys(date=self._box.clock.now().date())
        answer = find_worklist(peer, calling, keys, self._box.station.character_set, _ROWS)
        if not answer.items:
            return Line(
                "worklist rows", True, "no entries for today",
                "Ask whether anything is scheduled for this station and modality today.",
            )  # fmt: skip
        shown = "; ".join(masked(item) for item in answer.items[:_SHOWN])
        more = "at least " if answer.truncated else ""
        return Line("worklist rows", True, f"{more}{len(answer.items)} entries for today: {shown}")

    def _commit(self, peer: Peer, calling: str, exam: TestExam) -> Line:
        what = "test commitment"
        reports: list[CommitmentResult] = []
        come = threading.Event()

        def take(dataset: Dataset, event_type_id: int, _: str) -> int:
            reports.append(parse_report(dataset, event_type_id))
            come.set()
            return 0

        request = request_dataset(self._box.uids(), [exam.reference])
        wait = max(_REPORT_SECONDS, peer.commitment_wait)
        reply = request_commitment(peer, calling, request, take, wait, come.is_set)
        outcome = commit_request_outcome(reply.status, reply.error_comment)
        if outcome.disposition not in _GOOD:
            return _line(what, outcome)
        if not reports:
            return Line(
                what, True, f"taken; no report within {wait:.0f} s on the same association",
                "The archive reports on an association of its own, which the first exam proves. "
                "See that it knows this box's address and listener port.",
            )  # fmt: skip
        if exam.reference.sop_instance_uid in reports[0].committed:
            return Line(what, True, "the archive has promised to keep the test object")
        return Line(
            what, False, "the archive did not promise to keep the test object",
            "Ask its administrator whether Secondary Captures of this box are committed.",
        )  # fmt: skip


def masked(item: WorklistItem) -> str:
    """A worklist entry that says enough to recognise it, and no more."""
    groups = item.patient_name.split("=")[0].split("^")
    name = " ".join(f"{part[0]}***" for part in groups if part)
    identity = f"*{item.patient_id[-2:]}" if len(item.patient_id) > 4 else "*"
    time = item.start_time[:4]
    return f"{time} {item.modality} {name or '***'} {identity}".strip()


def _report(peer: Peer, calling: str, exam: TestExam) -> Line:
    with associate(peer, calling, [MODALITY_PERFORMED_PROCEDURE_STEP]) as association:
        reply = n_create(association, exam.mpps_uid, exam.begun, peer)
        begun = mpps_create_outcome(reply.status, reply.error_comment, reply.error_id, 0)
        if begun.disposition not in _GOOD:
            return _line("test step", begun)
        reply = n_set(association, exam.mpps_uid, exam.ended, peer)
        ended = mpps_set_outcome(reply.status, reply.error_comment, reply.error_id, 0)
    if ended.disposition not in _GOOD:
        return _line("test step", ended)
    return Line("test step", True, "begun and discontinued, as the patient GANTRY^TEST")


def _store(peer: Peer, calling: str, exam: TestExam) -> Line:
    wanted = [(exam.reference.sop_class_uid, exam.transfer_syntax)]
    with tempfile.TemporaryDirectory(prefix="gantry-test-") as folder:
        path = Path(folder) / "test.dcm"
        path.write_bytes(exam.data)
        with StoreSession(peer, calling, wanted) as session:
            reply = session.send(path)
    outcome = store_outcome(reply.status, reply.error_comment)
    if outcome.disposition not in _GOOD:
        return _line("test object", outcome)
    return Line("test object", True, "stored, as the patient GANTRY^TEST")


def _find(peer: Peer, calling: str, exam: TestExam) -> Line:
    uid = exam.reference.sop_instance_uid
    if uid in instances_present(peer, calling, exam.study_uid, [uid]):
        return Line("test object found", True, "the archive lists the test object")
    return Line(
        "test object found", False, "the archive does not list the test object",
        "It may file with a delay, or put unknown patients aside: ask its administrator.",
    )  # fmt: skip


def _line(what: str, outcome: Outcome) -> Line:
    return Line(what, False, outcome.text, outcome.advice)
