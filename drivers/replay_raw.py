"""Raw grey pictures, as acquisition computers dump them, described by a small file beside them.

``slices.raw`` is described by ``slices.raw.toml``, or all of a folder by ``raw.toml``::

    rows = 512
    columns = 512
    bits = 12                  # significant bits, 8 to 16
    signed = false
    endianness = "little"      # or "big"
    frames = 30                # absent: as many as the file holds

More than 8 bits stand in two bytes, in the low bits of them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivers.errors import CorruptMedia
from drivers.frame import LARGEST_SIDE, MOST_SAMPLES, Damage, Picture, Pixels

SIDECAR = ".toml"
_SHARED = "raw.toml"
_LARGEST_SIDECAR = 64 * 1024
_DIGITAL = MappingProxyType({"ConversionType": "DI"})
_KEYS = {"rows", "columns", "bits", "signed", "endianness", "frames", "native"}


@dataclass(frozen=True, slots=True)
class RawLayout:
    """How the bytes of a raw file are to be read.

    ``native`` is the technician's word that they are the scanner's own stored values.

    Raises
    ------
    ValueError
        A value out of range; the text names the key.
    """

    rows: int
    columns: int
    bits: int
    signed: bool = False
    endianness: str = "little"
    frames: int | None = None
    native: bool = False

    def __post_init__(self) -> None:
        for key, low, high in (
            ("rows", 1, LARGEST_SIDE),
            ("columns", 1, LARGEST_SIDE),
            ("bits", 8, 16),
        ):
            value = getattr(self, key)
            if type(value) is not int or not low <= value <= high:
                raise ValueError(f"{key} is a whole number from {low} to {high}")
        if self.rows * self.columns > MOST_SAMPLES:
            raise ValueError(f"rows times columns is at most {MOST_SAMPLES}")
        for key in ("signed", "native"):
            if type(getattr(self, key)) is not bool:
                raise ValueError(f"{key} is true or false")
        if self.endianness not in ("little", "big"):
            raise ValueError('endianness is "little" or "big"')
        if self.frames is not None and (type(self.frames) is not int or self.frames < 1):
            raise ValueError("frames is a whole number from 1")

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a stored sample."""
        width = 1 if self.bits == 8 else 2
        order = "<" if self.endianness == "little" else ">"
        return np.dtype(f"{order}{'i' if self.signed else 'u'}{width}")

    @property
    def frame_bytes(self) -> int:
        """Bytes of one picture."""
        return self.rows * self.columns * self.dtype.itemsize


def period(_path: Path) -> float | None:
    """Raw pictures ask for no rate."""
    return None


def play(path: Path) -> Iterator[Picture | Damage]:
    """Yield every picture of one raw file.

    Raises
    ------
    CorruptMedia
        No description, a wrong one, or a file that ends within a picture.
    """
    layout = _describe(path)
    try:
        with path.open("rb") as stream:
            yield from _pictures(path, stream, layout)
    except OSError as error:
        if isinstance(error, CorruptMedia):
            raise
        raise _corrupt(path, f"cannot be read ({error.strerror})") from error


def _pictures(path: Path, stream: Any, layout: RawLayout) -> Iterator[Picture | Damage]:
    number = 0
    while layout.frames is None or number < layout.frames:
        data = stream.read(layout.frame_bytes)
        if not data and layout.frames is None and number:
            return
        if len(data) < layout.frame_bytes:
            raise _corrupt(path, f"ends within picture {number + 1}, or is described wrongly")
        yield _picture(path, np.frombuffer(data, layout.dtype), layout, number)
        number += 1
    if stream.read(1):
        yield Damage(str(path), f"holds more than the {number} pictures of its description")


def _picture(path: Path, samples: NDArray[Any], layout: RawLayout, number: int) -> Picture | Damage:
    low = -(1 << (layout.bits - 1)) if layout.signed else 0
    high = (1 << (layout.bits - 1 if layout.signed else layout.bits)) - 1
    if int(samples.min()) < low or int(samples.max()) > high:
        return Damage(str(path), f"picture {number + 1} has values beyond {layout.bits} bits")
    grey = samples.reshape(layout.rows, layout.columns)
    pixels = _native(grey, layout)
    return Picture(pixels, layout.bits, "MONOCHROME2", _DIGITAL, native=layout.native)


def _native(grey: NDArray[Any], layout: RawLayout) -> Pixels:
    """In this machine's byte order; signed bytes take two."""
    if layout.signed:
        return grey.astype(np.int16)
    return grey.astype(np.uint8) if layout.bits == 8 else grey.astype(np.uint16)


def _describe(path: Path) -> RawLayout:
    sidecar = path.with_name(path.name + SIDECAR)
    if not sidecar.exists():
        sidecar = path.with_name(_SHARED)
    try:
        with sidecar.open("rb") as stream:
            table = tomllib.loads(stream.read(_LARGEST_SIDECAR).decode())
        unknown = sorted(table.keys() - _KEYS)
        if unknown:
            raise ValueError(f"there is no key {unknown[0]!r}")
        return RawLayout(**table)
    except FileNotFoundError as error:
        reason = f"has no description: write {path.name}{SIDECAR} with rows, columns and bits"
        raise _corrupt(path, reason) from error
    except TypeError as error:
        raise _corrupt(path, f"{sidecar.name} lacks rows, columns or bits") from error
    except (OSError, ValueError, RecursionError) as error:
        raise _corrupt(path, f"{sidecar.name} is wrong: {error}") from error


def _corrupt(path: Path, reason: str) -> CorruptMedia:
    return CorruptMedia(str(path), reason, "Correct the description, or copy the file again.")
