"""A source to look at, whether or not the acquisition service holds its device."""

from __future__ import annotations

from device.ports import FrameSource
from firmware.assembly import make_source
from firmware.config import Configuration
from services.box import Box
from services.live.grabbed import GrabbedSource
from services.live.place import connect

_SECONDS = 1.0


def source_to_look_at(configuration: Configuration, box: Box, name: str) -> FrameSource:
    """The source of this name for single pictures, not open.

    A grabber gives its pictures to one process: while the acquisition service runs, they come from
    there, and else from the device itself.

    Raises
    ------
    NotFound
        Naming the sources of pictures that there are.
    """
    own = make_source(configuration, name)
    try:
        connect(box.live_socket, _SECONDS).close()
    except OSError:
        return own
    return GrabbedSource(box.live_socket, name)
