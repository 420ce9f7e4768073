"""What state an input is in, judged by its pictures where the device itself cannot say.

USB grabbers go on sending pictures when their source is unplugged: blue, black, coloured bars or a
maker's card. Such pictures are recognised by being flat, by being bars, or by a signature that was
learnt once while nothing was plugged in.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class SignalState(StrEnum):
    """State of an input, in the words that are shown everywhere."""

    NO_DEVICE = "no device"
    NO_SIGNAL = "no signal"
    UNSUPPORTED_MODE = "unsupported mode"
    PROTECTED = "protected content"
    LIVE = "live"
    FROZEN = "frozen"


Thumbnail = NDArray[np.uint8]
"""A small RGB picture ``(rows, columns, 3)`` of the raw values, before any range is expanded."""

GRID_ROWS, GRID_COLUMNS = 6, 8
_CELLS = GRID_ROWS * GRID_COLUMNS * 3

FLAT_DEVIATION = 4.0
"""Standard deviation below which nothing is in a picture; analogue noise has 1 to 3, a single line
of text on an otherwise black screen 10 and more."""

BAR_SATURATION = 48.0
"""Mean difference between the largest and the smallest colour of a pixel; grey ramps have none."""

LEAST_TOLERANCE = 4
"""Of learnt signatures: a cable's noise on top of what was learnt."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What a grabber shows instead of a picture, as means and deviations over a coarse grid.

    Attributes
    ----------
    state : SignalState
        What the picture stands for: no signal, or protected content.
    means, deviations : bytes
        Per cell of 6 by 8 and colour, row by row.
    tolerance : int
        By how much a cell may differ in either.
    """

    state: SignalState
    means: bytes
    deviations: bytes
    tolerance: int

    def __post_init__(self) -> None:
        if len(self.means) != _CELLS or len(self.deviations) != _CELLS:
            raise ValueError("a signature has 6 by 8 cells of 3 colours")
        if self.state not in (SignalState.NO_SIGNAL, SignalState.PROTECTED):
            raise ValueError(f"a picture cannot stand for {self.state}")
        if not 0 <= self.tolerance <= 255:
            raise ValueError(f"a tolerance of {self.tolerance} is not of 0 to 255")

    def matches(self, thumbnail: Thumbnail) -> bool:
        """Whether the picture is this one."""
        means, deviations = _grid(thumbnail)
        return self._near(self.means, means) and self._near(self.deviations, deviations)

    @property
    def text(self) -> str:
        """One word for a configuration file; :meth:`parse` reads it."""
        word = base64.b85encode(self.means + self.deviations).decode("ascii")
        return f"{self.state.name.lower()}:{self.tolerance}:{word}"

    @classmethod
    def parse(cls, text: str) -> Signature:
        """Read what :attr:`text` wrote.

        Raises
        ------
        ValueError
            Where it is not a signature.
        """
        state, _, rest = text.partition(":")
        tolerance, _, word = rest.partition(":")
        try:
            cells = base64.b85decode(word)
            named = SignalState[state.upper()]
            number = int(tolerance)
        except (KeyError, ValueError, binascii.Error) as error:
            raise ValueError(f"{text[:24]!r} is not a signature ({error})") from error
        return cls(named, cells[:_CELLS], cells[_CELLS:], number)

    def _near(self, learnt: bytes, seen: NDArray[np.float64]) -> bool:
        distance = np.abs(np.frombuffer(learnt, np.uint8) - seen)
        return bool((distance <= self.tolerance).all())


def learn(thumbnails: Sequence[Thumbnail], state: SignalState = SignalState.NO_SIGNAL) -> Signature:
    """Learn what the grabber shows, from some pictures taken while nothing is plugged in.

    Raises
    ------
    ValueError
        Without a picture, or where the pictures are too unlike each other to be recognised.
    """
    if not thumbnails:
        raise ValueError("there is no picture to learn from")
    grids = [_grid(thumbnail) for thumbnail in thumbnails]
    means = np.array([means for means, _ in grids])
    deviations = np.array([deviations for _, deviations in grids])
    spread = float(max(np.ptp(means, axis=0).max(), np.ptp(deviations, axis=0).max()))
    if spread > 32:
        raise ValueError("the pictures differ too much: something is still plugged in")
    return Signature(
        state,
        np.rint(means.mean(axis=0)).astype(np.uint8).tobytes(),
        np.rint(deviations.mean(axis=0)).astype(np.uint8).tobytes(),
        LEAST_TOLERANCE + int(np.ceil(spread)),
    )


def is_flat(thumbnail: Thumbnail) -> bool:
    """Whether the picture is of one colour: blue, black, or any other."""
    return bool((thumbnail.std(axis=(0, 1)) < FLAT_DEVIATION).all())


def is_bars(thumbnail: Thumbnail) -> bool:
    """Whether the picture is of coloured bars from top to bottom, as grabbers make them."""
    values = thumbnail.astype(np.int16)
    if (values.std(axis=0) >= FLAT_DEVIATION).mean() > 0.05:
        return False
    saturation = values.max(axis=2) - values.min(axis=2)
    return float(saturation.mean()) > BAR_SATURATION


def judge(
    thumbnail: Thumbnail, signatures: Sequence[Signature], flat_is_no_signal: bool
) -> SignalState:
    """What a picture stands for: live, no signal or protected content."""
    for signature in signatures:
        if signature.matches(thumbnail):
            return signature.state
    if flat_is_no_signal and (is_flat(thumbnail) or is_bars(thumbnail)):
        return SignalState.NO_SIGNAL
    return SignalState.LIVE


def _grid(thumbnail: Thumbnail) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and deviation of each cell and colour."""
    rows, columns = thumbnail.shape[:2]
    down = np.arange(GRID_ROWS) * rows // GRID_ROWS
    across = np.arange(GRID_COLUMNS) * columns // GRID_COLUMNS
    values = thumbnail.astype(np.float64)
    count = np.add.reduceat(
        np.add.reduceat(np.ones((rows, columns, 1)), down, axis=0), across, axis=1
    )
    total = np.add.reduceat(np.add.reduceat(values, down, axis=0), across, axis=1)
    squares = np.add.reduceat(np.add.reduceat(values * values, down, axis=0), across, axis=1)
    means = total / count
    deviations = np.sqrt(np.maximum(squares / count - means * means, 0))
    return means.ravel(), deviations.ravel()
