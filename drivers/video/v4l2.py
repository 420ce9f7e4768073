"""Grabbers of the Linux kernel.

The node is open without blocking and waited for with ``poll``, since a blocking ``DQBUF`` never
returns once the device is unplugged. What a driver promised is read back and handed on; it is never
assumed.
"""

from __future__ import annotations

import mmap
import os
import select
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction

from drivers.errors import SourceTimeout, SourceUnavailable
from drivers.video import abi, requests, v4l2_bridge, v4l2_lists
from drivers.video.device import (
    Control,
    DvTimings,
    Event,
    FieldOrder,
    Identity,
    Input,
    Layout,
    RawBuffer,
    Request,
    Standard,
    TimingsFault,
)
from drivers.video.errors import UnsupportedMode
from drivers.video.node import Node

BUFFERS = 8
"""Buffers that a driver is asked for; it may give another number."""

_EVENTS = {
    abi.EVENT_SOURCE_CHANGE: Event.SOURCE_CHANGE,
    abi.EVENT_CTRL: Event.CONTROL,
    abi.EVENT_EOS: Event.END,
}
_SECOND = 1_000_000_000


class V4L2Device:
    """A :class:`drivers.video.device.VideoDevice` on a video node.

    Parameters
    ----------
    identity : Identity
        As :func:`drivers.video.discovery.find` returned it; its node is opened.
    """

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._node = Node(identity.node, identity.card or identity.path)
        self._maps: list[mmap.mmap] = []
        self._lent: dict[int, memoryview] = {}
        self._streaming = False

    @property
    def identity(self) -> Identity:
        return self._identity

    def open(self) -> None:
        """Open the node and look whether pictures can be streamed from it.

        Raises
        ------
        SourceUnavailable
            The node is not there, busy, forbidden, or none of a grabber.
        """
        self._node.open()
        capability = abi.Capability()
        try:
            self._node.request(requests.QUERYCAP, capability)
        except OSError:
            self.close()
            raise
        able = capability.capabilities
        if able & abi.CAP_DEVICE_CAPS:
            able = capability.device_caps
        if not (able & abi.CAP_VIDEO_CAPTURE and able & abi.CAP_STREAMING):
            self.close()
            raise SourceUnavailable(
                self._node.name,
                f"{self._identity.node} gives no pictures",
                "Choose another node of the device.",
            )
        self._identity = replace(
            self._identity,
            card=v4l2_lists.text(capability.card),
            driver=v4l2_lists.text(capability.driver),
        )
        # a change of source is told for each input by itself
        inputs = [one.index for one in self.inputs()] or [0]
        wanted = [(abi.EVENT_SOURCE_CHANGE, index) for index in inputs]
        for kind, index in [*wanted, (abi.EVENT_EOS, 0)]:
            with suppress(OSError):  # most drivers have no events
                subscription = abi.EventSubscription(type=kind, id=index)
                self._node.request(requests.SUBSCRIBE_EVENT, subscription)

    def close(self) -> None:
        """Let go of buffers and node; may be called twice."""
        self._unmap()
        self._streaming = False
        self._node.close()

    def formats(self) -> Sequence[str]:
        return v4l2_lists.formats(self._node)

    def sizes(self, fourcc: str) -> Sequence[tuple[int, int]]:
        return v4l2_lists.sizes(self._node, fourcc)

    def inputs(self) -> Sequence[Input]:
        return v4l2_lists.inputs(self._node)

    def current_input(self) -> Input | None:
        return v4l2_lists.current_input(self._node)

    def standards(self) -> Sequence[Standard]:
        return v4l2_lists.standards(self._node)

    def controls(self) -> Sequence[Control]:
        return v4l2_lists.controls(self._node)

    def control(self, number: int) -> int:
        value = abi.ControlValue(id=number)
        self._node.request(requests.G_CTRL, value)
        return int(value.value)

    def set_control(self, number: int, value: int) -> None:
        self._node.request(requests.S_CTRL, abi.ControlValue(id=number, value=value))

    def configure(self, request: Request) -> Layout:
        if request.input is not None:
            v4l2_lists.choose_input(self._node, request.input)
        if request.standard is not None:
            v4l2_lists.choose_standard(self._node, request.standard)
        self._set_format(request)
        if request.rate is not None:
            self._set_rate(request.rate)
        return self.layout()

    def layout(self) -> Layout:
        pix = self._format().fmt.pix
        return Layout(
            fourcc=abi.fourcc(pix.pixelformat),
            columns=pix.width,
            rows=pix.height,
            bytes_per_line=pix.bytesperline,
            size=pix.sizeimage,
            fields=_field_order(pix.field),
            period=self._period(),
            standard=v4l2_lists.current_standard(self._node),
            pixel_aspect=v4l2_lists.pixel_aspect(self._node),
        )

    def start(self) -> None:
        request = abi.RequestBuffers(
            count=BUFFERS, type=abi.BUF_TYPE_VIDEO_CAPTURE, memory=abi.MEMORY_MMAP
        )
        self._node.request(requests.REQBUFS, request)
        for index in range(request.count):
            buffer = _buffer(index)
            self._node.request(requests.QUERYBUF, buffer)
            self._maps.append(self._node.map(buffer.m.offset, buffer.length))
            self._node.request(requests.QBUF, _buffer(index))
        self._node.request(requests.STREAMON, v4l2_lists.number(abi.BUF_TYPE_VIDEO_CAPTURE))
        self._streaming = True

    def stop(self) -> None:
        if self._streaming:
            self._streaming = False
            self._node.request(requests.STREAMOFF, v4l2_lists.number(abi.BUF_TYPE_VIDEO_CAPTURE))
        self._unmap()
        self._node.request(
            requests.REQBUFS,
            abi.RequestBuffers(type=abi.BUF_TYPE_VIDEO_CAPTURE, memory=abi.MEMORY_MMAP),
        )

    def dequeue(self, timeout: float) -> RawBuffer | None:
        deadline = time.monotonic_ns() + round(timeout * _SECOND)
        while True:
            happened = self._node.wait(max(0, deadline - time.monotonic_ns()) / _SECOND)
            if happened & select.POLLPRI:
                return None
            filled = self._fetch() if happened & select.POLLIN else None
            if filled is not None:
                return filled
            if happened & (select.POLLERR | select.POLLHUP | select.POLLNVAL):
                self._explain_error()
            if time.monotonic_ns() >= deadline:
                raise SourceTimeout(
                    self._node.name, "no picture came in time", "Look at the source and its cable."
                )

    def requeue(self, buffer: RawBuffer) -> None:
        self._take_back(buffer.index)
        if self._streaming:
            self._node.request(requests.QBUF, _buffer(buffer.index))

    def events(self) -> Sequence[Event]:
        told = []
        while self._node.wait(0, select.POLLPRI) & select.POLLPRI:
            record = abi.EventRecord()
            self._node.request(requests.DQEVENT, record)
            if record.type in _EVENTS:
                told.append(_EVENTS[record.type])
        return told

    def query_timings(self) -> DvTimings | TimingsFault | None:
        current = self.current_input()
        if current is not None and not current.has_timings:
            return None
        return v4l2_bridge.query_timings(self._node)

    def set_timings(self, timings: DvTimings) -> None:
        v4l2_bridge.set_timings(self._node, timings)

    def edid(self) -> bytes:
        return v4l2_bridge.edid(self._node)

    def set_edid(self, blocks: bytes) -> None:
        v4l2_bridge.set_edid(self._node, blocks)

    def _format(self) -> abi.Format:
        form = abi.Format(type=abi.BUF_TYPE_VIDEO_CAPTURE)
        self._node.request(requests.G_FMT, form)
        return form

    def _set_format(self, request: Request) -> None:
        wanted = self._format()
        pix = wanted.fmt.pix
        pix.pixelformat = abi.fourcc_number(request.fourcc)
        pix.width = request.columns or pix.width
        pix.height = request.rows or pix.height
        pix.field = abi.FIELD_INTERLACED if request.interlaced else abi.FIELD_NONE
        pix.bytesperline = pix.sizeimage = 0
        try:
            self._node.request(requests.S_FMT, wanted)
        except OSError as error:
            raise UnsupportedMode(
                self._node.name,
                f"it refuses {request.fourcc} ({os.strerror(error.errno or 0)})",
                "Choose one of its own formats.",
            ) from error

    def _set_rate(self, rate: float) -> None:
        parm = abi.StreamParm(type=abi.BUF_TYPE_VIDEO_CAPTURE)
        wanted = (1 / Fraction(rate)).limit_denominator(100_000)
        parm.parm.capture.timeperframe = abi.Fraction(wanted.numerator, wanted.denominator)
        with suppress(OSError):  # drivers without a choice refuse; what they do is read back
            self._node.request(requests.S_PARM, parm)

    def _period(self) -> Fraction | None:
        parm = abi.StreamParm(type=abi.BUF_TYPE_VIDEO_CAPTURE)
        try:
            self._node.request(requests.G_PARM, parm)
        except SourceUnavailable:
            raise
        except OSError:
            return None
        return v4l2_lists.fraction(parm.parm.capture.timeperframe)

    def _fetch(self) -> RawBuffer | None:
        buffer = _buffer(0)
        try:
            self._node.request(requests.DQBUF, buffer)
        except BlockingIOError:
            return None
        if buffer.index >= len(self._maps):
            raise SourceUnavailable(
                self._node.name, "it returned a buffer that is not ours", "Plug it in again."
            )
        view = self._lent[buffer.index] = memoryview(self._maps[buffer.index])
        return RawBuffer(
            index=buffer.index,
            view=view,
            sequence=buffer.sequence,
            timestamp_ns=_timestamp(buffer),
            error=bool(buffer.flags & abi.BUF_FLAG_ERROR),
            bytes_used=buffer.bytesused,
        )

    def _explain_error(self) -> None:
        """Find out whether the device went away; else wait a little, since poll would not."""
        self._node.request(requests.QUERYCAP, abi.Capability())
        raise SourceUnavailable(
            self._node.name,
            "it stopped giving pictures with an error",
            "It is opened again by itself; plug it in again if that does not help.",
        )

    def _take_back(self, index: int) -> None:
        view = self._lent.pop(index, None)
        if view is not None:
            with suppress(BufferError):  # somebody still looks at it, and may see the next picture
                view.release()

    def _unmap(self) -> None:
        for index in list(self._lent):
            self._take_back(index)
        for memory in self._maps:
            with suppress(BufferError):  # somebody still looks at a picture: freed with the last
                memory.close()
        self._maps.clear()


def _buffer(index: int) -> abi.Buffer:
    return abi.Buffer(index=index, type=abi.BUF_TYPE_VIDEO_CAPTURE, memory=abi.MEMORY_MMAP)


def _timestamp(buffer: abi.Buffer) -> int:
    """On the monotonic clock: the driver's own where it keeps to it, else now.

    Drivers that stamp the end of a picture may reckon it ahead; none was taken later than it came.
    """
    now = time.monotonic_ns()
    if buffer.flags & abi.BUF_FLAG_TIMESTAMP_MASK != abi.BUF_FLAG_TIMESTAMP_MONOTONIC:
        return now
    return min(now, int(buffer.timestamp.tv_sec * _SECOND + buffer.timestamp.tv_usec * 1000))


def _field_order(number: int) -> FieldOrder:
    try:
        return FieldOrder(number)
    except ValueError:
        return FieldOrder.ANY
