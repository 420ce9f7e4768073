"""A grabber that is not there, and misbehaves like those that are."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from threading import Event as Flag

from drivers.errors import SourceTimeout, SourceUnavailable
from drivers.timing import SYSTEM, Timing
from drivers.video.device import (
    Control,
    DvTimings,
    Event,
    FieldOrder,
    Identity,
    Input,
    InputStatus,
    Layout,
    RawBuffer,
    Request,
    Standard,
    TimingsFault,
)
from drivers.video.errors import UnsupportedMode
from drivers.video.formats import FORMATS
from drivers.video.sim_faults import NO_FAULTS, GrabberFaults
from drivers.video.sim_signal import PLAIN, GrabberModel, SimulatedSignal

BUFFERS = 8
"""Pictures that wait for a slow reader before the device loses some."""

_SECOND = 1_000_000_000
_BRIGHTNESS = 0x00980900
_PAL = Standard("PAL", 0xFF, Fraction(1, 25), 625)
_NTSC = Standard("NTSC", 0xB000, Fraction(1001, 30000), 525)


@dataclass(frozen=True, slots=True)
class _Filled:
    """A buffer that waits to be fetched: which picture, when it came, its number in the stream."""

    number: int
    timestamp_ns: int
    sequence: int


@dataclass(slots=True)
class _Stream:
    """What is running between ``start`` and ``stop``."""

    layout: Layout
    due: int
    free: list[int] = field(default_factory=lambda: list(range(BUFFERS)))
    filled: deque[_Filled] = field(default_factory=deque)
    sequence: int = 0
    held: dict[int, memoryview] = field(default_factory=dict)


class SimulatedGrabber:
    """A :class:`drivers.video.device.VideoDevice` made of numbers.

    One object stands for one piece of hardware: it goes on counting its pictures when it is closed
    and opened again, so that a fault at picture 40 happens once.

    Parameters
    ----------
    model : GrabberModel
        What it can do.
    faults : GrabberFaults
        What goes wrong, and when.
    timing : Timing
        The clock by which pictures come.
    serial : str
        Its serial number.
    """

    def __init__(
        self,
        model: GrabberModel = PLAIN,
        faults: GrabberFaults = NO_FAULTS,
        timing: Timing = SYSTEM,
        serial: str = "SIM0001",
    ) -> None:
        self._model = model
        self._faults = faults
        self._timing = timing
        self._serial = serial
        self._signal = SimulatedSignal(model, faults)
        self._opened = False
        self._stalled = False
        self._plugged_at: int | None = 0
        self._unplugged_once = False
        self._changed = Flag()
        self._events: list[Event] = []
        self._controls = {_BRIGHTNESS: 0}
        self._edid = b""
        self._standard = _PAL if model.rows != 480 else _NTSC
        self._layout = self._describe(model.formats[0])
        self._stream: _Stream | None = None

    @property
    def identity(self) -> Identity:
        """The same through every unplugging."""
        return Identity(
            path="simulated-0",
            serial=self._serial,
            card=self._model.card,
            driver="simulated",
            node="simulated",
        )

    def unplug(self) -> None:
        """Pull the plug now, from any thread."""
        self._plugged_at = None
        self._changed.set()

    def replug(self) -> None:
        """Put it back now."""
        self._plugged_at = self._timing.monotonic_ns()

    def open(self) -> None:
        """Fail where the plug is pulled."""
        self._check_plugged()
        self._opened = True

    def close(self) -> None:
        """May be called twice, and after the plug was pulled."""
        self._stream = None
        self._opened = False

    def formats(self) -> Sequence[str]:
        self._check()
        return self._model.formats

    def sizes(self, fourcc: str) -> Sequence[tuple[int, int]]:
        self._check()
        return (self._signal.size,) if fourcc in self._model.formats else ()

    def inputs(self) -> Sequence[Input]:
        self._check()
        status = InputStatus.PROTECTED if self._signal.is_protected else InputStatus.GOOD
        analogue = self._model.interlaced
        return (Input(0, "Simulated", status, analogue, self._model.bridge),)

    def current_input(self) -> Input | None:
        return self.inputs()[0]

    def standards(self) -> Sequence[Standard]:
        self._check()
        return (_PAL, _NTSC) if self._model.interlaced else ()

    def controls(self) -> Sequence[Control]:
        self._check()
        return (Control(_BRIGHTNESS, "Brightness", "integer", -64, 64, 1, 0),)

    def control(self, number: int) -> int:
        self._check()
        self._check_control(number)
        return self._controls[number]

    def set_control(self, number: int, value: int) -> None:
        self._check()
        self._check_control(number)
        self._controls[number] = max(-64, min(64, value))

    def configure(self, request: Request) -> Layout:
        """Like most drivers it takes any size and answers with its own."""
        self._check()
        if request.fourcc not in self._model.formats:
            raise UnsupportedMode(
                self._model.card,
                f"it knows no pixel format {request.fourcc}",
                f"Choose one of {', '.join(self._model.formats)}.",
            )
        if request.input not in (None, 0, "Simulated"):
            raise UnsupportedMode(
                self._model.card, f"it has no input {request.input}", "Choose input 0."
            )
        if request.standard is not None:
            self._choose_standard(request.standard)
        self._layout = self._describe(request.fourcc)
        return self._layout

    def layout(self) -> Layout:
        self._check()
        return self._layout

    def start(self) -> None:
        self._check()
        self._stream = _Stream(self._layout, self._timing.monotonic_ns())
        self._stream.due += self._period

    def stop(self) -> None:
        self._check()
        self._stream = None

    def dequeue(self, timeout: float) -> RawBuffer | None:
        deadline = self._timing.monotonic_ns() + round(timeout * _SECOND)
        while True:
            self._check()
            stream = self._stream
            if stream is None:
                raise SourceUnavailable(self._model.card, "it is not started", "Start it first.")
            self._advance(stream)
            self._check()
            if self._events:
                return None
            if stream.filled and stream.free:
                return self._deliver(stream)
            now = self._timing.monotonic_ns()
            if now >= deadline:
                raise SourceTimeout(
                    self._model.card, "no picture came in time", "Look at the source and its cable."
                )
            until = min(deadline, stream.due) if self._is_sending else deadline
            self._changed.clear()
            self._timing.wait(self._changed, max(until - now, 1) / _SECOND)

    def requeue(self, buffer: RawBuffer) -> None:
        self._check()
        if self._stream is None or buffer.index not in self._stream.held:
            return
        view = self._stream.held.pop(buffer.index)
        view[:] = b"\xa5" * len(view)  # the device writes into it again: whoever still looks sees
        self._stream.free.append(buffer.index)

    def events(self) -> Sequence[Event]:
        self._check()
        events, self._events = self._events, []
        return events

    def query_timings(self) -> DvTimings | TimingsFault | None:
        self._check()
        if not self._model.bridge:
            return None
        self._signal.pass_silence(self._timing.monotonic_ns(), self._period)
        if self._signal.is_missing:
            return TimingsFault.NO_CABLE
        columns, rows = self._signal.size
        clock = round((columns + 160) * (rows + 45) * (self._model.rate or 25))
        return DvTimings(columns, rows, False, clock, columns + 160, rows + 45)

    def set_timings(self, timings: DvTimings) -> None:
        self._check()
        size = (timings.columns, timings.rows)
        if not self._model.bridge or size != self._signal.size:
            raise UnsupportedMode(
                self._model.card, "it does not take these timings", "Query them again."
            )
        self._layout = self._describe(self._layout.fourcc)

    def edid(self) -> bytes:
        self._check()
        return self._edid

    def set_edid(self, blocks: bytes) -> None:
        self._check()
        if len(blocks) % 128:
            raise ValueError(f"an EDID of {len(blocks)} bytes is not of whole blocks of 128")
        self._edid = blocks

    @property
    def _period(self) -> int:
        return round(_SECOND / self._model.rate) if self._model.rate else 0

    @property
    def _is_sending(self) -> bool:
        """Whether pictures come at all; a bridge whose signal changed waits to be told."""
        stream = self._stream
        if stream is None or not self._model.bridge:
            return stream is not None
        return (stream.layout.columns, stream.layout.rows) == self._signal.size

    def _check(self) -> None:
        if not self._opened:
            raise SourceUnavailable(self._model.card, "it is not open", "Open it first.")
        self._check_plugged()

    def _check_plugged(self) -> None:
        plugged = self._plugged_at
        if plugged is None or self._timing.monotonic_ns() < plugged:
            self._opened = False
            self._stream = None
            raise SourceUnavailable(
                self._model.card, "the device is gone", "Plug it in again; it is opened by itself."
            )

    def _check_control(self, number: int) -> None:
        if number not in self._controls:
            raise ValueError(f"{self._model.card}: there is no control {number:#x}")

    def _choose_standard(self, name: str) -> None:
        for standard in self.standards():
            if standard.name == name:
                self._standard = standard
                return
        raise UnsupportedMode(
            self._model.card, f"it knows no standard {name}", "Choose PAL or NTSC."
        )

    def _describe(self, fourcc: str) -> Layout:
        form = FORMATS[fourcc]
        columns, rows = self._signal.size
        pitch = columns * form.bytes_per_pixel
        analogue = self._model.interlaced
        return Layout(
            fourcc=fourcc,
            columns=columns,
            rows=rows,
            bytes_per_line=pitch,
            size=form.picture_size(pitch, rows) or columns * rows * 2,
            fields=FieldOrder.INTERLACED if analogue else FieldOrder.PROGRESSIVE,
            period=Fraction(self._period, _SECOND) if self._period else None,
            standard=self._standard.name if analogue else "",
            pixel_aspect=((54, 59) if self._standard is _PAL else (11, 10)) if analogue else None,
        )

    def _advance(self, stream: _Stream) -> None:
        """Let every picture come that is due by now, as far as there are buffers."""
        now = self._timing.monotonic_ns()
        signal = self._signal
        while stream.due <= now and self._is_sending:
            if self._is_interrupted(stream, now):
                return
            room = len(stream.free) > len(stream.filled)
            silent = self._model.bridge and signal.is_missing
            if not self._period and not room:
                return
            if room and not silent:
                stream.filled.append(_Filled(signal.number, stream.due, stream.sequence))
            stream.sequence += signal.steps_on()
            if silent and not signal.is_missing:
                self._events.append(Event.SOURCE_CHANGE)
            stream.due += self._period
            if not self._period:
                return

    def _is_interrupted(self, stream: _Stream, now: int) -> bool:
        """Let happen what happens before this picture; True where it does not come now."""
        faults = self._faults
        number = self._signal.number
        if number == faults.unplug_at and not self._unplugged_once:
            self._unplugged_once = True
            wait = faults.replug_seconds
            self._plugged_at = None if wait is None else now + round(wait * _SECOND)
            return True
        if number == faults.stall_at and not self._stalled:
            self._stalled = True
            stream.due = max(stream.due, now) + round(min(faults.stall_seconds, 1e9) * _SECOND)
            return True
        if number == faults.change_at and faults.change_to != self._signal.size:
            self._signal.change(faults.change_to)
            if self._model.bridge:
                self._events.append(Event.SOURCE_CHANGE)
            return not self._is_sending
        return False

    def _deliver(self, stream: _Stream) -> RawBuffer:
        filled = stream.filled.popleft()
        data = self._signal.content(stream.layout.fourcc, filled.number)
        index = stream.free.pop(0)
        view = memoryview(bytearray(data))
        stream.held[index] = view
        return RawBuffer(
            index=index,
            view=view,
            sequence=filled.sequence,
            timestamp_ns=filled.timestamp_ns,
            error=self._signal.is_flagged(filled.number),
            bytes_used=len(data),
        )
