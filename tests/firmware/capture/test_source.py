"""Pictures across the process border: all of them, unchanged, whatever becomes of the worker."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from drivers.errors import CorruptMedia, SourceTimeout, SourceUnavailable
from drivers.frame import Frame
from drivers.pattern import PatternSource
from drivers.replay import ReplaySource
from drivers.video.profile import CaptureProfile
from drivers.video.signal import SignalState
from firmware.capture.process import WorkerProcess
from firmware.capture.source import CapturedSource
from firmware.capture.spec import DigitiserSpec, PatternSpec, ReplaySpec, SimulatedSpec, Spec
from tests.drivers import media
from tests.end_to_end.cli import until

BERLIN = ZoneInfo("Europe/Berlin")
NOTICE = 2.0
"""Seconds in which a state has to change."""


@contextmanager
def running(spec: Spec, *, newest: bool = False) -> Iterator[CapturedSource]:
    source = CapturedSource(spec, BERLIN, newest=newest)
    source.open()
    try:
        yield source
    finally:
        source.close()


def read(source: CapturedSource, timeout: float = 5.0) -> Frame:
    frame = source.read(timeout)
    assert frame is not None
    return frame


def collect(source: CapturedSource) -> list[Frame]:
    frames = []
    while (frame := source.read(5.0)) is not None:
        frames.append(frame)
    return frames


def becomes(source: CapturedSource, state: str, seconds: float = NOTICE) -> float:
    """Wait for a state; return how long it took."""
    began = time.monotonic()
    until(lambda: source.state == state, seconds, lambda: f"it is {source.state}, not {state}")
    return time.monotonic() - began


@pytest.mark.parametrize(("bits", "colour"), [(8, False), (12, False), (16, False), (8, True)])
def test_every_picture_arrives_as_the_source_made_it(bits: int, colour: bool) -> None:
    spec = PatternSpec("p", 0, rows=48, columns=64, bits=bits, colour=colour, frames=30, seed=3)
    direct = PatternSource("p", 0, rows=48, columns=64, bits=bits, colour=colour, frames=30, seed=3)
    direct.open()
    with running(spec) as source:
        frames = collect(source)
        assert source.read(0.1) is None
        lost = source.dropped
    assert [frame.sequence for frame in frames] == sorted({frame.sequence for frame in frames})
    assert len(frames) + lost == 30
    by_number = {frame.sequence: frame for frame in iter(lambda: direct.read(1.0), None)}
    for frame in frames:
        made = by_number[frame.sequence]
        assert np.array_equal(frame.pixels, made.pixels)
        assert frame.pixels.dtype == made.pixels.dtype
        assert (frame.bits_stored, frame.photometric) == (made.bits_stored, made.photometric)
        assert dict(frame.attributes) == dict(made.attributes)
        assert frame.native is made.native
        assert frame.taken_at.tzinfo == BERLIN
        assert abs(frame.monotonic_ns - time.monotonic_ns()) < 60e9


def test_native_pictures_keep_their_words_and_numbers(tmp_path: Path) -> None:
    folder = media.write_dicom_folder(tmp_path / "ct")
    direct = ReplaySource("ct", folder, 0)
    direct.open()
    with running(ReplaySpec("ct", str(folder), 0)) as source:
        for frame in collect(source):
            made = direct.read(1.0)
            assert made is not None
            assert np.array_equal(frame.pixels, made.pixels)
            assert frame.native
            assert frame.attributes.keys() == made.attributes.keys()
            for keyword, value in made.attributes.items():
                assert str(frame.attributes[keyword]) == str(value).replace('"', "'")


def test_a_reader_that_is_slow_loses_nothing_silently() -> None:
    with running(PatternSpec("p", 200, rows=1024, columns=1024, colour=True, frames=120)) as source:
        kept = [read(source)]
        until(lambda: source.dropped > 0, 10)
        kept += collect(source)
        assert len(kept) + source.dropped == 120
    numbers = [frame.sequence for frame in kept]
    assert numbers == sorted(set(numbers))


def test_a_preview_shows_the_newest_picture_and_calls_none_lost() -> None:
    with running(PatternSpec("p", 100, rows=64, columns=64), newest=True) as source:
        read(source)
        until(lambda: source.skipped > 30, 5)
        frame = read(source)
        assert time.monotonic_ns() - frame.monotonic_ns < 100e6
        assert source.dropped == 0


def test_pictures_outlive_their_source() -> None:
    with running(PatternSpec("p", 0, rows=64, columns=64, frames=3)) as source:
        frames = collect(source)
    direct = PatternSource("p", 0, rows=64, columns=64, frames=3)
    direct.open()
    for frame in frames:
        made = direct.read(1.0)
        assert made is not None
        assert np.array_equal(frame.pixels, made.pixels)


def test_jpeg_streams_come_along() -> None:
    profile = CaptureProfile("clip", "", "MJPG", lossy=True)
    with running(SimulatedSpec("g", profile=profile)) as source:
        frame = read(source)
        assert frame.jpeg is not None
        assert frame.jpeg.startswith(b"\xff\xd8")
        assert frame.lossy_method == "ISO_10918_1"
        assert source.state == SignalState.LIVE
        assert source.frame_time_ms == pytest.approx(40)


@pytest.mark.fault
def test_a_worker_that_hangs_is_killed_and_another_goes_on() -> None:
    with running(SimulatedSpec("g")) as source:
        before = read(source)
        hung = source.process_id
        assert hung is not None
        os.kill(hung, signal.SIGSTOP)
        assert becomes(source, SignalState.NO_DEVICE) < NOTICE
        assert "hung" in source.reason
        assert not Path(f"/proc/{hung}").exists() or source.process_id != hung
        becomes(source, SignalState.LIVE)
        frames = [read(source) for _ in range(40)]
        numbers = [before.sequence, *(frame.sequence for frame in frames)]
        assert numbers == sorted(set(numbers))
        assert source.dropped > 0
        assert source.restarts == 1
        gaps = sum(after - before - 1 for before, after in itertools.pairwise(numbers))
        assert gaps == source.dropped


@pytest.mark.fault
def test_a_worker_that_wants_to_run_is_told_from_one_that_hangs() -> None:
    worker = WorkerProcess(PatternSpec("p", 0, rows=2048, columns=2048, bits=16), BERLIN)
    try:
        # it draws large pictures and finds no free slot: it never rests
        until(lambda: worker.is_runnable, 10)
        os.kill(worker.pid, signal.SIGSTOP)
        until(lambda: not worker.is_runnable, 2)
    finally:
        worker.end(kill=True)
    assert not worker.is_runnable


@pytest.mark.fault
def test_a_worker_that_dies_is_replaced() -> None:
    with running(SimulatedSpec("g")) as source:
        read(source)
        killed = source.process_id
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        until(lambda: source.restarts == 1, NOTICE)
        becomes(source, SignalState.LIVE)
        until(lambda: source.process_id not in (None, killed), NOTICE)
        assert read(source).sequence > 0


@pytest.mark.fault
def test_the_worker_dies_with_the_one_that_started_it() -> None:
    script = (
        "from zoneinfo import ZoneInfo\n"
        "from firmware.capture.source import CapturedSource\n"
        "from firmware.capture.spec import SimulatedSpec\n"
        "source = CapturedSource(SimulatedSpec('g'), ZoneInfo('UTC'))\n"
        "source.open()\n"
        "print(source.process_id, flush=True)\n"
        "source.read(5)\n"
        "import signal; signal.pause()\n"
    )
    starter = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env={**os.environ}
    )
    assert starter.stdout is not None
    worker = int(starter.stdout.readline())
    os.kill(worker, signal.SIGSTOP)
    starter.kill()
    starter.wait()
    starter.stdout.close()
    until(lambda: not _runs(worker), 5, lambda: f"process {worker} is left over")


def test_a_device_that_is_not_there_is_told_at_once_and_nothing_is_left() -> None:
    source = CapturedSource(DigitiserSpec("d", "serial:NOWHERE"), BERLIN)
    with pytest.raises(SourceUnavailable):
        source.open()
    assert source.process_id is None
    with pytest.raises(SourceUnavailable, match="not open"):
        source.read(0.1)


def test_a_folder_without_a_picture_is_corrupt(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    with running(ReplaySpec("r", str(tmp_path), 0)) as source:
        for _ in range(2):
            with pytest.raises(CorruptMedia):
                source.read(5.0)


def test_silence_is_a_timeout_that_says_why() -> None:
    with running(SimulatedSpec("g", faults=("no-signal@1+100000",))) as source:
        becomes(source, SignalState.NO_SIGNAL)
        until(lambda: source.withheld > 0, NOTICE)
        read(source)
        with pytest.raises(SourceTimeout, match="signal"):
            source.read(0.3)


def test_closing_lets_a_waiting_reader_go() -> None:
    source = CapturedSource(SimulatedSpec("g", faults=("stall@1+60",)), BERLIN)
    source.open()
    got: list[object] = []

    def wait() -> None:
        try:
            while (frame := source.read(30.0)) is not None:
                got.append(frame.sequence)
        except OSError as error:
            got.append(error)
        got.append(None)

    reader = threading.Thread(target=wait)
    reader.start()
    until(lambda: len(got) > 0, 5)
    began = time.monotonic()
    source.close()
    reader.join(5)
    assert not reader.is_alive()
    assert got[-1] is None
    assert time.monotonic() - began < 2
    source.close()


def test_open_twice_is_one_worker_and_it_can_be_opened_anew() -> None:
    source = CapturedSource(PatternSpec("p", 50, rows=64, columns=64), BERLIN)
    source.open()
    first = source.process_id
    source.open()
    assert source.process_id == first
    read(source)
    source.close()
    assert first is not None
    assert not _runs(first)
    source.open()
    assert read(source).sequence == 0
    source.close()


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
