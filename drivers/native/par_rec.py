"""Pictures out of PAR/REC pairs: a text header and the samples beside it.

The REC file holds the pictures one after the other, little endian, without any header, each where
the header's ``index in REC file`` says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from types import MappingProxyType
from typing import IO

import numpy as np

from drivers.errors import CorruptMedia
from drivers.frame import LARGEST_SIDE, MOST_SAMPLES, Damage, Picture, Pixels
from drivers.native.par_geometry import image_planes
from drivers.native.par_header import Entry, Header, corrupt, read_header
from drivers.native.par_technique import technique

SUFFIX = ".par"
COMPANION = ".rec"


def period(_path: Path) -> float | None:
    """PAR/REC pairs ask for no rate."""
    return None


def companion(path: Path) -> Path | None:
    """The REC file beside a PAR file, in whatever case its name is written."""
    wanted = path.stem.casefold() + COMPANION
    beside = (file for file in path.parent.iterdir() if file.name.casefold() == wanted)
    return next(beside, None)


def play(path: Path) -> Iterator[Picture | Damage]:
    """Yield every picture of one pair, in the order of the header's lines.

    Raises
    ------
    CorruptMedia
        The header cannot be understood, or the REC file is not there.
    """
    header = read_header(path)
    try:
        samples = companion(path)
        if samples is None:
            raise corrupt(path, f"has no {path.stem}.REC beside it")
        with samples.open("rb") as stream:
            yield from _pictures(path, header, stream)
    except OSError as error:
        if isinstance(error, CorruptMedia):
            raise
        raise corrupt(path, f"cannot be read ({error.strerror})") from error


def _pictures(path: Path, header: Header, stream: IO[bytes]) -> Iterator[Picture | Damage]:
    layouts = [_layout(path, entry, place) for place, entry in enumerate(header.entries, 1)]
    offsets = _offsets(path, layouts)
    planes = image_planes(header.entries)
    for place, (entry, layout) in enumerate(zip(header.entries, layouts, strict=True), 1):
        stream.seek(offsets[layout.index])
        data = stream.read(layout.size)
        if len(data) < layout.size:
            yield Damage(str(path), f"picture {place} is missing from the REC file")
            continue
        known = {**planes[place - 1], **technique(header, entry)}
        yield Picture(
            layout.samples(data), layout.bits, "MONOCHROME2", MappingProxyType(known), native=True
        )


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where one picture's samples lie, and how large they are."""

    index: int
    columns: int
    rows: int
    bits: int

    @property
    def size(self) -> int:
        return self.rows * self.columns * self.bits // 8

    def samples(self, data: bytes) -> Pixels:
        stored = np.frombuffer(data, f"<u{self.bits // 8}").reshape(self.rows, self.columns)
        return stored.astype(np.uint8) if self.bits == 8 else stored.astype(np.uint16)


def _layout(path: Path, entry: Entry, place: int) -> _Layout:
    size = entry.numbers("recon resolution")
    bits, index = entry.number("image pixel size"), entry.number("index in rec file")
    sound = (
        len(size) == 2
        and all(1 <= side <= LARGEST_SIDE and side == int(side) for side in size)
        and size[0] * size[1] <= MOST_SAMPLES
        and bits in (8, 16)
        and index is not None
        and 0 <= index < MOST_SAMPLES
    )
    if not sound or bits is None or index is None:
        raise corrupt(path, f"describes picture {place} with an impossible size")
    return _Layout(int(index), int(size[0]), int(size[1]), int(bits))


def _offsets(path: Path, layouts: list[_Layout]) -> dict[int, int]:
    """Place of each picture in the REC file; pictures may differ in size."""
    ordered = sorted(layouts, key=lambda layout: layout.index)
    sizes = [layout.size for layout in ordered]
    if len(set(sizes)) == 1:
        return {layout.index: layout.index * sizes[0] for layout in ordered}
    if [layout.index for layout in ordered] != list(range(len(ordered))):
        raise corrupt(path, "has pictures of several sizes and leaves some of them out")
    ends = list(accumulate(sizes, initial=0))
    return {layout.index: ends[layout.index] for layout in ordered}
