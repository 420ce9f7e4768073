"""Storage Commitment reports of the simulated archive (PS3.4 annex J)."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom import AE, build_role
from pynetdicom.association import Association

from services.hospital.archive_table import Reference
from services.hospital.faults import CommitmentMode, Faults
from services.hospital.sop_classes import (
    StorageCommitmentPushModel,
    StorageCommitmentPushModelInstance,
)
from services.hospital.store import HospitalStore

_log = logging.getLogger(__name__)

_NO_SUCH_INSTANCE = 0x0112
_CLASS_INSTANCE_CONFLICT = 0x0119
_ALL_COMMITTED, _SOME_FAILED = 1, 2
_AFTER_THE_RESPONSE = 0.05
_FIRST_RETRY, _LONGEST_RETRY = 0.5, 15.0
_LONGEST_WAIT = 10.0


def read_request(information: Dataset) -> tuple[str, list[Reference]]:
    """Transaction UID and references of an N-ACTION; ValueError when it is incomplete."""
    transaction_uid = str(information.get("TransactionUID") or "")
    items = information.get("ReferencedSOPSequence") or []
    references = [
        (str(item.ReferencedSOPClassUID), str(item.ReferencedSOPInstanceUID)) for item in items
    ]
    if not references or not UID(transaction_uid).is_valid:
        raise ValueError("a commitment request has a Transaction UID and references")
    return transaction_uid, references


class CommitmentReporter:
    """Sends each report until it arrives, each in a thread of its own.

    A report is made when it is sent, so an instance that comes in late still counts.
    """

    def __init__(
        self,
        store: HospitalStore,
        ae_title: str,
        targets: Mapping[str, tuple[str, int]],
        faults: Callable[[], Faults],
    ) -> None:
        self._store = store
        self._ae_title = ae_title
        self._targets = targets
        self._faults = faults
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._opened: set[Association] = set()

    def owe(self, transaction_uid: str, caller: str, association: Association | None) -> None:
        """Report on this transaction as the fault switches say."""
        thread = threading.Thread(
            target=self._deliver,
            args=(transaction_uid, caller, association, self._faults()),
            name=f"{self._ae_title} commitment",
            daemon=True,
        )
        self._threads = [*(one for one in self._threads if one.is_alive()), thread]
        thread.start()

    def resume(self) -> None:
        """Take up what an earlier run did not report."""
        for transaction_uid, caller in self._store.archive.pending_commitments():
            self.owe(transaction_uid, caller, None)

    def stop(self) -> None:
        """End all waiting; what was not reported stays pending."""
        self._stopping.set()
        for association in tuple(self._opened):
            association.abort()
        for thread in self._threads:
            thread.join(_LONGEST_WAIT + 1.0)

    def _deliver(
        self, transaction_uid: str, caller: str, association: Association | None, faults: Faults
    ) -> None:
        mode = faults.commitment
        late = mode is CommitmentMode.LATE and association is not None
        if self._stopping.wait(faults.commitment_delay if late else _AFTER_THE_RESPONSE):
            return
        report = self._report(transaction_uid, caller, faults)
        failed = len(report.get("FailedSOPSequence") or [])
        committed = len(report.get("ReferencedSOPSequence") or [])
        on_request = mode is CommitmentMode.SAME or caller not in self._targets
        same = association if on_request else None
        for _ in range(2 if mode is CommitmentMode.DUPLICATE else 1):
            if not self._send_until_taken(report, caller, same, faults):
                return
            self._store.archive.reported(transaction_uid, caller, committed, failed)
            _log.info("%s: %d committed, %d not", self._ae_title, committed, failed)

    def _send_until_taken(
        self, report: Dataset, caller: str, same: Association | None, faults: Faults
    ) -> bool:
        """Try the requesting association once, then new ones until stopped."""
        if same is not None and self._send_on(same, report, role_accepted=True):
            return True
        if caller not in self._targets:
            _log.warning(
                "%s cannot report a commitment: %s left and no address is configured for it",
                self._ae_title,
                caller,
            )
            return False
        pause = _FIRST_RETRY
        while not self._stopping.is_set():
            if self._send_to_target(report, caller, faults):
                return True
            self._stopping.wait(pause)
            pause = min(pause * 2, _LONGEST_RETRY)
        return False

    def _send_to_target(self, report: Dataset, caller: str, faults: Faults) -> bool:
        host, port = self._targets[caller]
        ae = AE(ae_title=self._ae_title)
        ae.acse_timeout = ae.dimse_timeout = ae.connection_timeout = _LONGEST_WAIT
        ae.add_requested_context(StorageCommitmentPushModel)
        roles: list[Any] = []
        if faults.commitment_role_selection:
            roles = [build_role(StorageCommitmentPushModel, scp_role=True)]
        association = ae.associate(host, port, ae_title=caller, ext_neg=roles)
        if not association.is_established:
            return False
        self._opened.add(association)
        try:
            return self._send_on(association, report, role_accepted=False)
        finally:
            association.release()
            self._opened.discard(association)

    def _send_on(self, association: Association, report: Dataset, *, role_accepted: bool) -> bool:
        if not association.is_established:
            return False
        if not role_accepted:
            for context in association.accepted_contexts:
                context._as_scp = True
        event_type = _SOME_FAILED if "FailedSOPSequence" in report else _ALL_COMMITTED
        try:
            status, _ = association.send_n_event_report(
                report, event_type, StorageCommitmentPushModel, StorageCommitmentPushModelInstance
            )
        except (ValueError, RuntimeError) as error:
            _log.warning("%s cannot report a commitment: %s", self._ae_title, error)
            return False
        return bool(status.get("Status") == 0x0000)

    def _report(self, transaction_uid: str, caller: str, faults: Faults) -> Dataset:
        references = self._store.archive.references(transaction_uid, caller)
        committed, failed = [], []
        for place, reference in enumerate(references, 1):
            reason = self._reason(reference)
            if reason is None and faults.commitment is CommitmentMode.PARTIAL:
                every = min(faults.commitment_partial_every, len(references))
                if place % every == 0 and self._store.archive.refuse_once(reference[1]):
                    reason = _NO_SUCH_INSTANCE
            item = Dataset()
            item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = reference
            if reason is None:
                committed.append(item)
                continue
            item.FailureReason = reason
            failed.append(item)
        report = Dataset()
        report.TransactionUID = transaction_uid
        if committed:
            report.RetrieveAETitle = self._ae_title
            report.ReferencedSOPSequence = committed
        if failed:
            report.FailedSOPSequence = failed
        return report

    def _reason(self, reference: Reference) -> int | None:
        """Why an instance cannot be promised, None if it is safe."""
        held = self._store.archive.sop_class_of(reference[1])
        if held is None:
            return _NO_SUCH_INSTANCE
        return None if held == reference[0] else _CLASS_INSTANCE_CONFLICT
