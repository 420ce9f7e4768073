"""Storage Commitment reports, whichever way they come in."""

from __future__ import annotations

import logging

from pydicom.dataset import Dataset

from device.commitment import parse_report
from device.errors import DeviceError
from services.box import Box
from services.outbox import commitments

_log = logging.getLogger(__name__)

SUCCESS = 0x0000
PROCESSING_FAILURE = 0x0110
INVALID_ARGUMENT = 0x0115


class ReportDesk:
    """Takes N-EVENT-REPORTs into the catalog.

    The same desk serves reports on the association of the request and on one that the archive
    opened, early, late or repeated.
    """

    def __init__(self, box: Box) -> None:
        self._box = box

    def take(self, dataset: Dataset, event_type_id: int, calling_ae_title: str) -> int:
        """Apply one report; the status to answer with (PS3.4 J.3.3).

        A report that cannot be read or that names no transaction of ours changes nothing, and is
        answered with a failure, so that the archive's log shows it too.
        """
        try:
            result = parse_report(dataset, event_type_id)
        except DeviceError as error:
            _log.warning("a commitment report of %s was refused: %s", calling_ae_title, error)
            return INVALID_ARGUMENT
        now = self._box.clock.now()
        applied = commitments.apply_report(
            self._box.catalog, result, at=now.timestamp(), when=now.isoformat()
        )
        if not applied.known:
            _log.warning(
                "%s reported on a commitment that this box never asked for; nothing was changed",
                calling_ae_title,
            )
            return PROCESSING_FAILURE
        _log.info(
            "commitment report of %s: %d committed, %d to be sent again, %d held",
            calling_ae_title,
            applied.committed,
            applied.resent,
            applied.held,
        )
        return SUCCESS
