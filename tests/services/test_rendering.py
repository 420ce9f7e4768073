"""Pictures for the screen, against DCMTK and pydicom; clips without reading all of them."""

from __future__ import annotations

import io
import os
import resource
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pydicom import dcmread
from pydicom.encaps import generate_frames
from pydicom.pixels import apply_modality_lut, apply_voi_lut, pixel_array

from device.exam import Exam
from device.iod import build_image, build_secondary_capture, encode
from device.protocol import ObjectKind, Protocol
from services.acquisition import Acquisition
from services.box import Box
from services.errors import NotFound
from services.picture_file import Layout, Unreadable, read_stored
from services.rendering import Renderer, Window, full_range, grey_lut
from services.thumbnails import SIDE, Thumbnails
from tests.device.iod.factories import CT_TECHNIQUE, GEOMETRY, Picture, colour, context, grey
from tests.device.iod.jpegs import motion_jpeg, photo
from tests.services.boxes import CLIP, archive, begin, make_box
from tests.services.clip_workers import SCOPE
from tests.services.sources import Script

_LAYOUT = Layout(
    frames=1, rows=1, columns=2, samples=1, bits_allocated=8, bits_stored=8, signed=False,
    inverted=False, slope=1.0, intercept=0.0, window=None, aspect=1.0, times=(),
    syntax="1.2.840.10008.1.2.1", offset=0, length=0,
)  # fmt: skip


@pytest.fixture
def renderer() -> Iterator[Renderer]:
    made = Renderer()
    yield made
    made.close()


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = make_box(tmp_path, [archive()])
    with made.catalog:
        yield made


@pytest.fixture
def exam(box: Box) -> Exam:
    return begin(box)


def record(box: Box, exam: Exam, frames: list[Any], protocol: Protocol = CLIP) -> Path:
    source = Script(frames, frame_time_ms=40.0)
    (instance,) = Acquisition(box, exam.exam_id, protocol).run(source).instances
    return box.spool.absolute(instance.path)


def ct(path: Path) -> Path:
    picture = grey(48, 64, 12, signed=True)
    built = build_image(context(ObjectKind.CT, geometry=GEOMETRY, technique=CT_TECHNIQUE), picture)
    path.write_bytes(encode(built.dataset))
    return path


def captured(path: Path, picture: Picture, **values: Any) -> Path:
    dataset = build_secondary_capture(context(ObjectKind.SC), picture).dataset
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    path.write_bytes(encode(dataset))
    return path


def dcmtk(path: Path, *options: str) -> np.ndarray[Any, Any]:
    """What DCMTK shows of the first frame."""
    out = path.with_suffix(".pgm")
    subprocess.run(["dcm2pnm", *options, str(path), str(out)], check=True, capture_output=True)
    return np.asarray(Image.open(out)).astype(int)


@pytest.mark.peer
@pytest.mark.parametrize(
    ("centre", "width"), [(40, 400), (-600, 1500), (0.5, 1), (300, 2), (0, 4096)]
)
def test_a_window_looks_as_it_does_elsewhere(
    renderer: Renderer, tmp_path: Path, centre: float, width: float
) -> None:
    path = ct(tmp_path / "ct.dcm")
    ours = renderer.picture(path, window=Window(centre, width)).astype(int)
    assert np.abs(ours - dcmtk(path, "+Ww", str(centre), str(width))).max() <= 1
    dataset = dcmread(path)
    dataset.WindowCenter, dataset.WindowWidth = centre, width
    values = apply_modality_lut(pixel_array(path), dataset)
    # pydicom's answer spans what 12 signed bits can be after the modality LUT
    theirs = (apply_voi_lut(values, dataset) + 3072) / 4095 * 255
    assert np.abs(ours - theirs).max() <= 1


@pytest.mark.peer
@pytest.mark.parametrize("bits", [8, 12, 16])
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_without_a_window_everything_is_seen(
    renderer: Renderer, tmp_path: Path, bits: int, photometric: str
) -> None:
    path = captured(tmp_path / "sc.dcm", replace(grey(bits=bits), photometric=photometric))
    ours = renderer.picture(path).astype(int)
    assert np.abs(ours - dcmtk(path, "+Wm")).max() <= 1
    assert {ours.min(), ours.max()} == {0, 255}


@pytest.mark.peer
def test_the_objects_own_window_is_the_first_choice(renderer: Renderer, tmp_path: Path) -> None:
    path = captured(tmp_path / "sc.dcm", grey(bits=12), WindowCenter=1000, WindowWidth=500)
    assert renderer.window(path) == Window(1000, 500)
    assert np.abs(renderer.picture(path).astype(int) - dcmtk(path, "+Wi", "1")).max() <= 1


def test_eight_bit_pictures_are_shown_as_they_are(renderer: Renderer, tmp_path: Path) -> None:
    picture = Picture(np.full((8, 8), 100, np.uint8) + np.arange(8, dtype=np.uint8), 8)
    shown = renderer.picture(captured(tmp_path / "sc.dcm", picture))
    assert np.array_equal(shown, picture.pixels)


def test_colour_is_shown_as_it_is(renderer: Renderer, tmp_path: Path) -> None:
    picture = colour()
    path = captured(tmp_path / "sc.dcm", picture)
    assert np.array_equal(renderer.picture(path), picture.pixels)
    png = Image.open(io.BytesIO(renderer.encoded(path, form="png")))
    assert np.array_equal(np.asarray(png), picture.pixels)
    assert renderer.window(path) is None


def test_a_kept_jpeg_goes_out_as_it_is(renderer: Renderer, box: Box, exam: Exam) -> None:
    path = record(box, exam, [motion_jpeg(n) for n in range(1, 6)])
    dataset = dcmread(path)
    frames = list(generate_frames(dataset.PixelData, number_of_frames=5))
    for number in (1, 3, 5):
        assert renderer.encoded(path, number).rstrip(b"\0") == frames[number - 1].rstrip(b"\0")
        shown = renderer.picture(path, number)
        assert np.array_equal(shown, motion_jpeg(number).pixels)
    small = Image.open(io.BytesIO(renderer.encoded(path, 2, size=20)))
    assert max(small.size) == 20


def test_one_jpeg_still_is_found_without_an_offset_table(
    renderer: Renderer, tmp_path: Path
) -> None:
    path = tmp_path / "sc.dcm"
    dataset = build_secondary_capture(context(ObjectKind.SC), motion_jpeg(4, grey=True)).dataset
    path.write_bytes(encode(dataset))
    assert np.array_equal(renderer.picture(path), motion_jpeg(4, grey=True).pixels)


@pytest.mark.parametrize("bits", [8, 12])
def test_every_frame_of_a_clip_is_itself(
    renderer: Renderer, box: Box, exam: Exam, bits: int
) -> None:
    kind = np.uint8 if bits == 8 else np.uint16
    frames = [
        Picture(np.full((16, 24), 10 * n, kind), bits, sequence=n, monotonic_ns=n * 40_000_000)
        for n in range(1, 8)
    ]
    path = record(box, exam, frames)
    assert renderer.layout(path).times == pytest.approx([40 * n for n in range(7)])
    for number in (7, 1, 4):
        assert np.array_equal(renderer.stored(path, number), frames[number - 1].pixels)
    for wrong in (0, 8, -1):
        with pytest.raises(NotFound, match="7"):
            renderer.picture(path, wrong)


def test_frames_of_a_video_are_found_in_any_order(renderer: Renderer, box: Box, exam: Exam) -> None:
    frames = [
        Picture(photo(n), 8, "RGB", sequence=n, monotonic_ns=n * 40_000_000) for n in range(1, 101)
    ]
    path = record(box, exam, frames, SCOPE)
    with av.open(
        io.BytesIO(next(generate_frames(dcmread(path).PixelData, number_of_frames=1)))
    ) as c:
        all_of_them = [one.to_ndarray(format="rgb24") for one in c.decode(video=0)]
    for number in (1, 2, 3, 90, 100, 5, 6, 50, 1, 99):
        assert np.array_equal(renderer.picture(path, number), all_of_them[number - 1]), number
    fresh = Renderer()
    assert np.array_equal(fresh.picture(path, 77), all_of_them[76])
    fresh.close()


def test_a_frame_of_a_clip_of_a_gigabyte_costs_one_frame(
    renderer: Renderer, box: Box, exam: Exam
) -> None:
    """The file is sparse: its description says 1,000 frames of a megabyte."""
    frames = [
        Picture(np.full((1000, 1000), n, np.uint8), 8, sequence=n, monotonic_ns=n * 40_000_000)
        for n in range(1, 3)
    ]
    path = record(box, exam, frames)
    layout = renderer.layout(path)
    with path.open("r+b") as file:
        file.truncate(layout.offset + 1000 * layout.frame_bytes)
    huge = replace(layout, frames=1000, length=1000 * layout.frame_bytes)
    with path.open("r+b") as file:
        os.pwrite(file.fileno(), b"\x2a" * 1_000_000, layout.offset + 998 * 1_000_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.monotonic()
    assert (read_stored(path, huge, 999) == 42).all()
    assert time.monotonic() - began < 0.5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


def test_pixels_that_are_not_square_are_shown_as_the_screen_had_them(
    renderer: Renderer, tmp_path: Path
) -> None:
    path = captured(tmp_path / "sc.dcm", grey(100, 100, 8), PixelAspectRatio=[2, 1])
    assert Image.open(io.BytesIO(renderer.encoded(path))).size == (100, 200)
    assert Image.open(io.BytesIO(renderer.encoded(path, size=50))).size == (25, 50)


def test_samples_are_the_stored_values_and_their_means(renderer: Renderer, tmp_path: Path) -> None:
    path = ct(tmp_path / "ct.dcm")
    stored = pixel_array(path)
    assert np.array_equal(renderer.samples(path).view("<i2"), stored)
    small = renderer.samples(path, size=32).view("<i2")
    assert small.shape == (24, 32)
    means = stored.reshape(24, 2, 32, 2).mean(axis=(1, 3))
    assert np.abs(small - means).max() < 1


@given(
    bits=st.sampled_from([8, 16]),
    signed=st.booleans(),
    centre=st.floats(-5000, 70000),
    width=st.floats(1, 70000),
    slope=st.floats(0.1, 10),
)
def test_a_higher_value_is_never_darker(
    bits: int, signed: bool, centre: float, width: float, slope: float
) -> None:
    layout = replace(_LAYOUT, bits_allocated=bits, signed=signed, slope=slope)
    lut = grey_lut(layout, Window(centre, width)).astype(int)
    by_value = np.roll(lut, len(lut) // 2) if signed else lut
    assert (np.diff(by_value) >= 0).all()
    inverted = grey_lut(replace(layout, inverted=True), Window(centre, width)).astype(int)
    assert (inverted == 255 - lut).all()


def test_the_whole_range_reaches_black_and_white() -> None:
    layout = replace(_LAYOUT, bits_allocated=16, bits_stored=12, slope=2.0, intercept=-1000.0)
    values = np.array([[17, 1800]], np.uint16)
    lut = grey_lut(layout, full_range(layout, values))
    assert [lut[17], lut[1800]] == [0, 255]


@pytest.mark.parametrize("cut", [0, 100, 400, 900])
def test_a_damaged_file_is_said_to_be_damaged(renderer: Renderer, tmp_path: Path, cut: int) -> None:
    path = captured(tmp_path / "sc.dcm", grey(bits=8))
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(Unreadable, match="gone or damaged"):
        renderer.picture(path)
    path.unlink()
    with pytest.raises(Unreadable):
        renderer.picture(path)


def test_thumbnails_are_kept_and_made_again_when_lost(
    renderer: Renderer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = captured(tmp_path / "sc.dcm", grey(600, 800, 12))
    thumbnails = Thumbnails(tmp_path / "thumbs", renderer)
    made = thumbnails.get("1.2.3", path, "a" * 64)
    assert Image.open(io.BytesIO(made)).size == (SIDE, SIDE * 3 // 4)
    path.unlink()
    assert thumbnails.get("1.2.3", path, "a" * 64) == made
    with pytest.raises(Unreadable):
        thumbnails.get("1.2.3", path, "b" * 64)


def test_a_folder_of_thumbnails_does_not_grow_for_ever(renderer: Renderer, tmp_path: Path) -> None:
    path = captured(tmp_path / "sc.dcm", grey(bits=8))
    thumbnails = Thumbnails(tmp_path / "thumbs", renderer, most=10)
    for number in range(200):
        thumbnails.get(f"1.2.{number}", path, "a" * 64)
    assert len(list((tmp_path / "thumbs").iterdir())) <= 10 + 64


def test_a_medium_that_keeps_nothing_still_shows_thumbnails(
    renderer: Renderer, tmp_path: Path
) -> None:
    path = captured(tmp_path / "sc.dcm", grey(bits=8))
    (tmp_path / "thumbs").write_text("no folder")
    assert Thumbnails(tmp_path / "thumbs", renderer).get("1.2.3", path, "a" * 64)
