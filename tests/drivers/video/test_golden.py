"""Pictures that went wrong in known ways, through a whole input: what comes out is right, or none.

Every picture is made here, handed to a grabber that does nothing but pass it on, and measured when
it comes out of the source.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from drivers.errors import SourceTimeout
from drivers.frame import Frame
from drivers.video import fields
from drivers.video.device import FieldOrder, Layout, Request
from drivers.video.profile import CaptureProfile
from drivers.video.signal import SignalState
from drivers.video.sim import SimulatedGrabber
from drivers.video.sim_pictures import Picture, Scene, pack
from drivers.video.sim_signal import GrabberModel
from drivers.video.source import VideoSource
from tests.drivers.media import FakeClock

COLUMNS, ROWS = 720, 576


class Projector(SimulatedGrabber):
    """A grabber that shows given pictures again and again."""

    def __init__(self, fourcc: str, pictures: Sequence[bytes], clock: FakeClock) -> None:
        model = GrabberModel((fourcc,), COLUMNS, ROWS, interlaced=fourcc != "MJPG")
        super().__init__(model, timing=clock.timing)
        self._signal.content = (  # type: ignore[method-assign]
            lambda _, number: pictures[number % len(pictures)]
        )


def show(fourcc: str, *pictures: bytes, **profile: Any) -> VideoSource:
    clock = FakeClock()
    grabber = Projector(fourcc, pictures, clock)
    chosen = CaptureProfile("golden", "x", fourcc, lossy=fourcc == "MJPG", **profile)
    source = VideoSource(chosen, lambda: grabber, clock.timing)
    source.open()
    return source


def first(source: VideoSource) -> Frame:
    frame = source.read(1)
    assert frame is not None
    return frame


def grey(luma: NDArray[Any]) -> Picture:
    half = np.full((luma.shape[0], luma.shape[1] // 2), 128, np.uint8)
    return Picture(luma.astype(np.uint8), half, half)


def jpeg(luma: NDArray[Any]) -> bytes:
    file = io.BytesIO()
    picture = Image.fromarray(luma.astype(np.uint8)).convert("RGB")
    picture.save(file, "JPEG", quality=98, subsampling="4:2:2")
    return file.getvalue()


def damaged_ramp() -> NDArray[np.uint8]:
    """A full ramp that a grabber squeezed into studio range twice: 0 became 30, 255 became 218."""
    ramp = np.linspace(0, 255, COLUMNS)
    once = 16 + ramp * 219 / 255
    twice = 16 + once * 219 / 255
    # not quite 30 and 218 by the book, which is why such ranges are measured
    assert (round(twice[0]), round(twice[-1])) == (30, 218)
    line = np.rint(30 + ramp * 188 / 255).astype(np.uint8)
    return np.repeat(line[np.newaxis], ROWS, axis=0)


@pytest.mark.parametrize("fourcc", ["UYVY", "MJPG"])
@pytest.mark.parametrize("luma_only", [True, False])
def test_a_damaged_ramp_is_whole_again_with_its_measured_range(
    fourcc: str, luma_only: bool
) -> None:
    ramp = damaged_ramp()
    data = jpeg(ramp) if fourcc == "MJPG" else pack(grey(ramp), fourcc)
    frame = first(show(fourcc, data, range=(30, 218), grey=luma_only))
    line = frame.pixels[100].reshape(COLUMNS, -1)[:, 0].astype(int)
    assert line[0] <= 1
    assert line[-1] >= 254
    assert (np.diff(line) >= (-1 if fourcc == "MJPG" else 0)).all()
    assert np.abs(line - np.linspace(0, 255, COLUMNS)).max() <= 3
    assert frame.jpeg is None


def test_the_wrong_range_shows_in_the_values() -> None:
    data = pack(grey(damaged_ramp()), "UYVY")
    as_it_came = first(show("UYVY", data, range="full", grey=True)).pixels
    assert (as_it_came.min(), as_it_came.max()) == (30, 218)
    half_way = first(show("UYVY", data, range="limited", grey=True)).pixels
    assert half_way.min() > 10
    assert half_way.max() < 245


def combed(number: int = 0) -> NDArray[np.uint8]:
    """A bright block that moves 12 pixels from field to field, 24 from picture to picture."""
    picture = np.full((ROWS, COLUMNS), 40, np.uint8)
    left = 200 + 24 * number
    picture[100:400:2, left : left + 200] = 200
    picture[101:400:2, left + 12 : left + 212] = 200
    return picture


def test_a_combed_picture_is_one_field_where_it_moved() -> None:
    data = pack(grey(combed()), "UYVY")
    raw = first(show("UYVY", data, fields="progressive", grey=True)).pixels
    assert fields.comb(raw) > fields.COMBED
    for way in ("weave", "double"):
        whole = first(show("UYVY", data, fields=way, grey=True)).pixels
        assert fields.comb(whole) == 0
        assert whole.shape == (ROWS, COLUMNS)
        edges = [int(np.argmax(line > 120)) for line in whole[102:398]]
        assert set(edges) == {200}


def test_bwdif_takes_the_comb_out_of_a_clip() -> None:
    data = [pack(grey(combed(n)), "UYVY") for n in range(6)]
    source = show("UYVY", *data, fields="bwdif", grey=True)
    clip = [first(source) for _ in range(4)]
    assert max(fields.comb(frame.pixels) for frame in clip[1:]) < fields.COMBED


def test_a_still_picture_keeps_both_its_fields() -> None:
    still = Scene(COLUMNS, ROWS).moving(3).luma
    data = pack(grey(still), "UYVY")
    assert (first(show("UYVY", data, fields="weave", grey=True)).pixels == still).all()


@pytest.mark.parametrize("end", [b"", b"\xff\xd9"])
def test_half_a_jpeg_is_dropped_whatever_its_end_pretends(end: bytes) -> None:
    whole = jpeg(Scene(COLUMNS, ROWS).moving(0).luma)
    half = whole[: len(whole) // 2] + end
    source = show("MJPG", whole, half)
    frames = [first(source) for _ in range(4)]
    assert [frame.sequence for frame in frames] == [0, 2, 4, 6]
    assert {frame.jpeg for frame in frames} == {whole}
    assert source.dropped == 3


def circle() -> NDArray[np.uint8]:
    """A circle as a PAL camera sees it: pixels are 59 wide and 54 high, so it needs fewer across.

    The 702 active of 720 columns and 576 lines show a picture of 4 by 3 (ITU-R BT.601).
    """
    down, across = np.mgrid[0:ROWS, 0:COLUMNS]
    height, width = 54.0, 59.0
    distance = np.hypot((down - ROWS / 2) * height, (across - COLUMNS / 2) * width)
    return np.where(distance < 200 * height, 220, 30).astype(np.uint8)


def extent(pixels: NDArray[Any]) -> tuple[int, int]:
    bright = pixels > 128
    return int(bright.any(axis=1).sum()), int(bright.any(axis=0).sum())


def test_a_circle_of_pal_is_round_with_the_pixel_aspect_that_comes_with_it() -> None:
    data = pack(grey(circle()), "UYVY")
    frame = first(show("UYVY", data, fields="weave", grey=True))
    vertical, horizontal = frame.attributes["PixelAspectRatio"]
    assert (vertical, horizontal) == (54, 59)
    high, wide = extent(frame.pixels)
    assert high * vertical == pytest.approx(wide * horizontal, rel=0.01)
    assert high != pytest.approx(wide, rel=0.05)


def test_the_aspect_is_the_device_s_where_the_profile_has_none_and_the_profile_s_else() -> None:
    data = pack(grey(circle()), "UYVY")
    measured = first(show("UYVY", data, grey=True, pixel_aspect=(11, 12)))
    assert measured.attributes["PixelAspectRatio"] == [11, 12]
    square = first(show("UYVY", data, grey=True, pixel_aspect=(1, 1)))
    assert "PixelAspectRatio" not in square.attributes


@pytest.mark.parametrize("fourcc", ["UYVY", "MJPG"])
@pytest.mark.parametrize("luma_only", [True, False])
def test_a_rainbow_is_no_signal_also_where_only_luma_is_kept(fourcc: str, luma_only: bool) -> None:
    source = show(fourcc, pack(Scene(COLUMNS, ROWS).rainbow(), fourcc), grey=luma_only)
    with pytest.raises(SourceTimeout, match="there is no signal"):
        source.read(2)
    assert source.state is SignalState.NO_SIGNAL
    assert source.withheld > 40
    assert source.dropped == 0


def test_the_projector_is_a_grabber_like_any_other() -> None:
    projector = Projector("UYVY", [b""], FakeClock())
    projector.open()
    layout: Layout = projector.configure(Request("UYVY", standard="PAL"))
    assert layout.fields is FieldOrder.INTERLACED
    assert layout.pixel_aspect == (54, 59)
