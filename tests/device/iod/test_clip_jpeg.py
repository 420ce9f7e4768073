"""Streams that a device compressed are kept, completed where they are abbreviated, never redone."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pydicom import dcmread
from pydicom.encaps import generate_frames
from pydicom.uid import ExplicitVRLittleEndian, JPEGBaseline8Bit

from device.iod import build_image, build_secondary_capture, encode
from device.iod.jpeg import interchange_format, look_into
from device.iod.kept_jpeg import kept_jpeg
from device.ports import Frame
from device.protocol import ObjectKind
from tests.device.iod.factories import context, grey
from tests.device.iod.jpegs import (
    decoded,
    jpeg_of,
    motion_jpeg,
    photo,
    without_huffman_tables,
)

SC = ObjectKind.SC


@pytest.mark.parametrize(
    ("more", "photometric"),
    [
        ({"subsampling": 0}, "YBR_FULL"),
        ({"subsampling": 1}, "YBR_FULL_422"),
        ({"subsampling": 2}, "YBR_FULL_422"),
        ({"keep_rgb": True, "subsampling": 0}, "RGB"),
    ],
)
def test_the_headers_tell_colour_and_size(more: dict[str, object], photometric: str) -> None:
    stream = look_into(jpeg_of(photo(1), **more))
    assert stream is not None
    assert (stream.rows, stream.columns, stream.photometric) == (48, 64, photometric)
    assert stream.complete


def test_grey_streams_are_grey() -> None:
    stream = look_into(jpeg_of(photo(1)[:, :, 0]))
    assert stream is not None
    assert stream.photometric == "MONOCHROME2"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xd8",
        b"\xff\xd8\xff\xd9",
        jpeg_of(photo(1))[:-2],
        jpeg_of(photo(1))[1:],
        jpeg_of(photo(1), progressive=True),
        b"GIF89a" + bytes(99),
    ],
)
def test_what_is_no_whole_baseline_stream_is_not_kept(data: bytes) -> None:
    assert look_into(data) is None
    assert kept_jpeg(replace(motion_jpeg(), jpeg=data)) is None
    with pytest.raises(ValueError, match="no JPEG Baseline"):
        interchange_format(data)


@given(st.binary(max_size=200), st.integers(0, 900))
def test_no_garbage_breaks_the_reader(garbage: bytes, at: int) -> None:
    whole = jpeg_of(photo(1))
    for data in (garbage, whole[:at] + garbage + whole[at + len(garbage) :]):
        stream = look_into(data)
        if stream is not None:
            assert len(interchange_format(data)) % 2 == 0


def test_missing_huffman_tables_are_put_in_and_the_picture_is_the_same() -> None:
    whole = jpeg_of(photo(3))
    short = without_huffman_tables(whole)
    assert b"\xff\xc4" not in short
    stream = look_into(short)
    assert stream is not None
    assert not stream.complete
    assert np.array_equal(decoded(interchange_format(short)), decoded(whole))


def test_a_stream_that_is_whole_stays_as_it_is() -> None:
    whole = jpeg_of(photo(4))
    for tail in (b"", b"\0" * 5, b"\0" * 6):
        kept = interchange_format(whole + tail)
        assert kept[: len(whole)] == whole
        assert len(kept) - len(whole) == len(whole) % 2


def test_a_still_keeps_the_bytes_of_its_device() -> None:
    frame = motion_jpeg()
    ds = dcmread(io.BytesIO(encode(build_secondary_capture(context(SC), frame).dataset)))

    assert ds.file_meta.TransferSyntaxUID == JPEGBaseline8Bit
    (stream,) = generate_frames(ds.PixelData, number_of_frames=1)
    assert frame.jpeg is not None
    assert stream[: len(frame.jpeg)] == frame.jpeg
    assert (ds.PhotometricInterpretation, ds.PlanarConfiguration) == ("YBR_FULL_422", 0)
    assert ds.LossyImageCompression == "01"
    assert ds.LossyImageCompressionMethod == "ISO_10918_1"
    ratio = frame.pixels.nbytes / len(frame.jpeg)
    assert float(ds.LossyImageCompressionRatio) == pytest.approx(ratio, abs=0.005)


@pytest.mark.parametrize(
    "changed",
    [
        lambda f: replace(f, pixels=f.pixels[8:]),
        lambda f: replace(f, pixels=f.pixels[:, :, 0], photometric="MONOCHROME2"),
        lambda f: replace(f, jpeg=jpeg_of(photo(1), subsampling=0)),
    ],
)
def test_pixels_that_the_stream_does_not_show_are_written_plainly(changed: object) -> None:
    frame: Frame = changed(motion_jpeg())  # type: ignore[operator]
    ds = build_secondary_capture(context(SC), frame).dataset

    assert ds.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert ds.PixelData == frame.pixels.tobytes()
    assert (ds.LossyImageCompression, ds.LossyImageCompressionMethod) == ("01", "ISO_10918_1")


def test_a_ct_image_is_never_encapsulated_but_its_history_is_told() -> None:
    pixels = photo(1)[:, :, 0]
    stream = jpeg_of(pixels)
    frame = replace(grey(bits=8), pixels=np.asarray(Image.open(io.BytesIO(stream))), jpeg=stream)
    ds = build_image(context(), frame).dataset

    assert ds.SOPClassUID.name == "CT Image Storage"
    assert ds.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert (ds.LossyImageCompression, ds.LossyImageCompressionMethod) == ("01", "ISO_10918_1")
