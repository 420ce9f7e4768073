"""The print SCP: requests of modalities to the desk, answers and events back (PS3.4 annex H)."""

from __future__ import annotations

import logging
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from pydicom.datadict import keyword_for_tag
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import evt
from pynetdicom.association import Association

from services.dicom import print_uids as uids
from services.dicom.server import Handler, ServerRole
from services.film_reception.cabinet import Cabinet, Drawer
from services.film_reception.desk import FilmDesk
from services.film_reception.jobs import Jobs
from services.film_reception.line import Line
from services.film_reception.words import Abilities, Refusal

_log = logging.getLogger(__name__)

_SYNTAXES: Final = (ExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian)
_CLASSES: Final = (
    uids.GREY_META,
    uids.COLOUR_META,
    uids.PRESENTATION_LUT,
    uids.ANNOTATION_BOX,
    uids.PRINT_JOB,
    uids.PRINTER,
)
_UNDECODABLE: Final = (
    ValueError, TypeError, LookupError, AttributeError, EOFError, NotImplementedError,
    struct.error, InvalidDicomError,
)  # fmt: skip
"""What pydicom raises on bytes that are no data set."""

_FAILED: Final = 0x0110
_SUCCESS: Final = 0x0000
_SOME_UNKNOWN: Final = 0x0107
_NO_SUCH_INSTANCE: Final = 0x0112
_INVALID_INSTANCE: Final = 0x0117

JOB_EVENTS: Final = {"PENDING": 1, "PRINTING": 2, "DONE": 3, "FAILURE": 4}
"""Event Type IDs of the Print Job (PS3.4 table H.4.11-2)."""

PRINTER_EVENTS: Final = {"NORMAL": 1, "WARNING": 2, "FAILURE": 3}
"""Event Type IDs of the Printer (PS3.4 table H.4.6-2)."""

Reply = tuple[int | Dataset, Dataset | None]
PrinterState = Callable[[], tuple[str, str]]
"""Printer Status and Printer Status Info."""


@dataclass(slots=True)
class _Caller:
    desk: FilmDesk
    drawer: Drawer


class FilmReception:
    """Serves every association that prints.

    Parameters
    ----------
    abilities
        What this printer says it can do.
    cabinet
        Where films are kept, open.
    jobs
        How print jobs stand.
    printer_state
        How the printer is.
    make_uid
        Mints UIDs.
    """

    def __init__(
        self,
        abilities: Abilities,
        cabinet: Cabinet,
        jobs: Jobs,
        printer_state: PrinterState,
        make_uid: Callable[[], str],
    ) -> None:
        self._abilities = abilities
        self._cabinet = cabinet
        self._jobs = jobs
        self._printer_state = printer_state
        self._make_uid = make_uid
        self._callers: dict[Association, _Caller] = {}
        self._lines: dict[Association | None, Line] = {}
        self._told: tuple[str, str] | None = None
        self._owners: dict[str, Association] = {}
        self._lock = threading.Lock()

    @property
    def role(self) -> ServerRole:
        """What a DICOM server needs to know of it."""
        handlers: list[Handler] = [
            (evt.EVT_N_CREATE, self._create),
            (evt.EVT_N_SET, self._set),
            (evt.EVT_N_GET, self._get),
            (evt.EVT_N_ACTION, self._action),
            (evt.EVT_N_DELETE, self._delete),
            (evt.EVT_ESTABLISHED, self._established),
            (evt.EVT_DATA_RECV, self._arrived),
            (evt.EVT_DIMSE_RECV, self._received),
            (evt.EVT_CONN_CLOSE, self._closed),
        ]
        return ServerRole(dict.fromkeys(_CLASSES, _SYNTAXES), handlers)

    def tell_job(self, job_uid: str, state: str, info: str = "NORMAL") -> None:
        """Report how a job stands to the association that ordered it, if it is still there."""
        with self._lock:
            line = self._lines.get(self._owners.get(job_uid))
        if line is None:
            return
        said = Dataset()
        said.ExecutionStatusInfo = info
        said.PrinterName = self._abilities.name
        line.tell(said, JOB_EVENTS[state], uids.PRINT_JOB, job_uid)

    def look_at_printer(self) -> None:
        """Report to everybody who is connected where the printer changed since the last look."""
        state, info = self._printer_state()
        before, self._told = self._told, (state, info)
        if before in (None, (state, info)):
            return
        with self._lock:
            lines = list(self._lines.values())
        said = Dataset()
        said.PrinterName = self._abilities.name
        said.PrinterStatusInfo = info
        for line in lines:
            under = next((c for c in (uids.GREY_META, uids.COLOUR_META) if line.accepts(c)), "")
            if under:
                event = PRINTER_EVENTS[state]
                line.tell(said, event, uids.PRINTER, uids.PRINTER_INSTANCE, under)

    def _create(self, event: evt.Event) -> Reply:
        def act(desk: FilmDesk) -> Reply:
            status, reply = desk.create(
                _named(event, "AffectedSOPClassUID"),
                _named(event, "AffectedSOPInstanceUID"),
                _decoded(event, lambda: event.attribute_list),
                colour=event.context.abstract_syntax == uids.COLOUR_META,
            )
            if _named(event, "AffectedSOPInstanceUID"):
                del reply.AffectedSOPInstanceUID
            return status, reply

        return self._done(event, act)

    def _set(self, event: evt.Event) -> Reply:
        return self._done(
            event,
            lambda desk: desk.change(
                _named(event, "RequestedSOPClassUID"),
                _named(event, "RequestedSOPInstanceUID"),
                _decoded(event, lambda: event.modification_list),
            ),
        )

    def _action(self, event: evt.Event) -> Reply:
        def act(desk: FilmDesk) -> Reply:
            status, job = desk.print(
                _named(event, "RequestedSOPClassUID"),
                _named(event, "RequestedSOPInstanceUID"),
                event.action_type or 0,
            )
            if not job:
                return status, None
            with self._lock:
                self._owners[job] = event.assoc
            self._jobs.wake()
            reply = Dataset()
            if self._line(event.assoc).accepts(uids.PRINT_JOB):
                item = Dataset()
                item.ReferencedSOPClassUID = uids.PRINT_JOB
                item.ReferencedSOPInstanceUID = job
                reply.ReferencedPrintJobSequencePullStoredPrint = [item]
            return status, reply

        return self._done(event, act)

    def _delete(self, event: evt.Event) -> int | Dataset:
        status, _ = self._done(
            event,
            lambda desk: (
                desk.delete(
                    _named(event, "RequestedSOPClassUID"), _named(event, "RequestedSOPInstanceUID")
                ),
                None,
            ),
        )
        return status

    def _get(self, event: evt.Event) -> Reply:
        self._begin(event.assoc)
        sop_class = _named(event, "RequestedSOPClassUID")
        uid = _named(event, "RequestedSOPInstanceUID")
        if sop_class == uids.PRINTER:
            if uid != uids.PRINTER_INSTANCE:
                return _failure(Refusal(_INVALID_INSTANCE, "no such printer")), None
            return _asked(event, self._printer())
        found = self._jobs.describe(uid)
        if found is None:
            return _failure(Refusal(_NO_SUCH_INSTANCE, "no such print job")), None
        found.PrinterName = self._abilities.name
        return _asked(event, found)

    def _printer(self) -> Dataset:
        state, info = self._printer_state()
        said = Dataset()
        said.PrinterStatus = state
        said.PrinterStatusInfo = info
        said.PrinterName = self._abilities.name
        said.Manufacturer = "Gantry"
        said.ManufacturerModelName = "Gantry film reception"
        return said

    def _done(self, event: evt.Event, act: Callable[[FilmDesk], Reply]) -> Reply:
        self._begin(event.assoc)
        try:
            return act(self._caller(event.assoc).desk)
        except Refusal as refusal:
            _log.info(
                "a print request of %s was refused with %04X: %s",
                str(event.assoc.requestor.ae_title).strip(),
                refusal.status,
                refusal.comment,
            )
            return _failure(refusal), None

    def _begin(self, association: Association) -> None:
        with self._lock:
            line = self._lines.get(association)
        if line is not None:
            line.begin()

    def _line(self, association: Association) -> Line:
        with self._lock:
            line = self._lines.get(association)
        if line is None:
            raise Refusal(_FAILED, "the association has ended")
        return line

    def _caller(self, association: Association) -> _Caller:
        """Of an association that has not ended: nobody would clear up after a later one."""
        line = self._line(association)
        with self._lock:
            if association not in self._lines:
                raise Refusal(_FAILED, "the association has ended")
            caller = self._callers.get(association)
            if caller is None:
                drawer = self._cabinet.drawer()
                desk = FilmDesk(
                    self._abilities,
                    drawer,
                    str(association.requestor.ae_title).strip(),
                    self._make_uid,
                    annotations=line.accepts(uids.ANNOTATION_BOX),
                )
                caller = self._callers[association] = _Caller(desk, drawer)
            return caller

    def _established(self, event: evt.Event) -> None:
        with self._lock:
            self._lines[event.assoc] = Line(event.assoc)
            # one that ended while it began was closed before it was here
            gone = [each for each in self._lines if each and not each.is_alive()]
        for association in gone:
            self._end(association)

    def _arrived(self, event: evt.Event) -> None:
        line = self._lines.get(event.assoc)
        if line is not None:
            line.arrived(len(event.data))

    def _received(self, event: evt.Event) -> None:
        line = self._lines.get(event.assoc)
        if line is not None:
            line.received(event.message)

    def _closed(self, event: evt.Event) -> None:
        self._end(event.assoc)

    def _end(self, association: Association) -> None:
        with self._lock:
            self._lines.pop(association, None)
            caller = self._callers.pop(association, None)
            for job in [job for job, owner in self._owners.items() if owner is association]:
                del self._owners[job]
        if caller is not None:
            caller.drawer.close()


def _named(event: evt.Event, field: str) -> str:
    return str(getattr(event.request, field, None) or "")


def _decoded(event: evt.Event, read: Callable[[], Dataset]) -> Dataset:
    """With every value decoded now, since pydicom puts it off until it is read.

    Words come in the order of bytes that was agreed on, and pydicom leaves them so: they are
    turned here, for whoever reads them counts on the lowest byte first.

    Raises
    ------
    Refusal
        It is no data set.
    """
    turned = event.context.transfer_syntax == ExplicitVRBigEndian
    try:
        dataset = read()
        for element in dataset.iterall():
            if turned and element.VR == "OW" and isinstance(element.value, bytes):
                element.value = _turned(element.value)
    except _UNDECODABLE as error:
        raise Refusal(_FAILED, "the request cannot be decoded") from error
    return dataset


def _turned(words: bytes) -> bytes:
    return np.frombuffer(words, ">u2").astype("<u2").tobytes()


def _failure(refusal: Refusal) -> Dataset:
    """A status with its comment, which names the attributes: only an N-GET has a list for them."""
    names = ", ".join(keyword_for_tag(tag) or f"{tag:08X}" for tag in refusal.tags)
    status = Dataset()
    status.Status = refusal.status
    status.ErrorComment = f"{refusal.comment}: {names}"[:64] if names else refusal.comment
    return status


def _asked(event: evt.Event, known: Dataset) -> Reply:
    """What was asked for of what is known; everything where nothing was named."""
    asked = list(event.attribute_identifiers or ())
    if not asked:
        return _SUCCESS, known
    answer = Dataset()
    for tag in asked:
        if tag in known:
            answer[tag] = known[tag]
    unknown = [tag for tag in asked if tag not in known]
    if not unknown:
        return _SUCCESS, answer
    status = _failure(Refusal(_SOME_UNKNOWN, "attributes not known here"))
    status.AttributeIdentifierList = unknown
    return status, answer
