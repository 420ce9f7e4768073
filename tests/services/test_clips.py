"""Recordings: flat in memory, whole after a crash, and true about what is in them."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import JPEGBaseline8Bit

from device.exam import Exam
from device.provenance import Contribution, Source
from services import clips
from services.acquisition import Acquisition, Summary
from services.box import Box
from services.catalog import exams
from services.clip_journal import JOURNAL_SUFFIX, read_journal
from services.errors import StorageFull
from services.recovery import Report, recover
from services.spool import TEMPORARY_SUFFIX, Usage
from tests.device.iod.factories import Picture, grey
from tests.device.iod.jpegs import motion_jpeg
from tests.services import clip_workers, processes
from tests.services.boxes import CLIP, archive, begin, make_box, states
from tests.services.clip_workers import Camera, colours
from tests.services.sources import Event, Script, flat, pictures


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = make_box(tmp_path, [archive()])
    with made.catalog:
        yield made


@pytest.fixture
def exam(box: Box) -> Exam:
    return begin(box)


def record(box: Box, exam: Exam, events: list[Event], frame_time_ms: float = 40.0) -> Summary:
    source = Script(events, frame_time_ms=frame_time_ms)
    return Acquisition(box, exam.exam_id, CLIP).run(source)


def objects(box: Box, exam: Exam) -> list[Dataset]:
    rows = box.catalog.rows("SELECT path FROM instance ORDER BY instance_number")
    return [dcmread(box.spool.absolute(row["path"])) for row in rows]


def leftovers(box: Box) -> list[str]:
    return [path.name for path in box.spool.files() if path.suffix == TEMPORARY_SUFFIX]


def test_the_catalog_knows_the_bytes_of_the_file(box: Box, exam: Exam) -> None:
    (instance,) = record(box, exam, pictures(5)).instances
    content = box.spool.absolute(instance.path).read_bytes()
    assert (instance.size, instance.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert leftovers(box) == []
    assert len(states(box, "store")) == 1


@pytest.mark.parametrize("bits", [8, 12])
def test_the_samples_are_those_of_the_frames(box: Box, exam: Exam, bits: int) -> None:
    frames = [grey(3, 5, bits, sequence=n, monotonic_ns=n * 40_000_000) for n in range(1, 4)]
    record(box, exam, list(frames))
    (ds,) = objects(box, exam)
    assert np.array_equal(ds.pixel_array, [frame.pixels for frame in frames])
    assert len(ds.PixelData) % 2 == 0
    assert (ds.NumberOfFrames, float(ds.FrameTime), ds.CineRate) == (3, 40.0, 25)


@pytest.mark.parametrize("abbreviated", [False, True])
@pytest.mark.parametrize("gray", [False, True])
def test_compressed_frames_keep_their_bytes(
    box: Box, exam: Exam, gray: bool, abbreviated: bool
) -> None:
    frames = [motion_jpeg(n, grey=gray, abbreviated=abbreviated) for n in range(1, 8)]
    (instance,) = record(box, exam, list(frames)).instances
    assert instance.transfer_syntax_uid == JPEGBaseline8Bit
    (ds,) = objects(box, exam)
    streams = list(generate_frames(ds.PixelData, number_of_frames=7))
    for stream, frame in zip(streams, frames, strict=True):
        assert frame.jpeg is not None
        scan = frame.jpeg[frame.jpeg.index(b"\xff\xda") :]
        assert scan in stream
        assert abbreviated or stream[: len(frame.jpeg)] == frame.jpeg
    assert np.array_equal(ds.pixel_array[6], dcmread_still(ds, streams[6]))
    ratio = 7 / sum(len(f.jpeg or b"") / f.pixels.nbytes for f in frames)
    assert float(ds.LossyImageCompressionRatio) == pytest.approx(ratio, abs=0.005)
    assert (ds.LossyImageCompression, ds.LossyImageCompressionMethod) == ("01", "ISO_10918_1")
    assert ds.PhotometricInterpretation == ("MONOCHROME2" if gray else "YBR_FULL_422")


def dcmread_still(clip: Dataset, stream: bytes) -> Any:
    """The picture of one stream, decoded as the clip's own are."""
    still = Dataset()
    still.update({e.tag: e for e in clip if e.keyword not in ("PixelData", "NumberOfFrames")})
    still.file_meta = clip.file_meta
    still.PixelData = encapsulate([stream])
    still["PixelData"].is_undefined_length = True
    return still.pixel_array


def test_a_frame_that_lost_its_stream_begins_another_object(box: Box, exam: Exam) -> None:
    bare = motion_jpeg(3)
    bare = Picture(bare.pixels, 8, "RGB", sequence=3, monotonic_ns=bare.monotonic_ns)
    record(box, exam, [motion_jpeg(1), motion_jpeg(2), bare])
    syntaxes = [ds.file_meta.TransferSyntaxUID.is_compressed for ds in objects(box, exam)]
    assert syntaxes == [True, False]


def test_only_what_holds_for_every_frame_is_said(box: Box, exam: Exam) -> None:
    first, second = (
        grey(
            sequence=n,
            monotonic_ns=n * 40_000_000,
            attributes={"WindowCenter": 100 * n, "WindowWidth": 50, "ConversionType": "DI"},
        )
        for n in (1, 2)
    )
    record(box, exam, [first, second])
    (ds,) = objects(box, exam)
    assert "WindowWidth" not in ds
    assert ds.ConversionType == "DI"


def test_the_times_that_were_are_in_the_object_and_losses_in_the_row(box: Box, exam: Exam) -> None:
    first, second, _, _, fifth = pictures(5)
    (instance,) = record(box, exam, [first, second, 2, fifth]).instances
    (ds,) = objects(box, exam)
    assert [float(step) for step in ds.FrameTimeVector] == [0, 40, 120]
    assert (instance.frames, instance.dropped) == (3, 2)
    assert "2 frames lost" in ds.ImageComments


def test_objects_end_at_their_size(box: Box, exam: Exam, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clips, "CLIP_BYTES", 4 * 64 * 64)
    frames: list[Event] = [flat(64, 64, number) for number in range(1, 11)]
    summary = record(box, exam, frames)
    assert [instance.frames for instance in summary.instances] == [4, 4, 2]
    shown = [int(frame[0, 0]) for ds in objects(box, exam) for frame in ds.pixel_array]
    assert shown == list(range(1, 11))


@pytest.mark.parametrize("end", [ValueError("a fault"), KeyboardInterrupt()])
def test_whatever_ends_a_recording_what_was_recorded_is_an_image(
    box: Box, exam: Exam, end: BaseException
) -> None:
    with pytest.raises(type(end)):
        record(box, exam, [*pictures(4), end])
    assert [ds.NumberOfFrames for ds in objects(box, exam)] == [4]
    assert leftovers(box) == []


@pytest.mark.parametrize("step", ["frame", "journal"])
def test_a_medium_that_fills_up_ends_the_recording_and_keeps_its_frames(
    box: Box, exam: Exam, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    left = [3]

    def until_full(real: Any) -> Any:
        def write(*arguments: Any) -> Any:
            if left[0] == 0:
                left[0] = -1
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            left[0] -= 1
            return real(*arguments)

        return write

    if step == "frame":
        monkeypatch.setattr(clips, "write_at", until_full(clips.write_at))
    else:
        monkeypatch.setattr(clips.ClipJournal, "add", until_full(clips.ClipJournal.add))
    with pytest.raises(StorageFull, match="first 3 frames are kept"):
        record(box, exam, pictures(9))
    (ds,) = objects(box, exam)
    assert ds.NumberOfFrames == 3
    assert ds.pixel_array.shape[0] == 3
    assert leftovers(box) == []


def test_a_recording_leaves_room_for_its_row_and_the_end_of_the_exam(
    box: Box, exam: Exam, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clips, "_LOOK_EVERY", 0)
    full = iter([False, False, True])
    monkeypatch.setattr(
        box.spool, "usage", lambda: Usage(100, 0 if next(full) else 2 * clips.SPARE_BYTES)
    )
    with pytest.raises(StorageFull, match=r"nearly full.*first 2 frames are kept"):
        record(box, exam, pictures(9))
    assert [ds.NumberOfFrames for ds in objects(box, exam)] == [2]


def test_a_medium_that_is_full_at_once_leaves_nothing_behind(
    box: Box, exam: Exam, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(clips.os, "posix_fallocate", full)
    with pytest.raises(StorageFull, match="Nothing was recorded"):
        record(box, exam, pictures(3))
    assert list(box.spool.files()) == []


@pytest.mark.fault
def test_memory_stays_flat(box: Box, exam: Exam) -> None:
    answer = processes.CONTEXT.Queue()
    process = processes.begin(
        clip_workers.record_and_measure, box.state_dir, exam.exam_id, 2000, answer
    )
    before, after, frames = answer.get(timeout=processes.PATIENCE)
    process.join(processes.PATIENCE)
    print(f"resident memory: {before / 2**20:.1f} MiB, then {after / 2**20:.1f} MiB")
    for file in box.spool.files():
        file.unlink()
    assert sum(frames) == 2000
    assert max(frames) * 480 * 640 * 3 <= clips.CLIP_BYTES
    assert after - before < 32 * 2**20, "2000 frames are 1758 MiB"


@pytest.mark.fault
@pytest.mark.parametrize("kind", ["plain", "jpeg"])
def test_a_recording_that_is_killed_is_finished_with_every_frame(
    box: Box, exam: Exam, kind: str
) -> None:
    recorded = processes.CONTEXT.Value("q", 0)
    process = processes.begin(
        clip_workers.record_until_killed, box.state_dir, exam.exam_id, kind, recorded
    )
    clip_workers.until(lambda: recorded.value >= 25)
    processes.kill(process)
    assert recover(box) == Report(ran=True, recordings=1, adopted=1)
    (ds,) = objects(box, exam)
    assert recorded.value <= ds.NumberOfFrames <= recorded.value + 1
    assert "The recording was cut off" in ds.ImageComments
    assert float(ds.FrameTime) == 40
    last = ds.NumberOfFrames
    assert ds.pixel_array.shape[0] == last
    if kind == "jpeg":
        streams = list(generate_frames(ds.PixelData, number_of_frames=last))
        expected = motion_jpeg(last).jpeg or b""
        assert streams[-1][: len(expected)] == expected
    else:
        assert [int(frame[0, 0, 0]) for frame in ds.pixel_array] == [
            number % 256 for number in range(1, last + 1)
        ]
    (row,) = box.catalog.rows("SELECT * FROM instance")
    assert (row["frames"], row["dropped"], row["object"]) == (last, 0, "SC multi-frame")
    assert '"PatientID": "worklist"' in row["provenance"]
    assert len(states(box, "store")) == 1
    assert leftovers(box) == []
    assert recover(box) == Report(ran=True)


@pytest.mark.fault
def test_a_recording_that_was_killed_at_its_very_end_is_whole(box: Box, exam: Exam) -> None:
    processes.kill_itself(clip_workers.record_and_die_before_the_name, box.state_dir, exam.exam_id)
    assert recover(box).adopted == 1
    (ds,) = objects(box, exam)
    assert (ds.NumberOfFrames, ds.pixel_array.shape[0]) == (9, 9)


@pytest.fixture
def cut_off(box: Box, exam: Exam, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Data and journal of a recording of six frames, 9216 bytes each, that was never sealed."""

    def power_cut(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(clips, "finish", power_cut)
        with pytest.raises(KeyboardInterrupt):
            Acquisition(box, exam.exam_id, CLIP).run(Camera(colours(6, 48, 64)))  # type: ignore[arg-type]
    journal, data = sorted(box.spool.files())
    assert journal.name == data.name.removesuffix(TEMPORARY_SUFFIX) + JOURNAL_SUFFIX
    return data, journal


def test_a_recording_whose_end_is_not_on_the_medium_keeps_what_is(
    box: Box, exam: Exam, cut_off: tuple[Path, Path]
) -> None:
    data, journal = cut_off
    third = read_journal(journal).frames[2]
    os.truncate(data, third.offset + 100)
    assert recover(box) == Report(ran=True, recordings=1, adopted=1)
    (ds,) = objects(box, exam)
    assert [int(frame[0, 0, 0]) for frame in ds.pixel_array] == [1, 2]


def test_a_frame_whose_bytes_are_not_its_own_ends_the_recording(
    box: Box, exam: Exam, cut_off: tuple[Path, Path]
) -> None:
    data, journal = cut_off
    fifth = read_journal(journal).frames[4]
    with data.open("r+b") as file:
        file.seek(fifth.offset + 4096)
        file.write(bytes(4096))
    recover(box)
    assert [ds.NumberOfFrames for ds in objects(box, exam)] == [4]


@pytest.mark.parametrize("rest", [b"", b"\0", b"\xff"])
@pytest.mark.parametrize("torn", [5, 20, 44, 45, 100])
def test_a_torn_journal_counts_as_far_as_it_is_whole(
    box: Box, exam: Exam, cut_off: tuple[Path, Path], torn: int, rest: bytes
) -> None:
    _, journal = cut_off
    with journal.open("r+b") as file:
        file.truncate(journal.stat().st_size - torn)
        file.seek(0, os.SEEK_END)
        file.write(rest * torn)
    recover(box)
    (ds,) = objects(box, exam)
    record_size = 4 + 4 + 1 + 36
    assert ds.NumberOfFrames == 6 - -(-torn // record_size)


RULER = (
    Contribution("PixelSpacing", [0.4, 0.4], Source.CALIBRATED, "100 mm on 250 pixels", "Ines"),
    Contribution("PixelSpacingCalibrationType", "GEOMETRY", Source.CALIBRATED, "", "Ines"),
    Contribution("PixelSpacingCalibrationDescription", "Ruler", Source.CALIBRATED, "", "Ines"),
)
EXPOSURE = Contribution("ImageComments", "first frame only", Source.SERIAL, "X")


@pytest.mark.parametrize("cut", [False, True])
def test_a_calibration_holds_for_a_recording_and_nothing_else_that_is_said_of_one_frame(
    box: Box, exam: Exam, monkeypatch: pytest.MonkeyPatch, cut: bool
) -> None:
    def power_cut(*_: Any) -> None:
        raise KeyboardInterrupt

    acquisition = Acquisition(box, exam.exam_id, CLIP, beside=lambda _: (*RULER, EXPOSURE))
    with monkeypatch.context() as patched:
        if cut:
            patched.setattr(clips, "finish", power_cut)
        with suppress(KeyboardInterrupt):
            acquisition.run(Camera(colours(6, 48, 64)))  # type: ignore[arg-type]
    assert recover(box).recordings == cut
    (ds,) = objects(box, exam)
    assert list(ds.PixelSpacing) == [0.4, 0.4]
    assert "first frame" not in ds.get("ImageComments", "")
    (row,) = exams.instances_of(box.catalog, exam.exam_id)
    assert '"PixelSpacing": "calibrated"' in row["provenance"]
    kept = box.catalog.row("SELECT * FROM attribute_origin WHERE keyword = 'PixelSpacing'")
    assert kept is not None
    assert (kept["raw"], kept["confirmed_by"]) == ("100 mm on 250 pixels", "Ines")


def test_a_recording_without_a_whole_frame_leaves_nothing(
    box: Box, exam: Exam, cut_off: tuple[Path, Path]
) -> None:
    data, journal = cut_off
    os.truncate(journal, 5)
    assert data.is_file()
    assert recover(box) == Report(ran=True, unfinished=1)
    assert list(box.spool.files()) == []


def test_a_journal_alone_is_of_a_recording_that_was_finished(box: Box, exam: Exam) -> None:
    (instance,) = record(box, exam, pictures(3)).instances
    file = box.spool.absolute(instance.path)
    file.with_name(file.name + JOURNAL_SUFFIX).write_bytes(b"D")
    assert recover(box) == Report(ran=True)
    assert leftovers(box) == []
    assert len(objects(box, exam)) == 1
