"""What every source promises, whatever it plays."""

from __future__ import annotations

import itertools
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from drivers.errors import SourceTimeout, SourceUnavailable
from drivers.paced import PacedSource
from drivers.pattern import PatternSource
from drivers.replay import ReplaySource
from drivers.timing import SYSTEM, Timing
from tests.drivers import media

Make = Callable[[Path, float | None, Timing], PacedSource]


def _replay(write: Callable[[Path], Path]) -> Make:
    def make(folder: Path, rate: float | None, timing: Timing) -> PacedSource:
        return ReplaySource("scanner", write(folder), rate, timing=timing)

    return make


def _pattern(folder: Path, rate: float | None, timing: Timing) -> PacedSource:
    return PatternSource(
        "scanner", rate, rows=64, columns=64, bits=12, frames=media.LENGTH, timing=timing
    )


def _copy_cine(folder: Path) -> Path:
    return Path(shutil.copy(media.CLINICAL / "examples_ybr_color.dcm", folder / "cine.dcm"))


SOURCES: dict[str, Make] = {
    "pattern": _pattern,
    "dicom folder": _replay(lambda folder: media.write_dicom_folder(folder / "ct")),
    "dicom cine": _replay(_copy_cine),
    "png folder": _replay(lambda folder: media.write_png_folder(folder / "png")),
    "tiff pages": _replay(lambda folder: media.write_tiff(folder / "pages.tif")),
    "raw": _replay(lambda folder: media.write_raw(folder / "dump.raw")),
    "mp4": _replay(lambda folder: media.write_video(folder / "a.mp4", "libx264")),
    "mkv": _replay(lambda folder: media.write_video(folder / "a.mkv", "ffv1", "gray16le")),
    "avi": _replay(lambda folder: media.write_video(folder / "a.avi", "mpeg4")),
    "mjpeg": _replay(lambda folder: media.write_video(folder / "a.mjpeg", "mjpeg", "yuvj420p")),
}
LENGTHS = {"dicom cine": 30}


@pytest.fixture(params=SOURCES)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def make(kind: str) -> Make:
    return SOURCES[kind]


def test_yields_every_picture_once_in_order_and_then_ends(
    kind: str, make: Make, tmp_path: Path
) -> None:
    source = make(tmp_path, 0, SYSTEM)
    source.open()
    frames = media.drain(source)
    assert [frame.sequence for frame in frames] == list(range(LENGTHS.get(kind, media.LENGTH)))
    assert source.read(1) is None
    assert source.dropped == 0
    assert source.name == "scanner"


def test_frames_are_what_the_device_expects(make: Make, tmp_path: Path) -> None:
    source = make(tmp_path, 0, SYSTEM)
    source.open()
    for frame in media.drain(source):
        width = frame.pixels.dtype.itemsize * 8
        assert frame.pixels.dtype in (np.uint8, np.uint16, np.int16)
        assert frame.pixels.dtype.isnative
        assert 8 <= frame.bits_stored <= width
        colour = frame.photometric == "RGB"
        assert frame.pixels.ndim == (3 if colour else 2)
        assert not colour or (frame.pixels.dtype == np.uint8 and frame.pixels.shape[2] == 3)
        assert not any(
            keyword.startswith("Patient")
            for keyword in set(frame.attributes) - {"PatientPosition", "PatientOrientation"}
        )


def test_times_never_run_backwards_and_wall_time_agrees(make: Make, tmp_path: Path) -> None:
    clock = media.FakeClock()
    source = make(tmp_path, 10, clock.timing)
    source.open()
    frames = media.drain(source)
    beats = np.diff([frame.monotonic_ns for frame in frames])
    assert (beats == 100_000_000).all()
    for first, second in itertools.pairwise(frames):
        assert abs((second.taken_at - first.taken_at).total_seconds() - 0.1) < 1e-5
        assert second.taken_at.utcoffset() is not None
    assert source.frame_time_ms == 100


def test_waits_for_its_beat_and_keeps_the_picture_after_a_time_out(
    make: Make, tmp_path: Path
) -> None:
    clock = media.FakeClock()
    source = make(tmp_path, 0.1, clock.timing)
    source.open()
    assert source.read(1).sequence == 0
    with pytest.raises(SourceTimeout, match="scanner: no picture came in time") as caught:
        source.read(4)
    assert isinstance(caught.value, TimeoutError)
    assert clock.nanoseconds == 5_000_000_000 + 4_000_000_000
    assert source.read(7).sequence == 1
    assert clock.nanoseconds == 5_000_000_000 + 10_000_000_000


def test_reading_needs_an_open_source(make: Make, tmp_path: Path) -> None:
    source = make(tmp_path, 0, SYSTEM)
    with pytest.raises(SourceUnavailable, match="not open"):
        source.read(1)
    source.open()
    source.close()
    with pytest.raises(SourceUnavailable, match="not open") as caught:
        source.read(1)
    assert isinstance(caught.value, OSError)


def test_opening_twice_does_not_begin_again(make: Make, tmp_path: Path) -> None:
    source = make(tmp_path, 0, SYSTEM)
    source.open()
    source.read(1)
    source.open()
    assert source.read(1).sequence == 1


def test_closing_twice_is_harmless_and_opening_again_begins_anew(
    make: Make, tmp_path: Path
) -> None:
    source = make(tmp_path, 0, SYSTEM)
    source.open()
    first = source.read(1)
    source.close()
    source.close()
    source.open()
    again = source.read(1)
    assert again.sequence == first.sequence == 0
    assert (again.pixels == first.pixels).all()


def test_closing_from_another_thread_lets_the_reader_go(make: Make, tmp_path: Path) -> None:
    waiting = threading.Event()

    def wait(event: threading.Event, seconds: float) -> bool:
        waiting.set()
        return event.wait(seconds)

    source = make(tmp_path, 0.001, Timing(wait=wait))
    source.open()
    source.read(1)
    answers: list[object] = []
    reader = threading.Thread(target=lambda: answers.append(source.read(60)))
    reader.start()
    assert waiting.wait(60)
    source.close()
    reader.join(30)
    assert answers == [None]


def test_a_reader_that_is_a_little_late_catches_up_and_one_far_behind_moves_the_beat(
    make: Make, tmp_path: Path
) -> None:
    clock = media.FakeClock()
    source = make(tmp_path, 10, clock.timing)
    source.open()
    begin = source.read(1).monotonic_ns
    clock.pass_time(0.25)
    assert source.read(1).monotonic_ns - begin == 100_000_000
    assert source.read(1).monotonic_ns - begin == 200_000_000
    clock.pass_time(10)
    late = source.read(1)
    assert late.monotonic_ns - begin == 10_250_000_000
    assert late.sequence == 3
    assert source.dropped == 0
