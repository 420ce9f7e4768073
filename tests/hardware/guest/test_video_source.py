"""`drivers.video.source` on the kernel's grabber: what goes wrong is seen in time, not kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from drivers.errors import SourceTimeout, SourceUnavailable
from drivers.frame import Frame
from drivers.video.profile import CaptureProfile
from drivers.video.signal import SignalState
from drivers.video.source import VideoSource
from tests.hardware.guest import devices
from tests.hardware.guest.grabber import HDMI, PATH, S_VIDEO, WEBCAM, Modality, grabber, opened

NOTICED = 2.0
"""Seconds in which a change of state has to be known."""

WEBCAM_PROFILE = CaptureProfile("webcam", PATH, "YUYV", 320, 180, input=WEBCAM, range="limited")
PAL = CaptureProfile(
    "ultrasound", PATH, "UYVY", 720, 576, standard="PAL", input=S_VIDEO, fields="weave", grey=True
)
BRIDGE = CaptureProfile("console", PATH, "UYVY", input=HDMI, rate=5, grey=True)

Record = Callable[[str, object], None]
Open = Callable[[CaptureProfile], VideoSource]


@pytest.fixture
def modality() -> Iterator[Modality]:
    with opened() as device:
        far_end = Modality(device)
        far_end.show("100% Color Squares")
        far_end.move(True)
        yield far_end
        with suppress(SourceUnavailable):
            far_end.lose(0)
            far_end.analogue("Current Standard")
            far_end.digital("Current DV Timings")


@pytest.fixture
def start(modality: Modality) -> Iterator[Open]:
    started: list[VideoSource] = []

    def open_source(profile: CaptureProfile) -> VideoSource:
        source = VideoSource(profile, grabber)
        started.append(source)
        source.open()
        return source

    yield open_source
    for source in started:
        source.close()


def frames(source: VideoSource, count: int) -> list[Frame]:
    taken = [source.read(10) for _ in range(count)]
    return [frame for frame in taken if frame is not None]


def seconds_until(source: VideoSource, state: SignalState) -> float:
    """Read on until the state is so, and tell how long it took."""
    began = time.monotonic()
    while source.state is not state:
        assert time.monotonic() - began < 20, f"still {source.state}"
        with suppress(SourceTimeout, SourceUnavailable):
            source.read(0.1)
    return time.monotonic() - began


def test_frames_come_and_the_source_is_live(start: Open) -> None:
    source = start(WEBCAM_PROFILE)
    taken = frames(source, 10)
    assert source.state is SignalState.LIVE
    assert {frame.pixels.shape for frame in taken} == {(180, 320, 3)}
    assert [frame.sequence for frame in taken] == sorted({frame.sequence for frame in taken})


def test_pal_has_its_pixel_aspect(start: Open) -> None:
    (frame,) = frames(start(PAL), 1)
    assert frame.pixels.shape == (576, 720)
    assert frame.attributes["PixelAspectRatio"] == [54, 59]


def test_a_damaged_frame_is_dropped_and_counted(start: Open, modality: Modality) -> None:
    source = start(WEBCAM_PROFILE)
    frames(source, 3)
    before = source.dropped
    modality.damage_one()
    frames(source, 8)
    assert source.dropped > before


def test_lost_frames_are_counted(start: Open, modality: Modality) -> None:
    source = start(WEBCAM_PROFILE)
    frames(source, 2)
    before = source.dropped
    modality.lose(60)
    frames(source, 8)
    assert source.dropped > before


def test_bars_instead_of_a_picture_are_no_signal(start: Open, modality: Modality) -> None:
    source = start(WEBCAM_PROFILE)
    frames(source, 2)
    modality.show("75% Colorbar")
    assert seconds_until(source, SignalState.NO_SIGNAL) < NOTICED


def test_a_lost_analogue_signal_is_noticed_and_comes_back(
    start: Open, modality: Modality, record_property: Record
) -> None:
    source = start(PAL)
    frames(source, 2)
    modality.analogue("No Signal")
    took = seconds_until(source, SignalState.NO_SIGNAL)
    record_property("seconds to notice a lost analogue signal", round(took, 3))
    assert took < NOTICED
    modality.analogue("Current Standard")
    assert seconds_until(source, SignalState.LIVE) < NOTICED


def test_a_still_picture_of_a_noisy_source_is_frozen(start: Open, modality: Modality) -> None:
    source = start(CaptureProfile("noisy", PATH, "GREY", 320, 180, input=WEBCAM, freeze_seconds=1))
    frames(source, 2)
    modality.move(False)
    assert seconds_until(source, SignalState.FROZEN) < 1 + NOTICED
    modality.move(True)
    assert seconds_until(source, SignalState.LIVE) < NOTICED


def test_a_console_that_changes_its_resolution_is_followed(
    start: Open, modality: Modality, record_property: Record
) -> None:
    modality.choose(HDMI)
    modality.digital("Selected DV Timings")
    modality.turn("DV Timings", "800x600p60")
    source = start(BRIDGE)
    (frame,) = frames(source, 1)
    assert frame.pixels.shape == (600, 800)
    modality.turn("DV Timings", "640x480p59")
    began = time.monotonic()
    while frame.pixels.shape != (480, 640):
        assert time.monotonic() - began < 20
        (frame,) = frames(source, 1)
    record_property("seconds to follow a new resolution", round(time.monotonic() - began, 3))


def test_a_pulled_hdmi_cable_is_no_signal(
    start: Open, modality: Modality, record_property: Record
) -> None:
    source = start(BRIDGE)
    frames(source, 1)
    modality.digital("No Signal")
    took = seconds_until(source, SignalState.NO_SIGNAL)
    record_property("seconds to notice a pulled HDMI cable", round(took, 3))
    assert took < NOTICED
    modality.digital("Current DV Timings")
    assert seconds_until(source, SignalState.LIVE) < 5


def test_a_grabber_that_refuses_to_start_is_tried_again(start: Open, modality: Modality) -> None:
    modality.refuse_to_start()
    with suppress(SourceUnavailable):
        start(WEBCAM_PROFILE)
    source = start(WEBCAM_PROFILE)
    assert seconds_until(source, SignalState.LIVE) < NOTICED


def test_a_pulled_grabber_is_noticed_and_found_again(start: Open, record_property: Record) -> None:
    source = start(WEBCAM_PROFILE)
    frames(source, 2)
    devices.unplug_grabber()
    took = seconds_until(source, SignalState.NO_DEVICE)
    record_property("seconds to notice a pulled grabber", round(took, 3))
    assert took < NOTICED
    devices.replug_grabber()
    with opened() as device:
        Modality(device).show("100% Color Squares")
    back = seconds_until(source, SignalState.LIVE)
    record_property("seconds until a replugged grabber is live", round(back, 3))
    assert frames(source, 2)
