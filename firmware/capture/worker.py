"""The capture process: reads one source, and hands its pictures over.

It ends when nobody holds the other end of its socket any more.
"""

from __future__ import annotations

import logging
import select
import socket
import time
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from drivers.errors import CorruptMedia, DriverError
from drivers.frame import Frame
from drivers.timing import Timing
from firmware.capture import wire
from firmware.capture.ring import WriterRing, slot_bytes

_log = logging.getLogger(__name__)

BEAT_SECONDS = 0.2
"""A worker that is well says something at least this often."""

_RETRY_SECONDS = 0.25


class Readable(Protocol):
    """What the worker needs of a source."""

    @property
    def name(self) -> str: ...

    @property
    def dropped(self) -> int: ...

    @property
    def frame_time_ms(self) -> float | None: ...

    def open(self) -> None: ...

    def read(self, timeout: float) -> Frame | None: ...

    def close(self) -> None: ...


class NobodyListens(Exception):
    """The other end of the socket is closed: time to end."""


def run(descriptor: int) -> None:
    """Capture for whoever holds the other end of this socket, until it is closed."""
    # imported here, so that the messages are known without the libraries of every source
    from firmware.capture.build import build

    with socket.socket(fileno=descriptor) as link:
        begin = wire.receive_in_worker(link)
        if not isinstance(begin, wire.Begin):
            return
        try:
            wire.send(link, wire.Opening())
            zone = ZoneInfo(begin.zone)
            Worker(link, build(begin.spec, Timing(now=lambda: datetime.now(zone)))).run()
        except (NobodyListens, BrokenPipeError, ConnectionResetError):
            _log.debug("nobody wants pictures of %s any more", begin.spec.name)


class Worker:
    """One source and the socket that its pictures are told over.

    Parameters
    ----------
    link : socket
        ``SOCK_SEQPACKET``, with the messages of :mod:`firmware.capture.wire`.
    source : Readable
        A source with a ``state`` is one that finds its device again by itself; without one it is
        over when it fails.
    """

    def __init__(self, link: socket.socket, source: Readable) -> None:
        self._link = link
        self._source = source
        self._heals = hasattr(source, "state")
        self._overruns = 0
        self._ring: WriterRing | None = None
        self._ring_number = 0
        self._failing = False

    def run(self) -> None:
        """Read until the source ends or nobody listens.

        Raises
        ------
        NobodyListens
            The other end was closed.
        OSError
            The other end is gone.
        """
        self._open()
        try:
            while self._step():
                self._take_messages(0)
        finally:
            self._source.close()

    def _open(self) -> None:
        while True:
            self._take_messages(0)
            try:
                self._source.open()
            except OSError as error:
                self._tell_failure(error, opened=False)
                self._failing = True
            else:
                self._failing = False
                wire.send(self._link, wire.Beat(self._condition(wire.LIVE)))
                return
            self._take_messages(_RETRY_SECONDS)
            wire.send(self._link, wire.Opening())

    def _step(self) -> bool:
        """Read once and tell what came of it; False where the source is over."""
        try:
            frame = self._source.read(BEAT_SECONDS)
        except TimeoutError as error:
            self._beat(error)
            return True
        except OSError as error:
            self._tell_failure(error, opened=True)
            self._take_messages(0.0 if self._heals and not self._failing else _RETRY_SECONDS)
            self._failing = True
            return self._heals
        self._failing = False
        if frame is None:
            wire.send(self._link, wire.End(self._condition(wire.LIVE)))
            return False
        self._hand_over(frame)
        return True

    def _beat(self, error: OSError) -> None:
        self._failing = False
        told = error if isinstance(error, DriverError) else None
        beat = wire.Beat(
            self._condition(wire.LIVE), told.reason if told else "", told.advice if told else ""
        )
        wire.send(self._link, beat)

    def _tell_failure(self, error: OSError, *, opened: bool) -> None:
        """Once with the error, then by beats alone while the source stays away."""
        condition = self._condition(wire.NO_DEVICE)
        device, reason, advice = self._source.name, str(error), "Look at the device."
        if isinstance(error, DriverError):
            device, reason, advice = error.device, error.reason, error.advice
        if self._failing:
            wire.send(self._link, wire.Beat(condition, reason, advice))
            return
        wire.send(
            self._link,
            wire.Failed(
                condition,
                device,
                reason,
                advice,
                opened=opened,
                final=opened and not self._heals,
                corrupt=isinstance(error, CorruptMedia),
            ),
        )

    def _hand_over(self, frame: Frame) -> None:
        pixels = frame.pixels if frame.pixels.flags.c_contiguous else frame.pixels.copy()
        jpeg = frame.jpeg or b""
        ring = self._fitting_ring(pixels.nbytes, len(jpeg))
        slot = ring.write(pixels, jpeg)
        if slot is None:
            self._overruns += 1
            wire.send(self._link, wire.Beat(self._condition(wire.LIVE)))
            return
        wire.send(
            self._link,
            wire.Picture(
                condition=self._condition(wire.LIVE),
                ring=self._ring_number,
                slot=slot,
                shape=pixels.shape,
                dtype=pixels.dtype.newbyteorder("<").str,
                jpeg_bytes=len(jpeg),
                bits_stored=frame.bits_stored,
                photometric=frame.photometric,
                sequence=frame.sequence,
                monotonic_ns=frame.monotonic_ns,
                taken_at=frame.taken_at,
                attributes=dict(frame.attributes),
                lossy_ratio=frame.lossy_ratio,
                lossy_method=frame.lossy_method,
                native=frame.native,
            ),
        )

    def _fitting_ring(self, pixels: int, jpeg: int) -> WriterRing:
        """The ring that takes a picture of this size; a larger picture brings a new one."""
        ring = self._ring
        if ring is not None and pixels + jpeg <= ring.slot_bytes:
            return ring
        if ring is not None:
            ring.close()
        ring = self._ring = WriterRing(slot_bytes(pixels, jpeg))
        self._ring_number += 1
        wire.send(
            self._link,
            wire.Ring(self._ring_number, ring.slots, ring.slot_bytes),
            ring.descriptor,
        )
        return ring

    def _condition(self, state: str) -> wire.Condition:
        source = self._source
        return wire.Condition(
            state=str(getattr(source, "state", state)),
            dropped=source.dropped + self._overruns,
            withheld=getattr(source, "withheld", 0),
            frame_time_ms=source.frame_time_ms,
        )

    def _take_messages(self, seconds: float) -> None:
        """Take slots back for at most so long, or only those that were given back already."""
        deadline = time.monotonic() + seconds
        while True:
            left = max(0.0, deadline - time.monotonic())
            if not select.select([self._link], [], [], left)[0]:
                return
            message = wire.receive_in_worker(self._link)
            if message is None:
                raise NobodyListens
            if isinstance(message, wire.Free) and message.ring == self._ring_number:
                assert self._ring is not None
                self._ring.free(message.slot)
