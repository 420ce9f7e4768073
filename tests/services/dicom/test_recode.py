"""Objects for peers that take less: the same picture, no further loss, and never silently more."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.data import get_testdata_file
from pydicom.filereader import read_dataset

from device.iod import build_secondary_capture, encode
from device.protocol import ObjectKind
from services.acquisition import Acquisition
from services.box import Box
from services.dicom import recode
from services.dicom.recode import alternatives, recoded
from services.dicom.store import StoreSession
from services.errors import CatalogError, ContextRefused
from tests.device.iod.factories import context
from tests.device.iod.jpegs import decoded, motion_jpeg
from tests.peers.process import RunningPeer
from tests.services.boxes import CLIP, archive, begin, make_box
from tests.services.dicom.objects import EXPLICIT, write_object
from tests.services.sources import Script

IMPLICIT = "1.2.840.10008.1.2"
JPEG = "1.2.840.10008.1.2.4.50"


def read(data: memoryview, syntax: str) -> Dataset:
    return read_dataset(io.BytesIO(data), syntax == IMPLICIT, True)


def still(folder: Path, number: int = 1) -> Path:
    path = folder / f"{number}.dcm"
    built = build_secondary_capture(context(ObjectKind.SC), motion_jpeg(number))
    path.write_bytes(encode(built.dataset))
    return path


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A recording of seven compressed frames."""
    box: Box = make_box(tmp_path, [archive()])
    exam = begin(box)
    source = Script([motion_jpeg(n) for n in range(1, 8)], frame_time_ms=40.0)
    (instance,) = Acquisition(box, exam.exam_id, CLIP).run(source).instances
    return box.spool.absolute(instance.path)


def test_only_what_loses_nothing_is_an_alternative() -> None:
    assert alternatives(EXPLICIT) == (IMPLICIT,)
    assert alternatives(IMPLICIT) == (EXPLICIT,)
    assert alternatives(JPEG) == (EXPLICIT, IMPLICIT)
    assert alternatives("1.2.840.10008.1.2.4.90") == ()


def test_uncompressed_objects_stay_what_they_are(tmp_path: Path) -> None:
    path = write_object(tmp_path)
    ours = dcmread(path)
    theirs = read(recoded(path, IMPLICIT), IMPLICIT)
    assert theirs.PixelData == ours.PixelData
    assert [e.tag for e in theirs] == [e.tag for e in ours]


def test_what_stands_behind_the_pixels_is_kept(tmp_path: Path) -> None:
    path = write_object(tmp_path)
    ours = dcmread(path)
    ours.add_new(0xFFFCFFFC, "OB", b"\x07" * 8)
    ours.save_as(path)
    assert read(recoded(path, IMPLICIT), IMPLICIT)[0xFFFCFFFC].value == b"\x07" * 8


def test_an_object_without_pixels_is_recoded(tmp_path: Path) -> None:
    path = write_object(tmp_path)
    ours = dcmread(path)
    del ours.PixelData
    ours.save_as(path)
    assert read(recoded(path, IMPLICIT), IMPLICIT).PatientID == ours.PatientID


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
def test_a_clip_is_decoded_frame_by_frame(clip: Path, syntax: str) -> None:
    ours = dcmread(clip)
    theirs = read(recoded(clip, syntax), syntax)
    frames = np.frombuffer(theirs.PixelData, np.uint8).reshape(7, ours.Rows, ours.Columns, 3)
    for number, frame in enumerate(frames, start=1):
        assert np.array_equal(frame, decoded(motion_jpeg(number).jpeg or b""))
    assert (theirs.PhotometricInterpretation, theirs.PlanarConfiguration) == ("RGB", 0)
    assert theirs.SOPInstanceUID == ours.SOPInstanceUID
    for kept in ("", "Ratio", "Method"):
        keyword = f"LossyImageCompression{kept}"
        assert theirs[keyword].value == ours[keyword].value


def test_nothing_is_left_beside_the_original(clip: Path) -> None:
    before = sorted(clip.parent.iterdir())
    view = recoded(clip, EXPLICIT)
    assert sorted(clip.parent.iterdir()) == before
    assert len(view) > 7 * 48 * 64 * 3


@pytest.mark.parametrize("cut", [40, 4000])
def test_a_damaged_file_is_told_and_not_sent(clip: Path, cut: int) -> None:
    content = clip.read_bytes()
    clip.write_bytes(content[:-cut])
    if cut == 40:
        clip.write_bytes(content.replace(b"\xff\xda", b"\xff\x01"))
    with pytest.raises(CatalogError, match="cannot be re-encoded"):
        recoded(clip, EXPLICIT)


@pytest.mark.peer
@pytest.mark.parametrize(("option", "syntax"), [("+x=", EXPLICIT), ("+xi", IMPLICIT)])
def test_a_peer_without_jpeg_gets_the_picture_decoded(
    start_storescp: Callable[..., RunningPeer],
    clip: Path,
    tmp_path: Path,
    option: str,
    syntax: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    running = start_storescp(option, "+B", "-pm")
    files = [clip, still(tmp_path)]
    wanted = [(str(dcmread(path).SOPClassUID), JPEG) for path in files]
    with (
        caplog.at_level(logging.INFO),
        StoreSession(running.peer, "BOX", wanted) as session,
    ):
        assert [session.send(path).status for path in files] == [0, 0]
    assert "goes decoded" in caplog.text
    for path in files:
        ours = dcmread(path)
        (copy,) = (c for c in running.directory.rglob("*") if c.name.endswith(ours.SOPInstanceUID))
        theirs = dcmread(copy)
        assert theirs.file_meta.TransferSyntaxUID == syntax
        assert theirs.LossyImageCompression == "01"
        first = theirs.pixel_array if path is not clip else theirs.pixel_array[0]
        assert np.array_equal(first, decoded(motion_jpeg(1).jpeg or b""))


@pytest.mark.peer
def test_a_peer_with_jpeg_gets_the_bytes_of_the_device(storescp: RunningPeer, clip: Path) -> None:
    ours = dcmread(clip)
    with StoreSession(storescp.peer, "BOX", [(str(ours.SOPClassUID), JPEG)]) as session:
        assert session.send(clip).status == 0
    (copy,) = (c for c in storescp.directory.rglob("*") if c.name.endswith(ours.SOPInstanceUID))
    assert dcmread(copy).PixelData == ours.PixelData


@pytest.mark.peer
def test_a_clip_that_is_too_long_to_decode_is_held_with_the_reason(
    start_storescp: Callable[..., RunningPeer], clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recode, "MOST_DECODED", 6 * 48 * 64 * 3)
    running = start_storescp("+x=", "+B")
    wanted = [(str(dcmread(clip).SOPClassUID), JPEG)]
    with (
        StoreSession(running.peer, "BOX", wanted) as session,
        pytest.raises(ContextRefused, match=r"JPEG Baseline.*decodes .* at most") as refused,
    ):
        session.send(clip)
    assert "enabled at the peer" in refused.value.advice


def test_other_compressions_are_left_alone() -> None:
    path = Path(get_testdata_file("MR_small_RLE.dcm", download=False))
    assert alternatives(str(dcmread(path).file_meta.TransferSyntaxUID)) == ()
