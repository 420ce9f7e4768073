"""DICOM replay: pixels bit for bit, technique taken, identity left behind."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import Dataset, dcmread
from pydicom.datadict import dictionary_VR, keyword_dict
from pydicom.dataset import FileMetaDataset
from pydicom.pixels import iter_pixels
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from drivers.errors import CorruptMedia
from drivers.frame import Frame
from drivers.replay import ReplaySource
from drivers.replay_attributes import ALLOWED
from drivers.replay_dicom import play
from tests.drivers import media

GREY = (
    "CT_small.dcm",
    "MR_small.dcm",
    "MR_small_RLE.dcm",
    "MR_small_bigendian.dcm",
    "MR_small_implicit.dcm",
    "MR_small_jp2klossless.dcm",
    "MR_small_jpeg_ls_lossless.dcm",
    "MR_small_padded.dcm",
    "693_J2KI.dcm",
    "JPEG2000.dcm",
    "JPEGLSNearLossless_08.dcm",
    "JPEGLSNearLossless_16.dcm",
    "examples_overlay.dcm",
    "image_dfl.dcm",
)
COLOUR = (
    "examples_rgb_color.dcm",
    "examples_ybr_color.dcm",
    "examples_jpeg2k.dcm",
    "SC_rgb_rle_2frame.dcm",
    "SC_rgb_small_odd_big_endian.dcm",
    "SC_rgb_jpeg_dcmtk.dcm",
    "SC_ybr_full_422_uncompressed.dcm",
)


def _decoded(file: Path) -> list[np.ndarray]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [frame.copy() for frame in iter_pixels(dcmread(file))]


def _write(path: Path, **changes: object) -> Path:
    """A small CT of known pixels."""
    dataset = Dataset()
    dataset.SOPClassUID = CTImageStorage
    dataset.SOPInstanceUID = "1.2.3"
    dataset.Rows, dataset.Columns = 4, 4
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
    dataset.PixelRepresentation = 0
    dataset.PixelData = np.arange(16, dtype=np.uint16).tobytes()
    for keyword, value in changes.items():
        setattr(dataset, keyword, value)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.save_as(path, enforce_file_format=True)
    return path


def _only(path: Path) -> Frame:
    frames, _ = media.play(path)
    assert len(frames) == 1
    return frames[0]


@pytest.mark.parametrize("name", GREY)
def test_grey_keeps_depth_sign_and_every_value(name: str) -> None:
    file = media.CLINICAL / name
    dataset = dcmread(file)
    frame = _only(file)
    (expected,) = _decoded(file)
    assert np.array_equal(frame.pixels, expected)
    assert frame.bits_stored == dataset.BitsStored
    assert (frame.pixels.dtype == np.int16) == bool(dataset.PixelRepresentation)
    assert frame.photometric == dataset.PhotometricInterpretation


@pytest.mark.parametrize("file", sorted(media.CT_SERIES.iterdir()), ids=lambda file: file.name)
def test_a_clinical_series_without_file_name_endings_plays(file: Path) -> None:
    frame = _only(file)
    assert np.array_equal(frame.pixels, _decoded(file)[0])
    assert {"PixelSpacing", "ImagePositionPatient", "RescaleSlope", "KVP"} <= set(frame.attributes)


@pytest.mark.parametrize("name", COLOUR)
def test_colour_becomes_rgb_frame_by_frame(name: str) -> None:
    frames, dropped = media.play(media.CLINICAL / name)
    expected = _decoded(media.CLINICAL / name)
    assert len(frames) == len(expected)
    assert dropped == 0
    for frame, pixels in zip(frames, expected, strict=True):
        assert frame.photometric == "RGB"
        assert np.array_equal(frame.pixels, pixels)


def test_deep_colour_keeps_its_upper_eight_bits() -> None:
    file = media.CLINICAL / "SC_rgb_rle_16bit.dcm"
    assert np.array_equal(_only(file).pixels, _decoded(file)[0] >> 8)


def test_a_palette_becomes_rgb() -> None:
    frame = _only(media.CLINICAL / "examples_palette.dcm")
    assert frame.photometric == "RGB"
    assert frame.pixels.shape == (350, 800, 3)
    assert len(np.unique(frame.pixels.reshape(-1, 3), axis=0)) > 50


def test_inverted_grey_stays_inverted(tmp_path: Path) -> None:
    frame = _only(_write(tmp_path / "a.dcm", PhotometricInterpretation="MONOCHROME1"))
    assert frame.photometric == "MONOCHROME1"


@pytest.mark.parametrize("signed", [0, 1])
def test_overlays_in_unused_bits_are_taken_off(tmp_path: Path, signed: int) -> None:
    wanted = np.array([-2048, -1, 0, 2047] * 4 if signed else [0, 1, 4095, 7] * 4)
    stored = (wanted & 0x0FFF).astype(np.uint16) | np.uint16(0xA000)
    path = _write(tmp_path / "a.dcm", PixelRepresentation=signed, PixelData=stored.tobytes())
    frame = _only(path)
    assert frame.pixels.ravel().tolist() == wanted.tolist()
    assert frame.bits_stored == 12


def test_values_in_the_high_bits_are_moved_down(tmp_path: Path) -> None:
    stored = (np.arange(16, dtype=np.uint16) << 4) | 0xF
    frame = _only(_write(tmp_path / "a.dcm", HighBit=15, PixelData=stored.tobytes()))
    assert frame.pixels.ravel().tolist() == list(range(16))


def test_technique_is_taken_as_it_stands() -> None:
    dataset = dcmread(media.CLINICAL / "CT_small.dcm")
    attributes = _only(media.CLINICAL / "CT_small.dcm").attributes
    assert list(attributes["PixelSpacing"]) == list(dataset.PixelSpacing)
    assert attributes["ImagePositionPatient"] == list(dataset.ImagePositionPatient)
    assert str(attributes["ImagePositionPatient"][0]) == str(dataset.ImagePositionPatient[0])
    assert attributes["KVP"] == dataset.KVP
    assert attributes["ImageType"] == list(dataset.ImageType)
    assert attributes["RescaleIntercept"] == dataset.RescaleIntercept


def test_attributes_that_are_empty_or_absent_are_not_there(tmp_path: Path) -> None:
    attributes = _only(_write(tmp_path / "a.dcm", KVP=None, PixelSpacing=[])).attributes
    assert dict(attributes) == {"ConversionType": "DI"}


def test_attributes_can_be_written_again(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = Dataset()
        for keyword, value in _only(media.CLINICAL / "MR_small.dcm").attributes.items():
            setattr(dataset, keyword, value)
    dataset.save_as(tmp_path / "out", implicit_vr=False, little_endian=True)


def test_no_identity_ever_leaves_a_file(tmp_path: Path) -> None:
    """Fills every text attribute of the dictionary with a mark and looks for it."""
    marks = {"PN": "SECRET^MARK", "CS": "SECRETMARK", "UI": "1.2.777.777", "DA": "19770707"}
    changes: dict[str, object] = {}
    for keyword, tag in keyword_dict.items():
        vr = dictionary_VR(tag)
        group = tag >> 16
        if not keyword or group in (0x0000, 0x0002) or keyword in ALLOWED or group & 1:
            continue
        if vr in ("LO", "SH", "ST", "LT", "UT", "UC") or vr in marks:
            changes[keyword] = marks.get(vr, "SECRETMARK")
    for needed in ("PhotometricInterpretation", "SpecificCharacterSet", "SOPClassUID"):
        del changes[needed]
    assert {"PatientName", "PatientID", "StudyInstanceUID", "AccessionNumber"} <= set(changes)
    attributes = _only(_write(tmp_path / "a.dcm", KVP="120", **changes)).attributes
    assert attributes == {"KVP": 120, "ConversionType": "DI"}


def test_the_list_of_what_passes_holds_no_identity() -> None:
    for keyword in ALLOWED:
        tag = keyword_dict[keyword]
        assert tag >> 16 in (0x0008, 0x0018, 0x0020, 0x0028)
        assert dictionary_VR(tag) not in ("PN", "UI", "DA", "DT", "SQ", "UN")
    assert not {"StudyID", "AccessionNumber", "InstitutionName"} & set(ALLOWED)


@pytest.mark.parametrize(
    ("name", "ratio", "method"),
    [
        ("CT_small.dcm", None, None),
        ("MR_small_jp2klossless.dcm", None, None),
        ("examples_ybr_color.dcm", 19.0, "ISO_10918_1"),
        ("SC_ybr_full_422_uncompressed.dcm", 21.521, "ISO_10918_1"),
        ("JPEGLSNearLossless_16.dcm", 5.88, "ISO_14495_1"),
        ("SC_rgb_gdcm_KY.dcm", 23.6220472440945, "ISO_15444_1"),
    ],
)
def test_lossy_history_is_carried_on(name: str, ratio: float | None, method: str | None) -> None:
    frame = media.play(media.CLINICAL / name)[0][0]
    assert (frame.lossy_ratio, frame.lossy_method) == (ratio, method)
    assert frame.attributes.get("LossyImageCompression", "00") == ("01" if method else "00")


def test_lossy_by_an_unknown_method_is_still_lossy(tmp_path: Path) -> None:
    frame = _only(_write(tmp_path / "a.dcm", LossyImageCompression="01"))
    assert frame.lossy_ratio is None
    assert frame.lossy_method == ""


@pytest.mark.parametrize(
    ("timing", "period"),
    [
        ({"FrameTime": "40"}, 40),
        ({"CineRate": "20"}, 50),
        ({"RecommendedDisplayFrameRate": "8"}, 125),
        ({}, None),
    ],
)
def test_a_cine_loop_keeps_its_own_rate(
    tmp_path: Path, timing: dict[str, str], period: float | None
) -> None:
    source = ReplaySource("scanner", _write(tmp_path / "a.dcm", **timing))
    source.open()
    assert source.frame_time_ms == period


def test_frame_time_vector_sets_each_gap(tmp_path: Path) -> None:
    clock = media.FakeClock()
    pixels = np.arange(64, dtype=np.uint16).tobytes()
    path = _write(
        tmp_path / "a.dcm", NumberOfFrames=4, PixelData=pixels, FrameTimeVector=[0, 30, 70, 20]
    )
    source = ReplaySource("scanner", path, timing=clock.timing)
    source.open()
    times = [frame.monotonic_ns for frame in media.drain(source)]
    assert np.diff(times).tolist() == [30_000_000, 70_000_000, 20_000_000]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("MR_truncated.dcm", "cannot be decoded"),
        ("rtplan.dcm", "holds no picture"),
        ("rtdose.dcm", "32 bits to a pixel"),
        ("waveform_ecg.dcm", "holds no picture"),
        ("badVR.dcm", "cannot be decoded"),
    ],
)
def test_what_cannot_be_shown_is_refused_with_its_reason(name: str, reason: str) -> None:
    with pytest.raises(CorruptMedia, match=reason):
        media.play(media.CLINICAL / name)


def test_an_absurd_size_is_refused_before_memory_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(CorruptMedia, match="65535 by 65535"):
        media.play(_write(tmp_path / "a.dcm", Rows=65535, Columns=65535))


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    name=st.sampled_from(["CT_small.dcm", "MR_small_jpeg_ls_lossless.dcm", "MR_small_RLE.dcm"]),
    at=st.integers(0, 7000),
    noise=st.binary(min_size=1, max_size=40),
    cut=st.integers(0, 8000) | st.none(),
)
def test_any_damage_gives_pictures_or_corrupt_media(
    tmp_path: Path, name: str, at: int, noise: bytes, cut: int | None
) -> None:
    data = bytearray((media.CLINICAL / name).read_bytes())
    data[at : at + len(noise)] = noise
    path = tmp_path / "fuzzed.dcm"
    path.write_bytes(data[:cut])
    try:
        for item in play(path):
            assert item.pixels.ndim in (2, 3)
    except CorruptMedia as error:
        refused = error
        assert refused.reason
