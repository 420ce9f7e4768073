"""Ending a service when the system asks for it."""

from __future__ import annotations

import _thread
import ctypes
import os
import signal
import threading
from collections.abc import Callable


def stop_event() -> threading.Event:
    """An event that SIGTERM and SIGINT set; the main thread waits for it."""
    event = threading.Event()

    def handle(*_: object) -> None:
        # set from a thread: the handler may have interrupted a wait that holds the event's lock
        _thread.start_new_thread(event.set, ())

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handle)
    return event


def wait_for(event: threading.Event, turn: Callable[[], None] = lambda: None) -> None:
    """Block the main thread until ``event`` is set, calling ``turn`` now and then.

    It wakes now and then: a signal that the kernel gave to another thread is handled only by a
    main thread that runs.
    """
    while not event.wait(_GLANCE):
        turn()


_GLANCE = 0.2

PARENT = "GANTRY_SUPERVISOR"
"""Environment variable with the process id of the supervisor that started us."""

_PR_SET_PDEATHSIG = 1


def end_with_supervisor() -> None:
    """Be asked to end when the supervisor is gone, so that nobody is left holding our ports.

    Does nothing in a process that no supervisor started (prctl(2), PR_SET_PDEATHSIG).
    """
    parent = os.environ.get(PARENT)
    if parent is None:
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != int(parent):
        os.kill(os.getpid(), signal.SIGTERM)
