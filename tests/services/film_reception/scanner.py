"""A modality that prints, speaking plain pynetdicom, and the reception that it prints at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid
from pynetdicom import AE, evt
from pynetdicom.association import Association

from device.uids import random_uid
from drivers.cups.simulated import SimulatedQueue
from firmware.paper import QueuePrinter
from services.box import Box
from services.catalog.received_sheets import Images
from services.dicom import print_uids as uids
from services.dicom.server import DicomServer
from services.film_reception.cabinet import Cabinet, Orders
from services.film_reception.intake import Intake
from services.film_reception.jobs import Jobs
from services.film_reception.paper import PaperDesk
from services.film_reception.server import FilmReception
from services.film_reception.service import FilmWork
from services.film_reception.words import Abilities
from tests.services.boxes import CAPTURE

ABILITIES = Abilities(("14INX17IN", "8INX10IN", "A4"))
CLASSES = (
    uids.GREY_META,
    uids.COLOUR_META,
    uids.PRESENTATION_LUT,
    uids.ANNOTATION_BOX,
    uids.PRINT_JOB,
)


@dataclass
class Place:
    """The reception with everything behind it; ``work`` does nothing until it is told to."""

    box: Box
    cabinet: Cabinet
    jobs: Jobs
    reception: FilmReception
    work: FilmWork
    intake: Intake
    queue: SimulatedQueue
    server: DicomServer
    health: list[tuple[str, str]]

    @property
    def port(self) -> int:
        return self.server.port


@contextmanager
def film_place(
    box: Box,
    *,
    images: Images = Images.WAITING,
    printer: str = "",
    callers: tuple[str, ...] = (),
    whole: bool = False,
) -> Iterator[Place]:
    """Receive films for the time of the block; the last of ``health`` is how the printer is."""
    health = [("NORMAL", "NORMAL")]
    cabinet = Cabinet(box, Orders(images, printer, whole=whole))
    cabinet.open()
    jobs = Jobs(box.catalog)
    reception = FilmReception(ABILITIES, cabinet, jobs, lambda: health[-1], random_uid)
    queue = SimulatedQueue()
    paper = PaperDesk(box, cabinet, lambda _: QueuePrinter(queue)) if printer else None
    intake = Intake(box, cabinet, CAPTURE)
    work = FilmWork(box, cabinet, jobs, reception, intake, paper)
    server = DicomServer(
        "FILM", "127.0.0.1", 0, callers, 5, 131072, 120.0, None, role=reception.role
    )
    server.start()
    try:
        yield Place(box, cabinet, jobs, reception, work, intake, queue, server, health)
    finally:
        server.stop(0.1)


@dataclass
class Scanner:
    """One association of a modality; ``events`` gathers what the printer tells by itself."""

    association: Association
    colour: bool = False
    session: str = ""
    events: list[tuple[int, str]] = field(default_factory=list)

    @property
    def meta(self) -> str:
        return uids.COLOUR_META if self.colour else uids.GREY_META

    def create(self, sop_class: str, attributes: Dataset, uid: str = "") -> tuple[Dataset, Any]:
        meta = None if sop_class == uids.PRESENTATION_LUT else self.meta
        # an empty data set is announced, and never sent
        return self.association.send_n_create(
            attributes or None, sop_class, uid or None, meta_uid=meta
        )

    def set(self, sop_class: str, uid: str, attributes: Dataset) -> int:
        meta = None if sop_class == uids.ANNOTATION_BOX else self.meta
        status, _ = self.association.send_n_set(attributes, sop_class, uid, meta_uid=meta)
        return int(status.Status)

    def action(self, sop_class: str, uid: str, action: int = 1) -> tuple[int, Any]:
        status, reply = self.association.send_n_action(
            None, action, sop_class, uid, meta_uid=self.meta
        )
        return int(status.Status), reply

    def delete(self, sop_class: str, uid: str) -> int:
        status = self.association.send_n_delete(sop_class, uid, meta_uid=self.meta)
        return int(status.Status)

    def get(self, sop_class: str, uid: str, tags: list[int] | None = None) -> tuple[Dataset, Any]:
        meta = self.meta if sop_class == uids.PRINTER else None
        return self.association.send_n_get(tags or [], sop_class, uid, meta_uid=meta)

    def begin(self, **values: Any) -> str:
        """A film session."""
        status, _ = self.create(uids.FILM_SESSION, dataset(**values), uid := generate_uid())
        assert status.Status == 0, hex(status.Status)
        self.session = str(uid)
        return self.session

    def film(self, layout: str = "STANDARD\\1,1", **values: Any) -> tuple[str, list[str], Dataset]:
        """A film box: its UID, those of its image boxes, and the whole answer."""
        attributes = film_attributes(self.session, layout, **values)
        status, reply = self.create(uids.FILM_BOX, attributes, uid := generate_uid())
        assert status.Status == 0, hex(status.Status)
        boxes = [item.ReferencedSOPInstanceUID for item in reply.ReferencedImageBoxSequence]
        return str(uid), boxes, reply

    def fill(self, box: str, position: int, pixels: NDArray[Any], **values: Any) -> int:
        """Put a picture into an image box."""
        box_class = uids.COLOUR_IMAGE_BOX if self.colour else uids.GREY_IMAGE_BOX
        return self.set(box_class, box, image_box(position, pixels, **values))


def dataset(**values: Any) -> Dataset:
    made = Dataset()
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return made


def film_attributes(session: str, layout: str, **values: Any) -> Dataset:
    reference = dataset(ReferencedSOPClassUID=uids.FILM_SESSION, ReferencedSOPInstanceUID=session)
    return dataset(ImageDisplayFormat=layout, ReferencedFilmSessionSequence=[reference], **values)


def image_box(position: int, pixels: NDArray[Any], *, bits: int = 8, **values: Any) -> Dataset:
    """An image box with 8-bit, 12-bit or colour pixels."""
    colour = pixels.ndim == 3
    photometric = values.pop("photometric", "RGB" if colour else "MONOCHROME2")
    deep = pixels.dtype != np.uint8
    data = pixels.transpose(2, 0, 1) if colour else pixels
    image = dataset(
        SamplesPerPixel=3 if colour else 1,
        PhotometricInterpretation=photometric,
        Rows=pixels.shape[0],
        Columns=pixels.shape[1],
        BitsAllocated=16 if deep else 8,
        BitsStored=bits,
        HighBit=bits - 1,
        PixelRepresentation=0,
    )
    if colour:
        image.PlanarConfiguration = 1
    raw = np.ascontiguousarray(data).tobytes()
    image.PixelData = raw + b"\0" * (len(raw) % 2)
    image["PixelData"].VR = "OW" if deep else "OB"
    keyword = "BasicColorImageSequence" if colour else "BasicGrayscaleImageSequence"
    return dataset(ImageBoxPosition=position, **{keyword: [image]}, **values)


@contextmanager
def scanner(
    place: Place,
    *,
    colour: bool = False,
    ae_title: str = "OLDCT",
    syntax: str = ExplicitVRLittleEndian,
) -> Iterator[Scanner]:
    """An association for the time of the block."""
    entity = AE(ae_title)
    for sop_class in CLASSES:
        entity.add_requested_context(sop_class, [syntax])
    events: list[tuple[int, str]] = []

    def heard(event: evt.Event) -> tuple[int, None]:
        events.append((event.event_type, str(event.request.AffectedSOPInstanceUID)))
        return 0x0000, None

    association = entity.associate(
        "127.0.0.1",
        place.port,
        ae_title="FILM",
        evt_handlers=[(evt.EVT_N_EVENT_REPORT, heard)],
    )
    assert association.is_established
    try:
        yield Scanner(association, colour, events=events)
    finally:
        if association.is_established:
            association.release()


def ramp(rows: int = 40, columns: int = 30) -> NDArray[np.uint8]:
    return (np.arange(rows * columns) % 251).astype(np.uint8).reshape(rows, columns)


def folders(place: Place) -> list[Path]:
    return [path for path in place.cabinet.root.iterdir() if path.name != "incoming"]
