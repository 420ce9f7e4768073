"""What a model of printer can do, as tables that a technician chooses from."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, replace
from importlib import resources
from typing import Any, Final

from device.film import FILM_SIZES, LutShape
from device.film_format import FilmFormat
from device.film_geometry import Margins
from services.errors import NotFound

DEFAULT_PROFILE: Final = "generic-grey-8"


@dataclass(frozen=True, slots=True)
class PrinterProfile:
    r"""The capabilities of one printer.

    Attributes
    ----------
    film_sizes : tuple of str
        Film Size IDs, the usual one first.
    formats : tuple of str
        Image Display Formats; empty for every ``STANDARD\C,R``.
    bits : int
        8 or 12, the depth of grey pictures that it takes.
    colour : bool
        Whether it takes Basic Color Print Management.
    lut_shapes : tuple of LutShape
        Presentation LUT Shapes; empty for a printer without Presentation LUT.
    lut_entries : int
        0, or how many entries a Presentation LUT Sequence has when shapes are not taken.
    annotation_format, annotations
        Annotation Display Format ID and how many texts it has room for; empty for none.
    min_density, max_density : int
        Hundredths of OD; 0 when not known.
    requested_image_size : bool
        Whether Requested Image Size is obeyed, which true size on DICOM printers needs.
    session_action : bool
        Print the whole session by one N-ACTION, which keeps the films of a patient together, but
        tells of them only together.
    dpi : float
        Resolution that image boxes are made for.
    sizes : dict
        Film Size ID -> columns and rows of the printable area, where it is exactly known.
    """

    name: str
    film_sizes: tuple[str, ...] = ("14INX17IN",)
    formats: tuple[str, ...] = ()
    bits: int = 8
    colour: bool = False
    lut_shapes: tuple[LutShape, ...] = ()
    lut_entries: int = 0
    annotation_format: str = ""
    annotations: int = 0
    media: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()
    magnification: str = ""
    smoothing: tuple[str, ...] = ()
    trim: bool = False
    min_density: int = 0
    max_density: int = 0
    requested_image_size: bool = False
    session_action: bool = False
    dpi: float = 320.0
    edge_mm: float = 5.0
    gap_mm: float = 2.0
    illumination: int = 2000
    reflected_ambient_light: int = 10
    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def margins(self) -> Margins:
        return Margins(self.edge_mm, self.gap_mm)

    def offers(self, display_format: str) -> bool:
        text = FilmFormat.parse(display_format).text
        return text in self.formats if self.formats else text.startswith("STANDARD")


def names() -> tuple[str, ...]:
    """The profiles that come with the box."""
    files = (resources.files("services.printing") / "profiles").iterdir()
    return tuple(sorted(f.name.removesuffix(".toml") for f in files if f.name.endswith(".toml")))


def load_profile(name: str, **changes: Any) -> PrinterProfile:
    """The profile of this name, with what the site knows better.

    Raises
    ------
    NotFound
        Naming the profiles that there are.
    ValueError
        The table says something that film does not have.
    """
    if name not in names():
        raise NotFound(f"there is no printer profile {name!r}; profiles: {', '.join(names())}")
    path = resources.files("services.printing") / "profiles" / f"{name}.toml"
    table = tomllib.loads(path.read_text("utf-8"))
    sizes = {size: (int(a), int(b)) for size, (a, b) in table.pop("sizes", {}).items()}
    plain: dict[str, Any] = {
        key: tuple(v) if isinstance(v, list) else v for key, v in table.items()
    }
    plain["lut_shapes"] = tuple(LutShape(shape) for shape in plain.get("lut_shapes", ()))
    return checked(replace(PrinterProfile(name=name, sizes=sizes, **plain), **changes))


def checked(profile: PrinterProfile) -> PrinterProfile:
    """The profile itself, or ValueError for one that no printer can have."""
    strange = [size for size in profile.film_sizes if size not in FILM_SIZES]
    if strange or not profile.film_sizes:
        raise ValueError(f"film sizes are {', '.join(FILM_SIZES)}, not {', '.join(strange)}")
    for display_format in profile.formats:
        FilmFormat.parse(display_format)
    if profile.bits not in (8, 12):
        raise ValueError(f"a printer takes 8 or 12 bits, not {profile.bits}")
    return profile
