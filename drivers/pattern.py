"""A moving test picture whose every frame can be told from the others."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivers.errors import SourceUnavailable
from drivers.frame import LARGEST_SIDE, Damage, Picture, Pixels
from drivers.paced import PacedSource
from drivers.pattern_counter import SMALLEST_SIDE, draw_counter
from drivers.timing import SYSTEM, Timing

DEFAULT_RATE = 25.0
"""Pictures per second where none is configured, the rate of European video."""

_STEPS = 64
"""The ramp comes back to where it was after so many frames."""

_SYNTHETIC = MappingProxyType({"ConversionType": "SYN"})


@dataclass(frozen=True, slots=True)
class PatternFaults:
    """What the pattern does wrong on purpose, as a bad cable or a tired grabber would.

    Attributes
    ----------
    drop_every : int
        Every so-manieth frame is lost and counted; 0 for none.
    stall_at : int or None
        Frame before which the source falls silent.
    stall_seconds : float
        For how long; infinite for good.
    unplug_at : int or None
        Frame in whose place the device is gone, until it is opened anew.
    """

    drop_every: int = 0
    stall_at: int | None = None
    stall_seconds: float = math.inf
    unplug_at: int | None = None


NO_FAULTS = PatternFaults()


class PatternSource(PacedSource):
    """A grey ramp over the full depth that moves, with the frame's number drawn in the corner.

    Parameters
    ----------
    name : str
        As configured.
    rate : float or None
        Pictures per second; 0 as fast as they are read; None for :data:`DEFAULT_RATE`.
    rows, columns : int
        32 to 65535.
    bits : int
        8 to 16; 8 where ``colour`` is set.
    colour : bool
        RGB instead of grey.
    frames : int or None
        Pictures until the end; None or 0 for no end.
    seed : int
        Another seed gives another texture and another beginning of the ramp.
    faults : PatternFaults
        What goes wrong on purpose.

    Raises
    ------
    ValueError
        A size, depth or length out of range.
    """

    def __init__(
        self,
        name: str,
        rate: float | None = None,
        *,
        rows: int = 512,
        columns: int = 512,
        bits: int = 8,
        colour: bool = False,
        frames: int | None = None,
        seed: int = 0,
        faults: PatternFaults = NO_FAULTS,
        timing: Timing = SYSTEM,
    ) -> None:
        super().__init__(name, DEFAULT_RATE if rate is None else rate, timing)
        for side in (rows, columns):
            if not SMALLEST_SIDE <= side <= LARGEST_SIDE:
                raise ValueError(f"{name}: {side} is not a side of {SMALLEST_SIDE} to 65535 pixels")
        if not 8 <= bits <= 16 or (colour and bits != 8):
            raise ValueError(f"{name}: {bits} bits; grey has 8 to 16, colour has 8")
        if frames is not None and frames < 0:
            raise ValueError(f"{name}: {frames} frames; there is at least one, or 0 for no end")
        self._shape = (rows, columns)
        self._bits = bits
        self._colour = colour
        self._frames = frames or None
        self._seed = seed
        self._faults = faults

    def _open(self) -> float | None:
        return None

    def _play(self) -> Iterator[Picture | Damage]:
        ramp = self._ramp()
        number = 0
        while self._frames is None or number < self._frames:
            if number == self._faults.unplug_at:
                raise SourceUnavailable(
                    self.name, "the device is gone", "Plug it in again and open the source anew."
                )
            if self._faults.drop_every and number % self._faults.drop_every == (
                self._faults.drop_every - 1
            ):
                yield Damage(f"frame {number}", "lost on purpose")
            else:
                yield self._picture(ramp, number)
            number += 1

    def _picture(self, ramp: Pixels, number: int) -> Picture:
        columns = self._shape[1]
        shift = (number % _STEPS) * columns // _STEPS
        pixels = ramp[:, shift : shift + columns].copy()
        draw_counter(pixels, number, (1 << self._bits) - 1)
        stalls = number == self._faults.stall_at
        return Picture(
            pixels=pixels,
            bits_stored=self._bits,
            photometric="RGB" if self._colour else "MONOCHROME2",
            attributes=_SYNTHETIC,
            hold=self._faults.stall_seconds if stalls else 0.0,
        )

    def _ramp(self) -> Pixels:
        """The ramp twice side by side, so that every position of it is one slice.

        Values rise down each column and go on at the top of the next, from 0 to the largest.
        """
        rows, columns = self._shape
        top = (1 << self._bits) - 1
        rising = np.arange(rows * columns, dtype=np.float64).reshape(columns, rows).T
        ramp = np.rint(rising * (top / (rows * columns - 1))).astype(
            np.uint8 if self._bits == 8 else np.uint16
        )
        ramp = self._texture(ramp, top)
        twice: Pixels = np.hstack([ramp, ramp])
        if self._colour:
            return self._tint(twice)
        return twice

    def _texture(self, ramp: NDArray[Any], top: int) -> NDArray[Any]:
        """Begin the ramp elsewhere for each seed, and put noise into the lower right corner."""
        random = np.random.default_rng(self._seed)
        rolled = np.roll(ramp, int(random.integers(ramp.shape[1])), axis=1)
        rows, columns = (side // 8 for side in rolled.shape)
        noise = random.integers(0, top, (rows, columns), endpoint=True)
        rolled[-rows:, -columns:] = noise.astype(rolled.dtype)
        return rolled

    def _tint(self, ramp: NDArray[Any]) -> Pixels:
        """Red rises across, green down, blue falls across."""
        red = ramp.astype(np.uint8)
        down = np.linspace(0, 255, self._shape[0]).astype(np.uint8)
        green = np.broadcast_to(down[:, np.newaxis], red.shape)
        return np.ascontiguousarray(np.stack([red, green, 255 - red], axis=2))
