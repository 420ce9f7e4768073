"""The simulated film printer: Basic Grayscale and Color Print Management (PS3.4 annex H)."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
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
    requested_uid,
    sop_class_uid,
)
from services.hospital.pacs import write_durably
from services.hospital.records import PrintedFilm
from services.hospital.sop_classes import (
    BasicColorImageBox,
    BasicColorPrintManagementMeta,
    BasicFilmBox,
    BasicFilmSession,
    BasicGrayscaleImageBox,
    BasicGrayscalePrintManagementMeta,
    Printer,
    PrinterInstance,
    Verification,
)
from services.hospital.store import HospitalStore

_log = logging.getLogger(__name__)

_PLAIN: list[str | UID] = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]
_IMAGES = ("BasicGrayscaleImageSequence", "BasicColorImageSequence")
_EMPTY_PAGE = 0xB603
_MOST_BOXES = 64
_STATUS = {
    "PrinterStatus": "NORMAL",
    "PrinterStatusInfo": "NORMAL",
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
    pictures: dict[str, bytes] = field(default_factory=dict)


@dataclass(slots=True)
class _Session:
    """What one association has created; it all ends with the association."""

    uid: str
    copies: int = 1
    film_boxes: dict[str, _FilmBox] = field(default_factory=dict)

    def box_holding(self, image_box: str) -> _FilmBox | None:
        boxes = (box for box in self.film_boxes.values() if image_box in box.image_boxes)
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

    def contexts(self) -> list[PresentationContext]:
        metas = (Verification, BasicGrayscalePrintManagementMeta, BasicColorPrintManagementMeta)
        return [build_context(uid, _PLAIN) for uid in (*metas, Printer)]

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

    def _on_get(self, event: evt.Event) -> Reply:
        self.hold_up()
        if requested_uid(event) != PrinterInstance:
            return failure(0x0112, "no such printer"), None
        asked = event.attribute_identifiers
        known = Dataset()
        for keyword, value in _STATUS.items():
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
        try:
            attributes = decoded(event.attribute_list)
        except DECODE_ERRORS:
            return failure(0x0110, "the attribute list cannot be decoded"), None
        create: dict[str, Callable[[evt.Event, Dataset], Reply]] = {
            BasicFilmSession: self._create_session,
            BasicFilmBox: self._create_film_box,
        }
        handle = create.get(sop_class_uid(event))
        if handle is None:
            return failure(0x0118, "no such SOP class"), None
        return handle(event, attributes)

    def _create_session(self, event: evt.Event, attributes: Dataset) -> Reply:
        if event.assoc in self._sessions:
            return failure(0x0110, "this association has a film session already"), None
        uid = affected_uid(event) or generate_uid()
        copies = attributes.get("NumberOfCopies") or 1
        self._sessions[event.assoc] = _Session(uid, int(copies))
        return 0x0000, _with_uid(event, Dataset(), uid)

    def _create_film_box(self, event: evt.Event, attributes: Dataset) -> Reply:
        session = self._sessions.get(event.assoc)
        if session is None:
            return failure(0x0112, "no film session"), None
        if "ReferencedFilmSessionSequence" not in attributes:
            return failure(0x0120, "ReferencedFilmSessionSequence is missing"), None
        display_format = "\\".join(_values(attributes, "ImageDisplayFormat"))
        count = _boxes(display_format)
        if not count:
            return failure(0x0106, "ImageDisplayFormat is not STANDARD\\C,R"), None
        colour = event.context.abstract_syntax == BasicColorPrintManagementMeta
        box = _FilmBox(
            uid=affected_uid(event) or generate_uid(),
            display_format=display_format,
            film_size_id=str(attributes.get("FilmSizeID") or ""),
            image_boxes=[generate_uid() for _ in range(count)],
            colour=colour,
        )
        session.film_boxes[box.uid] = box
        reply = Dataset()
        reply.ImageDisplayFormat = attributes.ImageDisplayFormat
        reply.ReferencedImageBoxSequence = []
        for uid in box.image_boxes:
            item = Dataset()
            item.ReferencedSOPClassUID = BasicColorImageBox if colour else BasicGrayscaleImageBox
            item.ReferencedSOPInstanceUID = uid
            reply.ReferencedImageBoxSequence.append(item)
        return 0x0000, _with_uid(event, reply, box.uid)

    def _on_set(self, event: evt.Event) -> Reply:
        """Image boxes take a picture; sessions and film boxes take what is of no consequence."""
        self.hold_up()
        session = self._sessions.get(event.assoc)
        uid = requested_uid(event)
        if session is None:
            return failure(0x0112, "no film session"), None
        if uid == session.uid or uid in session.film_boxes:
            return 0x0000, None
        box = session.box_holding(uid)
        if box is None:
            return failure(0x0112, "no such image box"), None
        try:
            attributes = decoded(event.modification_list)
            picture = _picture(attributes)
        except DECODE_ERRORS:
            return failure(0x0106, "the image box has no usable picture"), None
        if picture is None:
            box.pictures.pop(uid, None)
        else:
            box.pictures[uid] = picture
        return 0x0000, None

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
        printed = sum(bool(box.pictures) for box in boxes)
        for box in boxes:
            if box.pictures:
                self._print(box, session.copies, caller_of(event))
        return (0x0000 if printed else _EMPTY_PAGE), None

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
        session = self._sessions.get(event.assoc)
        uid = requested_uid(event)
        if session is not None and uid == session.uid:
            del self._sessions[event.assoc]
            return 0x0000
        if session is not None and session.film_boxes.pop(uid, None) is not None:
            return 0x0000
        return failure(0x0112, "no such instance")


def _with_uid(event: evt.Event, reply: Dataset, uid: str) -> Dataset:
    """Name the new instance where the SCU left the choice to us (PS3.7 10.1.5.1.4)."""
    if not affected_uid(event):
        reply.AffectedSOPInstanceUID = uid
    return reply


def _values(dataset: Dataset, keyword: str) -> list[str]:
    value = dataset.get(keyword) or ""
    return [value] if isinstance(value, str) else [str(one) for one in value]


def _boxes(display_format: str) -> int:
    """How many image boxes a format has; 0 for one that this printer does not know."""
    kind, _, layout = display_format.partition("\\")
    columns, _, rows = layout.partition(",")
    if kind != "STANDARD" or not (columns.isdigit() and rows.isdigit()):
        return 0
    count = int(columns) * int(rows)
    return count if count <= _MOST_BOXES else 0


def _picture(attributes: Dataset) -> bytes | None:
    """The picture as PNG; None for an emptied box; ValueError for one that is no picture.

    Grey of more than 8 bits is written as 16 bits with the values received.
    """
    keyword = next((key for key in _IMAGES if key in attributes), None)
    if keyword is None:
        raise ValueError("no image in the image box")
    if not attributes[keyword].value:
        return None
    (image,) = attributes[keyword].value
    rows, columns, samples = image.Rows, image.Columns, image.SamplesPerPixel
    depth = np.uint8 if image.BitsAllocated == 8 else np.dtype("<u2")
    pixels = np.frombuffer(image.PixelData, dtype=depth, count=rows * columns * samples)
    shaped: NDArray[np.generic]
    if samples == 1:
        shaped = pixels.reshape(rows, columns)
        if image.PhotometricInterpretation == "MONOCHROME1":
            shaped = (1 << image.BitsStored) - 1 - pixels.reshape(rows, columns)
    elif image.get("PlanarConfiguration") == 1:
        shaped = pixels.reshape(samples, rows, columns).transpose(1, 2, 0)
    else:
        shaped = pixels.reshape(rows, columns, samples)
    buffer = BytesIO()
    Image.fromarray(np.ascontiguousarray(shaped)).save(buffer, format="PNG")
    return buffer.getvalue()
