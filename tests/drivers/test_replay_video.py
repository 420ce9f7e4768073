"""Video replay: sound pictures only, and every lost one counted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from drivers.errors import CorruptMedia
from drivers.frame import Frame
from drivers.pattern_counter import read_counter
from drivers.replay import ReplaySource
from tests.drivers import media

CODECS = (
    ("a.mp4", "libx264", "ISO_14496_10"),
    ("a.mkv", "libx264", "ISO_14496_10"),
    ("a.avi", "mpeg4", "ISO_14496_2"),
    ("b.avi", "mjpeg", "ISO_10918_1"),
    ("a.mjpeg", "mjpeg", "ISO_10918_1"),
    ("a.mpg", "mpeg2video", "ISO_13818_2"),
)


def _write(folder: Path, name: str, codec: str, count: int = media.LENGTH) -> Path:
    pixel_format = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    return media.write_video(folder / name, codec, pixel_format, count)


def _numbers(frames: list[Frame]) -> list[int]:
    return [read_counter(frame.pixels) for frame in frames]


def _number(frame: Frame) -> int | None:
    try:
        return read_counter(frame.pixels)
    except ValueError:
        return None


@pytest.mark.parametrize(("name", "codec", "method"), CODECS)
def test_pictures_come_in_order_and_are_called_lossy(
    tmp_path: Path, name: str, codec: str, method: str
) -> None:
    path = _write(tmp_path, name, codec, 40)
    frames, dropped = media.play(path)
    assert _numbers(frames) == list(range(40))
    assert dropped == 0
    whole = 40 * media.ROWS * media.COLUMNS * 3 / path.stat().st_size
    assert {frame.lossy_method for frame in frames} == {method}
    assert frames[0].lossy_ratio == pytest.approx(whole, rel=0.1)
    assert frames[0].attributes["ConversionType"] == "DV"


@pytest.mark.parametrize(
    ("pixel_format", "bits"), [("gray", 8), ("gray12le", 12), ("gray16le", 16)]
)
def test_lossless_grey_keeps_its_depth(tmp_path: Path, pixel_format: str, bits: int) -> None:
    path = media.write_video(tmp_path / "a.mkv", "ffv1", pixel_format)
    frames, _ = media.play(path)
    for frame, original in zip(frames, media.pattern_frames(media.LENGTH, bits), strict=True):
        assert np.array_equal(frame.pixels, original.pixels)
        assert (frame.bits_stored, frame.photometric) == (bits, "MONOCHROME2")
        assert (frame.lossy_ratio, frame.lossy_method) == (None, None)


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "libx264"), ("a.avi", "mpeg4")])
def test_the_recording_keeps_its_own_rate(tmp_path: Path, name: str, codec: str) -> None:
    clock = media.FakeClock()
    source = ReplaySource("scanner", _write(tmp_path, name, codec), timing=clock.timing)
    source.open()
    times = [frame.monotonic_ns for frame in media.drain(source)]
    assert np.diff(times) == pytest.approx(40_000_000, abs=1_000_000)
    assert source.frame_time_ms == 40


@pytest.mark.parametrize("at", [0.3, 0.45, 0.6])
@pytest.mark.parametrize(("name", "codec", "method"), CODECS)
def test_damage_is_kept_in_and_counted(
    tmp_path: Path, name: str, codec: str, method: str, at: float
) -> None:
    path = _write(tmp_path, name, codec, 60)
    media.damage(path, at, length=2000)
    frames, dropped = media.play(path)
    numbers = [number for frame in frames if (number := _number(frame)) is not None]
    assert len(numbers) >= len(frames) - 1  # half a packet can be a valid one
    assert numbers == sorted(set(numbers))
    assert 0 < len(numbers) < 60
    if name != "a.mjpeg":  # has neither times nor a length, so nothing tells that it lost some
        assert dropped >= 1


@pytest.mark.parametrize("name", ["a.mkv", "a.avi", "a.mjpeg"])
def test_a_recording_cut_short_says_so(tmp_path: Path, name: str) -> None:
    codec = {"a.mkv": "libx264", "a.avi": "mpeg4", "a.mjpeg": "mjpeg"}[name]
    path = _write(tmp_path, name, codec, 60)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    frames, dropped = media.play(path)
    assert _numbers(frames) == list(range(len(frames)))
    assert 0 < len(frames) < 60
    assert dropped >= 1


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi"])
def test_what_is_no_video_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"this was never a film" * 50)
    with pytest.raises(CorruptMedia, match="not readable as video"):
        media.play(path)
