"""What the sources give, asked of the acquisition service, which alone has them open."""

from __future__ import annotations

import time
from pathlib import Path

from firmware.status.model import Signal
from services.live.place import connect
from services.live.words import MOST_TOLD, BrokenWords, Unpacker

_PATIENCE = 2.5
"""Seconds; the service speaks every second."""


def read_signals(path: Path) -> tuple[Signal, ...]:
    """The source that is live now; nothing where the service is away or takes nothing now."""
    deadline = time.monotonic() + _PATIENCE
    unpacker = Unpacker(MOST_TOLD)
    try:
        with connect(path, 1.0) as link:
            while (left := deadline - time.monotonic()) > 0:
                link.settimeout(left)
                data = link.recv(65536)
                if not data:
                    return ()
                for message in unpacker.feed(data):
                    if isinstance(message, dict) and message.get("push") == "state":
                        return _signals(message.get("source"))
    except (OSError, BrokenWords):
        return ()
    return ()


def _signals(source: object) -> tuple[Signal, ...]:
    if not isinstance(source, dict):
        return ()
    return (
        Signal(
            str(source.get("name", "")),
            str(source.get("state", "")),
            str(source.get("reason") or ""),
        ),
    )
