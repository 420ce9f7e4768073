"""A video input in trouble: its state is right within two seconds, and no bad picture leaves it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.errors import SourceTimeout, SourceUnavailable
from drivers.frame import Frame
from drivers.pattern_counter import read_counter
from drivers.timing import Timing
from drivers.video import edid
from drivers.video.device import FieldOrder, TimingsFault
from drivers.video.profile import CaptureProfile, Crop
from drivers.video.signal import SignalState, learn
from drivers.video.sim import SimulatedGrabber
from drivers.video.sim_faults import GrabberFaults
from drivers.video.sim_signal import GrabberModel
from drivers.video.source import VideoSource
from tests.drivers.media import FakeClock

RATE = 25
PLAIN = GrabberModel(("YUYV", "MJPG"), 64, 48, rate=RATE)


class Bench:
    """A source on a simulated grabber, in a time that passes only where somebody waits."""

    def __init__(
        self, model: GrabberModel = PLAIN, profile: dict[str, Any] | None = None, **faults: Any
    ) -> None:
        self.clock = FakeClock()
        self.grabber = SimulatedGrabber(model, GrabberFaults(**faults), self.clock.timing)
        chosen = {"pixel_format": model.formats[0], "grey": True} | (profile or {})
        self.source = VideoSource(
            CaptureProfile("input", "SIM0001", **chosen), lambda: self.grabber, self.clock.timing
        )
        self.states: list[tuple[float, SignalState]] = []

    @property
    def seconds(self) -> float:
        return self.clock.nanoseconds / 1e9 - 5

    def read(self, timeout: float = 1.0) -> Frame:
        frame = self.source.read(timeout)
        assert frame is not None
        return frame

    def run(self, seconds: float, step: float = 0.2) -> list[Frame]:
        """Read on whatever happens, as the capture process does, and note changes of state."""
        frames = []
        end = self.seconds + seconds
        while self.seconds < end:
            try:
                frames.append(self.read(step))
            except (SourceTimeout, SourceUnavailable):
                self.clock.pass_time(0.001)
            if not self.states or self.states[-1][1] is not self.source.state:
                self.states.append((self.seconds, self.source.state))
        return frames

    def when(self, state: SignalState) -> float:
        return next(at for at, seen in self.states if seen is state)


def opened(*args: Any, **kwargs: Any) -> Bench:
    bench = Bench(*args, **kwargs)
    bench.source.open()
    return bench


def counters(frames: list[Frame]) -> list[int]:
    return [read_counter(frame.pixels) for frame in frames]


def test_a_good_source_gives_every_picture_with_its_time() -> None:
    bench = opened()
    frames = [bench.read() for _ in range(10)]
    assert counters(frames) == list(range(10))
    assert [frame.sequence for frame in frames] == list(range(10))
    assert set(np.diff([frame.monotonic_ns for frame in frames])) == {1_000_000_000 // RATE}
    for frame in frames:
        age = bench.clock.nanoseconds - frame.monotonic_ns
        assert (bench.clock.now() - frame.taken_at).total_seconds() == pytest.approx(age / 1e9)
    assert bench.source.state is SignalState.LIVE
    assert bench.source.dropped == bench.source.withheld == 0
    assert bench.source.frame_time_ms == 40
    assert bench.source.name == "input"
    assert frames[0].attributes == {"ConversionType": "DV"}


def test_colour_and_grey_are_what_the_profile_says() -> None:
    assert opened(profile={"grey": False}).read().photometric == "RGB"
    grey = opened().read()
    assert grey.photometric == "MONOCHROME2"
    assert grey.lossy_method is None


def test_a_jpeg_comes_with_its_own_bytes_and_says_that_it_is_lossy() -> None:
    bench = opened(profile={"pixel_format": "MJPG", "lossy": True, "grey": False})
    frame = bench.read()
    assert frame.jpeg is not None
    assert frame.jpeg.startswith(b"\xff\xd8")
    assert frame.lossy_method == "ISO_10918_1"
    assert frame.lossy_ratio == round(64 * 48 * 3 / len(frame.jpeg), 2)


def test_only_the_crop_is_kept() -> None:
    whole, part = opened().read(), opened(profile={"crop": Crop(8, 4, 40, 30)}).read()
    assert (part.pixels == whole.pixels[4:34, 8:48]).all()
    assert part.pixels.flags.c_contiguous
    assert part.pixels.base is None


@pytest.mark.parametrize(
    ("fault", "profile"),
    [
        ({"error_every": 4}, {}),
        ({"short_every": 4}, {}),
        ({"half_jpeg_every": 4}, {"pixel_format": "MJPG", "lossy": True}),
    ],
)
def test_bad_pictures_are_dropped_and_counted(
    fault: dict[str, int], profile: dict[str, Any]
) -> None:
    bench = opened(profile=profile, **fault)
    frames = [bench.read() for _ in range(9)]
    assert [frame.sequence for frame in frames] == [0, 1, 2, 4, 5, 6, 8, 9, 10]
    assert counters(frames) == [frame.sequence for frame in frames]
    assert bench.source.dropped == 2
    assert bench.source.state is SignalState.LIVE


def test_lost_pictures_are_counted() -> None:
    bench = opened(gap_every=5)
    frames = [bench.read() for _ in range(12)]
    # the device counts on without losing time, so these gaps are its own mistake
    assert [frame.sequence for frame in frames] == list(range(12))
    assert bench.source.dropped == 0
    bench.clock.pass_time(0.9)
    frames = [bench.read() for _ in range(12)]
    numbers = counters(frames)
    assert numbers[-1] - numbers[0] > 11
    assert [frame.sequence for frame in frames] == numbers
    assert bench.source.dropped == numbers[-1] - 12 - 11


def test_pictures_that_waited_while_nobody_read_are_stale() -> None:
    bench = opened()
    bench.read()
    bench.clock.pass_time(10)
    frame = bench.read()
    assert bench.clock.nanoseconds - frame.monotonic_ns < 1e9
    assert bench.source.dropped == read_counter(frame.pixels) - 1


def test_unplugged_and_plugged_in_again() -> None:
    bench = opened(unplug_at=10, replug_seconds=3.0)
    frames = bench.run(6)
    assert counters(frames[:10]) == list(range(10))
    assert bench.when(SignalState.NO_DEVICE) < 10 / RATE + 0.2
    assert bench.states[-1][1] is SignalState.LIVE
    assert bench.states[-1][0] < 10 / RATE + 3 + 2
    assert [frame.sequence for frame in frames] == list(range(len(frames)))
    assert counters(frames) == list(range(len(frames)))


def test_a_device_that_is_gone_is_told_at_once_and_then_waited_for() -> None:
    bench = opened(unplug_at=1)
    bench.read()
    with pytest.raises(SourceUnavailable, match="input: the device is gone"):
        bench.read(5)
    assert bench.seconds < 1
    before = bench.seconds
    with pytest.raises(SourceUnavailable):
        bench.read(5)
    assert bench.seconds - before == pytest.approx(5, abs=0.3)
    bench.grabber.replug()
    assert bench.read(1).sequence == 1


def test_opening_without_a_device_fails_and_works_later() -> None:
    bench = Bench()
    bench.grabber.unplug()
    with pytest.raises(SourceUnavailable, match="input: the device is gone"):
        bench.source.open()
    assert bench.source.state is SignalState.NO_DEVICE
    with pytest.raises(SourceUnavailable, match="not open"):
        bench.read()
    bench.grabber.replug()
    bench.source.open()
    bench.read()


def test_a_hanging_device_has_no_signal_within_two_seconds() -> None:
    bench = opened(stall_at=10, stall_seconds=8.0)
    frames = bench.run(15)
    assert bench.when(SignalState.NO_SIGNAL) < 10 / RATE + 2
    assert bench.states[-1][1] is SignalState.LIVE
    assert counters(frames) == sorted(set(counters(frames)))


def test_the_reader_is_told_why_nothing_comes() -> None:
    bench = opened(stall_at=0)
    with pytest.raises(SourceTimeout, match=r"input: there is no signal\. Look whether"):
        bench.read(2)


@pytest.mark.parametrize("picture", ["blue", "black", "rainbow"])
@pytest.mark.parametrize("fourcc", ["YUYV", "MJPG"])
@pytest.mark.parametrize("noise", [0.0, 2.0])
def test_no_signal_picture_leaves_it(picture: Any, fourcc: str, noise: float) -> None:
    bench = opened(
        GrabberModel(("YUYV", "MJPG"), 64, 48, rate=RATE, noise=noise),
        {"pixel_format": fourcc, "lossy": True},
        no_signal_at=20,
        no_signal_frames=50,
        no_signal_picture=picture,
    )
    frames = bench.run(6)
    assert bench.when(SignalState.NO_SIGNAL) < 20 / RATE + 2
    assert bench.states[-1][1] is SignalState.LIVE
    assert not {frame.sequence for frame in frames} & set(range(20, 70))
    assert {19, 70} <= {frame.sequence for frame in frames}
    assert bench.source.withheld == 50
    assert bench.source.dropped == 0


@pytest.mark.parametrize("state", [SignalState.NO_SIGNAL, SignalState.PROTECTED])
def test_a_picture_learnt_from_the_source_itself_is_known_again(state: SignalState) -> None:
    teacher = opened(freeze_at=0)
    teacher.read()
    assert teacher.source.thumbnail is not None
    signature = learn([teacher.source.thumbnail], state)
    bench = opened(profile={"no_signal": (signature,)}, freeze_at=0, freeze_frames=30)
    frames = bench.run(2)
    assert bench.states[0][1] is state
    assert min(counters(frames)) >= 30


def test_a_frozen_picture_is_kept_once() -> None:
    bench = opened(profile={"freeze_seconds": 1.5}, freeze_at=20, freeze_frames=75)
    frames = bench.run(6)
    assert bench.when(SignalState.FROZEN) < 20 / RATE + 2
    assert bench.states[-1][1] is SignalState.LIVE
    numbers = counters(frames)
    assert numbers == sorted(set(numbers))
    assert not set(numbers) & set(range(21, 95))
    assert bench.source.withheld == 74


def test_a_source_that_ticks_slower_than_it_sends_loses_nothing() -> None:
    bench = opened(profile={"freeze_seconds": 1.5}, freeze_at=20, freeze_frames=20)
    frames = bench.run(3)
    assert [frame.sequence for frame in frames] == list(range(len(frames)))
    assert bench.source.withheld == 0
    assert SignalState.FROZEN not in [state for _, state in bench.states]
    # what waits for the next tick costs no memory: it is one picture under many numbers
    assert len({id(frame.pixels) for frame in frames[20:40]}) == 1


def test_a_picture_that_may_stand_still_is_never_frozen() -> None:
    bench = opened(freeze_at=5)
    frames = bench.run(10)
    assert len(frames) > 200
    assert bench.source.state is SignalState.LIVE


def test_protected_content_is_not_taken() -> None:
    bench = opened(protected_at=20, protected_frames=50)
    frames = bench.run(6)
    assert bench.when(SignalState.PROTECTED) < 20 / RATE + 2
    assert bench.states[-1][1] is SignalState.LIVE
    inside = [frame for frame in frames if 35 <= frame.sequence < 70]
    assert inside == []


@pytest.mark.parametrize("bridge", [False, True])
def test_a_signal_of_another_size_is_unsupported_where_the_profile_says_which(bridge: bool) -> None:
    model = GrabberModel(("YUYV", "MJPG"), 64, 48, rate=RATE, bridge=bridge)
    bench = opened(model, {"columns": 64, "rows": 48}, change_at=20, change_to=(96, 64))
    frames = bench.run(4)
    assert counters(frames) == list(range(20))
    assert bench.when(SignalState.UNSUPPORTED_MODE) < 20 / RATE + 2
    with pytest.raises(SourceTimeout, match="96 by 64 instead of 64 by 48"):
        bench.read(1)


@pytest.mark.parametrize("bridge", [False, True])
@pytest.mark.parametrize("fourcc", ["YUYV", "MJPG"])
def test_a_signal_of_another_size_goes_on_where_the_profile_leaves_it_open(
    bridge: bool, fourcc: str
) -> None:
    model = GrabberModel(("YUYV", "MJPG"), 64, 48, rate=RATE, bridge=bridge)
    profile = {"pixel_format": fourcc, "lossy": True}
    bench = opened(model, profile, change_at=20, change_to=(96, 64))
    frames = bench.run(4)
    shapes = [frame.pixels.shape for frame in frames]
    assert shapes == sorted(shapes)
    assert shapes[0] == (48, 64)
    assert shapes[-1] == (64, 96)
    assert bench.source.state is SignalState.LIVE


def test_a_device_that_lies_about_its_size_is_unsupported() -> None:
    bench = opened(wrong_size=True)
    assert bench.run(3) == []
    assert bench.when(SignalState.UNSUPPORTED_MODE) < 2


def test_a_bridge_without_a_signal_says_so_and_goes_on_when_it_comes() -> None:
    model = GrabberModel(("YUYV",), 64, 48, rate=RATE, bridge=True)
    bench = opened(model, no_signal_at=20, no_signal_frames=100)
    frames = bench.run(10)
    assert bench.when(SignalState.NO_SIGNAL) < 20 / RATE + 2
    assert bench.states[-1][1] is SignalState.LIVE
    assert counters(frames)[:20] == list(range(20))


def test_a_format_that_the_device_does_not_have_is_unsupported() -> None:
    bench = opened(profile={"pixel_format": "NV12"})
    assert bench.source.state is SignalState.UNSUPPORTED_MODE
    with pytest.raises(SourceTimeout, match="no pixel format NV12"):
        bench.read(1)


def test_the_edid_of_the_profile_is_shown_to_the_source() -> None:
    model = GrabberModel(("YUYV",), 64, 48, rate=RATE, bridge=True)
    bench = opened(model, {"edid": bytes(256)})
    assert bench.grabber.edid() == bytes(256)
    bench.source.close()
    without = opened(model)
    assert without.grabber.edid() == edid.default()
    assert opened().grabber.edid() == b""


def test_our_edid_announces_what_a_bridge_can_take() -> None:
    block = edid.default()
    assert len(block) == 128
    assert sum(block) % 256 == 0
    assert block[8:10] == bytes.fromhex("1e99")
    # the timings as CEA-861 format 34 and VESA DMT 35 are found in everybody's EDID
    assert block[54:66] == bytes.fromhex("011d801871382d40582c4500")
    assert block[72:84] == bytes.fromhex("302a009851002a4030701300")
    assert b"Gantry\n" in block


ANALOGUE = GrabberModel(("UYVY",), 128, 96, rate=RATE, interlaced=True)


def test_weaving_falls_back_to_one_field_where_something_moved() -> None:
    woven = opened(ANALOGUE, {"fields": "progressive"}).read()
    safe = opened(ANALOGUE, {"fields": "weave"}).read()
    doubled = opened(ANALOGUE, {"fields": "double"}).read()
    assert (safe.pixels == doubled.pixels).all()
    assert (safe.pixels != woven.pixels).any()
    assert safe.attributes["PixelAspectRatio"] == [54, 59]


def test_bwdif_gives_every_picture_one_later_under_its_own_number() -> None:
    bench = opened(ANALOGUE, {"fields": "bwdif"})
    frames = [bench.read() for _ in range(8)]
    assert [frame.sequence for frame in frames] == list(range(8))
    assert set(np.diff([frame.monotonic_ns for frame in frames])) == {1_000_000_000 // RATE}
    assert all(frame.pixels.shape == (96, 128) for frame in frames)


def test_closing_lets_a_reader_go() -> None:
    waiting = threading.Event()

    def wait(event: threading.Event, seconds: float) -> bool:
        waiting.set()
        return event.wait(seconds)

    grabber = SimulatedGrabber(PLAIN, GrabberFaults(stall_at=1), Timing(wait=wait))
    source = VideoSource(CaptureProfile("input", "SIM0001"), lambda: grabber, Timing(wait=wait))
    source.open()
    source.read(5)
    waiting.clear()
    answers: list[object] = []
    reader = threading.Thread(target=lambda: answers.append(source.read(60)))
    reader.start()
    assert waiting.wait(60)
    source.close()
    reader.join(10)
    assert answers == [None]
    source.close()
    source.open()
    assert source.dropped == 0


def test_the_driver_s_own_errors_become_a_device_that_is_gone() -> None:
    bench = opened()
    bench.read()

    def fail(timeout: float) -> None:
        raise OSError(5, "Input/output error")

    bench.grabber.dequeue = fail  # type: ignore[method-assign,assignment]
    with pytest.raises(SourceUnavailable, match=r"the driver failed \(Input/output error\)"):
        bench.read()
    assert bench.source.state is SignalState.NO_DEVICE


WHEN = st.none() | st.integers(0, 60)
FAULTS: dict[str, st.SearchStrategy[Any]] = {
    "unplug_at": WHEN,
    "replug_seconds": st.floats(0, 3),
    "stall_at": WHEN,
    "stall_seconds": st.floats(0, 5),
    "error_every": st.integers(0, 7),
    "short_every": st.integers(0, 7),
    "half_jpeg_every": st.integers(0, 7),
    "gap_every": st.integers(0, 7),
    "no_signal_at": WHEN,
    "no_signal_frames": st.integers(1, 40),
    "no_signal_picture": st.sampled_from(["blue", "black", "rainbow"]),
    "freeze_at": WHEN,
    "freeze_frames": st.integers(1, 80),
    "change_at": WHEN,
    "change_to": st.sampled_from([(96, 64), (64, 96)]),
}


def _is_fit(faults: dict[str, Any], compressed: bool) -> Callable[[int], bool]:
    """Whether the picture with this number may ever be kept, and not only once."""

    def fit(number: int) -> bool:
        every = ["error_every", "short_every"] + ["half_jpeg_every"] * compressed
        if any(faults[name] and (number + 1) % faults[name] == 0 for name in every):
            return False
        begin = faults["no_signal_at"]
        return begin is None or not begin <= number < begin + faults["no_signal_frames"]

    return fit


@given(st.fixed_dictionaries(FAULTS), st.booleans(), st.booleans())
@settings(max_examples=100, deadline=None)
def test_whatever_happens_no_unfit_picture_leaves_it(
    faults: dict[str, Any], compressed: bool, bridge: bool
) -> None:
    model = GrabberModel(("YUYV", "MJPG"), 64, 48, rate=RATE, bridge=bridge)
    profile = {"freeze_seconds": 1.0, "lossy": True, "columns": 64, "rows": 48}
    profile["pixel_format"] = "MJPG" if compressed else "YUYV"
    bench = opened(model, profile, **faults)
    frames = bench.run(5)
    fit = _is_fit(faults, compressed)
    assert all(frame.pixels.shape == (48, 64) for frame in frames)
    numbers = [frame.sequence for frame in frames]
    assert numbers == sorted(set(numbers))
    if not compressed:  # JPEG pictures come from a short loop and do not carry their own number
        shown = set(counters(frames)) - {faults["freeze_at"]}  # which later numbers show as well
        assert all(fit(number) for number in shown)
    times = [frame.monotonic_ns for frame in frames]
    assert times == sorted(set(times))


def test_a_device_that_hangs_for_good_is_opened_again() -> None:
    bench = opened(stall_at=10)  # until it is started anew, as many grabbers do
    frames = bench.run(8)
    assert bench.when(SignalState.NO_SIGNAL) < 10 / RATE + 2
    assert bench.states[-1][1] is SignalState.LIVE
    assert counters(frames) == [frame.sequence for frame in frames] == list(range(len(frames)))


def test_a_signal_that_the_bridge_cannot_take_is_unsupported() -> None:
    bench = Bench(GrabberModel(("YUYV",), 64, 48, rate=RATE, bridge=True))
    bench.grabber.query_timings = lambda: TimingsFault.OUT_OF_RANGE  # type: ignore[method-assign]
    bench.source.open()
    assert bench.source.state is SignalState.UNSUPPORTED_MODE
    with pytest.raises(SourceTimeout, match="out of the range of the device"):
        bench.read(1)


@pytest.mark.parametrize("order", [FieldOrder.TOP, FieldOrder.BOTTOM, FieldOrder.ALTERNATE])
def test_single_fields_are_no_pictures(order: FieldOrder) -> None:
    bench = Bench()
    whole = bench.grabber._layout
    bench.grabber.configure = (  # type: ignore[method-assign]
        lambda request: replace(whole, fields=order)
    )
    bench.source.open()
    assert bench.source.state is SignalState.UNSUPPORTED_MODE
    with pytest.raises(SourceTimeout, match="single fields instead of whole pictures"):
        bench.read(1)
