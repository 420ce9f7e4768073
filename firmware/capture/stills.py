"""Pictures without an exam: a PNG for the eye and the numbers, a JSON file for the rest."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from device.ports import Frame


def write_still(folder: Path, source: str, frame: Frame, about: dict[str, Any]) -> list[Path]:
    """Write one picture beside a JSON file of the same name; nothing is ever overwritten.

    Grey values of more than 8 bits are kept as they are, in a 16-bit PNG; signed ones have 32768
    added, and the JSON file says so. Where the device gave a JPEG stream, that is written too.

    Parameters
    ----------
    folder : Path
        Made when missing.
    source : str
        Name of the source.
    frame : Frame
        The picture.
    about : dict
        What else is to stand in the JSON file.

    Returns
    -------
    list of Path
        The picture first, then the other files.

    Raises
    ------
    OSError
        The folder cannot be written, or the files are there already.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name = "".join(letter if letter.isalnum() else "-" for letter in source)
    stem = f"{name}-{frame.taken_at:%Y%m%dT%H%M%S%f}-{frame.sequence:06d}"
    offset = 32768 if frame.pixels.dtype == np.int16 else 0
    png = _png(frame, offset)
    written = [_write(folder / f"{stem}.png", png)]
    if frame.jpeg is not None:
        written.append(_write(folder / f"{stem}.jpg", frame.jpeg))
    sidecar = {
        "file": written[0].name,
        "sha256": hashlib.sha256(png).hexdigest(),
        **about,
        **_description(frame, offset),
    }
    text = json.dumps(sidecar, ensure_ascii=False, indent=2, default=str)
    written.append(_write(folder / f"{stem}.json", text.encode()))
    return written


def _png(frame: Frame, offset: int) -> bytes:
    pixels = frame.pixels
    if offset:
        pixels = (pixels.astype(np.int32) + offset).astype(np.uint16)
    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(stream, "PNG")
    return stream.getvalue()


def _description(frame: Frame, offset: int) -> dict[str, Any]:
    return {
        "taken_at": frame.taken_at.isoformat(),
        "monotonic_ns": frame.monotonic_ns,
        "sequence": frame.sequence,
        "rows": frame.pixels.shape[0],
        "columns": frame.pixels.shape[1],
        "bits_stored": frame.bits_stored,
        "photometric": frame.photometric,
        "added_to_values": offset,
        "native": frame.native,
        "lossy_ratio": frame.lossy_ratio,
        "lossy_method": frame.lossy_method,
        "attributes": dict(frame.attributes),
    }


def _write(path: Path, data: bytes) -> Path:
    with path.open("xb") as file:
        file.write(data)
    return path
