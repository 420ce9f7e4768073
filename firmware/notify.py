"""Telling the service manager that we are ready, alive, or about to end (sd_notify(3)).

Without a manager that listens, as on a laptop, every call does nothing.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Mapping

_log = logging.getLogger(__name__)

_MICROSECONDS = 1_000_000
_SHARE = 0.4
"""Of the watchdog's time, after which we say again that we are alive: two may be missed."""


class Notifier:
    """The way to the service manager of this process.

    Parameters
    ----------
    environment
        ``NOTIFY_SOCKET``, ``WATCHDOG_USEC`` and ``WATCHDOG_PID`` as the manager set them; those of
        this process unless given. They are not handed on: a child must not speak for us.
    """

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        found = dict(os.environ if environment is None else environment)
        self._address = _address(found.get("NOTIFY_SOCKET", ""))
        self._interval = _interval(found)
        self._next = 0.0

    @property
    def interval(self) -> float | None:
        """Seconds between two signs of life; None where nobody waits for any."""
        return self._interval if self._address else None

    def ready(self) -> None:
        """Everything that others wait for is there: ports listen, the catalog is open."""
        self._send("READY=1")
        self.alive()

    def alive(self) -> None:
        """The work goes on; called from the very loop that does it, as often as it turns."""
        if self._interval is None or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + self._interval
        self._send("WATCHDOG=1")

    def stopping(self) -> None:
        """We were asked to end, and are putting things away."""
        self._send("STOPPING=1")

    def _send(self, state: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as link:
                link.sendto(state.encode(), self._address)
        except OSError as error:
            # the manager notices by itself that it hears nothing, and starts us again
            _log.warning("the service manager was not reached: %s", error)


def _address(name: str) -> str:
    """As bind(2) takes it: an abstract socket's name begins with a zero byte."""
    return "\0" + name[1:] if name.startswith("@") else name


def _interval(environment: Mapping[str, str]) -> float | None:
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    microseconds = environment.get("WATCHDOG_USEC", "")
    return int(microseconds) / _MICROSECONDS * _SHARE if microseconds.isdecimal() else None
