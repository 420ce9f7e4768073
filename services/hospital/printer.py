"""The simulated film printer: Basic Grayscale and Color Print Management (PS3.4 annex H)."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid
from pynetdicom import build_context, evt
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext

from services.hospital.encoding import DECODE_ERRORS, decoded
from services.hospital.entity import (
    Entity,
    Handler,
    affected_uid,
    caller_of,
    failure,
    requested_class,
    requested_uid,
    reset_connection,
    sop_class_uid,
)
from services.hospital.pacs import write_durably
from services.hospital.printer_datasets import boxes as boxes_of
from services.hospital.printer_datasets import picture as picture_of
from services.hospital.printer_datasets import reference, texts, values, with_uid
from services.hospital.printer_jobs import PrintJobs
from services.hospital.records import PrintedFilm
from services.hospital.sop_classes import (
    BasicAnnotationBox,
    BasicColorImageBox,
    BasicColorPrintManagementMeta,
    BasicFilmBox,
    BasicFilmSession,
    BasicGrayscaleImageBox,
    BasicGrayscalePrintManagementMeta,
    PresentationLUT,
    Printer,
    PrinterInstance,
    PrintJob,
    Verification,
)
from services.hospital.store import HospitalStore

_log = logging.getLogger(__name__)

_PLAIN: list[str | UID] = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]
_EMPTY_PAGE = 0xB603
_DESCRIPTION = {
    "PrinterName": "GANTRY FILM",
    "Manufacturer": "Gantry",
    "ManufacturerModelName": "Simulated film printer",
}

Reply = tuple[int | Dataset, Dataset | None]


@dataclass(slots=True)
class _FilmBox:
    uid: str
    display_format: str
    film_size_id: str
    image_boxes: list[str]
    colour: bool
    annotation_boxes: list[str] = field(default_factory=list)
    pictures: dict[str, bytes] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Session:
    """What one association has created; it all ends with the association."""

    uid: str
    copies: int = 1
    warned: bool = False
    luts: dict[str, Dataset] = field(default_factory=dict)
    film_boxes: dict[str, _FilmBox] = field(default_factory=dict)

    def box_holding(self, image_box: str) -> _FilmBox | None:
        boxes = (box for box in self.film_boxes.values() if image_box in box.image_boxes)
        return next(boxes, None)

    def film_with_text(self, annotation_box: str) -> _FilmBox | None:
        boxes = (b for b in self.film_boxes.values() if annotation_box in b.annotation_boxes)
        return next(boxes, None)


class FilmPrinter(Entity):
    """Takes film sessions and "prints" each image box as a PNG of the pixels received.

    Parameters
    ----------
    folder : Path
        Where sheets are written, as ``film-NNNN/box-NN.png`` (8 or 16 bits grey, or RGB).
    """

    def __init__(
        self,
        store: HospitalStore,
        folder: Path,
        ae_title: str = "FILM",
        bind: str = "127.0.0.1",
        port: int = 0,
        *,
        max_associations: int = 10,
    ) -> None:
        super().__init__(store, ae_title, bind, port, max_associations=max_associations)
        self.folder = folder
        self._sessions: dict[Association, _Session] = {}
        self._printing = threading.Lock()
        self.jobs = PrintJobs()
        self._unreported: dict[Association, str] = {}

    def contexts(self) -> list[PresentationContext]:
        metas = (Verification, BasicGrayscalePrintManagementMeta, BasicColorPrintManagementMeta)
        more = (Printer, PrintJob, PresentationLUT, BasicAnnotationBox)
        return [build_context(uid, _PLAIN) for uid in (*metas, *more)]

    def handlers(self) -> list[Handler]:
        return [
            (evt.EVT_N_GET, self._on_get),
            (evt.EVT_N_CREATE, self._on_create),
            (evt.EVT_N_SET, self._on_set),
            (evt.EVT_N_ACTION, self._on_action),
            (evt.EVT_N_DELETE, self._on_delete),
            (evt.EVT_CONN_CLOSE, self._on_close),
        ]

    def _on_close(self, event: evt.Event) -> None:
        self._sessions.pop(event.assoc, None)
        self._unreported.pop(event.assoc, None)

    def _report(self, event: evt.Event) -> None:
        """Tell of a warning, and of the last job, while the next request waits."""
        session = self._sessions.get(event.assoc)
        if session is not None and not session.warned and self.faults().printer_status == "WARNING":
            session.warned = True
            told = Dataset()
            told.PrinterStatusInfo = self.faults().printer_status_info
            meta = event.context.abstract_syntax
            with suppress(RuntimeError, ValueError):
                event.assoc.send_n_event_report(told, 2, Printer, PrinterInstance, meta_uid=meta)
        uid = self._unreported.get(event.assoc)
        if uid is not None and not self.jobs.report(event.assoc, uid):
            self._unreported.pop(event.assoc, None)

    def _fault(self, event: evt.Event, step: str) -> Dataset | None:
        """The refusal that a fault asks for at this step; None for none.

        A fault that cuts the connection off has done so: what is answered then reaches nobody.
        """
        faults = self.faults()
        if faults.print_step != step or self._success(step):
            return None
        if faults.print_status is None:
            _log.info("%s cut the connection at %s: fault", self.ae_title, step)
            reset_connection(event.assoc)
            return failure(0x0110)
        return failure(faults.print_status, "a fault of the simulated printer")

    def _success(self, step: str) -> int:
        """The status of a step that was done: 0000, or the warning that a fault asks for."""
        faults = self.faults()
        warned = faults.print_status is not None and 0xB000 <= faults.print_status <= 0xBFFF
        return faults.print_status or 0 if warned and faults.print_step == step else 0x0000

    def _on_get(self, event: evt.Event) -> Reply:
        self.hold_up()
        self._report(event)
        wanted = requested_uid(event)
        if requested_class(event) == PrintJob:
            if refused := self._fault(event, "job"):
                return refused, None
            told = self.jobs.state(wanted)
            return (0x0000, told) if told is not None else (failure(0x0112, "no such job"), None)
        if refused := self._fault(event, "status"):
            return refused, None
        if wanted != PrinterInstance:
            return failure(0x0112, "no such printer"), None
        asked = event.attribute_identifiers
        known = Dataset()
        faults = self.faults()
        states = {
            "PrinterStatus": faults.printer_status,
            "PrinterStatusInfo": faults.printer_status_info,
        }
        for keyword, value in {**states, **_DESCRIPTION}.items():
            setattr(known, keyword, value)
        if not asked:
            return 0x0000, known
        unknown = [tag for tag in asked if tag not in known]
        answer = Dataset()
        for tag in asked:
            if tag in known:
                answer[tag] = known[tag]
        if not unknown:
            return 0x0000, answer
        status = failure(0x0107, "attributes not known to this printer")
        status.AttributeIdentifierList = unknown
        return status, answer

    def _on_create(self, event: evt.Event) -> Reply:
        self.hold_up()
        self._report(event)
        try:
            attributes = decoded(event.attribute_list)
        except DECODE_ERRORS:
            return failure(0x0110, "the attribute list cannot be decoded"), None
        create: dict[str, tuple[str, Callable[[evt.Event, Dataset], Reply]]] = {
            BasicFilmSession: ("session", self._create_session),
            BasicFilmBox: ("film box", self._create_film_box),
            PresentationLUT: ("lut", self._create_lut),
        }
        if sop_class_uid(event) not in create:
            return failure(0x0118, "no such SOP class"), None
        step, handle = create[sop_class_uid(event)]
        if refused := self._fault(event, step):
            return refused, None
        return handle(event, attributes)

    def _create_lut(self, event: evt.Event, attributes: Dataset) -> Reply:
        if not {"PresentationLUTShape", "PresentationLUTSequence"} & set(attributes.dir()):
            return failure(0x0120, "neither a shape nor a table"), None
        session = self._sessions.get(event.assoc)
        if session is None:
            return failure(0x0112, "no film session"), None
        uid = affected_uid(event) or generate_uid()
        session.luts[uid] = attributes
        return 0x0000, with_uid(event, Dataset(), uid)

    def _create_session(self, event: evt.Event, attributes: Dataset) -> Reply:
        if event.assoc in self._sessions:
            return failure(0x0110, "this association has a film session already"), None
        uid = affected_uid(event) or generate_uid()
        copies = attributes.get("NumberOfCopies") or 1
        self._sessions[event.assoc] = _Session(uid, int(copies))
        return self._success("session"), with_uid(event, Dataset(), uid)

    def _create_film_box(self, event: evt.Event, attributes: Dataset) -> Reply:
        session = self._sessions.get(event.assoc)
        if session is None:
            return failure(0x0112, "no film session"), None
        if "ReferencedFilmSessionSequence" not in attributes:
            return failure(0x0120, "ReferencedFilmSessionSequence is missing"), None
        display_format = "\\".join(values(attributes, "ImageDisplayFormat"))
        count = boxes_of(display_format)
        if not count:
            return failure(0x0106, "ImageDisplayFormat is not STANDARD\\C,R"), None
        colour = event.context.abstract_syntax == BasicColorPrintManagementMeta
        box = _FilmBox(
            uid=affected_uid(event) or generate_uid(),
            display_format=display_format,
            film_size_id=str(attributes.get("FilmSizeID") or ""),
            image_boxes=[generate_uid() for _ in range(count)],
            colour=colour,
            annotation_boxes=[generate_uid() for _ in range(texts(attributes))],
        )
        session.film_boxes[box.uid] = box
        reply = Dataset()
        reply.ImageDisplayFormat = attributes.ImageDisplayFormat
        reply.ReferencedImageBoxSequence = []
        sop_class = BasicColorImageBox if colour else BasicGrayscaleImageBox
        for uid in box.image_boxes:
            reply.ReferencedImageBoxSequence.append(reference(sop_class, uid))
        if box.annotation_boxes:
            reply.ReferencedBasicAnnotationBoxSequence = [
                reference(BasicAnnotationBox, uid) for uid in box.annotation_boxes
            ]
        return self._success("film box"), with_uid(event, reply, box.uid)

    def _on_set(self, event: evt.Event) -> Reply:
        """Image boxes take a picture; sessions and film boxes take what is of no consequence."""
        self.hold_up()
        session = self._sessions.get(event.assoc)
        uid = requested_uid(event)
        if session is None:
            return failure(0x0112, "no film session"), None
        if uid == session.uid or uid in session.film_boxes:
            return 0x0000, None
        if noted := session.film_with_text(uid):
            if refused := self._fault(event, "annotation"):
                return refused, None
            noted.texts[uid] = str(decoded(event.modification_list).get("TextString") or "")
            return 0x0000, None
        if refused := self._fault(event, "image box"):
            return refused, None
        box = session.box_holding(uid)
        if box is None:
            return failure(0x0112, "no such image box"), None
        try:
            attributes = decoded(event.modification_list)
            picture = picture_of(attributes)
        except DECODE_ERRORS:
            return failure(0x0106, "the image box has no usable picture"), None
        if picture is None:
            box.pictures.pop(uid, None)
        else:
            box.pictures[uid] = picture
        return self._success("image box"), None

    def _on_action(self, event: evt.Event) -> Reply:
        self.hold_up()
        session = self._sessions.get(event.assoc)
        uid = requested_uid(event)
        if session is None or (uid != session.uid and uid not in session.film_boxes):
            return failure(0x0112, "no such film"), None
        boxes = list(session.film_boxes.values())
        if uid != session.uid:
            boxes = [session.film_boxes[uid]]
        if not boxes:
            return failure(0xC600, "the film session has no film box"), None
        if refused := self._fault(event, "action"):
            return refused, None
        printed = sum(bool(box.pictures) for box in boxes)
        for box in boxes:
            if box.pictures:
                self._print(box, session.copies, caller_of(event))
        if refused := self._fault(event, "after action"):
            return refused, None
        return (self._success("action") if printed else _EMPTY_PAGE), self._new_job(event)

    def _new_job(self, event: evt.Event) -> Dataset | None:
        """Refer to the print job of this action, where the caller does print jobs."""
        accepted = event.assoc.accepted_contexts
        if not any(context.abstract_syntax == PrintJob for context in accepted):
            return None
        faults = self.faults()
        uid = self.jobs.create(faults.print_job_ends)
        if faults.print_job_reports:
            self._unreported[event.assoc] = uid
        reply = Dataset()
        # the keyword of this name in dictionaries is another element's
        reply.ReferencedPrintJobSequencePullStoredPrint = [reference(PrintJob, uid)]
        return reply

    def _print(self, box: _FilmBox, copies: int, caller: str) -> None:
        with self._printing:
            sheet = self.folder / f"film-{len(self.store.films()) + 1:04d}"
            paths = []
            for place, uid in enumerate(box.image_boxes, 1):
                if uid in box.pictures:
                    path = sheet / f"box-{place:02d}.png"
                    write_durably(path, box.pictures[uid])
                    paths.append(path)
            self.store.add_film(
                PrintedFilm(
                    film_box_uid=box.uid,
                    calling_ae=caller,
                    display_format=box.display_format,
                    film_size_id=box.film_size_id,
                    copies=copies,
                    paths=tuple(paths),
                    printed_at=datetime.now(UTC),
                )
            )
        _log.info("%s printed a film of %d pictures", self.ae_title, len(paths))

    def _on_delete(self, event: evt.Event) -> int | Dataset:
        self.hold_up()
        self._report(event)
        if refused := self._fault(event, "delete"):
            return refused
        session = self._sessions.get(event.assoc)
        uid = requested_uid(event)
        if session is not None and uid == session.uid:
            del self._sessions[event.assoc]
            return 0x0000
        if session is not None and session.film_boxes.pop(uid, None) is not None:
            return 0x0000
        return failure(0x0112, "no such instance")
