"""One picture of a source whose device the acquisition service may hold: it serves only one."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from socket import socket
from typing import Any

import numpy as np
from PIL import Image

from device.ports import Frame, Pixels
from services.live.place import connect
from services.live.words import MOST_TOLD, BrokenWords, Shown, Unpacker, pack

_CONNECT_SECONDS = 2.0
_READ = 256 * 1024
_ASPECT = "PixelAspectRatio"


@dataclass(frozen=True, slots=True, eq=False)
class GrabbedFrame:
    """A frame as it came through the link; satisfies :class:`device.ports.Frame`."""

    pixels: Pixels
    bits_stored: int
    photometric: str
    sequence: int
    monotonic_ns: int
    taken_at: datetime
    attributes: Mapping[str, Any]
    native: bool
    lossy_ratio: float | None
    lossy_method: str | None
    jpeg: bytes | None = None


def described(frame: Frame) -> dict[str, Any]:
    """What goes with a picture, so that :func:`rebuilt` makes the same frame of it."""
    aspect = frame.attributes.get(_ASPECT)
    return {
        "bits_stored": frame.bits_stored,
        "photometric": frame.photometric,
        "sequence": frame.sequence,
        "monotonic_ns": frame.monotonic_ns,
        "taken_at": frame.taken_at.isoformat(),
        "aspect": [str(part) for part in aspect] if aspect else [],
        "native": frame.native,
        "lossy_ratio": frame.lossy_ratio,
        "lossy_method": frame.lossy_method,
        "signed": frame.pixels.dtype.kind == "i",
    }


def rebuilt(shown: Shown) -> GrabbedFrame:
    """The frame that was described; of what it knew of itself only the pixels' shape."""
    header = shown.header
    pixels: Any = np.asarray(Image.open(BytesIO(shown.data)))
    if header["signed"]:
        pixels = (pixels.astype(np.int32) - 0x8000).astype(np.int16)
    return GrabbedFrame(
        pixels=pixels,
        bits_stored=header["bits_stored"],
        photometric=header["photometric"],
        sequence=header["sequence"],
        monotonic_ns=header["monotonic_ns"],
        taken_at=datetime.fromisoformat(header["taken_at"]),
        attributes={_ASPECT: header["aspect"]} if header["aspect"] else {},
        native=header["native"],
        lossy_ratio=header["lossy_ratio"],
        lossy_method=header["lossy_method"],
    )


class GrabbedSource:
    """A source by its name, for whoever wants to look at single pictures of it.

    Satisfies :class:`device.ports.FrameSource`.

    Parameters
    ----------
    path
        Of the live socket.
    """

    dropped = 0
    frame_time_ms: float | None = None

    def __init__(self, path: Path, name: str) -> None:
        self.name = name
        self._path = path
        self._link: socket | None = None

    def open(self) -> None:
        """Reach the acquisition service.

        Raises
        ------
        OSError
            It is not there.
        """
        self._link = connect(self._path, _CONNECT_SECONDS)

    def read(self, timeout: float) -> Frame:
        """A picture from now or later.

        Raises
        ------
        OSError
            There is none, with the reason of the source; or the service went away.
        """
        if self._link is None:
            raise OSError(f"{self.name}: the source is not open")
        self._link.sendall(pack({"id": 1, "do": "grab", "source": self.name}))
        answer = self._answer(self._link, time.monotonic() + timeout)
        if isinstance(answer, Shown):
            return rebuilt(answer)
        raise OSError(str(answer.get("text")))

    def close(self) -> None:
        """Hang up."""
        link, self._link = self._link, None
        if link is not None:
            link.close()

    def _answer(self, link: socket, deadline: float) -> Shown | dict[str, Any]:
        unpacker = Unpacker(MOST_TOLD)
        while (left := deadline - time.monotonic()) > 0:
            link.settimeout(left)
            data = link.recv(_READ)
            if not data:
                break
            try:
                messages = unpacker.feed(data)
            except BrokenWords as error:
                raise OSError(f"{self.name}: {error}") from error
            for message in messages:
                said = message.header if isinstance(message, Shown) else message
                if said.get("id") == 1:
                    return message
        raise OSError(f"{self.name}: the acquisition service gave no picture")
