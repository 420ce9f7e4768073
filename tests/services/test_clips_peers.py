"""What programs that we did not write say of recordings, and which pictures they see in them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread

from device.exam import Exam
from device.protocol import Protocol
from services.acquisition import Acquisition
from services.box import Box
from services.dicom.store import StoreSession
from tests.device.iod.factories import Picture, colour, grey
from tests.device.iod.jpegs import decoded, motion_jpeg
from tests.device.iod.test_validators import complaints
from tests.peers.process import RunningPeer
from tests.services.boxes import CLIP, archive, begin, make_box
from tests.services.clip_workers import SCOPE
from tests.services.sources import Script

pytestmark = pytest.mark.peer


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = make_box(tmp_path, [archive()])
    with made.catalog:
        yield made


@pytest.fixture
def exam(box: Box) -> Exam:
    return begin(box)


def at(picture: Picture, number: int, step_ms: int = 40) -> Picture:
    return replace(picture, sequence=number, monotonic_ns=number * step_ms * 1_000_000)


RECORDINGS: dict[str, tuple[Protocol, list[Picture]]] = {
    "byte": (CLIP, [at(grey(bits=8), n) for n in range(1, 6)]),
    "word uneven": (CLIP, [at(grey(bits=12), n * n) for n in range(1, 6)]),
    "colour": (CLIP, [at(colour(23, 31), n) for n in range(1, 6)]),
    "colour of one frame": (CLIP, [at(colour(), 1)]),
    "motion JPEG": (CLIP, [motion_jpeg(n) for n in range(1, 6)]),
    "grey motion JPEG": (CLIP, [motion_jpeg(n, grey=True) for n in range(1, 6)]),
    "abbreviated": (CLIP, [motion_jpeg(n, abbreviated=True) for n in range(1, 6)]),
    "endoscopy": (SCOPE, [at(colour(48, 64), n) for n in range(1, 6)]),
    "photography": (replace(SCOPE, modality="XC"), [at(colour(48, 64), n) for n in range(1, 6)]),
    "endoscopy compressed twice": (SCOPE, [motion_jpeg(n) for n in range(1, 6)]),
}
TWICE = "method inconsistent with Transfer Syntax"
"""The transfer syntax is only the last step of a lossy history."""


def recorded(box: Box, exam: Exam, name: str) -> Path:
    protocol, frames = RECORDINGS[name]
    source = Script(frames, frame_time_ms=40.0)
    (instance,) = Acquisition(box, exam.exam_id, protocol).run(source).instances
    return box.spool.absolute(instance.path)


@pytest.mark.parametrize("name", RECORDINGS)
def test_dciodvfy_finds_no_error_and_no_unexplained_warning(
    box: Box, exam: Exam, name: str
) -> None:
    errors, warnings = complaints(recorded(box, exam, name))
    assert errors == []
    assert [line for line in warnings if TWICE not in line] == []


@pytest.mark.parametrize("name", ["motion JPEG", "grey motion JPEG", "abbreviated"])
def test_dcmtk_decodes_the_same_pictures(box: Box, exam: Exam, name: str, tmp_path: Path) -> None:
    plain = tmp_path / "plain.dcm"
    subprocess.run(["dcmdjpeg", recorded(box, exam, name), plain], check=True)
    shown = dcmread(plain).pixel_array
    for number, frame in enumerate(RECORDINGS[name][1]):
        ours = decoded(motion_jpeg(number + 1, grey=frame.pixels.ndim == 2).jpeg or b"")
        assert np.array_equal(shown[number], ours)


@pytest.mark.parametrize("name", ["byte", "word uneven", "colour"])
def test_dcmtk_sees_the_same_samples(box: Box, exam: Exam, name: str, tmp_path: Path) -> None:
    plain = tmp_path / "plain.dcm"
    subprocess.run(["dcmconv", "+te", recorded(box, exam, name), plain], check=True)
    shown = dcmread(plain).pixel_array
    assert np.array_equal(shown, [frame.pixels for frame in RECORDINGS[name][1]])


@pytest.mark.parametrize("name", RECORDINGS)
def test_an_archive_gets_the_recording_as_it_is(
    box: Box, exam: Exam, name: str, storescp: RunningPeer
) -> None:
    path = recorded(box, exam, name)
    ours = dcmread(path)
    wanted = [(str(ours.SOPClassUID), str(ours.file_meta.TransferSyntaxUID))]
    with StoreSession(storescp.peer, "BOX", wanted) as session:
        assert session.send(path).status == 0
    (copy,) = (c for c in storescp.directory.rglob("*") if c.name.endswith(ours.SOPInstanceUID))
    theirs = dcmread(copy)
    assert theirs == ours
    assert "PrivateInformation" not in theirs.file_meta


def test_orthanc_takes_recordings(box: Box, exam: Exam, orthanc: RunningPeer) -> None:
    for name in ("colour", "motion JPEG", "endoscopy"):
        path = recorded(box, exam, name)
        head = dcmread(path, stop_before_pixels=True)
        wanted = [(str(head.SOPClassUID), str(head.file_meta.TransferSyntaxUID))]
        with StoreSession(orthanc.peer, "BOX", wanted) as session:
            assert session.send(path).status == 0
