"""A grabber in trouble in the middle of a clip: from the device to the stored object."""

from __future__ import annotations

import itertools
import os
import signal
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydicom import dcmread

from device.exam import Exam, ExamState
from drivers.pattern_counter import read_counter
from drivers.video.profile import CaptureProfile
from firmware.capture.source import CapturedSource
from firmware.capture.spec import SimulatedSpec
from services import exams as lives
from services.acquisition import Acquisition, Summary
from services.box import Box
from services.catalog import exams
from services.clock import SystemClock
from tests.end_to_end.cli import until
from tests.services.boxes import CAPTURE, CLIP, begin, make_box

ZONE = ZoneInfo("Europe/London")
RATE = 25
AT = 30
"""The picture at which the trouble begins."""

NOTICE = 2.0

GREY = CaptureProfile("grey", "", "YUYV", 640, 480, grey=True, freeze_seconds=0.8)
JPEG = CaptureProfile("jpeg", "", "MJPG", 640, 480, lossy=True)


@dataclass
class Chain:
    box: Box
    exam: Exam
    states: list[tuple[float, str]] = field(default_factory=list)

    def record(
        self, source: CapturedSource, *, seconds: float | None = None, frames: int | None = None
    ) -> Summary:
        """One clip, with every state of the source and its moment noted beside."""
        done = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(source, done))
        watcher.start()
        try:
            return Acquisition(self.box, self.exam.exam_id, CLIP).run(
                source, seconds=seconds, frames=frames
            )
        finally:
            done.set()
            watcher.join()

    def _watch(self, source: CapturedSource, done: threading.Event) -> None:
        while not done.wait(0.01):
            if not self.states or self.states[-1][1] != source.state:
                self.states.append((time.monotonic(), source.state))

    def counters(self) -> list[int]:
        """The numbers drawn into the stored pictures, in their order."""
        found = []
        for instance in exams.instances_of(self.box.catalog, self.exam.exam_id):
            dataset = dcmread(self.box.spool.absolute(instance["path"]))
            pixels = dataset.pixel_array
            pictures = pixels if int(dataset.get("NumberOfFrames", 1)) > 1 else [pixels]
            found.extend(read_counter(picture) for picture in pictures)
        return found

    def dropped(self) -> int:
        """As the catalog keeps it with the stored objects."""
        rows = exams.instances_of(self.box.catalog, self.exam.exam_id)
        return sum(row["dropped"] for row in rows)

    def seconds_until(self, state: str) -> float:
        """From the first live picture on."""
        live = next(at for at, seen in self.states if seen == "live")
        return next(at for at, seen in self.states if seen == state and at > live) - live

    def goes_on(self) -> None:
        """The exam takes another picture, and ends as any other."""
        before = len(exams.instances_of(self.box.catalog, self.exam.exam_id))
        source = grabber(GREY)
        Acquisition(self.box, self.exam.exam_id, CAPTURE).run(source, frames=1)
        rows = exams.instances_of(self.box.catalog, self.exam.exam_id)
        assert len(rows) == before + 1
        lives.complete(self.box, self.exam.exam_id)
        assert exams.load(self.box.catalog, self.exam.exam_id).state is ExamState.COMPLETED


@pytest.fixture
def chain(tmp_path: Path) -> Chain:
    box = make_box(tmp_path, clock=SystemClock(ZONE))
    return Chain(box, begin(box))


def grabber(profile: CaptureProfile, *faults: str) -> CapturedSource:
    return CapturedSource(SimulatedSpec("grabber", "grabber", faults, profile), ZONE)


def is_sound(counters: list[int]) -> bool:
    """Every stored picture is one that the modality showed, and none is there twice."""
    return counters == sorted(set(counters))


@pytest.mark.fault
def test_unplugged_in_mid_clip(chain: Chain) -> None:
    summary = chain.record(grabber(GREY, f"unplug@{AT}+0.5"), seconds=4)
    assert "gone" in summary.ended_by
    assert chain.seconds_until("no device") < AT / RATE + NOTICE
    assert chain.counters() == list(range(AT))
    again = chain.record(grabber(GREY), frames=5)
    assert again.ended_by == ""
    assert chain.counters() == [*range(AT), *range(5)]
    chain.goes_on()


@pytest.mark.fault
def test_a_device_that_hangs_in_mid_clip(chain: Chain) -> None:
    """The whole process stands still, as in a system call that never returns."""
    source = grabber(GREY)

    def stop_it() -> None:
        until(lambda: source.state == "live", 10)
        time.sleep(1)
        pid = source.process_id
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)

    hand = threading.Thread(target=stop_it)
    hand.start()
    summary = chain.record(source, seconds=5)
    hand.join()
    assert summary.ended_by == ""
    assert chain.seconds_until("no device") < 1 + NOTICE
    assert [state for _, state in chain.states].count("live") == 2
    assert summary.dropped > 0
    assert chain.dropped() == summary.dropped
    first, second = halves(chain.counters())
    assert is_sound(first)
    assert is_sound(second)
    chain.goes_on()


def halves(counters: list[int]) -> tuple[list[int], list[int]]:
    """Before and after the grabber began to count from 0 again."""
    cut = next(at for at, (one, two) in enumerate(itertools.pairwise(counters), 1) if two < one)
    return counters[:cut], counters[cut:]


@pytest.mark.fault
@pytest.mark.parametrize(
    ("fault", "state", "shown"),
    [
        (f"stall@{AT}+1.6", "no signal", AT),
        (f"no-signal@{AT}+30", "no signal", AT),
        (f"rainbow@{AT}+30", "no signal", AT),
        (f"freeze@{AT}+40", "frozen", AT + 1),
        (f"format-change@{AT}", "unsupported mode", AT),
    ],
)
def test_pictures_that_are_none(chain: Chain, fault: str, state: str, shown: int) -> None:
    summary = chain.record(grabber(GREY, fault), seconds=3.8)
    assert chain.seconds_until(state) < AT / RATE + NOTICE
    counters = chain.counters()
    assert is_sound(counters), counters
    assert set(range(AT)) <= set(counters)
    if "format" in fault:
        assert counters == list(range(AT))
    else:
        again = [number for number in counters if number > shown]
        assert again, "it did not go on"
        assert chain.states[-1][1] == "live"
    assert summary.frames == len(counters)
    chain.goes_on()


@pytest.mark.fault
@pytest.mark.parametrize(
    ("profile", "fault"), [(GREY, "corrupt@7"), (JPEG, "corrupt@7"), (GREY, "short@7")]
)
def test_corrupt_pictures(chain: Chain, profile: CaptureProfile, fault: str) -> None:
    summary = chain.record(grabber(profile, fault), frames=20)
    assert summary.dropped > 0
    assert chain.dropped() == summary.dropped
    counters = chain.counters()
    assert len(counters) == 20
    assert is_sound(counters), counters
    assert counters[-1] - counters[0] + 1 == 20 + summary.dropped
    assert {state for _, state in chain.states} <= {"no device", "no signal", "live"}
    chain.goes_on()
