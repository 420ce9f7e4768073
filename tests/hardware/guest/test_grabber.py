"""`drivers.video.v4l2` asks the kernel, and the kernel's own driver answers."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pytest

from drivers.video.decode import PictureDecoder
from drivers.video.device import (
    DvTimings,
    Event,
    FieldOrder,
    InputStatus,
    RawBuffer,
    Request,
    TimingsFault,
    VideoDevice,
)
from drivers.video.discovery import list_devices
from drivers.video.formats import FORMATS
from drivers.video.profile import CaptureProfile
from tests.hardware.guest.grabber import HDMI, PATH, S_VIDEO, WEBCAM, Modality, opened

SMALL = {"columns": 320, "rows": 180, "input": WEBCAM}
EDID = bytes([0, 255, 255, 255, 255, 255, 255, 0, *range(118), 0])
"""127 of its 128 bytes, the last of them for no extension."""


@pytest.fixture
def device() -> Iterator[VideoDevice]:
    with opened() as grabber:
        yield grabber


@pytest.fixture
def modality(device: VideoDevice) -> Iterator[Modality]:
    far_end = Modality(device)
    far_end.show("100% Color Squares")
    yield far_end
    far_end.lose(0)
    far_end.analogue("Current Standard")
    far_end.digital("Current DV Timings")


def buffers(device: VideoDevice, count: int) -> Iterator[RawBuffer]:
    for _ in range(count):
        while (buffer := device.dequeue(10)) is None:
            device.events()  # vivid tells of another input, whoever chose it
        yield buffer
        device.requeue(buffer)


def with_check(block: bytes) -> bytes:
    """The 128th byte makes the sum of an EDID block 0."""
    return block + bytes([-sum(block) % 256])


def test_the_grabber_is_found_by_its_place() -> None:
    found = [one for one in list_devices() if one.path == PATH]
    assert [one.driver for one in found] == ["vivid"]


def test_every_format_is_another_one(device: VideoDevice) -> None:
    formats = device.formats()
    assert len(set(formats)) == len(formats)
    assert {"YUYV", "UYVY", "NV12", "GREY", "Y10", "Y12", "Y16", "RGB3", "BGR3"} <= set(formats)


@pytest.mark.parametrize("fourcc", [name for name, form in FORMATS.items() if not form.compressed])
def test_a_red_picture_is_red_in_every_format(
    device: VideoDevice, modality: Modality, fourcc: str
) -> None:
    modality.show("100% Red")
    layout = device.configure(Request(fourcc, **SMALL))
    assert (layout.fourcc, layout.columns, layout.rows) == (fourcc, 320, 180)
    # vivid makes grey as Rec. 709 and full range would, whatever the colours are
    span = "limited" if fourcc in ("YUYV", "UYVY", "NV12") else "full"
    profile = CaptureProfile("red", PATH, fourcc, range=span, input=WEBCAM)
    device.start()
    (last,) = [
        PictureDecoder(layout, profile).decode(buffer.bytes()) for buffer in buffers(device, 1)
    ]
    device.stop()
    assert last.pixels.shape[:2] == (180, 320)
    middle = last.pixels[90, 160].astype(float) / ((1 << last.bits) - 1)
    expected = [0.2126] if last.pixels.ndim == 2 else [1.0, 0.0, 0.0]
    assert middle == pytest.approx(np.array(expected).squeeze(), abs=0.03)


def test_numbers_and_times_go_up(device: VideoDevice, modality: Modality) -> None:
    device.configure(Request("GREY", rate=30, **SMALL))
    device.start()
    now = time.monotonic_ns()
    seen = [(one.sequence, one.timestamp_ns, one.error) for one in buffers(device, 8)]
    device.stop()
    sequences, times, errors = zip(*seen, strict=True)
    assert list(sequences) == sorted(set(sequences))
    assert list(times) == sorted(set(times))
    assert abs(times[0] - now) < 5_000_000_000
    assert not any(errors)


def test_a_damaged_buffer_says_so(device: VideoDevice, modality: Modality) -> None:
    device.configure(Request("GREY", **SMALL))
    device.start()
    modality.damage_one()
    errors = [buffer.error for buffer in buffers(device, 8)]
    device.stop()
    assert errors.count(True) == 1


def test_lost_buffers_leave_gaps(device: VideoDevice, modality: Modality) -> None:
    device.configure(Request("GREY", **SMALL))
    modality.lose(50)
    device.start()
    sequences = [buffer.sequence for buffer in buffers(device, 10)]
    device.stop()
    assert sequences[-1] - sequences[0] > 9


@pytest.mark.parametrize(
    ("standard", "rows", "aspect"), [("PAL", 576, (54, 59)), ("NTSC", 480, (11, 10))]
)
def test_a_standard_brings_its_lines_and_its_pixels(
    device: VideoDevice, modality: Modality, standard: str, rows: int, aspect: tuple[int, int]
) -> None:
    request = Request("UYVY", 720, rows, standard=standard, input=S_VIDEO, interlaced=True)
    layout = device.configure(request)
    assert (layout.columns, layout.rows) == (720, rows)
    assert layout.standard.startswith(standard)
    assert layout.fields is FieldOrder.INTERLACED
    assert layout.pixel_aspect == aspect


def test_an_analogue_input_without_signal_says_so(device: VideoDevice, modality: Modality) -> None:
    device.configure(Request("UYVY", input=S_VIDEO))
    seen = device.current_input()
    assert seen is not None
    assert seen.status is InputStatus.GOOD
    modality.analogue("No Signal")
    seen = device.current_input()
    assert seen is not None
    assert seen.status is InputStatus.NO_SIGNAL


def test_a_bridge_tells_the_timings_of_its_signal(device: VideoDevice, modality: Modality) -> None:
    device.configure(Request("UYVY", input=HDMI))
    modality.digital("Selected DV Timings")
    modality.turn("DV Timings", "1280x1024p60")
    timings = device.query_timings()
    assert isinstance(timings, DvTimings)
    assert (timings.columns, timings.rows, round(timings.rate)) == (1280, 1024, 60)
    device.set_timings(timings)
    layout = device.layout()
    assert (layout.columns, layout.rows) == (1280, 1024)


@pytest.mark.parametrize(
    ("signal", "fault"),
    [
        ("No Signal", TimingsFault.NO_CABLE),
        ("No Lock", TimingsFault.NO_LOCK),
        ("Out of Range", TimingsFault.OUT_OF_RANGE),
    ],
)
def test_a_bridge_tells_why_it_has_no_timings(
    device: VideoDevice, modality: Modality, signal: str, fault: TimingsFault
) -> None:
    device.configure(Request("UYVY", input=HDMI))
    modality.digital(signal)
    assert device.query_timings() is fault


def test_a_bridge_tells_that_its_source_changed(device: VideoDevice, modality: Modality) -> None:
    device.configure(Request("UYVY", input=HDMI))
    device.events()
    modality.digital("Selected DV Timings")
    modality.turn("DV Timings", "800x600p60")
    assert Event.SOURCE_CHANGE in device.events()


def test_a_bridge_shows_the_edid_that_it_is_given(device: VideoDevice, modality: Modality) -> None:
    device.configure(Request("UYVY", input=HDMI))
    before = device.edid()
    device.set_edid(with_check(EDID))
    assert device.edid() == with_check(EDID)
    device.set_edid(b"")
    assert device.edid() == b""
    # without any the modality would see no monitor, and send nothing
    device.set_edid(before)
    assert device.edid() == before
