"""What goes wrong with a simulated grabber, and when."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

FOR_GOOD = 2**62


@dataclass(frozen=True, slots=True)
class GrabberFaults:
    """Faults by the number of the picture that they begin at, counted from 0 and never again.

    Attributes
    ----------
    unplug_at : int or None
        The device is gone in place of this picture.
    replug_seconds : float or None
        It is back after so long; None for good.
    stall_at : int or None
        Before this picture it falls silent, without an error.
    stall_seconds : float
        For how long.
    error_every, short_every, half_jpeg_every, gap_every : int
        Every so-manieth picture carries the error flag, lacks its end, is half a JPEG with a false
        end, or is followed by a lost one; 0 for none.
    no_signal_at : int or None
        From here on the source is unplugged from the grabber.
    no_signal_frames : int
        For so many pictures.
    no_signal_picture : "blue", "black" or "rainbow"
        What the grabber then shows; a bridge is silent instead.
    freeze_at : int or None
        From here on the same picture comes again and again.
    freeze_frames : int
        So many times.
    protected_at : int or None
        From here on the input says that its content is protected.
    protected_frames : int
        For so many pictures.
    change_at : int or None
        From here on the signal has another size.
    change_to : (int, int)
        Columns and rows of it.
    wrong_size : bool
        The pictures are of about half the rows that the device announces.
    """

    unplug_at: int | None = None
    replug_seconds: float | None = None
    stall_at: int | None = None
    stall_seconds: float = math.inf
    error_every: int = 0
    short_every: int = 0
    half_jpeg_every: int = 0
    gap_every: int = 0
    no_signal_at: int | None = None
    no_signal_frames: int = FOR_GOOD
    no_signal_picture: Literal["blue", "black", "rainbow"] = "blue"
    freeze_at: int | None = None
    freeze_frames: int = FOR_GOOD
    protected_at: int | None = None
    protected_frames: int = FOR_GOOD
    change_at: int | None = None
    change_to: tuple[int, int] = (800, 600)
    wrong_size: bool = False


NO_FAULTS = GrabberFaults()
