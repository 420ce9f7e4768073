"""Sources of pictures: what is there, a frozen picture, and what is measured on it."""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any, Final

import numpy as np

from device.calibration import CalibrationType, Point, Ruler, measure_ruler
from device.errors import InvalidCalibration
from device.ports import Frame
from firmware.capture.matching import devices_and_sources
from firmware.circumstances import capture_circumstances
from firmware.config import Configuration
from firmware.config.capture import SIDE_CHANNELS
from firmware.config.profiles import preset_names
from firmware.looking import source_to_look_at
from services import calibration
from services.box import Box
from services.catalog import calibrations
from services.console.workshop import Frozen, WorkshopRefusal

SQUARE_PERCENT: Final = 2.0
"""How far two rulers at right angles may disagree before the picture counts as distorted."""

_KEPT: Final = 3
"""Frozen pictures that are kept at once; older ones are forgotten."""

_LONGEST_SIDE: Final = 4096


class Sources:
    """Satisfies :class:`services.console.workshop.SourceDesk`.

    Frozen pictures are kept as the source gave them, so that what is measured is measured on the
    very samples and not on a picture of them.
    """

    def __init__(self, configuration: Configuration, box: Box) -> None:
        self._configuration = configuration
        self._box = box
        self._lock = Lock()
        self._frames: OrderedDict[int, tuple[str, Frame]] = OrderedDict()
        self._number = 0

    def inventory(self) -> list[dict[str, Any]]:
        """Every device and every configured source, whether it is there or not."""
        configured = {source.name: source for source in self._configuration.sources}
        rows = [
            {**row, "profile": configured[row["source"]].profile if row["source"] else ""}
            for row in devices_and_sources(self._configuration)
        ]
        told = {row["source"] for row in rows}
        for source in self._configuration.sources:
            if source.name not in told:
                rows.append(
                    {
                        "kind": source.kind, "identity": source.path, "state": "present",
                        "name": "", "node": "", "serial_number": "", "detail": "",
                        "source": source.name, "profile": source.profile,
                    }
                )  # fmt: skip
        for row in rows:
            mine = configured.get(row["source"])
            row["pictures"] = mine is not None and mine.kind not in SIDE_CHANNELS
        return rows

    def presets(self) -> list[dict[str, Any]]:
        """Profiles that a source can be given: the site's own, then the shipped ones."""
        own = [
            {"name": profile.name, "preset": profile.preset, "shipped": False}
            for profile in self._configuration.profiles
        ]
        return own + [{"name": name, "preset": name, "shipped": True} for name in preset_names()]

    def freeze(self, name: str) -> Frozen:
        """Take one picture to measure on.

        Raises
        ------
        WorkshopRefusal
            ``G-5401`` where there is no picture, with the reason of the source; ``G-5402`` where
            its pictures need no calibration.
        """
        try:
            frame = calibration.freeze(source_to_look_at(self._configuration, self._box, name))
        except InvalidCalibration as error:
            raise WorkshopRefusal("G-5402", source=name, said=str(error)) from error
        except OSError as error:
            said = str(getattr(error, "reason", error))
            raise WorkshopRefusal("G-5401", source=name, said=said) from error
        with self._lock:
            self._number += 1
            number = self._number
            self._frames[number] = (name, frame)
            while len(self._frames) > _KEPT:
                self._frames.popitem(last=False)
        rows, columns = frame.pixels.shape[:2]
        return Frozen(
            number=number,
            source=name,
            columns=int(columns),
            rows=int(rows),
            bits=frame.bits_stored,
            colour=frame.pixels.ndim == 3,
            pixel_aspect=_aspect(frame),
        )

    def picture(self, number: int) -> bytes:
        """The frozen picture as a PNG of 8 bits, black and white where the samples begin and end.

        Raises
        ------
        WorkshopRefusal
            ``G-5403`` where it was forgotten.
        """
        from PIL import Image

        _, frame = self._frame(number)
        pixels = frame.pixels
        if pixels.ndim == 2 and frame.bits_stored > 8:
            pixels = (pixels.astype(np.uint32) >> (frame.bits_stored - 8)).astype(np.uint8)
        elif pixels.dtype != np.uint8:
            pixels = pixels.astype(np.uint8)
        image = Image.fromarray(np.ascontiguousarray(pixels))
        if max(image.size) > _LONGEST_SIDE:
            image.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
        out = io.BytesIO()
        image.save(out, "PNG", compress_level=1)
        return out.getvalue()

    def ruler(self, number: int, measure: Mapping[str, Any], by: str) -> dict[str, Any]:
        """Millimetres by two points, and by a second pair across them where there is one.

        Parameters
        ----------
        number : int
            Of a frozen picture.
        measure : mapping
            ``start``, ``end`` (column and row), ``length_mm``, ``zoom``, ``type``; ``across`` with
            the first three again for the check of squareness; ``keep`` to put it in force.
        by : str
            Who stands for it.

        Raises
        ------
        WorkshopRefusal
            ``G-5404`` where a measure cannot be used, ``G-5405`` where the two disagree.
        """
        name, frame = self._frame(number)
        zoom = str(measure.get("zoom", ""))
        circumstances = capture_circumstances(self._configuration, name, zoom)
        kind: CalibrationType = "GEOMETRY" if measure.get("type") == "GEOMETRY" else "FIDUCIAL"

        def measured(part: Mapping[str, Any]) -> Ruler:
            try:
                return measure_ruler(
                    circumstances.of(frame), _point(part, "start"), _point(part, "end"),
                    _length(part), by, pixel_aspect=_aspect(frame), calibration_type=kind,
                )  # fmt: skip
            except InvalidCalibration as error:
                raise WorkshopRefusal("G-5404", said=str(error)) from error

        ruler = measured(measure)
        deviation = None
        if measure.get("across"):
            other = measured(measure["across"])
            deviation = 100.0 * abs(other.spacing[0] / ruler.spacing[0] - 1.0)
            if deviation > SQUARE_PERCENT and measure.get("keep"):
                raise WorkshopRefusal("G-5405", percent=f"{deviation:.1f}", most=SQUARE_PERCENT)
        told = {
            "pixel_spacing": list(ruler.spacing),
            "description": ruler.description,
            "deviation_percent": deviation,
            "square": None if deviation is None else deviation <= SQUARE_PERCENT,
            "kept": 0,
        }
        if measure.get("keep"):
            with self._box.catalog.writing() as db:
                told["kept"] = calibrations.add_ruler(db, ruler, self._box.clock.now())
        return told

    def range(self, number: int, region: Sequence[int], by: str) -> dict[str, Any]:
        """Black and white of the ramp inside ``region`` (left, top, columns, rows; empty: all).

        ``edits`` of the result are what the configuration needs so that pictures are taken so.

        Raises
        ------
        WorkshopRefusal
            ``G-5404`` where there is no ramp.
        """
        name, frame = self._frame(number)
        part: tuple[int, int, int, int] | None = None
        if region:
            try:
                left, top, columns, rows = (int(each) for each in region)
            except (TypeError, ValueError) as error:
                raise WorkshopRefusal("G-5404", said="the region is none") from error
            part = (left, top, columns, rows)
        try:
            measured = calibration.calibrate_range(self._box, frame, name, by, part)
        except InvalidCalibration as error:
            raise WorkshopRefusal("G-5404", said=str(error)) from error
        black, white = measured.of_8_bits
        return {
            "black": black,
            "white": white,
            "sound": measured.sound,
            "findings": list(measured.findings),
            "edits": self._edits(name, black, white) if measured.sound else [],
        }

    def calibrations(self) -> dict[str, Any]:
        """Every ruler and every range, newest first."""
        catalog = self._box.catalog
        return {"rulers": calibrations.rulers(catalog), "ranges": calibrations.ranges(catalog)}

    def withdraw(self, number: int) -> None:
        """Let a ruler hold no longer.

        Raises
        ------
        NotFound
            There is none of this number in force.
        """
        with self._box.catalog.writing() as db:
            calibrations.withdraw_ruler(db, number, self._box.clock.now())

    def _edits(self, name: str, black: int, white: int) -> list[dict[str, Any]]:
        """Write the range into the source's own profile; a shipped one is taken as a preset."""
        settings = self._configuration.sources
        index = next(at for at, source in enumerate(settings) if source.name == name)
        if settings[index].kind not in ("v4l2", "simulated"):
            return []
        values = {"range": "measured", "measured": [black, white]}
        for at, profile in enumerate(self._configuration.profiles):
            if profile.name == settings[index].profile:
                return [
                    {"do": "set", "path": ["profiles", at, key], "value": value}
                    for key, value in values.items()
                ]
        if not settings[index].profile:
            return []
        own = f"{name} measured"[:64]
        entry = {"name": own, "preset": settings[index].profile, **values}
        return [
            {"do": "add", "path": ["profiles"], "value": entry},
            {"do": "set", "path": ["sources", index, "profile"], "value": own},
        ]

    def _frame(self, number: int) -> tuple[str, Frame]:
        with self._lock:
            found = self._frames.get(number)
        if found is None:
            raise WorkshopRefusal("G-5403")
        return found


def _aspect(frame: Frame) -> tuple[float, float]:
    ratio = frame.attributes.get("PixelAspectRatio", (1, 1))
    return (float(ratio[0]), float(ratio[1]))


def _point(part: Mapping[str, Any], key: str) -> Point:
    try:
        column, row = (float(each) for each in part[key])
    except (KeyError, TypeError, ValueError) as error:
        raise WorkshopRefusal("G-5404", said="a point is missing") from error
    return (column, row)


def _length(part: Mapping[str, Any]) -> float:
    try:
        return float(part["length_mm"])
    except (KeyError, TypeError, ValueError) as error:
        raise WorkshopRefusal("G-5404", said="the length is missing") from error
