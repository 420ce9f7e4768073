"""Starting the capture process, and ending it whatever it is doing."""

from __future__ import annotations

import ctypes
import signal
import socket
import subprocess
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

from firmware.capture import wire
from firmware.capture.spec import Spec

COMMAND = "capture-worker"
"""The hidden sub-command of ``gantry``."""

_FAREWELL_SECONDS = 0.5
_BUFFER_BYTES = 1024 * 1024
_PR_SET_PDEATHSIG = 1


class WorkerProcess:
    """A running capture process and the socket to it.

    Parameters
    ----------
    spec : Spec
        What it captures.
    zone : ZoneInfo
        In which it tells the time.

    Raises
    ------
    OSError
        The machine cannot start a process.
    """

    def __init__(self, spec: Spec, zone: ZoneInfo) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            for end in (ours, theirs):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER_BYTES)
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "firmware", COMMAND, str(theirs.fileno())],
                    stdin=subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(),),
                )
                wire.send(ours, wire.Begin(spec, zone.key))
            except BaseException:
                ours.close()
                raise
        self.link = ours

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def is_runnable(self) -> bool:
        """Whether it has work to do and only waits for a processor (proc(5), state R)."""
        try:
            stat = Path(f"/proc/{self.pid}/stat").read_text()
        except OSError:
            return False
        # the name of the program, which may hold anything, ends with the last bracket
        return stat.rpartition(")")[2].split()[0] == "R"

    def hang_up(self) -> None:
        """Let the worker end by itself; whoever waits for its messages is woken."""
        try:
            self.link.shutdown(socket.SHUT_RDWR)
        except OSError:  # it went first
            return

    def end(self, *, kill: bool) -> int:
        """End the worker, by force where it hangs or does not go in time; return its exit code."""
        self.hang_up()
        if not kill:
            try:
                return self._leave(self._process.wait(_FAREWELL_SECONDS))
            except subprocess.TimeoutExpired:
                kill = True
        self._process.kill()
        return self._leave(self._process.wait())

    def _leave(self, code: int) -> int:
        self.link.close()
        return code


def die_with_starter() -> None:
    """In the worker: be killed with the thread that started us; Ctrl+C is for that one alone.

    A worker that hangs in the kernel never sees that its socket was closed (prctl(2),
    PR_SET_PDEATHSIG).
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
