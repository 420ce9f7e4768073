"""Prints what is owed until it is killed; started as a process by the tests."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from services.dispatcher import film
from services.printing import progress
from tests.services.printing.imager import imager_printer
from tests.services.printing.stage import PrintStage


def _dying_after(work: Callable[..., Any]) -> Callable[..., Any]:
    def and_die(*args: Any, **more: Any) -> Any:
        work(*args, **more)
        os.kill(os.getpid(), signal.SIGKILL)

    return and_die


def main(folder: str, port: str, where: str) -> None:
    """Die without a word at one place of the way."""
    stage = PrintStage(Path(folder), [imager_printer(int(port))])
    if where == "before the action":
        progress.about_to_print = _dying_after(progress.about_to_print)
    elif where == "after the action":
        progress.taken = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[assignment]
    elif where == "after it was noted":
        progress.taken = _dying_after(progress.taken)
    elif where == "while sending":
        film.FilmComposer.lay_out = _dying_after(film.FilmComposer.lay_out)  # type: ignore[method-assign]
    stage.print()


if __name__ == "__main__":
    main(*sys.argv[1:])
