"""A digitiser that misbehaves costs frames, and never gives a bad one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from drivers.errors import SourceTimeout, SourceUnavailable
from drivers.frame import Frame
from drivers.timing import Timing
from drivers.usb.digitiser import DigitiserSource
from drivers.usb.digitiser_protocol import Input, Packing
from drivers.usb.sim_bus import SimulatedBus
from drivers.usb.sim_digitiser import (
    FIFO_FRAMES,
    NO_FAULTS,
    DigitiserFaults,
    SimulatedDigitiser,
)
from tests.drivers.media import FakeClock

RATE = 100

Mode = dict[str, Any]


class Rig:
    """A source on a bus with one digitiser; reads and compares what the device meant to send.

    Both go by a clock that passes only where one of them waits, so a busy machine loses nothing.
    """

    def __init__(
        self, faults: DigitiserFaults, freeze_seconds: float | None, timing: Timing, mode: Mode
    ) -> None:
        self.bus = SimulatedBus()
        self.device = SimulatedDigitiser(33, 47, RATE, faults=faults, timing=timing, **mode)
        self.bus.plug(self.device)
        self.source = DigitiserSource(
            "digitiser", backend=self.bus, freeze_seconds=freeze_seconds, timing=timing
        )
        self.source.open()

    def frames(self, count: int) -> list[Frame]:
        frames = []
        for _ in range(count):
            frame = self.source.read(5)
            assert frame is not None
            assert self.is_sound(frame)
            frames.append(frame)
        return frames

    def is_sound(self, frame: Frame) -> bool:
        picture = self.device.picture(frame.sequence)
        return frame.pixels.shape == picture.shape and bool((frame.pixels == picture).all())


@contextmanager
def rig(
    faults: DigitiserFaults = NO_FAULTS,
    freeze_seconds: float | None = 5.0,
    clock: FakeClock | None = None,
    **mode: Any,
) -> Iterator[Rig]:
    made = Rig(faults, freeze_seconds, (clock or FakeClock()).timing, mode)
    try:
        yield made
    finally:
        made.source.close()
        assert made.bus.claimed == 0


def read_on(
    source: DigitiserSource, timeout: float = 1.0, frames: list[Frame] | None = None
) -> None:
    """Read until something is raised."""
    while True:
        frame = source.read(timeout)
        if frames is not None and frame is not None:
            frames.append(frame)


@pytest.mark.parametrize("packing", list(Packing))
@pytest.mark.parametrize("bits", [8, 10, 12])
def test_every_sample_arrives(packing: Packing, bits: int) -> None:
    with rig(packing=packing, bits=bits) as made:
        frames = made.frames(5)
        assert [frame.sequence for frame in frames] == [0, 1, 2, 3, 4]
        assert {frame.bits_stored for frame in frames} == {bits}
        assert max(int(frame.pixels.max()) for frame in frames) == (1 << bits) - 1


def test_what_it_is_connected_to_is_told() -> None:
    with rig() as analogue, rig(kind=Input.DIGITAL) as digital:
        assert analogue.frames(1)[0].attributes == {"ConversionType": "DV"}
        assert digital.frames(1)[0].attributes == {"ConversionType": "DI"}
        assert analogue.source.frame_time_ms == 10


@pytest.mark.parametrize(
    "faults",
    [
        DigitiserFaults(stall_at=3),
        DigitiserFaults(short_at=3),
        DigitiserFaults(bad_check_at=3),
        DigitiserFaults(bad_header_at=3),
        DigitiserFaults(overrun_at=3),
        DigitiserFaults(lose_at=3),
        DigitiserFaults(wrong_size_at=3),
    ],
    ids=lambda faults: next(name for name in faults.__slots__ if getattr(faults, name)),
)
def test_a_spoilt_frame_is_left_out_and_counted_and_the_next_is_sound(
    faults: DigitiserFaults,
) -> None:
    with rig(faults) as made:
        frames = made.frames(6)
        assert [frame.sequence for frame in frames] == [0, 1, 2, 4, 5, 6]
        assert made.source.dropped == 1
        assert made.source.state == "live"


def test_all_faults_one_after_the_other() -> None:
    faults = DigitiserFaults(
        bad_header_at=2, stall_at=4, short_at=6, bad_check_at=8, overrun_at=9, lose_at=11
    )
    with rig(faults) as made:
        frames = made.frames(10)
        assert [frame.sequence for frame in frames] == [0, 1, 3, 5, 7, 10, 12, 13, 14, 15]
        assert made.source.dropped == 6


def test_an_unplugged_digitiser_is_told_at_once_and_found_again() -> None:
    with rig() as made:
        made.frames(3)
        made.bus.unplug()
        with pytest.raises(SourceUnavailable, match="the device is gone"):
            made.source.read(1)
        assert made.source.state == "no device"
        with pytest.raises(SourceUnavailable, match="not plugged in"):
            made.source.read(0.3)
        made.bus.plug(made.device)
        frame = made.source.read(5)
        assert frame is not None
        assert (frame.pixels == made.device.picture(0)).all()
        assert made.source.state == "live"
        assert made.source.dropped == 1
        assert frame.sequence == 4
        assert made.source.read(5).sequence == 5


def test_a_plug_pulled_and_put_back_while_somebody_waits() -> None:
    bus, device = SimulatedBus(), SimulatedDigitiser(33, 47, 10, faults=DigitiserFaults(hang_at=1))
    bus.plug(device)
    source = DigitiserSource("digitiser", backend=bus)
    source.open()
    assert source.read(5) is not None
    pull = threading.Timer(0.3, bus.unplug)
    pull.start()
    with pytest.raises(SourceUnavailable, match="the device is gone"):
        source.read(10)
    pull.join()
    threading.Timer(0.3, bus.plug, [device]).start()
    assert source.read(10) is not None
    source.close()


def test_a_silent_bus_is_noticed_within_two_seconds() -> None:
    clock = FakeClock()
    with rig(DigitiserFaults(hang_at=2), clock=clock) as made:
        made.frames(2)
        begin = clock.nanoseconds
        with pytest.raises(SourceUnavailable, match="hangs"):
            made.source.read(30)
        assert 1 <= (clock.nanoseconds - begin) / 1e9 < 2
        assert made.source.state == "no device"


def test_a_digitiser_that_hangs_is_reset_and_goes_on() -> None:
    with rig(DigitiserFaults(hang_at=2, mute=True)) as made:
        made.frames(2)
        with pytest.raises(SourceUnavailable, match="hangs"):
            made.source.read(30)
        made.device.faults = NO_FAULTS
        frame = made.source.read(5)
        assert frame is not None
        assert (frame.pixels == made.device.picture(0)).all()
        assert made.source.dropped == 1


def test_no_signal_is_told_and_no_such_frame_is_given() -> None:
    with rig(DigitiserFaults(no_signal_at=3, signal_back_at=43)) as made:
        made.frames(3)
        with pytest.raises(SourceTimeout, match=r"no signal.*cable") as caught:
            made.source.read(0.2)
        assert isinstance(caught.value, TimeoutError)
        assert made.source.state == "no signal"
        assert made.frames(1)[0].sequence == 43
        assert made.source.state == "live"
        assert made.source.dropped == 0


def test_a_picture_that_stands_still_is_frozen_and_no_longer_given() -> None:
    clock = FakeClock()
    with rig(DigitiserFaults(freeze_at=3), 0.3, clock) as made:
        frames: list[Frame] = []
        begin = clock.nanoseconds
        with pytest.raises(SourceTimeout, match="frozen"):
            read_on(made.source, 0.2, frames)
        assert (clock.nanoseconds - begin) / 1e9 < 2
        assert made.source.state == "frozen"
        assert made.source.dropped > 0
        still = [frame for frame in frames if (frame.pixels == made.device.picture(3)).all()]
        assert (still[-1].monotonic_ns - still[0].monotonic_ns) / 1e9 < 0.3


def test_a_digital_input_may_stand_still() -> None:
    faults = DigitiserFaults(freeze_at=1)
    with (
        rig(faults, 0.1, kind=Input.DIGITAL) as digital,
        rig(faults, None, kind=Input.ANALOGUE) as unwatched,
    ):
        for made in (digital, unwatched):
            assert all(made.source.read(1) is not None for _ in range(40))
            assert made.source.state == "live"


def test_a_mode_that_changes_under_way_is_followed() -> None:
    with rig() as made:
        made.frames(2)
        made.device.set_mode(40, 60)
        shapes = [made.source.read(5).pixels.shape for _ in range(4)]
        assert shapes[-1] == (40, 60)


def test_a_slow_reader_loses_frames_and_they_are_counted() -> None:
    clock = FakeClock()
    with rig(clock=clock) as made:
        made.frames(2)
        clock.pass_time(0.3)
        frames = made.frames(6)
        assert made.source.dropped == 29 - FIFO_FRAMES
        assert frames[-1].sequence == 7 + made.source.dropped


def test_a_short_wait_in_the_middle_of_a_frame_costs_nothing() -> None:
    with rig() as made:
        numbers = []
        while len(numbers) < 5:
            try:
                frame = made.source.read(0.001)
            except SourceTimeout:
                continue
            assert frame is not None
            numbers.append(frame.sequence)
        assert numbers == [0, 1, 2, 3, 4]


def test_a_digitiser_that_is_not_there_is_told_with_what_to_do() -> None:
    source = DigitiserSource("digitiser", "usb:9-9", backend=SimulatedBus())
    with pytest.raises(SourceUnavailable, match=r"digitiser .usb:9-9.: .*not plugged in.*Plug"):
        source.open()


def test_two_digitisers_have_to_be_told_apart() -> None:
    bus = SimulatedBus()
    bus.plug(SimulatedDigitiser(32, 32, serial_number="A1"), 1)
    bus.plug(SimulatedDigitiser(48, 48, serial_number="B2"), 2)
    with pytest.raises(SourceUnavailable, match=r"2 such devices.*usb:1-1, usb:1-2"):
        DigitiserSource("digitiser", backend=bus).open()
    for identity, side in (("usb:1-1", 32), ("serial:B2", 48)):
        source = DigitiserSource("digitiser", identity, backend=bus)
        source.open()
        assert source.read(5).pixels.shape == (side, side)
        source.close()


def test_noise_keeps_a_still_picture_from_being_taken_for_frozen() -> None:
    with rig(freeze_seconds=0.1) as made:
        assert np.unique([frame.sequence for frame in made.frames(30)]).size == 30
