"""Other processes of the same box, for tests of what they share."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable
from multiprocessing.process import BaseProcess
from typing import Any

CONTEXT = multiprocessing.get_context("spawn")

PATIENCE = 60.0
"""Seconds after which a process of a test counts as hung."""


def run_all(work: Callable[..., None], arguments: Iterable[tuple[Any, ...]]) -> None:
    """Run ``work`` once for each tuple of arguments, all at once; every process must end well."""
    processes = [begin(work, *each) for each in arguments]
    for process in processes:
        process.join(PATIENCE)
    codes = [process.exitcode for process in processes]
    assert codes == [0] * len(processes)


def begin(work: Callable[..., None], *arguments: Any) -> BaseProcess:
    """A process that is under way."""
    process = CONTEXT.Process(target=work, args=arguments, daemon=True)
    process.start()
    return process


def kill(process: BaseProcess) -> None:
    """End it as the kernel does when memory is short, and collect it."""
    process.kill()
    process.join(PATIENCE)
    assert process.exitcode == -9


def kill_itself(work: Callable[..., None], *arguments: Any) -> None:
    """Run ``work``, which must end by SIGKILL of its own."""
    process = begin(work, *arguments)
    process.join(PATIENCE)
    assert process.exitcode == -9
