"""A device node of the kernel: opened without blocking, asked, waited for, mapped."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import mmap
import os
import select

from drivers.errors import SourceUnavailable

_GONE = (errno.ENODEV, errno.ENXIO)
_ADVICE = {
    errno.ENOENT: "Plug it in; it is opened by itself.",
    errno.EBUSY: "Another program uses it; end that.",
    errno.EACCES: "Let the box's user belong to group video.",
    errno.EPERM: "Let the box's user belong to group video.",
    errno.ENOSPC: "The USB bus has no room left: use another port, or a lower rate or resolution.",
}


class Node:
    """One open file of ``/dev``.

    Parameters
    ----------
    path : str
        Of the node.
    name : str
        Of the device, for messages.
    """

    def __init__(self, path: str, name: str) -> None:
        self.name = name
        self._path = path
        self._file = -1
        self._poll = select.poll()

    def open(self) -> None:
        """Open without blocking.

        Raises
        ------
        SourceUnavailable
            Saying why, and what to do.
        """
        if self._file >= 0:
            return
        try:
            self._file = os.open(self._path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise self._unavailable(error) from error
        self._poll.register(self._file, select.POLLIN | select.POLLPRI)

    def close(self) -> None:
        """May be called twice, and on a device that is gone."""
        file, self._file = self._file, -1
        if file >= 0:
            self._poll.unregister(file)
            os.close(file)

    def request(
        self, number: int, argument: ctypes.Structure | ctypes.c_int | ctypes.c_uint64
    ) -> None:
        """One ioctl, again where a signal interrupted it.

        Raises
        ------
        SourceUnavailable
            The device is gone, or the node is not open.
        OSError
            What else the driver says.
        """
        if self._file < 0:
            raise SourceUnavailable(self.name, "it is not open", "Open it first.")
        while True:
            try:
                fcntl.ioctl(self._file, number, argument, True)
            except InterruptedError:
                continue
            except OSError as error:
                if error.errno in _GONE or error.errno == errno.ENOSPC:
                    raise self._unavailable(error) from error
                raise
            return

    def wait(self, seconds: float, wanted: int = select.POLLIN | select.POLLPRI) -> int:
        """Wait for a picture or an event; return what ``poll`` says, 0 when the time is over.

        Before pictures were started only events may be ``wanted``: asked for pictures then, the
        kernel starts them itself for ``read()``, and refuses buffers from there on.
        """
        if self._file < 0:
            raise SourceUnavailable(self.name, "it is not open", "Open it first.")
        self._poll.modify(self._file, wanted)
        told = self._poll.poll(max(0.0, seconds) * 1000)
        return told[0][1] if told else 0

    def map(self, offset: int, length: int) -> mmap.mmap:
        """Memory of a buffer."""
        try:
            return mmap.mmap(self._file, length, mmap.MAP_SHARED, offset=offset)
        except OSError as error:
            raise self._unavailable(error) from error

    def _unavailable(self, error: OSError) -> SourceUnavailable:
        number = error.errno or 0
        if number in _GONE:
            return SourceUnavailable(
                self.name, "the device is gone", "Plug it in again; it is opened by itself."
            )
        return SourceUnavailable(
            self.name,
            f"{self._path} cannot be used ({os.strerror(number)})",
            _ADVICE.get(number, "Plug it in again."),
        )
