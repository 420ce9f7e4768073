"""An open digitiser: its requests, its stream, and how long it has been silent."""

from __future__ import annotations

from typing import Any

from drivers.errors import SourceTimeout, SourceUnavailable
from drivers.timing import Timing
from drivers.usb.digitiser_protocol import (
    BULK_IN,
    INFO_BYTES,
    INTERFACE,
    PRODUCT_ID,
    STATUS_BYTES,
    VENDOR_ID,
    DeviceState,
    Header,
    Info,
    ProtocolError,
    Request,
    Status,
)
from drivers.usb.digitiser_stream import FrameStream, LostFrame, WholeFrame
from drivers.usb.transport import TransferFailed, VendorDevice

TRANSFER_SECONDS = 0.25
"""One transfer takes no longer, so that closing never has to wait for long."""

CONTROL_SECONDS = 0.5
SILENT_SECONDS = 1.0
"""After so long without a frame the digitiser is asked what it sees."""

MOST_LOST_IN_A_ROW = 8
"""After so many broken transfers without a frame the digitiser is started anew."""

_SECOND = 1_000_000_000


class DigitiserLink:
    """A digitiser that was found, claimed and started.

    Parameters
    ----------
    name, identity : str
        As :class:`drivers.usb.digitiser.DigitiserSource` takes them.
    backend : object or None
        A pyusb backend; None for the machine's own libusb.
    timing : Timing
        Clocks.

    Attributes
    ----------
    info : Info
        The mode that it is in.

    Raises
    ------
    SourceUnavailable
        It is not plugged in, may not be used, or speaks another protocol.
    """

    def __init__(self, name: str, identity: str, backend: Any, timing: Timing) -> None:
        self._name = name
        self._timing = timing
        self._device = VendorDevice(
            name, VENDOR_ID, PRODUCT_ID, identity, interface=INTERFACE, backend=backend
        )
        try:
            self._device.open()
            self.info = self._ask_info()
            self._device.control_out(Request.START, CONTROL_SECONDS)
            packet_bytes = self._device.packet_bytes(BULK_IN)
        except SourceUnavailable:
            self._device.close()
            raise
        except (SourceTimeout, TransferFailed, ProtocolError) as error:
            self._device.close()
            raise SourceUnavailable(
                name, f"the digitiser cannot be started ({error})", "Plug it in again."
            ) from error
        self._stream = FrameStream(self._read, packet_bytes, timing.monotonic_ns)
        self._heard_ns = timing.monotonic_ns()
        self._lost_in_a_row = 0

    def advance(self, timeout: float) -> WholeFrame | LostFrame | None:
        """Make one transfer; None where no frame is complete, or lost, by it.

        Raises
        ------
        SourceUnavailable
            The digitiser is gone.
        SourceTimeout, TransferFailed
            It has to be started anew.
        """
        found = self._transfer(max(0.001, min(timeout, TRANSFER_SECONDS)))
        if isinstance(found, WholeFrame):
            self._heard_ns = self._timing.monotonic_ns()
            self._lost_in_a_row = 0
        if isinstance(found, LostFrame):
            self._lost_in_a_row += 1
            if self._lost_in_a_row >= MOST_LOST_IN_A_ROW:
                raise TransferFailed(self._name, f"not one frame came whole: {found.reason}", "")
        return found

    def has_mode_of(self, header: Header) -> bool:
        """Whether a frame is of the digitiser's mode; a new mode is asked for and taken over.

        Raises what :meth:`advance` raises, and ProtocolError where the answer is none.
        """
        if self._is_of_mode(header):
            return True
        self.info = self._ask_info()
        return self._is_of_mode(header)

    def asked_when_silent(self) -> DeviceState | None:
        """What the digitiser says of its input, after a silence; None where it is not silent.

        Raises
        ------
        SourceUnavailable
            The digitiser is gone.
        SourceTimeout, TransferFailed
            It does not answer, or claims to be live while nothing comes.
        """
        now = self._timing.monotonic_ns()
        expected = 3 * self.info.interval_us * 1000
        if now - self._heard_ns < max(SILENT_SECONDS * _SECOND, expected):
            return None
        self._heard_ns = now
        answer = self._device.control_in(Request.GET_STATUS, STATUS_BYTES, CONTROL_SECONDS)
        try:
            state = Status.unpack(answer).state
        except ProtocolError as error:
            raise TransferFailed(self._name, str(error), "") from error
        if state is DeviceState.LIVE and self.info.interval_us:
            raise TransferFailed(self._name, "it says that it is live, and sends nothing", "")
        return state

    def stop(self) -> None:
        """Let it send no more; raises an ``OSError`` where it does not answer."""
        self._device.control_out(Request.STOP, CONTROL_SECONDS)

    def reset(self) -> None:
        """Reset it at its socket, and let go of it."""
        self._device.reset()

    def close(self) -> None:
        """Let go of it; may be called twice, and after it is gone."""
        self._device.close()

    def _transfer(self, timeout: float) -> WholeFrame | LostFrame | None:
        try:
            return self._stream.advance(timeout)
        except SourceTimeout:
            since = self._stream.waiting_since_ns
            if since is None or self._timing.monotonic_ns() - since < SILENT_SECONDS * _SECOND:
                return None
            return self._stream.reset("the rest of the frame did not come")
        except TransferFailed as error:
            lost = self._stream.reset(error.reason)
            if error.stalled:
                self._device.clear_halt(BULK_IN)
            return lost

    def _read(self, length: int, timeout: float) -> bytes:
        return self._device.bulk_read(BULK_IN, length, timeout)

    def _ask_info(self) -> Info:
        return Info.unpack(self._device.control_in(Request.GET_INFO, INFO_BYTES, CONTROL_SECONDS))

    def _is_of_mode(self, header: Header) -> bool:
        info = self.info
        return (header.rows, header.columns, header.bits) == (info.rows, info.columns, info.bits)
