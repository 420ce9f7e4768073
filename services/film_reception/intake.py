"""Pictures of received sheets into the open exam, each once."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from device.errors import DeviceError
from device.ports import Frame, Pixels
from device.protocol import ObjectKind, Protocol
from services.acquisition import Acquisition
from services.box import Box
from services.catalog import received_sheets
from services.catalog.received_sheets import Images, ReceivedSheet
from services.errors import CatalogError, ExamBusy, ServiceError
from services.film_reception.cabinet import Cabinet, samples
from services.film_reception.compose import raster, whole_dpi
from services.film_reception.lut import greys_of
from services.film_reception.words import Picture, Sheet

_log = logging.getLogger(__name__)

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
_SQUARE: Final = 1.0
_LARGEST_TERM: Final = 65535


@dataclass(frozen=True, slots=True, eq=False)
class FilmFrame:
    """A picture of a film as a frame."""

    pixels: Pixels
    bits_stored: int
    photometric: str
    sequence: int
    monotonic_ns: int
    taken_at: datetime
    attributes: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    native: bool = False
    lossy_ratio: float | None = None
    lossy_method: str | None = None
    jpeg: bytes | None = None


class _Pictures:
    """The pictures of one sheet as a frame source that ends."""

    frame_time_ms: float | None = None
    dropped = 0

    def __init__(self, name: str, frames: Iterator[Frame]) -> None:
        self.name = name
        self._frames = frames

    def open(self) -> None:
        """They are there."""

    def read(self, timeout: float) -> Frame | None:  # noqa: ARG002 - nothing to wait for
        return next(self._frames, None)

    def close(self) -> None:
        """Nothing to let go of."""


class Intake:
    """Takes received sheets into exams.

    Parameters
    ----------
    protocol
        By which their pictures become instances: always Secondary Capture.
    """

    def __init__(self, box: Box, cabinet: Cabinet, protocol: Protocol) -> None:
        self._box = box
        self._cabinet = cabinet
        self._protocol = replace(protocol, object=ObjectKind.SC, multi_frame=False, video=False)

    def take_next(self, sheet: ReceivedSheet) -> None:
        """Take a sheet that waits into the exam that was open when it came.

        What cannot be taken is left to be matched by a person.
        """
        try:
            self.take(sheet, sheet.exam_id or "")
        except ExamBusy:
            return  # a clip is being recorded; the sheet is safe and comes after it
        except (ServiceError, DeviceError, OSError, ValueError, sqlite3.IntegrityError) as error:
            _log.warning("received sheet %d was not taken: %s", sheet.id, type(error).__name__)
            self._leave(sheet, f"it could not be taken into exam {sheet.exam_id}: {error}")

    def take(self, sheet: ReceivedSheet, exam_id: str) -> list[str]:
        """Make instances of every picture that is not one yet; their SOP Instance UIDs.

        Raises
        ------
        ExamBusy
            The exam is being acquired into, or somebody else is taking this sheet.
        CatalogError
            The exam has ended, or the sheet is settled or damaged.
        StorageFull
            What was taken before is safe; the rest is taken when it is called again.
        """
        box = self._box
        with self._cabinet.holding(sheet):
            uids = received_sheets.instance_uids(box.catalog, sheet.id)
            done = received_sheets.taken_already(box.catalog, list(uids.values()))
            with box.catalog.writing() as db:
                now = received_sheets.get(box.catalog, sheet.id)
                if now.images not in (Images.WAITING, Images.UNASSIGNED):
                    raise CatalogError(
                        f"sheet {sheet.id} is settled: its pictures are {now.images}"
                    )
                if done and now.exam_id != exam_id:
                    raise CatalogError(
                        f"a part of sheet {sheet.id} is in exam {now.exam_id} already"
                    )
                received_sheets.bind(db, sheet.id, exam_id)
            left = {position: uid for position, uid in uids.items() if uid not in done}
            if left:
                self._acquire(now, exam_id, left)
            with box.catalog.writing() as db:
                at = box.clock.now().isoformat()
                received_sheets.set_images(db, sheet.id, Images.TAKEN, at=at, exam_id=exam_id)
        return list(uids.values())

    def _acquire(self, sheet: ReceivedSheet, exam_id: str, left: Mapping[int, str]) -> None:
        content = self._cabinet.read(sheet)
        planned = iter(left.values())
        acquisition = Acquisition(
            self._box, exam_id, self._protocol, instance_uids=lambda: next(planned)
        )
        name = f"film {sheet.id} of {sheet.caller}"
        summary = acquisition.run(_Pictures(name, self._frames(sheet, content, left)))
        if len(summary.instances) != len(left):
            raise CatalogError(f"sheet {sheet.id}: {summary.ended_by or 'pictures are missing'}")

    def _frames(
        self, sheet: ReceivedSheet, content: Sheet, left: Mapping[int, str]
    ) -> Iterator[Frame]:
        if content.whole:
            bands = raster(content, whole_dpi(content))
            photometric = "RGB" if content.colour else "MONOCHROME2"
            yield self._frame(sheet, 1, np.concatenate(list(bands)), 8, photometric)
            return
        for position in left:
            picture = content.pictures[position - 1]
            if picture is None:
                continue
            greys = greys_of(picture, content)
            grey = "MONOCHROME1" if greys.inverse else "MONOCHROME2"
            yield self._frame(
                sheet, position, greys.of(samples(picture)), greys.bits,
                "RGB" if picture.colour else grey, _aspect(picture),
            )  # fmt: skip

    def _frame(
        self,
        sheet: ReceivedSheet,
        position: int,
        values: NDArray[Any],
        bits: int,
        photometric: str,
        attributes: Mapping[str, Any] = _NOTHING,
    ) -> FilmFrame:
        return FilmFrame(
            pixels=np.ascontiguousarray(values),
            bits_stored=bits,
            photometric=photometric,
            sequence=position,
            monotonic_ns=int(self._box.clock.monotonic() * 1e9),
            taken_at=datetime.fromisoformat(sheet.received),
            attributes=attributes,
        )

    def _leave(self, sheet: ReceivedSheet, why: str) -> None:
        with self._box.catalog.writing() as db:
            if received_sheets.get(self._box.catalog, sheet.id).images is not Images.WAITING:
                return  # a person has seen to it meanwhile
            at = self._box.clock.now().isoformat()
            received_sheets.set_images(db, sheet.id, Images.UNASSIGNED, at=at, words=why)


def _aspect(picture: Picture) -> Mapping[str, Any]:
    """Pixel Aspect Ratio: vertical and horizontal, as whole numbers."""
    if picture.aspect == _SQUARE:
        return _NOTHING
    ratio = Fraction(picture.aspect).limit_denominator(_LARGEST_TERM)
    return MappingProxyType({"PixelAspectRatio": [ratio.numerator, ratio.denominator]})
