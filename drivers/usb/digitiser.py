"""The bulk-transfer grey-scale digitiser as a frame source."""

from __future__ import annotations

from datetime import timedelta
from threading import Event, Lock
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivers.errors import SourceTimeout, SourceUnavailable
from drivers.frame import Frame
from drivers.timing import SYSTEM, Timing
from drivers.usb.digitiser_link import DigitiserLink
from drivers.usb.digitiser_protocol import (
    DeviceState,
    FrameFlag,
    Input,
    ProtocolError,
    unpack_samples,
)
from drivers.usb.digitiser_stream import LostFrame, WholeFrame
from drivers.usb.freeze import FreezeWatch
from drivers.usb.numbering import Numbering
from drivers.usb.transport import TransferFailed
from drivers.video.signal import SignalState

RETRY_SECONDS = 0.2
"""Pause between two attempts to find a digitiser that is not plugged in."""

_SECOND = 1_000_000_000
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
        self._link: DigitiserLink | None = None
        self._interval_us = 0
        self._state = SignalState.NO_DEVICE

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
        return self._interval_us / 1000 if self._interval_us else None

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
                    link.stop()
                except OSError:  # it is gone, and with it its stream
                    self._state = SignalState.NO_DEVICE
            self._disconnect()

    def _step(self, link: DigitiserLink, deadline: int) -> Frame | None:
        """One transfer, and the frame that it completes."""
        left = (deadline - self._timing.monotonic_ns()) / _SECOND
        try:
            found = link.advance(left)
            if isinstance(found, WholeFrame):
                return self._accept(link, found)
            if found is not None:
                self._lose(found)
            asked = link.asked_when_silent()
        except SourceUnavailable:
            self._disconnect()
            raise
        except (SourceTimeout, TransferFailed) as error:
            link.reset()
            self._disconnect()
            raise SourceUnavailable(
                self._name,
                f"the digitiser hangs ({error.reason})",
                "It is started anew; look at its power and cable.",
            ) from error
        if asked is not None:
            self._state = _STATES[asked]
        return None

    def _accept(self, link: DigitiserLink, whole: WholeFrame) -> Frame | None:
        header = whole.header
        self._numbering.reach(header.sequence)
        state = _flagged(header.flags)
        if state is not None:
            self._state = state
            self._numbering.skip()
            return None
        pixels = self._sound_samples(link, whole)
        if pixels is None:
            self._numbering.drop()
            return None
        noisy = link.info.input is Input.ANALOGUE
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
            attributes={"ConversionType": _CONVERSION[link.info.input]},
        )

    def _sound_samples(self, link: DigitiserLink, whole: WholeFrame) -> NDArray[np.uint16] | None:
        """The samples of a frame; None where it is damaged, or of another size than the mode."""
        if whole.header.flags & FrameFlag.DAMAGED:
            return None
        try:
            pixels = unpack_samples(whole.payload, whole.header)
            of_mode = link.has_mode_of(whole.header)
        except ProtocolError:
            return None
        self._interval_us = link.info.interval_us
        return pixels if of_mode else None

    def _lose(self, lost: LostFrame) -> None:
        """Count a frame whose number is known; the gap that the others leave counts them."""
        if lost.header is not None:
            self._numbering.reach(lost.header.sequence)
            self._numbering.drop()

    def _connect(self) -> DigitiserLink:
        self._link = DigitiserLink(self._name, self._identity, self._backend, self._timing)
        self._interval_us = self._link.info.interval_us
        self._state = SignalState.NO_SIGNAL
        self._freeze.reset()
        return self._link

    def _reconnect(self, deadline: int) -> DigitiserLink | None:
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
            link.close()

    def _timed_out(self) -> SourceTimeout:
        advice = _ADVICE.get(self._state, "Look at the digitiser.")
        return SourceTimeout(self._name, f"no picture came in time ({self._state})", advice)


def _flagged(flags: FrameFlag) -> SignalState | None:
    if flags & FrameFlag.NO_SIGNAL:
        return SignalState.NO_SIGNAL
    if flags & FrameFlag.UNSUPPORTED_MODE:
        return SignalState.UNSUPPORTED_MODE
    return None
