"""Pictures as film shows them: stored pixels through their modality and VOI transformations."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.pixels.processing import apply_modality_lut, apply_voi_lut
from pydicom.pixels.utils import pixel_array
from pydicom.uid import CTImageStorage, MRImageStorage

from device.film import FilmImage, Window
from services.errors import ServiceError

FULL = 65535
"""White, in the 16 bits that grey pictures are held in between window and film."""

_OF_THE_PATIENT = frozenset({str(CTImageStorage), str(MRImageStorage)})
"""SOP classes whose Pixel Spacing is measured in the patient by definition."""


class NotPrintable(ServiceError):
    """Something cannot be put on film as it was asked for; the text says what and why.

    Attributes
    ----------
    code : str
        What screens translate by.
    """

    def __init__(self, text: str, code: str = "G-6405") -> None:
        self.code = code
        super().__init__(text)


@dataclass(frozen=True, slots=True)
class FilmPicture:
    """One frame, ready for film.

    Attributes
    ----------
    pixels : array
        Grey as uint16 from black (0) to white (:data:`FULL`), or RGB as uint8.
    spacing : tuple of float or None
        Row and column spacing in millimetres of the patient, None when not known.
    aspect : float
        Height of a pixel by its width.
    words : tuple of str
        What is written under it.
    """

    pixels: NDArray[Any]
    spacing: tuple[float, float] | None = None
    aspect: float = 1.0
    words: tuple[str, ...] = field(default=())

    @property
    def colour(self) -> bool:
        return self.pixels.ndim == 3


def read_picture(path: Path, image: FilmImage) -> FilmPicture:
    """Read a frame of a DICOM file as film shows it.

    Raises
    ------
    NotPrintable
        The file is gone or damaged, has no such frame, or is of a kind that film cannot show.
    """
    try:
        dataset = dcmread(path, stop_before_pixels=True)
        frames = int(dataset.get("NumberOfFrames") or 1)
        if image.frame > frames:
            raise NotPrintable(
                f"image {_name(dataset)} has {frames} frames; frame {image.frame} was asked for"
            )
        stored = pixel_array(path, index=image.frame - 1)
    except OSError as error:
        raise NotPrintable(f"the file of an image cannot be read: {error.strerror}") from error
    except (
        InvalidDicomError,
        ValueError,
        AttributeError,
        NotImplementedError,
        RuntimeError,
    ) as error:
        raise NotPrintable(
            f"an image cannot be decoded for printing ({type(error).__name__}): choose another one"
        ) from error
    spacing = _spacing(dataset)
    return FilmPicture(
        pixels=_shown(stored, dataset, image.window),
        spacing=spacing,
        aspect=_aspect(dataset) if spacing is None else spacing[0] / spacing[1],
        words=(image.caption,) if image.caption else _words(dataset, image),
    )


def _shown(stored: NDArray[Any], dataset: Dataset, window: Window | None) -> NDArray[Any]:
    if stored.ndim == 3:
        if stored.dtype != np.uint8:
            raise NotPrintable(f"image {_name(dataset)} has colours of more than 8 bits")
        return stored
    if "MONOCHROME" not in str(dataset.PhotometricInterpretation):
        raise NotPrintable(
            f"image {_name(dataset)} is {dataset.PhotometricInterpretation}, which is not printed"
        )
    values = np.asarray(apply_modality_lut(stored, dataset), dtype=np.float64)
    fraction = _fraction(values, stored, dataset, window)
    if dataset.PhotometricInterpretation == "MONOCHROME1" or _inverse(dataset):
        fraction = 1.0 - fraction
    return np.asarray(np.floor(fraction * FULL + 0.5), dtype=np.uint16)


def _inverse(dataset: Dataset) -> bool:
    """A Presentation LUT Shape may only agree with MONOCHROME1 (PS3.3 C.7.6.1.1.2)."""
    return bool(dataset.get("PresentationLUTShape") == "INVERSE") and (
        dataset.PhotometricInterpretation != "MONOCHROME1"
    )


def _fraction(
    values: NDArray[Any], stored: NDArray[Any], dataset: Dataset, window: Window | None
) -> NDArray[Any]:
    """0 (lowest) to 1 (highest) by the window asked for, else as stored, else the whole range."""
    if window is not None:
        return _linear(values, window.center, window.width)
    if "VOILUTSequence" in dataset:
        looked_up = np.asarray(apply_voi_lut(values.astype(np.int32), dataset), dtype=np.float64)
        depth = int(dataset.VOILUTSequence[0].LUTDescriptor[2])
        return np.asarray(np.clip(looked_up / (2**depth - 1), 0.0, 1.0))
    own = stored_window(dataset)
    if own is None:
        return _whole_range(values, stored, dataset)
    function = str(dataset.get("VOILUTFunction") or "LINEAR")
    if function == "LINEAR_EXACT":
        return np.clip((values - own.center) / own.width + 0.5, 0.0, 1.0)
    if function == "SIGMOID":
        return np.asarray(1.0 / (1.0 + np.exp(-4.0 * (values - own.center) / own.width)))
    return _linear(values, own.center, own.width)


def _linear(values: NDArray[Any], center: float, width: float) -> NDArray[Any]:
    """PS3.3 C.11.2.1.2.1; a width of 1 is a threshold."""
    if width <= 1:
        return np.asarray(values > center - 0.5, dtype=np.float64)
    return np.clip((values - (center - 0.5)) / (width - 1) + 0.5, 0.0, 1.0)


def _whole_range(values: NDArray[Any], stored: NDArray[Any], dataset: Dataset) -> NDArray[Any]:
    """Without a window, 8 bits are shown as they are; deeper ones from lowest to highest."""
    if int(dataset.BitsStored) == 8 and int(dataset.PixelRepresentation) == 0:
        return np.asarray(stored, dtype=np.float64) / 255.0
    low, high = float(values.min()), float(values.max())
    return np.asarray((values - low) / max(high - low, 1.0))


def stored_window(dataset: Dataset) -> Window | None:
    """The first window of the image; None where it says none."""
    center, width = _first(dataset, "WindowCenter"), _first(dataset, "WindowWidth")
    return None if center is None or width is None or width < 1 else Window(center, width)


def is_calibrated(path: Path) -> bool:
    """Whether it is known how large a picture is in the patient; read from its header alone."""
    try:
        return _spacing(dcmread(path, stop_before_pixels=True)) is not None
    except (OSError, InvalidDicomError, ValueError, AttributeError):
        return False  # whoever prints it is told why it cannot be read


def _first(dataset: Dataset, keyword: str) -> float | None:
    value = dataset.get(keyword)
    if value is None or value == "":
        return None
    return float(value if isinstance(value, str | int | float) else value[0])


def _spacing(dataset: Dataset) -> tuple[float, float] | None:
    """Pixel Spacing where it is known to be of the patient (PS3.3 10.7.1.1)."""
    measured = dataset
    shared = dataset.get("SharedFunctionalGroupsSequence")
    if shared and shared[0].get("PixelMeasuresSequence"):
        measured = shared[0].PixelMeasuresSequence[0]
    spacing = measured.get("PixelSpacing")
    known = dataset.SOPClassUID in _OF_THE_PATIENT or measured.get("PixelSpacingCalibrationType")
    if not spacing or not known:
        return None
    row, column = (float(value) for value in spacing)
    return (row, column) if row > 0 and column > 0 else None


def _aspect(dataset: Dataset) -> float:
    ratio = dataset.get("PixelAspectRatio")
    if not ratio:
        return 1.0
    vertical, horizontal = (int(value) for value in ratio)
    return vertical / horizontal if vertical > 0 and horizontal > 0 else 1.0


def _name(dataset: Dataset) -> str:
    return f"{dataset.get('SeriesNumber', '')}/{dataset.get('InstanceNumber', '')}"


def _words(dataset: Dataset, image: FilmImage) -> tuple[str, ...]:
    place = f"S {dataset.get('SeriesNumber', '')} I {dataset.get('InstanceNumber', '')}"
    if int(dataset.get("NumberOfFrames") or 1) > 1:
        place += f" F {image.frame}"
    window = image.window or stored_window(dataset)
    shown = f"W {window.width:g} L {window.center:g}" if window else ""
    moment = _moment(dataset)
    return tuple(each for each in (place, shown, moment) if each)


def _moment(dataset: Dataset) -> str:
    day = str(dataset.get("AcquisitionDate") or dataset.get("ContentDate") or "")
    time = str(dataset.get("AcquisitionTime") or dataset.get("ContentTime") or "")
    if len(day) != 8:
        return ""
    written = f"{day[:4]}-{day[4:6]}-{day[6:]}"
    return f"{written} {time[:2]}:{time[2:4]}" if len(time) >= 4 else written
