"""Requests of the peer that cross with ours on one association.

pynetdicom takes whatever comes next for the answer to its own request. A printer reports the
states of its jobs whenever it likes (PS3.4 H.4.5), so that such a report would break a request of
ours off, with a film perhaps printed and its answer lost.
"""

from __future__ import annotations

import queue
import time
from typing import Any

from pynetdicom.association import Association
from pynetdicom.dimse_primitives import N_EVENT_REPORT


def serve_crossing_requests(association: Association) -> None:
    """Answer the peer's requests also while an answer to one of ours is awaited."""
    dimse: Any = association.dimse

    def next_message(block: bool = False) -> tuple[int | None, Any]:
        deadline = time.monotonic() + (dimse.dimse_timeout or 0.0)
        while True:
            left = max(0.0, deadline - time.monotonic()) if dimse.dimse_timeout else None
            try:
                context_id, message = dimse.msg_queue.get(block=block, timeout=left)
            except queue.Empty:
                return None, None
            if not block or message is None or not _is_request(message):
                return context_id, message
            association._serve_request(message, context_id)

    dimse.get_msg = next_message


def _is_request(message: Any) -> bool:
    """Of requests only reports cross; anything else that is no answer is the caller's to judge."""
    return isinstance(message, N_EVENT_REPORT) and bool(message.is_valid_request)
