"""The data sets of Print Management: film session, film box, image boxes (PS3.3 C.13)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from device.film import FilmJob, FilmSheet, LutShape
from services.dicom.print_uids import FILM_SESSION, PRESENTATION_LUT

_LONGEST_LABEL = 64


@dataclass(frozen=True, slots=True)
class FilmBoxExtras:
    """What a film box says beyond its sheet; empty and 0 are left to the printer."""

    magnification: str = ""
    annotation_format: str = ""
    lut_uid: str = ""
    illumination: int = 0
    reflected_ambient_light: int = 0
    trim: bool = False


def film_session(job: FilmJob) -> Dataset:
    """Attributes of a Basic Film Session (PS3.3 C.13.1)."""
    made = Dataset()
    made.NumberOfCopies = job.copies
    made.PrintPriority = job.priority.value
    _say(made, "MediumType", job.medium)
    _say(made, "FilmDestination", job.destination)
    _say(made, "FilmSessionLabel", plain(job.label)[:_LONGEST_LABEL])
    return made


def film_box(job: FilmJob, sheet: FilmSheet, session_uid: str, extras: FilmBoxExtras) -> Dataset:
    """Attributes of a Basic Film Box (PS3.3 C.13.3)."""
    made = Dataset()
    made.ImageDisplayFormat = sheet.format.text
    made.ReferencedFilmSessionSequence = [_reference(FILM_SESSION, session_uid)]
    made.FilmOrientation = sheet.orientation.value
    made.FilmSizeID = sheet.film_size
    made.BorderDensity = sheet.border.value
    made.EmptyImageDensity = sheet.empty.value
    _say(made, "MagnificationType", extras.magnification)
    _say(made, "SmoothingType", job.smoothing)
    _say(made, "AnnotationDisplayFormatID", extras.annotation_format)
    if job.min_density:
        made.MinDensity = job.min_density
    if job.max_density:
        made.MaxDensity = job.max_density
    if extras.trim:
        made.Trim = "YES" if sheet.trim else "NO"
    if extras.lut_uid:
        made.ReferencedPresentationLUTSequence = [_reference(PRESENTATION_LUT, extras.lut_uid)]
        made.Illumination = extras.illumination
        made.ReflectedAmbientLight = extras.reflected_ambient_light
    return made


def lut_shape(shape: LutShape) -> Dataset:
    """A Presentation LUT by its shape (PS3.3 C.11.4)."""
    made = Dataset()
    made.PresentationLUTShape = shape.value
    return made


def lut_table(entries: int, bits: int) -> Dataset:
    """The identity as a table, for printers that know no shapes."""
    item = Dataset()
    top = 2**bits - 1
    values = [round(place * top / (entries - 1)) for place in range(entries)]
    item.add_new("LUTDescriptor", "US", [entries, 0, bits])
    item.add_new("LUTData", "US", values)
    made = Dataset()
    made.PresentationLUTSequence = [item]
    return made


def image_box(
    position: int, pixels: NDArray[Any], bits: int, *, width_mm: float | None = None
) -> Dataset:
    """Attributes of a Basic Grayscale or Color Image Box (PS3.3 C.13.5).

    Parameters
    ----------
    position
        Image Box Position, from 1.
    pixels
        Rows by columns for grey, or rows by columns by three; polarity and window are in them.
    width_mm
        Width that the picture is to have on film, of which the printer must not stray; None for
        as large as it fits.
    """
    made = Dataset()
    made.ImageBoxPosition = position
    made.Polarity = "NORMAL"
    if width_mm is not None:
        made.RequestedImageSize = f"{width_mm:.3f}"
        made.RequestedDecimateCropBehavior = "FAIL"
    item = _image(pixels, bits)
    if pixels.ndim == 3:
        made.BasicColorImageSequence = [item]
    else:
        made.BasicGrayscaleImageSequence = [item]
    return made


def _image(pixels: NDArray[Any], bits: int) -> Dataset:
    colour = pixels.ndim == 3
    deep = bits > 8
    item = Dataset()
    item.SamplesPerPixel = 3 if colour else 1
    item.PhotometricInterpretation = "RGB" if colour else "MONOCHROME2"
    if colour:
        item.PlanarConfiguration = 1
    item.Rows, item.Columns = pixels.shape[:2]
    item.BitsAllocated = 16 if deep else 8
    item.BitsStored = bits
    item.HighBit = bits - 1
    item.PixelRepresentation = 0
    planes = pixels.transpose(2, 0, 1) if colour else pixels
    data = np.ascontiguousarray(planes, dtype="<u2" if deep else np.uint8).tobytes()
    item.add_new("PixelData", "OW" if deep else "OB", data + b"\0" * (len(data) % 2))
    return item


def annotation(position: int, text: str) -> Dataset:
    """Attributes of a Basic Annotation Box (PS3.3 C.13.7)."""
    made = Dataset()
    made.AnnotationPosition = position
    made.TextString = text[:_LONGEST_LABEL]
    return made


def plain(text: str) -> str:
    """The text if every printer can show it, else nothing: no letter is ever replaced."""
    return text if text.isascii() and "\\" not in text else ""


def _say(made: Dataset, keyword: str, value: str) -> None:
    if value:
        setattr(made, keyword, value)


def _reference(sop_class_uid: str, uid: str) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = sop_class_uid
    item.ReferencedSOPInstanceUID = uid
    return item
