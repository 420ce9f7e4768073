"""Small media of every kind that can be replayed, written for one test each."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from threading import Event

import av
import numpy as np
from PIL import Image
from pydicom.data import get_testdata_file

from drivers.frame import Frame
from drivers.pattern import PatternSource
from drivers.replay import ReplaySource
from drivers.timing import Timing

LENGTH = 6
ROWS, COLUMNS = 96, 128
CLINICAL = Path(str(get_testdata_file("CT_small.dcm"))).parent
CT_SERIES = CLINICAL / "dicomdirtests" / "98892001" / "CT5N"


class FakeClock:
    """Time that passes only where somebody waits."""

    def __init__(self) -> None:
        self.nanoseconds = 5_000_000_000
        self.started = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)

    @property
    def timing(self) -> Timing:
        return Timing(lambda: self.nanoseconds, self.now, self.wait)

    def now(self) -> datetime:
        return self.started + timedelta(microseconds=self.nanoseconds / 1000)

    def wait(self, event: Event, seconds: float) -> bool:
        if not event.is_set():
            self.nanoseconds += round(seconds * 1e9)
        return event.is_set()

    def pass_time(self, seconds: float) -> None:
        self.nanoseconds += round(seconds * 1e9)


def pattern_frames(count: int, bits: int = 8, colour: bool = False) -> list[Frame]:
    source = PatternSource(
        "pattern", 0, rows=ROWS, columns=COLUMNS, bits=bits, colour=colour, frames=count
    )
    source.open()
    return drain(source)


def drain(source: ReplaySource | PatternSource, timeout: float = 5) -> list[Frame]:
    frames = []
    while (frame := source.read(timeout)) is not None:
        frames.append(frame)
    return frames


def play(path: Path, rate: float | None = 0) -> tuple[list[Frame], int]:
    """Every frame of a medium, and how many were dropped."""
    source = ReplaySource("scanner", path, rate)
    source.open()
    frames = drain(source)
    dropped = source.dropped
    source.close()
    return frames, dropped


def write_dicom_folder(folder: Path) -> Path:
    folder.mkdir()
    for index, file in enumerate(sorted(CT_SERIES.iterdir())):
        shutil.copy(file, folder / f"slice{index}.dcm")
    shutil.copy(CLINICAL / "CT_small.dcm", folder / "slice10.dcm")
    return folder


def write_png_folder(folder: Path, bits: int = 8) -> Path:
    folder.mkdir()
    for index, frame in enumerate(pattern_frames(LENGTH, bits)):
        Image.fromarray(frame.pixels).save(folder / f"picture {index}.png")
    return folder


def write_tiff(file: Path) -> Path:
    pages = [Image.fromarray(frame.pixels) for frame in pattern_frames(LENGTH, 16)]
    pages[0].save(file, save_all=True, append_images=pages[1:])
    return file


def write_raw(file: Path, bits: int = 12) -> Path:
    frames = pattern_frames(LENGTH, bits)
    file.write_bytes(b"".join(frame.pixels.tobytes() for frame in frames))
    sidecar = file.with_name(file.name + ".toml")
    sidecar.write_text(f"rows = {ROWS}\ncolumns = {COLUMNS}\nbits = {bits}\n")
    return file


def write_video(
    file: Path, codec: str, pixel_format: str = "yuv420p", count: int = LENGTH, key_every: int = 12
) -> Path:
    """A recording of the colour pattern, or of the grey one for grey pixel formats."""
    bits = {"gray": 8, "gray12le": 12, "gray16le": 16}.get(pixel_format)
    frames = pattern_frames(count, bits or 8, colour=bits is None)
    container_format = "mjpeg" if file.suffix == ".mjpeg" else None
    with av.open(str(file), "w", format=container_format) as container:
        stream = container.add_stream(codec, rate=25, options={"g": str(key_every)})
        stream.width, stream.height, stream.pix_fmt = COLUMNS, ROWS, pixel_format
        for number, frame in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(
                frame.pixels, format=pixel_format if bits else "rgb24"
            )
            picture.pts, picture.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return file


def damage(file: Path, at: float, length: int = 200) -> None:
    """Overwrite some bytes at a fraction of the file with noise."""
    data = bytearray(file.read_bytes())
    begin = int(len(data) * at)
    noise = np.random.default_rng(7).integers(0, 256, min(length, len(data) - begin), np.uint8)
    data[begin : begin + len(noise)] = noise.tobytes()
    file.write_bytes(data)
