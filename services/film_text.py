"""Text on film: names in every script, from the fonts that this machine has.

Pillow's Raqm layout shapes and orders each piece of text. What is left: a piece that no single
font can show whole is put together font by font from left to right, which is right for every
script but for a right-to-left one mixed with ideographs in one piece.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
Mask = NDArray[np.uint8]

FOLDERS: Final = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
PREFERRED: Final = ("DejaVuSans.ttf", "NotoSans-Regular.ttf", "NotoSansCJK-Regular.ttc")
OTHERS: Final = "NotoSans*-Regular.*"
_BUILT_IN: Final = ""
_NOBODYS: Final = "\U0010fffe"
_PROBE_SIZE: Final = 24


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of text that is laid out by itself.

    ``exact`` keeps the order in which it was typed, for numbers and identifiers: among Arabic
    letters the parts of ``12-34`` would else change places.
    """

    text: str
    exact: bool = False


def line(pieces: tuple[Piece, ...], height: int, *, spaces: float = 1.0) -> Mask:
    """One line of text, 0 to 255, as wide as it gets; ``height`` pixels from top to bottom.

    ``spaces`` is the room between two pieces in letter heights.
    """
    drawn = [_piece(piece, height) for piece in pieces if piece.text]
    if not drawn:
        return np.zeros((height, 0), dtype=np.uint8)
    space = np.zeros((height, max(1, round(spaces * height))), dtype=np.uint8)
    parts: list[Mask] = []
    for mask in drawn:
        parts += [space, mask] if parts else [mask]
    return np.concatenate(parts, axis=1)


def fitted(pieces: tuple[Piece, ...], height: int, width: int) -> Mask:
    """One line no wider than ``width``: spaces narrow first, then the letters get smaller."""
    for spaces, size in ((1.0, height), (0.5, height)):
        mask = line(pieces, size, spaces=spaces)
        if mask.shape[1] <= width:
            return mask
    size = height
    while mask.shape[1] > width and size > 4:
        size = max(4, min(size - 1, size * width // mask.shape[1]))
        mask = line(pieces, size, spaces=0.5)
    padded = np.zeros((height, min(width, mask.shape[1])), dtype=np.uint8)
    top = (height - size) // 2
    padded[top : top + size] = mask[:, : padded.shape[1]]
    return padded


def _piece(piece: Piece, height: int) -> Mask:
    size = max(4, round(height * 0.74))
    runs = list(_runs(piece.text))
    direction = "ltr" if piece.exact and _can_direct() else None
    lengths = (_font(path, size).getlength(text, direction=direction) for path, text in runs)
    width = math.ceil(sum(lengths))
    image = Image.new("L", (width + 2, height))
    draw = ImageDraw.Draw(image)
    x, baseline = 1.0, round(height * 0.77)
    for path, text in runs:
        font = _font(path, size)
        draw.text((x, baseline), text, fill=255, font=font, anchor="ls", direction=direction)
        x += font.getlength(text, direction=direction)
    return np.asarray(image)


def _runs(text: str) -> Iterator[tuple[str, str]]:
    """(font, text), with one font for the whole where any can show it."""
    whole = next((path for path in _chain() if all(_shows(path, each) for each in text)), None)
    if whole is not None:
        yield whole, text
        return
    run, current = "", ""
    for each in text:
        font = current if current and _shows(current, each) else _first_showing(each)
        if font != current and run:
            yield current, run
            run = ""
        current = font
        run += each
    if run:
        yield current, run


def _first_showing(character: str) -> str:
    return next((path for path in _chain() if _shows(path, character)), _chain()[0])


@lru_cache(maxsize=1)
def _chain() -> tuple[str, ...]:
    """Font files in the order in which they are tried; Pillow's own letters when there is none."""
    found: dict[str, Path] = {}
    for folder in FOLDERS:
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            found.setdefault(path.name, path)
    preferred = [str(found[name]) for name in PREFERRED if name in found]
    others = [str(p) for n, p in sorted(found.items()) if p.match(OTHERS) and n not in PREFERRED]
    return (*preferred, *others) or (_BUILT_IN,)


@lru_cache(maxsize=4096)
def _shows(path: str, character: str) -> bool:
    """Whether a font has a glyph of its own for a character."""
    if character.isspace():
        return True
    font = _font(path, _PROBE_SIZE)
    return bytes(font.getmask(character)) != _missing(path)


@lru_cache(maxsize=64)
def _missing(path: str) -> bytes:
    return bytes(_font(path, _PROBE_SIZE).getmask(_NOBODYS))


@lru_cache(maxsize=128)
def _font(path: str, size: int) -> ImageFont.FreeTypeFont:
    if path != _BUILT_IN:
        return ImageFont.truetype(path, size)
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont), "Pillow is built with FreeType"
    return font


@lru_cache(maxsize=1)
def _can_direct() -> bool:
    from PIL import features

    return bool(features.check("raqm"))
