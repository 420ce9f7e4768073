"""Video objects: one stream, its frames and times as they were, and whole after a kill."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.encaps import generate_frames
from pydicom.sr.codedict import codes
from pydicom.uid import MPEG4HP41

from device.exam import Exam
from device.iod.anatomic_regions import ANATOMIC_REGIONS
from device.protocol import Protocol
from services import video_encoder
from services.acquisition import Acquisition, Summary
from services.box import Box
from services.recovery import Report, recover
from tests.device.iod.factories import Picture
from tests.device.iod.jpegs import motion_jpeg, photo
from tests.services import clip_workers, processes
from tests.services.boxes import archive, begin, make_box
from tests.services.clip_workers import SCOPE
from tests.services.sources import Event, Script


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = make_box(tmp_path, [archive()])
    with made.catalog:
        yield made


@pytest.fixture
def exam(box: Box) -> Exam:
    return begin(box)


def frame(number: int, step_ms: float = 40.0, **more: Any) -> Picture:
    return Picture(
        photo(number), 8, "RGB", sequence=number, monotonic_ns=round(number * step_ms * 1e6), **more
    )


def record(
    box: Box,
    exam: Exam,
    events: list[Event],
    protocol: Protocol = SCOPE,
    frame_time_ms: float | None = 40.0,
) -> Summary:
    source = Script(events, frame_time_ms=frame_time_ms)
    return Acquisition(box, exam.exam_id, protocol).run(source)


def objects(box: Box) -> list[Dataset]:
    rows = box.catalog.rows("SELECT path FROM instance ORDER BY instance_number")
    return [dcmread(box.spool.absolute(row["path"])) for row in rows]


def stream_of(ds: Dataset) -> bytes:
    (stream,) = generate_frames(ds.PixelData, number_of_frames=1)
    return stream


def decoded(ds: Dataset) -> list[Any]:
    with av.open(io.BytesIO(stream_of(ds))) as container:
        return list(container.decode(video=0))


@pytest.mark.parametrize(("modality", "name"), [("ES", "Endoscopic"), ("XC", "Photographic")])
def test_the_modality_chooses_the_object(box: Box, exam: Exam, modality: str, name: str) -> None:
    summary = record(box, exam, [frame(n) for n in range(1, 6)], replace(SCOPE, modality=modality))
    (instance,) = summary.instances
    assert (instance.object, instance.frames, summary.refused) == ("video", 5, "")
    (ds,) = objects(box)
    assert ds.SOPClassUID.name == f"Video {name} Image Storage"
    assert ds.file_meta.TransferSyntaxUID == MPEG4HP41
    (region,) = ds.AnatomicRegionSequence
    assert (region.CodeValue, region.CodingSchemeDesignator) == ("71854001", "SCT")


def test_the_stream_holds_every_frame_at_its_time(box: Box, exam: Exam) -> None:
    frames = [frame(n) for n in (1, 2, 3, 6, 7, 8)]
    (instance,) = record(box, exam, [*frames[:3], 2, *frames[3:]]).instances
    (ds,) = objects(box)
    shown = decoded(ds)
    assert len(shown) == ds.NumberOfFrames == 6
    assert instance.dropped == 2
    first = shown[0].time
    assert [round((one.time - first) * 1000) for one in shown] == [0, 40, 80, 200, 240, 280]
    assert [float(step) for step in ds.FrameTimeVector] == [0, 40, 40, 120, 40, 40]
    for one, ours in zip(shown, frames, strict=True):
        theirs = one.to_ndarray(format="rgb24").astype(int)
        assert np.abs(theirs - ours.pixels).mean() < 12, "lossy, but the same picture"


def test_the_stream_is_what_the_transfer_syntax_says(box: Box, exam: Exam) -> None:
    record(box, exam, [frame(n) for n in range(1, 31)])
    (ds,) = objects(box)
    with av.open(io.BytesIO(stream_of(ds))) as container:
        stream = container.streams.video[0]
        assert container.format.name == "mpegts"
        assert (stream.codec_context.name, stream.codec_context.profile) == ("h264", "High")
        assert (stream.height, stream.width) == (ds.Rows, ds.Columns) == (48, 64)
        assert stream.pix_fmt == "yuv420p"
        assert stream.average_rate == Fraction(25)
    assert (ds.CineRate, float(ds.FrameTime)) == (25, 40.0)
    assert (ds.SamplesPerPixel, ds.PhotometricInterpretation) == (3, "YBR_PARTIAL_420")


def test_grey_stays_grey(box: Box, exam: Exam) -> None:
    frames = [
        replace(frame(n), pixels=photo(n)[:, :, 0], photometric="MONOCHROME2") for n in (1, 2, 3)
    ]
    record(box, exam, list(frames))
    (ds,) = objects(box)
    last = decoded(ds)[-1].to_ndarray(format="rgb24").astype(int)
    assert np.abs(last - last.mean(axis=2, keepdims=True)).max() <= 2
    assert np.abs(last[:, :, 0] - frames[-1].pixels).mean() < 6


def test_the_whole_lossy_history_is_told(box: Box, exam: Exam) -> None:
    record(box, exam, [motion_jpeg(n) for n in range(1, 4)])
    record(box, exam, [frame(n) for n in range(1, 4)])
    twice, once = objects(box)
    assert list(twice.LossyImageCompressionMethod) == ["ISO_10918_1", "ISO_14496_10"]
    assert len(twice.LossyImageCompressionRatio) == 2
    assert once.LossyImageCompressionMethod == "ISO_14496_10"
    plain = 3 * 48 * 64 * 3 / len(stream_of(once))
    assert float(once.LossyImageCompressionRatio) == pytest.approx(plain, abs=0.01)


@pytest.mark.parametrize(
    ("protocol", "picture", "frame_time_ms", "words"),
    [
        (replace(SCOPE, modality="US"), frame(1), 40.0, "modality ES or XC, not US"),
        (replace(SCOPE, body_part="FOO"), frame(1), 40.0, "anatomic region code"),
        (SCOPE, frame(1), None, "stills"),
        (SCOPE, replace(frame(1), pixels=photo(1)[:47]), 40.0, "even sides"),
        (SCOPE, Picture(np.zeros((48, 64), np.uint16), 12), 40.0, "8 bits"),
        (SCOPE, replace(frame(1), pixels=photo(1, 1080, 1920)), 16.0, "Level 4.1"),
    ],
)
def test_what_cannot_be_a_video_is_a_secondary_capture_that_says_why(
    box: Box,
    exam: Exam,
    protocol: Protocol,
    picture: Picture,
    frame_time_ms: float | None,
    words: str,
) -> None:
    summary = record(box, exam, [picture], protocol, frame_time_ms)
    assert words in summary.refused
    assert [instance.object for instance in summary.instances] == ["SC multi-frame"]


def test_a_box_without_encoder_makes_a_secondary_capture(
    box: Box, exam: Exam, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video_encoder.av, "codecs_available", {"mpeg4"})
    summary = record(box, exam, [frame(n) for n in range(1, 4)])
    assert "cannot encode H.264" in summary.refused
    assert [ds.NumberOfFrames for ds in objects(box)] == [3]


@pytest.mark.fault
def test_a_video_that_is_killed_is_finished_with_every_frame(box: Box, exam: Exam) -> None:
    recorded = processes.CONTEXT.Value("q", 0)
    process = processes.begin(
        clip_workers.record_until_killed, box.state_dir, exam.exam_id, "video", recorded
    )
    clip_workers.until(lambda: recorded.value >= 40)
    processes.kill(process)
    assert recover(box) == Report(ran=True, recordings=1, adopted=1)
    (ds,) = objects(box)
    assert recorded.value <= ds.NumberOfFrames <= recorded.value + 1
    assert len(decoded(ds)) == ds.NumberOfFrames
    assert "cut off" in ds.ImageComments
    (row,) = box.catalog.rows("SELECT object FROM instance")
    assert row["object"] == "video"


def test_the_region_codes_are_those_of_the_standard() -> None:
    known = {(code.value, code.meaning) for code in codes.CID4.concepts.values()}
    known |= {(code.value, code.meaning) for code in codes.CID4031.concepts.values()}
    assert set(ANATOMIC_REGIONS.values()) <= known
    assert all(meaning.upper() == term for term, (_, meaning) in ANATOMIC_REGIONS.items())
