"""What the digitiser promises, simulated or real.

``GANTRY_USB_DIGITISER`` names a real one, by ``usb:PATH`` or ``serial:NUMBER``.
"""

from __future__ import annotations

import itertools
import os
import threading
import time
from collections.abc import Callable

import numpy as np
import pytest

from drivers.errors import SourceUnavailable
from drivers.usb.digitiser import DigitiserSource
from drivers.usb.sim_bus import SimulatedBus
from drivers.usb.sim_digitiser import SimulatedDigitiser

REAL = "GANTRY_USB_DIGITISER"
KINDS = ["simulated", "real"] if REAL in os.environ else ["simulated"]

Make = Callable[[], DigitiserSource]


@pytest.fixture(params=KINDS)
def make(request: pytest.FixtureRequest) -> Make:
    if request.param == "real":
        return lambda: DigitiserSource("digitiser", os.environ[REAL])
    bus = SimulatedBus()
    bus.plug(SimulatedDigitiser(64, 96, 20))
    return lambda: DigitiserSource("digitiser", "serial:SIM0001", backend=bus)


def test_frames_are_what_the_device_expects(make: Make) -> None:
    source = make()
    source.open()
    for _ in range(3):
        frame = source.read(5)
        assert frame is not None
        assert frame.pixels.dtype == np.uint16
        assert frame.pixels.dtype.isnative
        assert frame.pixels.ndim == 2
        assert 8 <= frame.bits_stored <= 16
        assert int(frame.pixels.max()) >> frame.bits_stored == 0
        assert frame.photometric == "MONOCHROME2"
        assert set(frame.attributes) == {"ConversionType"}
        assert frame.jpeg is None
        assert frame.lossy_ratio is None
    assert source.state == "live"
    source.close()


def test_frames_come_in_order_and_their_times_agree(make: Make) -> None:
    source = make()
    source.open()
    begin = time.monotonic_ns()
    frames = [source.read(5) for _ in range(10)]
    numbers = [frame.sequence for frame in frames]
    assert numbers == sorted(set(numbers))
    assert numbers[-1] - numbers[0] == 9 + source.dropped
    for one, other in itertools.pairwise(frames):
        assert one.monotonic_ns < other.monotonic_ns
        apart = (other.monotonic_ns - one.monotonic_ns) / 1e9
        assert abs((other.taken_at - one.taken_at).total_seconds() - apart) < 0.01
        assert one.taken_at.utcoffset() is not None
    assert begin <= frames[0].monotonic_ns <= frames[-1].monotonic_ns <= time.monotonic_ns()
    assert source.frame_time_ms is None or source.frame_time_ms > 0
    source.close()


def test_reading_needs_an_open_source(make: Make) -> None:
    source = make()
    assert source.state == "no device"
    with pytest.raises(SourceUnavailable, match="not open") as caught:
        source.read(1)
    assert isinstance(caught.value, OSError)
    source.open()
    source.close()
    with pytest.raises(SourceUnavailable, match="not open"):
        source.read(1)


def test_opening_and_closing_twice_is_harmless_and_opening_again_begins_anew(make: Make) -> None:
    source = make()
    source.open()
    source.open()
    assert source.read(5) is not None
    source.close()
    source.close()
    assert source.state == "no device"
    source.open()
    assert source.read(5).sequence == source.dropped
    source.close()


def test_closing_from_another_thread_lets_the_reader_go(make: Make) -> None:
    source = make()
    source.open()
    answers: list[object] = []

    def read_on() -> None:
        while source.read(60) is not None:
            pass
        answers.append(None)

    def ends_closed() -> None:
        try:
            read_on()
        except SourceUnavailable as error:
            answers.append(error.reason)

    reader = threading.Thread(target=ends_closed, daemon=True)
    reader.start()
    time.sleep(0.1)
    begin = time.monotonic()
    source.close()
    reader.join(5)
    assert answers in ([None], ["the source is not open"])
    assert time.monotonic() - begin < 2


def test_the_digitiser_is_for_one_source_alone(make: Make) -> None:
    source, second = make(), make()
    source.open()
    with pytest.raises(SourceUnavailable, match="used by another program"):
        second.open()
    assert source.read(5) is not None
    source.close()
    second.open()
    assert second.read(5) is not None
    second.close()
