"""Memory that two processes share, in slots of one picture each.

The memory has no name in any file system: nothing is left of it when both processes are gone,
however they went (memfd_create(2)).
"""

from __future__ import annotations

import fcntl
import math
import mmap
import os
from collections.abc import Callable
from weakref import finalize

import numpy as np
from numpy.typing import NDArray

from drivers.frame import Pixels

BUDGET = 96 * 1024 * 1024
"""Bytes of one ring: half a second of 1080p30 colour, which a full medium's pause may last."""

FEWEST_SLOTS = 4
MOST_SLOTS = 48
_PAGE = mmap.PAGESIZE
_JPEG_ROOM = 256 * 1024

DTYPES = ("|u1", "<u2", "<i2")
"""Samples as :class:`drivers.frame.Frame` has them, in the spelling of NumPy."""


def slot_bytes(pixels: int, jpeg: int) -> int:
    """Room for a picture of that many bytes, and for a JPEG stream that may grow."""
    room = pixels + (2 * jpeg + _JPEG_ROOM if jpeg else 0)
    return -(-room // _PAGE) * _PAGE


class WriterRing:
    """The worker's side: writes pictures into slots that nobody reads.

    Parameters
    ----------
    size : int
        Bytes of a slot, whole pages.
    """

    def __init__(self, size: int) -> None:
        self.slot_bytes = size
        self.slots = max(FEWEST_SLOTS, min(MOST_SLOTS, BUDGET // size))
        self.descriptor = os.memfd_create("gantry-frames", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(self.descriptor, self.slots * size)
        fcntl.fcntl(self.descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW)
        self._memory = mmap.mmap(self.descriptor, self.slots * size)
        self._bytes = np.frombuffer(self._memory, np.uint8)
        self._free = list(range(self.slots))[::-1]

    def write(self, pixels: Pixels, jpeg: bytes) -> int | None:
        """The slot that the picture was written into; None where all of them are being read."""
        if not self._free:
            return None
        # the one that was freed last is still in the processor's cache, and no more memory is used
        slot = self._free.pop()
        begin = slot * self.slot_bytes
        whole = np.ndarray(pixels.shape, pixels.dtype, self._memory, begin)
        whole[...] = pixels
        if jpeg:
            begin += pixels.nbytes
            self._bytes[begin : begin + len(jpeg)] = np.frombuffer(jpeg, np.uint8)
        return slot

    def free(self, slot: int) -> None:
        """Take back a slot that was read."""
        self._free.append(slot)

    def close(self) -> None:
        """Let go of the descriptor; the memory itself goes with its last user."""
        os.close(self.descriptor)


class ReaderRing:
    """The reader's side: shows pictures where they lie, and says when a slot is read.

    Parameters
    ----------
    descriptor : int
        Of the memory; closed here.
    slots, size : int
        As the worker told.
    release : callable
        Called with the number of each slot that nobody reads any more, from any thread.

    Raises
    ------
    ValueError
        The memory is not as large as was told.
    """

    def __init__(
        self, descriptor: int, slots: int, size: int, release: Callable[[int], None]
    ) -> None:
        try:
            if os.fstat(descriptor).st_size < slots * size:
                raise ValueError("the ring is smaller than it is said to be")
            self._memory = mmap.mmap(descriptor, slots * size, prot=mmap.PROT_READ)
        finally:
            os.close(descriptor)
        self._slots = slots
        self._size = size
        self._release = release
        self._lent: set[int] = set()

    def read(
        self, slot: int, shape: tuple[int, ...], dtype: str, jpeg_bytes: int
    ) -> tuple[Pixels, bytes | None]:
        """The picture of a slot, not to be written to.

        It is lent where it lies, and the slot is free when the last array on it is gone. Where
        half of the slots are lent, the reader keeps pictures, and gets copies.

        Raises
        ------
        ValueError
            There is no such slot, or no such picture fits into one.
        """
        if not 0 <= slot < self._slots or dtype not in DTYPES or len(shape) not in (2, 3):
            raise ValueError(f"no picture of {shape} {dtype} lies in slot {slot}")
        kind = np.dtype(dtype)
        count = math.prod(shape)
        whole = count * kind.itemsize + jpeg_bytes
        if min(shape) < 1 or jpeg_bytes < 0 or whole > self._size:
            raise ValueError(f"no picture of {shape} fits into a slot of {self._size} bytes")
        begin = slot * self._size
        samples: NDArray[np.uint8] = np.frombuffer(self._memory, kind, count, begin)
        end = begin + count * kind.itemsize
        jpeg = self._memory[end : end + jpeg_bytes] if jpeg_bytes else None
        if len(self._lent) >= self._slots // 2:
            copied = samples.reshape(shape).copy()
            self._release(slot)
            return copied, jpeg
        self._lent.add(slot)
        finalize(samples, self._give_back, slot).atexit = False
        return samples.reshape(shape), jpeg

    def skip(self, slot: int) -> None:
        """Give a slot back unread."""
        self._release(slot)

    def _give_back(self, slot: int) -> None:
        self._lent.discard(slot)
        self._release(slot)
