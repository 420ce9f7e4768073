"""From bytes to pictures, in every format, range and matrix, and out of damaged bytes none."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from drivers.video import jpeg, levels
from drivers.video.decode import DamagedFrame, Decoded, PictureDecoder, WrongSize, pixel_aspect
from drivers.video.device import Layout
from drivers.video.formats import FORMATS
from drivers.video.profile import CaptureProfile, Crop
from drivers.video.sim_pictures import Picture, Scene, pack

COLUMNS, ROWS = 64, 48
SHARES = {"601": (0.299, 0.114), "709": (0.2126, 0.0722)}


def layout(fourcc: str, columns: int = COLUMNS, rows: int = ROWS, padding: int = 0) -> Layout:
    form = FORMATS[fourcc]
    pitch = columns * form.bytes_per_pixel + padding
    size = form.picture_size(pitch, rows) or columns * rows * 2
    return Layout(fourcc, columns, rows, pitch, size)


def decode(data: bytes, fourcc: str, form: Layout | None = None, **profile: Any) -> Decoded:
    lossy = FORMATS[fourcc].compressed
    wanted = CaptureProfile("test", "port", fourcc, lossy=lossy, **profile)
    return PictureDecoder(form or layout(fourcc), wanted).decode(np.frombuffer(data, np.uint8))


def smooth() -> Picture:
    """A ramp under constant colours, so that nobody's chroma interpolation matters."""
    luma = np.tile(np.linspace(40, 210, COLUMNS), (ROWS, 1)).astype(np.uint8)
    half = (ROWS, COLUMNS // 2)
    return Picture(luma, np.full(half, 140, np.uint8), np.full(half, 110, np.uint8))


def expected(picture: Picture, matrix: str, span: Any) -> NDArray[Any]:
    """The conversion by the book (ITU-R BT.601-7, BT.709-6), in floating point."""
    kr, kb = SHARES[matrix]
    low, high = {"full": (0, 255), "limited": (16, 235)}.get(span, span)
    chroma = 255 / 224 if span == "limited" else 255 / (high - low)
    y = (picture.luma.astype(float) - low) * 255 / (high - low)
    cb = (np.repeat(picture.blue, 2, axis=1).astype(float) - 128) * chroma
    cr = (np.repeat(picture.red, 2, axis=1).astype(float) - 128) * chroma
    red, blue = y + 2 * (1 - kr) * cr, y + 2 * (1 - kb) * cb
    green = (y - kr * red - kb * blue) / (1 - kr - kb)
    return np.clip(np.rint(np.stack([red, green, blue], axis=2)), 0, 255)


@pytest.mark.parametrize("span", ["full", "limited", (30, 218)])
@pytest.mark.parametrize("matrix", ["601", "709"])
@pytest.mark.parametrize("fourcc", ["YUYV", "UYVY", "NV12"])
def test_colours_are_those_of_the_standard(fourcc: str, matrix: Any, span: Any) -> None:
    picture = smooth()
    got = decode(pack(picture, fourcc), fourcc, matrix=matrix, range=span).pixels
    assert got.shape == (ROWS, COLUMNS, 3)
    assert got.dtype == np.uint8
    assert np.abs(got.astype(float) - expected(picture, matrix, span)).max() <= 2


@pytest.mark.parametrize("fourcc", ["YUYV", "UYVY", "NV12", "GREY"])
def test_luma_alone_is_the_device_s_own_to_the_bit(fourcc: str) -> None:
    picture = Scene(COLUMNS, ROWS).moving(7)
    got = decode(pack(picture, fourcc), fourcc, grey=True)
    assert (got.pixels == picture.luma).all()
    assert got.bits == 8
    assert got.jpeg is None
    assert got.ratio is None


@pytest.mark.parametrize(("fourcc", "bits"), [("Y10", 10), ("Y12", 12), ("Y16", 16)])
def test_deep_grey_keeps_its_depth(fourcc: str, bits: int) -> None:
    values = np.linspace(0, (1 << bits) - 1, COLUMNS * ROWS).astype("<u2")
    got = decode(values.tobytes(), fourcc)
    assert got.bits == bits
    assert got.pixels.dtype == np.uint16
    assert (got.pixels.ravel() == values).all()


def test_bits_above_the_depth_are_not_part_of_the_value() -> None:
    values = np.full(COLUMNS * ROWS, 0xF3FF, "<u2")
    assert (decode(values.tobytes(), "Y10").pixels == 0x3FF).all()


@pytest.mark.parametrize("fourcc", ["RGB3", "BGR3"])
def test_red_is_red(fourcc: str) -> None:
    data = bytes([200, 20, 10] if fourcc == "RGB3" else [10, 20, 200]) * (COLUMNS * ROWS)
    assert decode(data, fourcc).pixels[5, 5].tolist() == [200, 20, 10]
    grey = decode(data, fourcc, grey=True).pixels
    assert grey.shape == (ROWS, COLUMNS)
    assert grey[0, 0] == round(0.299 * 200 + 0.587 * 20 + 0.114 * 10)


@pytest.mark.parametrize("fourcc", ["YUYV", "NV12", "GREY", "Y12", "RGB3"])
def test_padding_at_the_end_of_lines_is_left_out(fourcc: str) -> None:
    plain = pack(Scene(COLUMNS, ROWS).moving(3), fourcc)
    form = layout(fourcc, padding=10)
    width = COLUMNS * FORMATS[fourcc].bytes_per_pixel
    lines = np.frombuffer(plain, np.uint8).reshape(-1, width)
    padded = np.pad(lines, ((0, 0), (0, 10)), constant_values=99).tobytes()
    want = decode(plain, fourcc).pixels
    assert (decode(padded, fourcc, form).pixels == want).all()
    assert (decode(padded[:-10], fourcc, form).pixels == want).all()


@pytest.mark.parametrize("fourcc", [name for name, form in FORMATS.items() if not form.compressed])
def test_a_short_picture_is_none(fourcc: str) -> None:
    data = pack(Scene(COLUMNS, ROWS).moving(0), fourcc)
    with pytest.raises(DamagedFrame, match="bytes"):
        decode(data[:-1], fourcc)
    with pytest.raises(DamagedFrame):
        decode(b"", fourcc)


def test_a_picture_of_another_size_is_told_apart_from_a_short_one() -> None:
    data = pack(Scene(COLUMNS, ROWS * 2).moving(0), "YUYV")
    with pytest.raises(WrongSize):
        decode(data, "YUYV")
    with pytest.raises(WrongSize, match="64 by 96 instead of 64 by 48"):
        decode(pack(Scene(COLUMNS, ROWS * 2).moving(0), "MJPG"), "MJPG")


def test_the_values_do_not_change_with_the_buffer_they_came_from() -> None:
    for fourcc in FORMATS:
        raw = np.frombuffer(pack(Scene(COLUMNS, ROWS).moving(1), fourcc), np.uint8).copy()
        wanted = CaptureProfile("test", "port", fourcc, lossy=True)
        got = PictureDecoder(layout(fourcc), wanted).decode(raw)
        before = got.pixels.copy(), got.thumbnail.copy()
        raw[:] = 0
        assert (got.pixels == before[0]).all(), fourcc
        assert (got.thumbnail == before[1]).all(), fourcc


# JPEG


def stream(quality: int = 90, **options: Any) -> bytes:
    random = np.random.default_rng(1)
    values = random.integers(0, 256, (ROWS // 4, COLUMNS // 4, 3), dtype=np.uint8)
    picture = Image.fromarray(values.repeat(4, axis=0).repeat(4, axis=1))
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality, **options)
    return file.getvalue()


@pytest.mark.parametrize("sampling", ["4:4:4", "4:2:2", "4:2:0"])
def test_a_whole_jpeg_is_decoded_and_kept(sampling: str) -> None:
    data = stream(subsampling=sampling)
    got = decode(data, "MJPG")
    with Image.open(io.BytesIO(data)) as picture:
        want = np.asarray(picture.convert("RGB"), np.int16)
    assert np.abs(got.pixels.astype(np.int16) - want).mean() < (2 if sampling == "4:4:4" else 16)
    assert got.jpeg == data
    assert got.ratio == round(COLUMNS * ROWS * 3 / len(data), 2)


def test_padding_behind_a_jpeg_is_not_kept() -> None:
    data = stream()
    assert decode(data + bytes(500), "MJPG").jpeg == data


@pytest.mark.parametrize(
    "changed",
    [
        {"grey": True},
        {"range": (30, 218)},
        {"matrix": "709"},
        {"crop": Crop(0, 0, 32, 32)},
        {"fields": "double"},
    ],
)
def test_a_jpeg_that_alone_is_another_picture_is_not_kept(changed: dict[str, Any]) -> None:
    got = decode(stream(), "MJPG", **changed)
    assert got.jpeg is None
    assert got.ratio is not None


def test_progressive_jpeg_is_not_kept_since_it_is_not_baseline() -> None:
    assert not jpeg.inspect(stream(progressive=True)).interchange


def test_a_jpeg_without_its_tables_is_shown_but_not_kept() -> None:
    data = stream()
    tables = data.index(b"\xff\xc4")
    bare = data[:tables] + data[data.index(b"\xff\xda") :]
    assert b"\xff\xc4" not in bare[: bare.index(b"\xff\xda")]
    got = decode(bare, "MJPG")
    assert got.jpeg is None
    assert (got.pixels == decode(data, "MJPG").pixels).all()


def test_a_grey_jpeg_is_grey_and_kept() -> None:
    file = io.BytesIO()
    ramp = np.tile(np.arange(COLUMNS, dtype=np.uint8) * 3, (ROWS, 1))
    Image.fromarray(ramp).save(file, "JPEG", quality=95)
    got = decode(file.getvalue(), "MJPG")
    assert got.pixels.shape == (ROWS, COLUMNS)
    assert got.jpeg == file.getvalue()


@given(st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_no_piece_of_a_jpeg_is_a_picture(cut: int) -> None:
    data = stream()
    with pytest.raises(DamagedFrame):
        decode(data[: cut % len(data)], "MJPG")


@given(st.binary(max_size=400))
@settings(max_examples=200, deadline=None)
def test_no_bytes_make_it_fail_otherwise(data: bytes) -> None:
    for begin in (b"", b"\xff\xd8", stream()[:200]):
        with pytest.raises(DamagedFrame):
            decode(begin + data, "MJPG")


@given(st.integers(2, 5_000), st.binary(min_size=1, max_size=8))
@settings(max_examples=150, deadline=None)
def test_foreign_bytes_in_a_jpeg_give_a_picture_or_a_refusal(at: int, foreign: bytes) -> None:
    data = bytearray(stream())
    at %= len(data)
    data[at : at + len(foreign)] = foreign
    try:
        got = decode(bytes(data), "MJPG")
    except DamagedFrame:
        return
    assert got.pixels.shape[:2] == (ROWS, COLUMNS)


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (lambda d: b"\0" + d[1:], "does not begin"),
        (lambda d: d[:-2], "has no end"),
        (lambda d: d + b"rest", "goes on behind its end"),
        (lambda d: d[: len(d) // 2] + d, "another picture"),
        (lambda d: d[: len(d) // 2] + b"\xff\xd9", "JPEG"),
    ],
)
def test_the_text_says_what_is_wrong_with_a_jpeg(broken: Any, reason: str) -> None:
    with pytest.raises(DamagedFrame, match=reason):
        decode(broken(stream()), "MJPG")


def test_a_lost_part_between_restart_markers_is_noticed() -> None:
    data = stream(restart_marker_rows=1, subsampling="4:4:4")
    first, second = data.index(b"\xff\xd1"), data.index(b"\xff\xd2")
    with pytest.raises(DamagedFrame, match="restart"):
        decode(data[:first] + data[second:], "MJPG")


# levels and shape


@given(st.integers(0, 254).flatmap(lambda low: st.tuples(st.just(low), st.integers(low + 1, 255))))
def test_ranges_are_expanded_from_end_to_end_and_never_backwards(span: tuple[int, int]) -> None:
    new = levels.table(span, 8)
    if new is None:
        assert span == (0, 255)
        return
    assert new[span[0]] == 0
    assert new[span[1]] == 255
    assert (np.diff(new.astype(int)) >= 0).all()


def test_studio_range_of_deep_samples_scales_by_powers_of_two() -> None:
    new = levels.table("limited", 10)
    assert new is not None
    assert (new[64], new[940]) == (0, 1023)


def test_measured_ranges_of_deep_samples_scale_by_their_largest_value() -> None:
    new = levels.table((1, 255), 10)
    assert new is not None
    assert new[4] == 0
    assert new[1022] < new[1023] == 1023


def test_the_pixel_aspect_is_the_profile_s_else_the_device_s() -> None:
    device = Layout("UYVY", 720, 576, 1440, 829440, pixel_aspect=(54, 59))
    assert pixel_aspect(device, CaptureProfile("p", "x")) == (54, 59)
    assert pixel_aspect(device, CaptureProfile("p", "x", pixel_aspect=(11, 10))) == (11, 10)
    assert pixel_aspect(device, CaptureProfile("p", "x", pixel_aspect=(2, 2))) is None
    square = Layout("UYVY", 720, 576, 1440, 829440)
    assert pixel_aspect(square, CaptureProfile("p", "x")) is None
