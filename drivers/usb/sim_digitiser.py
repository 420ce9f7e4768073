"""A digitiser that is not there: it speaks the protocol, and misbehaves as real ones do."""

from __future__ import annotations

import errno
import math
import zlib
from dataclasses import dataclass
from threading import Event

import numpy as np
from numpy.typing import NDArray

from drivers.timing import SYSTEM, Timing
from drivers.usb.digitiser_protocol import (
    BLOCK,
    BULK_IN,
    PACKET_BYTES,
    PRODUCT_ID,
    VENDOR_ID,
    DeviceState,
    FrameFlag,
    Header,
    Info,
    Input,
    Packing,
    Request,
    Status,
    pack_samples,
)
from drivers.usb.sim_bus import usb_error

FIFO_FRAMES = 4
"""Frames that the digitiser holds for a slow host before it begins to lose them."""

_SECOND = 1_000_000_000
_NOISE_SAMPLES = 16


@dataclass(frozen=True, slots=True)
class DigitiserFaults:
    """What goes wrong on purpose; numbers are those of frames since the start, None is never.

    Attributes
    ----------
    stall_at : int or None
        The endpoint halts instead of this frame.
    short_at : int or None
        The transfer ends within this frame.
    bad_check_at, bad_header_at : int or None
        The check of the samples, or of the header, does not fit.
    overrun_at : int or None
        The digitiser flags this frame as damaged.
    lose_at : int or None
        This frame is lost inside the digitiser.
    wrong_size_at : int or None
        This frame is of another size than the mode.
    no_signal_at, signal_back_at : int or None
        The console is switched off with this frame, and on again with that.
    freeze_at : int or None
        From this frame on the picture stands still.
    hang_at : int or None
        Instead of this frame nothing comes any more, until the device is reset.
    mute : bool
        A device that hangs answers no requests either.
    """

    stall_at: int | None = None
    short_at: int | None = None
    bad_check_at: int | None = None
    bad_header_at: int | None = None
    overrun_at: int | None = None
    lose_at: int | None = None
    wrong_size_at: int | None = None
    no_signal_at: int | None = None
    signal_back_at: int | None = None
    freeze_at: int | None = None
    hang_at: int | None = None
    mute: bool = False


NO_FAULTS = DigitiserFaults()


class SimulatedDigitiser:
    """Plug it into a :class:`drivers.usb.sim_bus.SimulatedBus`.

    The picture is a grey ramp over the full depth that moves with every frame, with a little noise
    in its first row, as every converter has.

    Parameters
    ----------
    rows, columns : int
        Size of a frame.
    rate : float
        Frames per second, above 0.
    bits : int
        8 to 16; at most 12 where ``packing`` is :attr:`Packing.PACKED_12`.
    packing : Packing
        How the samples are laid out.
    kind : Input
        What it is connected to.
    faults : DigitiserFaults
        What goes wrong on purpose.
    serial_number : str
        As its descriptor tells it.
    timing : Timing
        Clocks.
    """

    vendor_id, product_id = VENDOR_ID, PRODUCT_ID
    product = "Simulated grey-scale digitiser"
    endpoint, packet_bytes = BULK_IN, PACKET_BYTES

    def __init__(
        self,
        rows: int = 512,
        columns: int = 512,
        rate: float = 25.0,
        *,
        bits: int = 12,
        packing: Packing = Packing.WORDS,
        kind: Input = Input.ANALOGUE,
        faults: DigitiserFaults = NO_FAULTS,
        serial_number: str = "SIM0001",
        timing: Timing = SYSTEM,
    ) -> None:
        if not (math.isfinite(rate) and rate > 0):
            raise ValueError("the simulated digitiser makes more than no frames per second")
        self.serial_number = serial_number
        self.faults = faults
        self._info = Info(kind, rows, columns, bits, packing, round(1_000_000 / rate))
        self._timing = timing
        self._pending = b""
        self._short = False
        self._lost = 0
        self.reset()

    def reset(self) -> None:
        """Begin anew, cured of hanging and of a halted endpoint."""
        self._hangs = False
        self._begin(running=False)

    def set_mode(self, rows: int, columns: int) -> None:
        """Change the size of the frames while it runs, as a console does that changes its mode."""
        old = self._info
        self._info = Info(old.input, rows, columns, old.bits, old.packing, old.interval_us)

    def picture(self, number: int) -> NDArray[np.uint16]:
        """The samples of a frame."""
        return self._picture(number, self._info.rows, self._info.columns)

    def control(self, to_host: bool, request: int, value: int) -> bytes:  # noqa: ARG002
        """Answer a vendor request; what it does not know stalls."""
        if self._hangs and self.faults.mute:
            raise usb_error(errno.ETIMEDOUT, "Operation timed out")
        if to_host and request == Request.GET_INFO:
            return self._info.pack()
        if to_host and request == Request.GET_STATUS:
            return Status(self._state(), self._lost).pack()
        if not to_host and request == Request.START:
            self._begin(running=True)
            return b""
        if not to_host and request == Request.STOP:
            self._running = False
            return b""
        raise usb_error(errno.EPIPE, "Pipe error")

    def bulk_in(self, length: int, timeout: float, unplugged: Event) -> bytes:
        """One transfer: ends when it is full, with a short packet, or when time is up."""
        deadline = self._timing.monotonic_ns() + round(timeout * _SECOND)
        data = bytearray()
        while len(data) < length:
            if self._halted:
                raise usb_error(errno.EPIPE, "Pipe error")
            if not self._pending:
                self._wait(deadline, unplugged)
            if not self._pending:
                break
            part = self._pending[: length - len(data)]
            self._pending = self._pending[len(part) :]
            data += part
            if self._short and not self._pending:
                self._short = False
                return bytes(data)
        if not data:
            raise usb_error(errno.ETIMEDOUT, "Operation timed out")
        return bytes(data)

    def clear_halt(self) -> None:
        """Let the endpoint go on with the next frame."""
        self._halted = False

    def _begin(self, running: bool) -> None:
        self._running = running
        self._halted = False
        self._short = False
        self._pending = b""
        self._number = 0
        self._lost = 0
        self._started_ns = self._timing.monotonic_ns()

    def _state(self) -> DeviceState:
        if not self._running:
            return DeviceState.IDLE
        return DeviceState.NO_SIGNAL if self._is_dark(self._number) else DeviceState.LIVE

    def _is_dark(self, number: int) -> bool:
        dark, back = self.faults.no_signal_at, self.faults.signal_back_at
        return dark is not None and number >= dark and (back is None or number < back)

    def _wait(self, deadline: int, unplugged: Event) -> None:
        """Put the next frame on the wire when it is due, unless time is up before."""
        self._catch_up()
        due = self._due(self._number) if self._running and not self._hangs else deadline
        until = min(due, deadline)
        self._timing.wait(unplugged, max(0, until - self._timing.monotonic_ns()) / _SECOND)
        if due <= self._timing.monotonic_ns() and self._running and not self._hangs:
            self._put()

    def _due(self, number: int) -> int:
        return self._started_ns + number * self._info.interval_us * 1000

    def _catch_up(self) -> None:
        """A host that reads too slowly finds the oldest frames overwritten."""
        late = self._timing.monotonic_ns() - self._due(self._number)
        frames = late // (self._info.interval_us * 1000) - FIFO_FRAMES
        if self._running and frames > 0:
            self._number += frames
            self._lost += frames

    def _put(self) -> None:
        number, faults = self._number, self.faults
        if number == faults.hang_at:
            self._hangs = True
            return
        self._number += 1
        if number == faults.lose_at:
            self._lost += 1
            return
        if number == faults.stall_at:
            self._halted = True
            return
        self._pending = self._spoil(number, self._frame(number))

    def _frame(self, number: int) -> bytes:
        faults, info = self.faults, self._info
        rows = info.rows + (number == faults.wrong_size_at)
        shown = number if faults.freeze_at is None else min(number, faults.freeze_at)
        payload = pack_samples(self._picture(shown, rows, info.columns), info.packing)
        flags = FrameFlag.DAMAGED if number == faults.overrun_at else FrameFlag.NONE
        if self._is_dark(number):
            flags |= FrameFlag.NO_SIGNAL
        header = Header(
            flags, number, rows, info.columns, info.bits, info.packing,
            self._due(number) // 1000, len(payload), zlib.crc32(payload),
        )  # fmt: skip
        frame = header.pack() + payload
        return frame + bytes(-len(frame) % BLOCK)

    def _spoil(self, number: int, frame: bytes) -> bytes:
        faults = self.faults
        if number == faults.bad_check_at:
            return frame[:200] + bytes([frame[200] ^ 1]) + frame[201:]
        if number == faults.bad_header_at:
            return frame[:9] + bytes([frame[9] ^ 1]) + frame[10:]
        if number == faults.short_at:
            self._short = True
            return frame[: len(frame) // 2 // PACKET_BYTES * PACKET_BYTES + 100]
        return frame

    def _picture(self, number: int, rows: int, columns: int) -> NDArray[np.uint16]:
        top = (1 << self._info.bits) - 1
        ramp = np.rint(np.linspace(0, top, columns)).astype(np.uint16)
        pixels = np.tile(np.roll(ramp, number), (rows, 1))
        noise = np.random.default_rng(number).integers(0, top, min(_NOISE_SAMPLES, columns))
        pixels[0, : noise.size] = noise
        return pixels
