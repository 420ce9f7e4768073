"""What every grabber promises, simulated or real.

Without more this runs over the simulated grabber. With ``GANTRY_VIDEO_DEVICE`` set to a device's
path or serial number as ``gantry devices`` prints it, or to a node, it runs over that one as well;
the kernel's ``vivid`` also lets itself be disturbed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from drivers.errors import SourceTimeout, SourceUnavailable
from drivers.video.decode import PictureDecoder
from drivers.video.device import (
    Control,
    DvTimings,
    FieldOrder,
    Identity,
    RawBuffer,
    Request,
    VideoDevice,
)
from drivers.video.discovery import find
from drivers.video.errors import UnsupportedMode
from drivers.video.formats import FORMATS
from drivers.video.profile import CaptureProfile
from drivers.video.signal import SignalState
from drivers.video.sim import SimulatedGrabber
from drivers.video.sim_signal import GrabberModel
from drivers.video.source import VideoSource
from drivers.video.v4l2 import V4L2Device

REAL = os.environ.get("GANTRY_VIDEO_DEVICE", "")
ANALOGUE = GrabberModel(("UYVY",), 720, 576, interlaced=True, rate=50)
BRIDGE = GrabberModel(("UYVY", "RGB3"), 640, 480, rate=50, bridge=True)
PLAIN = GrabberModel(tuple(FORMATS), 320, 240, rate=50)
PATIENCE = 10.0
"""Seconds; an emulated machine is slow."""


@dataclass(frozen=True)
class Rig:
    """A device to be tested, and how to disturb it; None where it cannot be."""

    make: Callable[[], VideoDevice]
    input: int | None = None
    disturb: Callable[[VideoDevice, str], None] | None = None


def _simulated(model: GrabberModel) -> Rig:
    grabber = SimulatedGrabber(model)
    return Rig(lambda: grabber)


def _real() -> Identity:
    if REAL.startswith("/dev/"):
        return Identity(path="given", node=REAL)
    return find(REAL)


RIGS: dict[str, Callable[[], Rig]] = {
    "simulated": lambda: _simulated(PLAIN),
    "simulated analogue": lambda: _simulated(ANALOGUE),
    "simulated bridge": lambda: _simulated(BRIDGE),
}
if REAL:
    RIGS["real"] = lambda: Rig(lambda: V4L2Device(_real()))


@pytest.fixture(params=RIGS)
def rig(request: pytest.FixtureRequest) -> Rig:
    return RIGS[str(request.param)]()


@pytest.fixture
def device(rig: Rig) -> Iterator[VideoDevice]:
    made = rig.make()
    made.open()
    yield made
    made.close()


def known_formats(device: VideoDevice) -> list[str]:
    return [fourcc for fourcc in device.formats() if fourcc in FORMATS]


def take(device: VideoDevice) -> RawBuffer:
    """The next buffer, past whatever the device has to tell."""
    while True:
        buffer = device.dequeue(PATIENCE)
        if buffer is not None:
            return buffer
        device.events()


def set_up(device: VideoDevice, fourcc: str | None = None) -> None:
    timings = device.query_timings()
    if isinstance(timings, DvTimings):
        device.set_timings(timings)
    device.configure(Request(fourcc or known_formats(device)[0]))


def test_says_what_it_is(device: VideoDevice) -> None:
    identity = device.identity
    assert identity.path
    assert identity.card
    assert identity.driver
    assert not identity.path.startswith("/dev/")


def test_has_a_format_that_we_can_decode(device: VideoDevice) -> None:
    assert known_formats(device)
    for fourcc in device.formats():
        for columns, rows in device.sizes(fourcc):
            assert columns > 0
            assert rows > 0


def test_says_what_it_really_does(device: VideoDevice) -> None:
    fourcc = known_formats(device)[0]
    layout = device.configure(Request(fourcc, rate=5.0))
    assert layout == device.layout()
    assert layout.fourcc == fourcc
    assert layout.columns > 0
    assert layout.rows > 0
    assert layout.size >= FORMATS[fourcc].picture_size(layout.bytes_per_line, layout.rows)
    assert layout.period is None or 0 < layout.period < 10


def test_a_format_that_it_does_not_know_is_refused_or_replaced(device: VideoDevice) -> None:
    try:
        layout = device.configure(Request("ZZZZ"))
    except UnsupportedMode:
        return
    assert layout.fourcc != "ZZZZ"


def test_an_input_that_it_does_not_have_is_refused(device: VideoDevice) -> None:
    with pytest.raises(UnsupportedMode, match="no input Nowhere"):
        device.configure(Request(known_formats(device)[0], input="Nowhere"))


def test_pictures_come_whole_and_in_order(device: VideoDevice) -> None:
    set_up(device)
    layout = device.layout()
    device.start()
    last: RawBuffer | None = None
    for _ in range(8):
        buffer = take(device)
        if not FORMATS[layout.fourcc].compressed and not buffer.error:
            assert buffer.bytes_used == layout.size
        assert buffer.bytes_used <= len(buffer.view)
        if last is not None:
            assert buffer.sequence > last.sequence
            assert buffer.timestamp_ns > last.timestamp_ns
        last = buffer
        device.requeue(buffer)
    device.stop()


def test_every_known_format_can_be_decoded(device: VideoDevice) -> None:
    for fourcc in known_formats(device):
        set_up(device, fourcc)
        layout = device.layout()
        profile = CaptureProfile("contract", "x", fourcc, lossy=FORMATS[fourcc].compressed)
        device.start()
        buffer = take(device)
        decoded = PictureDecoder(layout, profile).decode(buffer.bytes())
        assert decoded.pixels.shape[:2] == (layout.rows, layout.columns)
        assert decoded.pixels.std() > 0
        device.requeue(buffer)
        device.stop()


def test_the_clock_of_the_pictures_is_ours(device: VideoDevice) -> None:
    set_up(device)
    before = time.monotonic_ns()
    device.start()
    device.requeue(take(device))
    buffer = take(device)
    # vivid stamps the end of a picture, which it hands out up to one period earlier
    early = round((device.layout().period or 0) * 1_000_000_000)
    assert before <= buffer.timestamp_ns <= time.monotonic_ns() + early
    device.requeue(buffer)


def test_nobody_waits_for_longer_than_asked(device: VideoDevice) -> None:
    set_up(device)
    device.start()
    held: list[RawBuffer | None] = []

    def hold_everything() -> None:
        for _ in range(64):  # once the device has no buffer left, nothing can come
            held.append(device.dequeue(1.0))

    with pytest.raises(SourceTimeout):
        hold_everything()
    assert held
    for buffer in held:
        if buffer is not None:
            device.requeue(buffer)
    device.requeue(take(device))


def test_starts_again_after_a_stop(device: VideoDevice) -> None:
    set_up(device)
    for _ in range(3):
        device.start()
        device.requeue(take(device))
        device.stop()


def test_can_be_closed_twice_and_opened_again(rig: Rig) -> None:
    device = rig.make()
    device.open()
    set_up(device)
    device.start()
    device.close()
    device.close()
    with pytest.raises(SourceUnavailable, match="not open"):
        device.formats()
    device.open()
    set_up(device)
    device.start()
    device.requeue(take(device))
    device.close()


def test_controls_keep_what_they_are_given(device: VideoDevice) -> None:
    usable = [one for one in device.controls() if one.name == "Brightness"]
    assert usable
    for control in usable:
        before = device.control(control.number)
        device.set_control(control.number, control.minimum + control.step)
        assert device.control(control.number) == control.minimum + control.step
        device.set_control(control.number, before)


def test_inputs_are_numbered_and_one_is_chosen(device: VideoDevice) -> None:
    inputs = device.inputs()
    chosen = device.current_input()
    assert chosen is None or chosen.index in {one.index for one in inputs}
    assert len({one.index for one in inputs}) == len(inputs)


def test_standards_are_taken_by_name_and_read_back(device: VideoDevice) -> None:
    for one in device.inputs():
        if not one.has_standards:
            continue
        fourcc = known_formats(device)[0]
        device.configure(Request(fourcc, input=one.index))
        names = {standard.name for standard in device.standards()}
        assert names
        for name in ("PAL", "NTSC"):
            if name not in names:
                continue
            layout = device.configure(
                Request(fourcc, input=one.index, standard=name, interlaced=True)
            )
            assert layout.standard.startswith(name)
            assert layout.fields is not FieldOrder.PROGRESSIVE
            assert layout.pixel_aspect in ((54, 59), (11, 10))
        with pytest.raises(UnsupportedMode, match="standard EBCDIC"):
            device.configure(Request(fourcc, input=one.index, standard="EBCDIC"))


def test_timings_can_be_queried_and_set_unchanged(device: VideoDevice) -> None:
    for one in device.inputs():
        if not one.has_timings:
            continue
        device.configure(Request(known_formats(device)[0], input=one.index))
        timings = device.query_timings()
        assert isinstance(timings, DvTimings)
        assert timings.rate > 1
        device.set_timings(timings)
        layout = device.configure(Request(known_formats(device)[0]))
        assert (layout.columns, layout.rows) == (timings.columns, timings.rows)


def test_an_edid_is_shown_until_it_is_replaced(device: VideoDevice) -> None:
    before = device.edid()
    assert len(before) % 128 == 0
    with pytest.raises(ValueError, match="whole blocks"):
        device.set_edid(b"short")
    if not any(one.has_timings for one in device.inputs()):
        return
    block = bytearray(128)
    block[:8] = b"\0\xff\xff\xff\xff\xff\xff\0"
    block[127] = -sum(block) % 256
    device.set_edid(bytes(block))
    assert device.edid()[:8] == block[:8]
    if before:
        device.set_edid(before)


def test_a_source_on_it_is_live_within_two_seconds(rig: Rig) -> None:
    probe = rig.make()
    probe.open()
    fourcc = known_formats(probe)[0]
    probe.close()
    profile = CaptureProfile(
        "contract", "x", fourcc, fields="weave", lossy=FORMATS[fourcc].compressed
    )
    source = VideoSource(profile, rig.make)
    source.open()
    frames = [source.read(PATIENCE) for _ in range(3)]
    assert source.state is SignalState.LIVE
    assert all(frame is not None and frame.pixels.std() > 0 for frame in frames)
    numbers = [frame.sequence for frame in frames if frame is not None]
    assert numbers == sorted(set(numbers))
    source.close()
    assert source.state is SignalState.NO_DEVICE


class TestVivid:
    """The kernel's own test driver, disturbed by its own controls."""

    @pytest.fixture
    def vivid(self) -> Iterator[VideoDevice]:
        if not REAL:
            pytest.skip("needs GANTRY_VIDEO_DEVICE, set in the hardware guest")
        device = V4L2Device(_real())
        device.open()
        if device.identity.driver != "vivid":
            device.close()
            pytest.skip("the device cannot be disturbed on purpose")
        set_up(device)
        yield device
        device.close()

    def test_flags_pictures_that_it_knows_to_be_bad(self, vivid: VideoDevice) -> None:
        vivid.start()
        vivid.requeue(take(vivid))
        vivid.set_control(control(vivid, "Inject V4L2_BUF_FLAG_ERROR").number, 1)
        flagged = False
        for _ in range(10):
            buffer = take(vivid)
            flagged = flagged or buffer.error
            vivid.requeue(buffer)
        assert flagged

    def test_lost_pictures_leave_gaps(self, vivid: VideoDevice) -> None:
        dropping = control(vivid, "Percentage of Dropped Buffers")
        vivid.set_control(dropping.number, 50)
        try:
            vivid.start()
            numbers = []
            for _ in range(20):
                buffer = take(vivid)
                numbers.append(buffer.sequence)
                vivid.requeue(buffer)
        finally:
            vivid.set_control(dropping.number, 0)
        assert numbers[-1] - numbers[0] > 19

    def test_a_disconnected_device_is_gone_and_comes_back(self, vivid: VideoDevice) -> None:
        vivid.start()
        vivid.requeue(take(vivid))
        vivid.set_control(control(vivid, "Disconnect").number, 1)
        with pytest.raises(SourceUnavailable):
            drain(vivid)
        vivid.close()
        vivid.open()
        set_up(vivid)
        vivid.start()
        vivid.requeue(take(vivid))

    def test_a_source_survives_the_disconnection(self, vivid: VideoDevice) -> None:
        number = control(vivid, "Disconnect").number
        fourcc = known_formats(vivid)[0]
        vivid.close()
        made: list[V4L2Device] = []

        def make() -> V4L2Device:
            made.append(V4L2Device(_real()))
            return made[-1]

        source = VideoSource(CaptureProfile("contract", "x", fourcc, fields="weave"), make)
        source.open()
        first = source.read(PATIENCE)
        made[-1].set_control(number, 1)
        with pytest.raises(SourceUnavailable, match="contract"):
            read_on(source)
        assert source.state is SignalState.NO_DEVICE
        again = source.read(PATIENCE)
        assert first is not None
        assert again is not None
        assert again.sequence > first.sequence
        assert source.state is SignalState.LIVE
        source.close()

    def test_a_bridge_says_why_it_has_no_timings(self, vivid: VideoDevice) -> None:
        digital = [one for one in vivid.inputs() if one.has_timings]
        assert digital, "load vivid with an HDMI input"
        vivid.configure(Request(known_formats(vivid)[0], input=digital[0].index))
        mode = control(vivid, "DV Timings Signal Mode")
        words = {word: value for value, word in mode.menu.items()}
        try:
            for word in ("No Signal", "No Lock", "Out of Range"):
                vivid.set_control(mode.number, words[word])
                fault = vivid.query_timings()
                assert fault in ("no cable", "no lock", "out of range"), word
        finally:
            vivid.set_control(mode.number, mode.minimum)


def drain(device: VideoDevice) -> None:
    for _ in range(20):
        device.requeue(take(device))


def read_on(source: VideoSource) -> None:
    for _ in range(20):
        source.read(PATIENCE)


def control(device: VideoDevice, name: str) -> Control:
    return next(one for one in device.controls() if one.name == name)
