"""What film boxes may say, and whether pictures suit them (PS3.3 C.13.3 and C.13.5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from pydicom.dataset import Dataset

from device.film_format import FilmFormat
from services.film_reception.attributes import (
    INVALID,
    any_text,
    check,
    density,
    one_of,
    reference,
    tag_of,
    text,
    whole,
)
from services.film_reception.layout import fits, requested_size
from services.film_reception.pictures import Taken
from services.film_reception.words import Abilities, FilmBox, Light, Lut, Picture, Refusal

FITS: Final = 0x0000
CROPPED: Final = 0xB609
DECIMATED: Final = 0xB60A
TOO_LARGE: Final = 0xC603

_LIGHT: Final = {
    "min_density": "MinDensity",
    "max_density": "MaxDensity",
    "illumination": "Illumination",
    "reflected": "ReflectedAmbientLight",
}


def layout_of(attributes: Dataset) -> FilmFormat:
    """The Image Display Format, of those that are laid out here."""
    spelt = text(attributes, "ImageDisplayFormat")
    kind = spelt.partition("\\")[0]
    try:
        if kind not in ("STANDARD", "ROW", "COL"):
            raise ValueError(spelt)
        return FilmFormat.parse(spelt)
    except ValueError:
        raise Refusal(
            INVALID, "no such image display format here", [tag_of("ImageDisplayFormat")]
        ) from None


def check_film(attributes: Dataset, abilities: Abilities) -> None:
    """Refuse values that a film box cannot have here."""
    check(
        attributes,
        {
            "FilmSizeID": one_of(*abilities.film_sizes),
            "FilmOrientation": one_of("PORTRAIT", "LANDSCAPE"),
            "MagnificationType": one_of("REPLICATE", "BILINEAR", "CUBIC", "NONE"),
            "BorderDensity": density,
            "EmptyImageDensity": density,
            "MinDensity": whole(0, 400),
            "MaxDensity": whole(0, 500),
            "Trim": one_of("YES", "NO"),
            "Illumination": whole(0, 65535),
            "ReflectedAmbientLight": whole(0, 65535),
            "RequestedResolutionID": one_of("STANDARD", "HIGH"),
            "SmoothingType": any_text,
            "ConfigurationInformation": any_text,
        },
    )


def take_film(film: FilmBox, attributes: Dataset) -> None:
    """Give a film box the values of a request; those that are absent stay as they are."""
    film.light = _light(attributes, film.light)
    film.film_size = text(attributes, "FilmSizeID", film.film_size)
    film.orientation = text(attributes, "FilmOrientation", film.orientation)
    film.magnification = text(attributes, "MagnificationType", film.magnification)
    film.border = text(attributes, "BorderDensity", film.border)
    film.empty = text(attributes, "EmptyImageDensity", film.empty)
    film.trim = text(attributes, "Trim", "YES" if film.trim else "NO") == "YES"
    film.lut = reference(attributes, "ReferencedPresentationLUTSequence") or film.lut


def _light(attributes: Dataset, light: Light) -> Light:
    """Densities and light box, as far as they were given; a range the wrong way round is none."""
    values = {
        field: int(said) for field, keyword in _LIGHT.items() if (said := text(attributes, keyword))
    }
    meant = replace(light, **values)
    if meant.min_density >= meant.max_density or not meant.illumination:
        raise Refusal(INVALID, "no range of densities", [tag_of(_LIGHT[each]) for each in values])
    return meant


def fitted(film: FilmBox, position: int, taken: Taken) -> tuple[int, Taken]:
    """The picture as it can be printed, and what that is called; never another size in silence."""
    if taken.requested_mm is None:
        return FITS, taken
    rows, columns = taken.samples.shape[:2]
    if fits(film, position, requested_size(taken.requested_mm, rows, columns, taken.aspect)):
        return FITS, taken
    if taken.too_large == "CROP":
        return CROPPED, taken
    if taken.too_large == "DECIMATE":
        return DECIMATED, replace(taken, requested_mm=None)
    raise Refusal(TOO_LARGE, "larger than its box", [tag_of("RequestedImageSize")])


def require_lut(luts: Mapping[str, Lut], film: FilmBox, picture: Picture) -> None:
    """A table for other values would show a picture too dark or too bright (PS3.3 C.11.4)."""
    lut = luts.get(picture.lut) or luts.get(film.lut)
    if picture.colour or lut is None or not lut.values:
        return
    if len(lut.values) != 1 << picture.bits_stored:
        raise Refusal(INVALID, "that LUT is for other bits", [tag_of("LUTDescriptor")])
