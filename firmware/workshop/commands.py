"""Asking programs of the operating system, with an end to every wait."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass

PATIENCE = 15.0
"""Seconds after which a program that does not answer is ended."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a program answered; ``code`` is None where there is no such program."""

    code: int | None
    out: str
    err: str

    @property
    def good(self) -> bool:
        return self.code == 0

    @property
    def words(self) -> str:
        """What it said of a failure, on one line."""
        return " ".join((self.err or self.out).split())[:300]


def ask(*argv: str, patience: float = PATIENCE) -> Said:
    """Run a program that is on the path, in plain English, without a terminal."""
    program = shutil.which(argv[0])
    if program is None:
        return Said(None, "", f"{argv[0]} is not installed on this box")
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(
            [program, *argv[1:]],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=patience,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Said(-1, "", f"{argv[0]} did not answer in {patience:.0f} s")
    except OSError as error:
        return Said(-1, "", f"{argv[0]} could not be started: {error.strerror}")
    return Said(done.returncode, done.stdout, done.stderr)


def there(program: str) -> bool:
    """Whether a program is installed."""
    return shutil.which(program) is not None
