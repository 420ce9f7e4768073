"""One association of a modality: what is told to it by itself, and how much it may send at once.

An event may be told while the modality asks for something. The library's own way of doing so would
take that request for the answer and lose it; here events go out by themselves, one at a time, each
after the modality has answered the one before, and never between the parts of another message.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from io import BytesIO
from typing import Any, Final

from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom.association import Association
from pynetdicom.dimse_messages import N_EVENT_REPORT_RSP, DIMSEMessage
from pynetdicom.dimse_primitives import N_EVENT_REPORT
from pynetdicom.dsutils import encode

_log = logging.getLogger(__name__)

LONGEST_MESSAGE: Final = 130 * 2**20
"""Bytes of one message; the largest picture that is taken has room."""

_MOST_WAITING: Final = 32
_GIVE_UP: Final = "Evt19"
"""What makes the library abort the association: the event of an unexpected PDU (PS3.8 9.2.3)."""


class Line:
    """An association from its beginning to its end; its methods are called from several threads.

    Parameters
    ----------
    association
        Just established.
    """

    def __init__(self, association: Association) -> None:
        self._association = association
        self._send: Callable[[Any, int], None] = association.dimse.send_msg
        association.dimse.send_msg = self._pass  # type: ignore[method-assign]
        self._lock = threading.Lock()
        self._waiting: deque[tuple[N_EVENT_REPORT, int]] = deque(maxlen=_MOST_WAITING)
        self._unanswered = False
        self._busy = False
        self._number = 0
        self._arrived = 0

    def accepts(self, sop_class: str) -> bool:
        """Whether this was agreed when the association began."""
        return self._context(sop_class) is not None

    def begin(self) -> None:
        """A request is being worked on: its answer goes before any event."""
        with self._lock:
            self._busy = True

    def tell(self, said: Dataset, event: int, sop_class: str, uid: str, under: str = "") -> None:
        """Tell an event as soon as it may be told; nothing where that was not agreed.

        Parameters
        ----------
        under
            SOP class that was agreed on where it is another one, such as that of a group.
        """
        context = self._context(under or sop_class)
        if context is None:
            return
        syntax = context.transfer_syntax[0]
        encoded = encode(said, syntax.is_implicit_VR, syntax.is_little_endian)
        if encoded is None:
            raise ValueError(f"event {event} of {sop_class} cannot be encoded")
        report = N_EVENT_REPORT()
        report.AffectedSOPClassUID = UID(sop_class)
        report.AffectedSOPInstanceUID = UID(uid)
        report.EventTypeID = event
        report.EventInformation = BytesIO(encoded)
        with self._lock:
            self._waiting.append((report, int(context.context_id or 0)))
            self._tell_next()

    def received(self, message: DIMSEMessage) -> None:
        """A whole message came."""
        self._arrived = 0
        if isinstance(message, N_EVENT_REPORT_RSP):
            with self._lock:
                self._unanswered = False
                self._tell_next()

    def arrived(self, size: int) -> None:
        """Bytes came; a message that never ends is cut off."""
        self._arrived += size
        if self._arrived > LONGEST_MESSAGE:
            _log.warning(
                "%s sent a message of more than %d MB and is cut off",
                str(self._association.requestor.ae_title).strip(),
                LONGEST_MESSAGE >> 20,
            )
            self._association.dul.event_queue.put(_GIVE_UP)

    def _pass(self, primitive: Any, context_id: int) -> None:
        """Every message of ours goes through here, each whole."""
        with self._lock:
            self._send(primitive, context_id)
            if primitive.MessageIDBeingRespondedTo is not None:
                self._busy = False
                self._tell_next()

    def _tell_next(self) -> None:
        if self._busy or self._unanswered or not self._waiting:
            return
        if not self._association.is_established:
            self._waiting.clear()
            return
        report, context_id = self._waiting.popleft()
        self._number = self._number % 65535 + 1
        report.MessageID = self._number
        self._unanswered = True
        self._send(report, context_id)

    def _context(self, sop_class: str) -> Any:
        contexts = self._association.accepted_contexts
        return next((each for each in contexts if each.abstract_syntax == sop_class), None)
