"""A serial port as the line reader needs it, on pyserial."""

from __future__ import annotations

import errno
import os
import termios
from pathlib import Path
from typing import Any, Protocol

from drivers.errors import SourceUnavailable
from drivers.tty.discovery import resolve
from drivers.tty.model import Flow, LineSettings, Parity

POLL_SECONDS = 0.2
"""How long a read waits for the first byte; closing takes no longer."""

_AT_ONCE = 4096
_WRITE_SECONDS = 1.0
_PTY_MAJORS = range(136, 144)
"""Device numbers of Unix98 pseudo-terminals (Linux Documentation/admin-guide/devices.txt)."""

_ADVICE = {
    errno.ENOENT: "Plug the adapter in, or correct the device in the configuration.",
    errno.EACCES: "Add the user of the service to the group dialout.",
    errno.EBUSY: "Stop the other program that uses the port.",
    errno.EAGAIN: "Stop the other program that uses the port.",
}


class Port(Protocol):
    """An open line. Every method raises an ``OSError`` where the device is gone."""

    def read(self) -> bytes:
        """What came, at once when something did; empty after :data:`POLL_SECONDS` of nothing."""
        ...

    def write(self, data: bytes) -> None: ...

    def close(self) -> None: ...


class SerialPort:
    """A port of the machine, opened for this process alone.

    Parameters
    ----------
    name : str
        Name of the source as configured, for messages.
    identity : str
        As :func:`drivers.tty.discovery.resolve` takes it.
    settings : LineSettings
        How the line is set. Pseudo-terminals know neither parity nor 7 bits and go without.

    Raises
    ------
    SourceUnavailable
        The port is not there, is used by another program, or refuses the settings.
    """

    def __init__(self, name: str, identity: str, settings: LineSettings) -> None:
        self._name = f"{name} ({identity})"
        path = resolve(name, identity)
        try:
            self._serial = _open(path, settings)
        except (OSError, ValueError, termios.error) as error:
            raise self._unavailable("cannot be opened", error) from error

    def read(self) -> bytes:
        """What came, at once when something did; empty after :data:`POLL_SECONDS` of nothing."""
        try:
            first: bytes = self._serial.read(1)
            if not first:
                return b""
            waiting = min(self._serial.in_waiting, _AT_ONCE)
            return first + bytes(self._serial.read(waiting)) if waiting else first
        except (OSError, TypeError, termios.error) as error:
            # TypeError: what pyserial raises where the port was closed under its hands
            raise self._unavailable("went away", error) from error

    def write(self, data: bytes) -> None:
        """Send; waits a second at most for the line to take it."""
        try:
            self._serial.write(data)
        except (OSError, termios.error) as error:
            raise self._unavailable("takes nothing", error) from error

    def close(self) -> None:
        """Let go of the port; may be called twice."""
        self._serial.close()

    def _unavailable(self, what: str, error: Exception) -> SourceUnavailable:
        number = getattr(error, "errno", None)
        text = os.strerror(number) if number else str(error)
        advice = _ADVICE.get(number or 0, "Look at the cable and the settings of the line.")
        return SourceUnavailable(self._name, f"the port {what} ({text})", advice)


def _open(path: str, settings: LineSettings) -> Any:
    import serial  # only boxes with serial devices carry it

    virtual = os.major(Path(path).stat().st_rdev) in _PTY_MAJORS
    parity = Parity.NONE if virtual else settings.parity
    return serial.Serial(
        port=path,
        baudrate=settings.baud,
        bytesize=8 if virtual else settings.data_bits,
        parity={Parity.NONE: "N", Parity.EVEN: "E", Parity.ODD: "O"}[parity],
        stopbits=settings.stop_bits,
        xonxoff=settings.flow is Flow.XON_XOFF,
        rtscts=settings.flow is Flow.RTS_CTS,
        timeout=POLL_SECONDS,
        write_timeout=_WRITE_SECONDS,
        exclusive=True,
    )
