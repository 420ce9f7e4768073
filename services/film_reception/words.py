"""What a modality that prints sends: sessions, films, pictures, and how requests are refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path


class Refusal(Exception):
    """A request that is answered with a failure.

    Attributes
    ----------
    status : int
        DIMSE status.
    comment : str
        Error Comment, at most 64 characters; never a value that was sent.
    tags : tuple of int
        The attributes that are missing or wrong.
    """

    def __init__(self, status: int, comment: str, tags: Sequence[int] = ()) -> None:
        self.status = status
        self.comment = comment[:64]
        self.tags = tuple(tags)
        super().__init__(comment)


@dataclass(frozen=True, slots=True)
class Abilities:
    """What this printer says it can do.

    Attributes
    ----------
    film_sizes
        Film Size IDs; the first is the default.
    mediums, destinations
        Medium Types and Film Destinations; the first is the default.
    """

    film_sizes: tuple[str, ...]
    mediums: tuple[str, ...] = ("BLUE FILM", "CLEAR FILM", "PAPER")
    destinations: tuple[str, ...] = ("PROCESSOR", "MAGAZINE")
    name: str = "GANTRY"


@dataclass(frozen=True, slots=True)
class Picture:
    """The picture of one image box, its samples in a file.

    Attributes
    ----------
    path
        Rows of little-endian samples; colour by pixel. 8 bits are one byte, more are two.
    bits_stored
        8 to 16.
    inverse
        The lowest value is white: MONOCHROME1, or a reversed polarity, but not both.
    aspect
        Height of a pixel by its width.
    requested_mm
        Requested Image Size: width on the film in millimetres; None where the printer may choose.
        One that is wider than its box is cropped to it.
    lut
        UID of the Presentation LUT for this picture; empty for that of the film, or none.
    """

    path: Path
    rows: int
    columns: int
    colour: bool
    bits_stored: int
    inverse: bool = False
    aspect: float = 1.0
    requested_mm: float | None = None
    lut: str = ""


@dataclass(frozen=True, slots=True)
class Lut:
    """A Presentation LUT (PS3.3 C.13.8): a shape, or P-values by input value."""

    shape: str = "IDENTITY"
    first: int = 0
    bits: int = 8
    values: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Light:
    """What film is made for: densities in hundredths of OD, and the light box in cd/m2.

    The defaults are those of PS3.3 C.13.3 for the light, and a usual film's for the densities.
    """

    min_density: int = 20
    max_density: int = 300
    illumination: int = 2000
    reflected: int = 10


@dataclass(slots=True)
class FilmBox:
    """One sheet as it is being put together.

    ``boxes`` are the UIDs of its image boxes by position, ``notes`` those of its annotation boxes
    with their texts.
    """

    uid: str
    display_format: str
    film_size: str
    orientation: str
    boxes: tuple[str, ...]
    colour: bool
    magnification: str = "CUBIC"
    border: str = "BLACK"
    empty: str = "BLACK"
    trim: bool = False
    lut: str = ""
    light: Light = Light()
    notes: dict[str, str] = field(default_factory=dict)
    pictures: dict[str, Picture] = field(default_factory=dict)


@dataclass(slots=True)
class Session:
    """What one association has created; it ends with the association."""

    uid: str
    copies: int = 1
    priority: str = "MED"
    medium: str = ""
    destination: str = ""
    label: str = ""
    films: dict[str, FilmBox] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet that was ordered, as it is kept.

    ``pictures`` go by Image Box Position, None where a box is empty; ``luts`` by UID. ``whole``
    makes one image of the sheet instead of one of each picture.
    """

    caller: str
    copies: int
    priority: str
    label: str
    display_format: str
    film_size: str
    orientation: str
    magnification: str
    border: str
    empty: str
    trim: bool
    colour: bool
    lut: str
    notes: tuple[str, ...]
    pictures: tuple[Picture | None, ...]
    luts: dict[str, Lut]
    light: Light = Light()
    whole: bool = False
