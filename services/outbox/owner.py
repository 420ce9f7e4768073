"""Who holds a lease, and whether that process is still alive."""

from __future__ import annotations

import os
from pathlib import Path


def this_process(role: str) -> str:
    """A lease owner's name: role, process id and that process's start time."""
    return f"{role}:{os.getpid()}:{_start_time(os.getpid())}"


def is_alive(owner: str) -> bool:
    """Whether the process that took a lease under this name still runs.

    The start time tells a process from a later one with the same number.
    """
    _, pid, started = owner.rsplit(":", 2)
    return _start_time(int(pid)) == started


def _start_time(pid: int) -> str:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    # the command name before the last parenthesis may hold anything; field 22 is the start time
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] in ("Z", "X") else fields[19]
