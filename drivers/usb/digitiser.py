"""The bulk-transfer grey-scale digitiser as a frame source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from threading import Event, Lock
from types import MappingProxyType
from typing import Any

from drivers.errors import SourceTimeout, SourceUnavailable
from drivers.frame import Frame
from drivers.timing import SYSTEM, Timing
from drivers.usb.digitiser_protocol import (
    BULK_IN,
    INFO_BYTES,
    INTERFACE,
    PRODUCT_ID,
    STATUS_BYTES,
    VENDOR_ID,
    DeviceState,
    FrameFlag,
    Info,
    Input,
    ProtocolError,
    Request,
    Status,
    unpack_samples,
)
from drivers.usb.digitiser_stream import FrameStream, LostFrame, WholeFrame
from drivers.usb.freeze import FreezeWatch
from drivers.usb.numbering import Numbering
from drivers.usb.transport import TransferFailed, VendorDevice
from drivers.video.signal import SignalState

TRANSFER_SECONDS = 0.25
"""One transfer takes no longer, so that closing never has to wait for long."""

CONTROL_SECONDS = 0.5
SILENT_SECONDS = 1.0
"""After so long without a frame the digitiser is asked what it sees."""

RETRY_SECONDS = 0.2
"""Pause between two attempts to find a digitiser that is not plugged in."""

MOST_LOST_IN_A_ROW = 8
"""After so many broken transfers without a frame the digitiser is started anew."""

_SECOND = 1_000_000_000
_STARTED_ANEW = "It is started anew; look at its power and cable."
_CONVERSION = MappingProxyType({Input.ANALOGUE: "DV", Input.DIGITAL: "DI"})
"""Conversion Type (PS3.3 C.8.6.1): digitised video, or digital interface."""

_STATES = MappingProxyType(
    {
        DeviceState.IDLE: SignalState.NO_SIGNAL,
        DeviceState.LIVE: SignalState.LIVE,
        DeviceState.NO_SIGNAL: SignalState.NO_SIGNAL,
        DeviceState.UNSUPPORTED_MODE: SignalState.UNSUPPORTED_MODE,
    }
)
_ADVICE = MappingProxyType(
    {
        SignalState.NO_DEVICE: "Plug the digitiser in.",
        SignalState.NO_SIGNAL: "Look whether the console is on and its cable is plugged in.",
        SignalState.UNSUPPORTED_MODE: "The console's video mode is none that the digitiser knows.",
        SignalState.FROZEN: "The picture no longer changes, not even in its noise: "
        "restart the digitiser, or the console.",
    }
)


@dataclass(frozen=True, slots=True)
class _Link:
    """An open digitiser, its mode and its stream."""

    device: VendorDevice
    info: Info
    stream: FrameStream


class DigitiserSource:
    """Frames of a digitiser, in its own depth; found again after it was unplugged.

    Damaged frames, and those without signal or of a frozen picture, never leave the source. All
    but those without signal are counted in :attr:`dropped`.

    Parameters
    ----------
    name : str
        As configured.
    identity : str
        ``usb:1-1.2`` for what is in that socket, ``serial:NUMBER``, or empty where only one
        digitiser is plugged in.
    backend : object or None
        A pyusb backend; None for the machine's own libusb.
    freeze_seconds : float or None
        So long without the slightest change is a frozen picture, since a converter always has
        noise; None for never. A digital input may stand still, and is never frozen.
    timing : Timing
        Clocks.

    Notes
    -----
    One thread reads; any thread may close, and whoever waits in :meth:`read` is let go with None.
    """

    def __init__(
        self,
        name: str,
        identity: str = "",
        *,
        backend: Any = None,
        freeze_seconds: float | None = 5.0,
        timing: Timing = SYSTEM,
    ) -> None:
        self._name = name
        self._identity = identity
        self._backend = backend
        self._timing = timing
        self._freeze = FreezeWatch(freeze_seconds)
        self._numbering = Numbering()
        self._lock = Lock()
        self._closing = Event()
        self._opened = False
        self._link: _Link | None = None
        self._info: Info | None = None
        self._state = SignalState.NO_DEVICE
        self._heard_ns = 0
        self._lost_in_a_row = 0

    @property
    def name(self) -> str:
        """Name as configured."""
        return self._name

    @property
    def dropped(self) -> int:
        """Frames lost or thrown away since :meth:`open`."""
        return self._numbering.dropped

    @property
    def frame_time_ms(self) -> float | None:
        """Nominal milliseconds between two frames; None where they come on demand."""
        if self._info is None or not self._info.interval_us:
            return None
        return self._info.interval_us / 1000

    @property
    def state(self) -> SignalState:
        """How the digitiser and its input are, as the last :meth:`read` found them."""
        return self._state

    def open(self) -> None:
        """Find the digitiser and start it; does nothing where the source is open already.

        Raises
        ------
        SourceUnavailable
            It is not plugged in, may not be used, or speaks another protocol.
        """
        with self._lock:
            if self._opened:
                return
            self._closing = Event()
            self._numbering = Numbering()
            self._connect()
            self._opened = True

    def read(self, timeout: float) -> Frame | None:
        """The next sound frame.

        Parameters
        ----------
        timeout : float
            Seconds to wait at most.

        Returns
        -------
        Frame or None
            None where another thread closed the source.

        Raises
        ------
        SourceTimeout
            No sound frame came in time; :attr:`state` says what is wrong.
        SourceUnavailable
            The source is not open, or the digitiser is gone. Reading again looks for it again.
        """
        deadline = self._timing.monotonic_ns() + round(timeout * _SECOND)
        with self._lock:
            if not self._opened:
                raise SourceUnavailable(self._name, "the source is not open", "Open it first.")
            while not self._closing.is_set():
                link = self._link or self._reconnect(deadline)
                if link is None:
                    return None
                frame = self._step(link, deadline)
                if frame is not None:
                    return frame
                if self._timing.monotonic_ns() >= deadline:
                    raise self._timed_out()
        return None

    def close(self) -> None:
        """Stop the digitiser and let go of it; may be called twice, and from another thread."""
        self._closing.set()
        with self._lock:
            self._opened = False
            link = self._link
            if link is not None:
                try:
                    link.device.control_out(Request.STOP, CONTROL_SECONDS)
                except OSError:  # it is gone, and with it its stream
                    self._state = SignalState.NO_DEVICE
            self._disconnect()

    def _step(self, link: _Link, deadline: int) -> Frame | None:
        """One transfer, and the frame that it completes."""
        left = (deadline - self._timing.monotonic_ns()) / _SECOND
        try:
            found = self._transfer(link, max(0.001, min(left, TRANSFER_SECONDS)))
            if isinstance(found, WholeFrame):
                self._heard_ns = self._timing.monotonic_ns()
                self._lost_in_a_row = 0
                return self._accept(link, found)
            if found is not None:
                self._lose(found)
            self._ask_when_silent(link)
        except SourceUnavailable:
            self._disconnect()
            raise
        except (SourceTimeout, TransferFailed) as error:
            link.device.reset()
            self._disconnect()
            raise SourceUnavailable(
                self._name, f"the digitiser hangs ({error.reason})", _STARTED_ANEW
            ) from error
        return None

    def _transfer(self, link: _Link, timeout: float) -> WholeFrame | LostFrame | None:
        try:
            return link.stream.advance(timeout)
        except SourceTimeout:
            since = link.stream.waiting_since_ns
            if since is None or self._timing.monotonic_ns() - since < SILENT_SECONDS * _SECOND:
                return None
            return link.stream.reset("the rest of the frame did not come")
        except TransferFailed as error:
            lost = link.stream.reset(error.reason)
            if error.stalled:
                link.device.clear_halt(BULK_IN)
            return lost

    def _accept(self, link: _Link, whole: WholeFrame) -> Frame | None:
        header = whole.header
        self._numbering.reach(header.sequence)
        state = _flagged(header.flags)
        if state is not None:
            self._state = state
            self._numbering.skip()
            return None
        try:
            if header.flags & FrameFlag.DAMAGED:
                raise ProtocolError("the digitiser says that the frame is damaged")
            pixels = unpack_samples(whole.payload, header)
            info = self._mode_of(link, whole)
        except ProtocolError:
            self._numbering.drop()
            return None
        noisy = info.input is Input.ANALOGUE
        if noisy and self._freeze.is_frozen(header.payload_crc, whole.monotonic_ns):
            self._state = SignalState.FROZEN
            self._numbering.drop()
            return None
        self._state = SignalState.LIVE
        late = self._timing.monotonic_ns() - whole.monotonic_ns
        return Frame(
            pixels=pixels,
            bits_stored=header.bits,
            photometric="MONOCHROME2",
            sequence=self._numbering.take(),
            monotonic_ns=whole.monotonic_ns,
            taken_at=self._timing.now() - timedelta(microseconds=late / 1000),
            attributes={"ConversionType": _CONVERSION[info.input]},
        )

    def _mode_of(self, link: _Link, whole: WholeFrame) -> Info:
        """The mode, asked for anew where the frame is of another; the device must agree then."""
        header, info = whole.header, self._info or link.info
        shape = (header.rows, header.columns, header.bits)
        if shape == (info.rows, info.columns, info.bits):
            return info
        info = Info.unpack(link.device.control_in(Request.GET_INFO, INFO_BYTES, CONTROL_SECONDS))
        if shape != (info.rows, info.columns, info.bits):
            raise ProtocolError("the frame is of another size than the digitiser's mode")
        self._info = info
        return info

    def _lose(self, lost: LostFrame) -> None:
        """Count a frame whose number is known; the gap that the others leave counts them."""
        self._lost_in_a_row += 1
        if self._lost_in_a_row >= MOST_LOST_IN_A_ROW:
            raise TransferFailed(self._name, f"not one frame came whole: {lost.reason}", "")
        if lost.header is not None:
            self._numbering.reach(lost.header.sequence)
            self._numbering.drop()

    def _ask_when_silent(self, link: _Link) -> None:
        now = self._timing.monotonic_ns()
        expected = 3 * link.info.interval_us * 1000
        if now - self._heard_ns < max(SILENT_SECONDS * _SECOND, expected):
            return
        self._heard_ns = now
        answer = link.device.control_in(Request.GET_STATUS, STATUS_BYTES, CONTROL_SECONDS)
        try:
            status = Status.unpack(answer)
        except ProtocolError as error:
            raise TransferFailed(self._name, str(error), "") from error
        if status.state is DeviceState.LIVE and link.info.interval_us:
            raise TransferFailed(self._name, "it says that it is live, and sends nothing", "")
        self._state = _STATES[status.state]

    def _connect(self) -> _Link:
        device = VendorDevice(
            self._name, VENDOR_ID, PRODUCT_ID, self._identity,
            interface=INTERFACE, backend=self._backend,
        )  # fmt: skip
        try:
            device.open()
            info = Info.unpack(device.control_in(Request.GET_INFO, INFO_BYTES, CONTROL_SECONDS))
            device.control_out(Request.START, CONTROL_SECONDS)
            stream = FrameStream(
                lambda length, timeout: device.bulk_read(BULK_IN, length, timeout),
                device.packet_bytes(BULK_IN),
                self._timing.monotonic_ns,
            )
        except SourceUnavailable:
            device.close()
            raise
        except (SourceTimeout, TransferFailed, ProtocolError) as error:
            device.close()
            raise SourceUnavailable(
                self._name, f"the digitiser cannot be started ({error})", "Plug it in again."
            ) from error
        self._info = info
        self._link = _Link(device, info, stream)
        self._heard_ns = self._timing.monotonic_ns()
        self._lost_in_a_row = 0
        self._state = SignalState.NO_SIGNAL
        self._freeze.reset()
        return self._link

    def _reconnect(self, deadline: int) -> _Link | None:
        """Look for the digitiser until it is there; None where the source was closed meanwhile."""
        while not self._closing.is_set():
            try:
                link = self._connect()
            except SourceUnavailable:
                left = (deadline - self._timing.monotonic_ns()) / _SECOND
                if left <= 0:
                    raise
                self._timing.wait(self._closing, min(RETRY_SECONDS, left))
                continue
            self._numbering.restart()
            return link
        return None

    def _disconnect(self) -> None:
        link, self._link = self._link, None
        self._state = SignalState.NO_DEVICE
        if link is not None:
            link.device.close()

    def _timed_out(self) -> SourceTimeout:
        advice = _ADVICE.get(self._state, "Look at the digitiser.")
        return SourceTimeout(self._name, f"no picture came in time ({self._state})", advice)


def _flagged(flags: FrameFlag) -> SignalState | None:
    if flags & FrameFlag.NO_SIGNAL:
        return SignalState.NO_SIGNAL
    if flags & FrameFlag.UNSUPPORTED_MODE:
        return SignalState.UNSUPPORTED_MODE
    return None
