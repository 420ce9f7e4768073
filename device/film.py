"""What a person wants on film: sheets of pictures, and how they are to be printed.

Pure description; nothing here knows a printer. Names and values are those of the Basic Film
Session, Film Box and Image Box (PS3.3 C.13).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from device.film_format import FilmFormat

INCH: Final = 25.4
"""Millimetres."""

FILM_SIZES: Final[dict[str, tuple[float, float]]] = {
    "8INX10IN": (8 * INCH, 10 * INCH),
    "8_5INX11IN": (8.5 * INCH, 11 * INCH),
    "10INX12IN": (10 * INCH, 12 * INCH),
    "10INX14IN": (10 * INCH, 14 * INCH),
    "11INX14IN": (11 * INCH, 14 * INCH),
    "11INX17IN": (11 * INCH, 17 * INCH),
    "14INX14IN": (14 * INCH, 14 * INCH),
    "14INX17IN": (14 * INCH, 17 * INCH),
    "24CMX24CM": (240.0, 240.0),
    "24CMX30CM": (240.0, 300.0),
    "A4": (210.0, 297.0),
    "A3": (297.0, 420.0),
}
"""Film Size ID (2010,0050) with width and height upright, in millimetres."""


class Orientation(StrEnum):
    """Film Orientation (2010,0040)."""

    PORTRAIT = "PORTRAIT"
    LANDSCAPE = "LANDSCAPE"


class Magnification(StrEnum):
    """Magnification Type (2010,0060): how pixels are interpolated."""

    REPLICATE = "REPLICATE"
    BILINEAR = "BILINEAR"
    CUBIC = "CUBIC"


class Polarity(StrEnum):
    """Polarity (2020,0020) of the pictures; text is never reversed."""

    NORMAL = "NORMAL"
    REVERSE = "REVERSE"


class Priority(StrEnum):
    """Print Priority (2000,0020)."""

    HIGH = "HIGH"
    MED = "MED"
    LOW = "LOW"


class LutShape(StrEnum):
    """Presentation LUT Shape (2050,0020)."""

    IDENTITY = "IDENTITY"
    LIN_OD = "LIN OD"


class Density(StrEnum):
    """Border Density (2010,0100) and Empty Image Density (2010,0110) by name."""

    BLACK = "BLACK"
    WHITE = "WHITE"


@dataclass(frozen=True, slots=True)
class Window:
    """Window Center and Window Width (PS3.3 C.11.2.1.2.1); the width is 1 at least."""

    center: float
    width: float

    def __post_init__(self) -> None:
        if not self.width >= 1:
            raise ValueError(f"the window width is {self.width}; it must be 1 or more")


@dataclass(frozen=True, slots=True)
class FilmImage:
    """One picture of a sheet.

    Attributes
    ----------
    sop_instance_uid : str
        Which image.
    frame : int
        Which of its frames, from 1.
    window : Window or None
        How it is shown; None as it was stored.
    caption : str
        Text under it; empty for what the image says of itself.
    """

    sop_instance_uid: str
    frame: int = 1
    window: Window | None = None
    caption: str = ""

    def __post_init__(self) -> None:
        if self.frame < 1:
            raise ValueError(f"frame {self.frame}: frames are counted from 1")


@dataclass(frozen=True, slots=True)
class FilmSheet:
    """One film or sheet of paper.

    Attributes
    ----------
    film_size : str
        One of :data:`FILM_SIZES`.
    display_format : str
        Image Display Format (2010,0010), see :class:`~device.film_format.FilmFormat`.
    images : tuple of FilmImage or None
        In the order of the Image Box Positions; None leaves a box empty.
    true_size : bool
        One millimetre of the patient is one millimetre on the film. Needs calibrated pictures.
    ruler : bool
        A ruler beside every picture whose spacing is known.
    """

    film_size: str
    display_format: str
    images: tuple[FilmImage | None, ...]
    orientation: Orientation = Orientation.PORTRAIT
    polarity: Polarity = Polarity.NORMAL
    magnification: Magnification = Magnification.CUBIC
    true_size: bool = False
    ruler: bool = True
    border: Density = Density.BLACK
    empty: Density = Density.BLACK
    trim: bool = False

    def __post_init__(self) -> None:
        if self.film_size not in FILM_SIZES:
            raise ValueError(
                f"there is no film size {self.film_size}; sizes are {', '.join(FILM_SIZES)}"
            )
        boxes = len(self.format.boxes)
        if len(self.images) > boxes:
            raise ValueError(f"{len(self.images)} pictures do not fit into {boxes} boxes")

    @property
    def format(self) -> FilmFormat:
        return FilmFormat.parse(self.display_format)

    @property
    def size_mm(self) -> tuple[float, float]:
        """Width and height as the sheet is looked at."""
        width, height = FILM_SIZES[self.film_size]
        return (height, width) if self.orientation is Orientation.LANDSCAPE else (width, height)


@dataclass(frozen=True, slots=True)
class FilmJob:
    """Everything that one order to print says.

    Attributes
    ----------
    copies : int
        Of every sheet, 1 to 99.
    medium, destination, label
        Medium Type (2000,0030), Film Destination (2000,0040) and Film Session Label (2000,0050);
        empty leaves the choice to the printer.
    lut : LutShape
        How grey values become densities, where the printer takes a Presentation LUT.
    min_density, max_density : int
        Hundredths of OD; 0 leaves the choice to the printer.
    """

    sheets: tuple[FilmSheet, ...]
    copies: int = 1
    priority: Priority = Priority.MED
    medium: str = ""
    destination: str = ""
    label: str = ""
    smoothing: str = ""
    colour: bool = False
    lut: LutShape = LutShape.IDENTITY
    min_density: int = 0
    max_density: int = 0

    def __post_init__(self) -> None:
        if not self.sheets:
            raise ValueError("there is nothing to print: choose at least one picture")
        if not 1 <= self.copies <= 99:
            raise ValueError(f"{self.copies} copies: 1 to 99 can be printed")

    @property
    def images(self) -> tuple[FilmImage, ...]:
        """Every picture of every sheet, in order."""
        return tuple(image for sheet in self.sheets for image in sheet.images if image)


def spread(
    images: tuple[FilmImage, ...], film_size: str, display_format: str, **more: object
) -> tuple[FilmSheet, ...]:
    """As many sheets as the pictures need; the last one may have empty boxes."""
    room = len(FilmFormat.parse(display_format).boxes)
    starts = range(0, len(images), room)
    return tuple(
        FilmSheet(film_size, display_format, images[start : start + room], **more)  # type: ignore[arg-type]
        for start in starts
    )
