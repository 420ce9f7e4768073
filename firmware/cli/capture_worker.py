"""``gantry capture-worker``: what the console starts to take pictures; not for people."""

from __future__ import annotations

import click


@click.command(hidden=True)
@click.argument("descriptor", type=click.IntRange(min=3))
def capture_worker(descriptor: int) -> None:
    """Capture for the process that holds the other end of this socket."""
    from firmware import logs
    from firmware.capture.process import die_with_starter
    from firmware.capture.worker import run

    die_with_starter()
    logs.begin()
    run(descriptor)
