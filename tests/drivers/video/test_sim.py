"""The simulated grabber behaves like hardware: it has few buffers, and does not wait."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from drivers.errors import SourceTimeout, SourceUnavailable
from drivers.video.device import Event, RawBuffer, Request
from drivers.video.sim import BUFFERS, SimulatedGrabber
from drivers.video.sim_faults import GrabberFaults
from drivers.video.sim_signal import GrabberModel
from tests.drivers.media import FakeClock

PLAIN = GrabberModel(("YUYV", "MJPG"), 64, 48, rate=10)


def started(clock: FakeClock, model: GrabberModel = PLAIN, **faults: object) -> SimulatedGrabber:
    device = SimulatedGrabber(model, GrabberFaults(**faults), clock.timing)  # type: ignore[arg-type]
    device.open()
    device.configure(Request(model.formats[0]))
    device.start()
    return device


def take(device: SimulatedGrabber, timeout: float = 1.0) -> RawBuffer:
    buffer = device.dequeue(timeout)
    assert buffer is not None
    device.requeue(buffer)
    return buffer


def test_pictures_come_at_its_beat() -> None:
    clock = FakeClock()
    device = started(clock)
    stamps = [take(device).timestamp_ns for _ in range(5)]
    assert set(np.diff(stamps)) == {100_000_000}
    assert clock.nanoseconds == stamps[-1]


def test_it_keeps_the_oldest_pictures_and_loses_the_rest_while_nobody_reads() -> None:
    clock = FakeClock()
    device = started(clock)
    clock.pass_time(3)
    assert [take(device).sequence for _ in range(BUFFERS)] == list(range(BUFFERS))
    assert take(device).sequence == 30


def test_a_buffer_that_was_given_back_is_written_into_again() -> None:
    device = started(FakeClock())
    buffer = device.dequeue(1)
    assert buffer is not None
    kept = buffer.bytes()
    before = kept.copy()
    device.requeue(buffer)
    assert (kept != before).any()


def test_a_silent_device_gives_neither_pictures_nor_errors() -> None:
    clock = FakeClock()
    device = started(clock, stall_at=2, stall_seconds=5.0)
    take(device)
    take(device)
    with pytest.raises(SourceTimeout):
        device.dequeue(4)
    assert take(device, 2).sequence == 2


def test_it_is_gone_when_unplugged_and_counts_on_after_replugging() -> None:
    clock = FakeClock()
    device = started(clock, unplug_at=2, replug_seconds=5.0)
    take(device)
    take(device)
    with pytest.raises(SourceUnavailable, match="gone"):
        device.dequeue(1)
    device.close()
    with pytest.raises(SourceUnavailable):
        device.open()
    clock.pass_time(6)
    device.open()
    device.configure(Request("YUYV"))
    device.start()
    assert take(device).sequence == 0


def test_the_plug_can_be_pulled_by_hand() -> None:
    device = started(FakeClock())
    device.unplug()
    with pytest.raises(SourceUnavailable):
        device.dequeue(1)
    device.replug()
    device.open()


def test_a_bridge_tells_of_a_new_signal_and_waits_for_the_answer() -> None:
    model = replace(PLAIN, bridge=True)
    device = started(FakeClock(), model, change_at=2, change_to=(80, 60))
    take(device)
    take(device)
    assert device.dequeue(1) is None
    assert list(device.events()) == [Event.SOURCE_CHANGE]
    with pytest.raises(SourceTimeout):
        device.dequeue(1)
    device.stop()
    assert device.configure(Request("YUYV")).columns == 80
    device.start()
    assert take(device).bytes_used == 80 * 60 * 2


def test_a_bridge_is_silent_without_a_signal_and_tells_when_it_is_back() -> None:
    model = replace(PLAIN, bridge=True)
    device = started(FakeClock(), model, no_signal_at=1, no_signal_frames=20)
    take(device)
    with pytest.raises(SourceTimeout):
        device.dequeue(1)
    assert device.query_timings() == "no cable"
    assert device.dequeue(5) is None
    assert list(device.events()) == [Event.SOURCE_CHANGE]
