"""Frames become instances: whole, durable, owed; and the operator is told what is missing."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread

from device.errors import IllegalTransition
from device.exam import Exam
from device.protocol import ObjectKind, Protocol
from drivers.pattern import PatternFaults, PatternSource
from services import acquisition as module
from services import clips
from services import exams as lives
from services.acquisition import Acquisition, Summary
from services.box import Box
from services.catalog import exams
from services.catalog.exams import Instance
from services.errors import CatalogError, StorageFull
from tests.device.iod.factories import CT_TECHNIQUE, GEOMETRY, grey
from tests.services.boxes import (
    CAPTURE,
    CLIP,
    HandClock,
    acquire,
    archive,
    begin,
    item,
    make_box,
    ris,
    states,
)
from tests.services.sources import Script, flat, pictures

CT = Protocol(
    name="Head",
    source="grabber",
    object=ObjectKind.CT,
    modality="CT",
    body_part="HEAD",
    burned_in_annotation=False,
    geometry=GEOMETRY,
    technique=CT_TECHNIQUE,
)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def box(tmp_path: Path, clock: HandClock) -> Iterator[Box]:
    made = make_box(tmp_path, [ris(), archive(), archive("copy")], clock)
    with made.catalog:
        yield made


@pytest.fixture
def exam(box: Box) -> Exam:
    return begin(box)


def run(
    box: Box,
    exam: Exam,
    source: Script | PatternSource,
    protocol: Protocol = CAPTURE,
    frames: int | None = None,
    seconds: float | None = None,
) -> Summary:
    return Acquisition(box, exam.exam_id, protocol).run(source, frames=frames, seconds=seconds)


def rows(box: Box) -> list[dict[str, object]]:
    return box.catalog.rows("SELECT * FROM instance ORDER BY instance_number")


def test_every_image_is_durable_and_owed_before_anybody_is_told(box: Box, exam: Exam) -> None:
    told: list[str] = []

    def stored(instance: Instance) -> None:
        path = box.spool.absolute(instance.path)
        content = path.read_bytes()
        assert hashlib.sha256(content).hexdigest() == instance.sha256
        assert len(content) == instance.size
        row = box.catalog.row(
            "SELECT * FROM instance WHERE sop_instance_uid = ?", [instance.sop_instance_uid]
        )
        assert row is not None
        told.append(instance.sop_instance_uid)

    source = PatternSource("pattern", 0, rows=32, columns=32, bits=12, frames=3)
    summary = Acquisition(box, exam.exam_id, CAPTURE, stored).run(source)
    assert [instance.sop_instance_uid for instance in summary.instances] == told
    assert (summary.frames, summary.dropped, summary.ended_by, summary.fallback) == (3, 0, "", ())
    assert len(states(box, "store")) == 6, "to both archives"
    for instance in summary.instances:
        ds = dcmread(box.spool.absolute(instance.path))
        assert ds.SOPInstanceUID == instance.sop_instance_uid
        assert ds.PatientID == "PID-1"
        assert ds.SeriesInstanceUID == summary.series_instance_uid
        assert (ds.Rows, ds.Columns, ds.BitsStored) == (32, 32, 12)


def test_the_row_tells_where_values_came_from(box: Box, exam: Exam) -> None:
    run(box, exam, Script(pictures(1)), CT)
    (row,) = rows(box)
    provenance = json.loads(str(row["provenance"]))
    assert provenance["PatientID"] == "worklist"
    assert provenance["KVP"] == "preset"
    assert provenance["PixelData"] == "native"
    assert provenance["InstitutionName"] == "station"


def test_the_spool_and_the_archive_get_the_pixels_of_the_source(box: Box, exam: Exam) -> None:
    picture = grey(bits=16)
    (instance,) = run(box, exam, Script([picture])).instances
    stored = dcmread(box.spool.absolute(instance.path)).pixel_array
    assert np.array_equal(stored, picture.pixels)


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (OSError("the cable was pulled"), "the cable was pulled"),
        (TimeoutError("nothing came for 5 s"), "nothing came for 5 s"),
        (OSError(), "grabber: the device is gone"),
        (TimeoutError(), "grabber: no picture in 5 s"),
        (None, ""),
    ],
)
@pytest.mark.parametrize("protocol", [CAPTURE, CLIP])
def test_what_came_before_the_source_ended_is_kept_and_the_reason_said(
    box: Box, exam: Exam, end: BaseException | None, words: str, protocol: Protocol
) -> None:
    source = Script([*pictures(3), end])
    summary = run(box, exam, source, protocol)
    assert (summary.frames, summary.ended_by) == (3, words)
    assert sum(instance.frames for instance in summary.instances) == 3
    assert source.closed == 1


def test_a_source_that_cannot_be_opened_leaves_no_trace(box: Box, exam: Exam) -> None:
    class Dead(Script):
        def open(self) -> None:
            raise OSError("no such device")

    with pytest.raises(OSError, match="no such device"):
        run(box, exam, Dead([]))
    assert box.catalog.rows("SELECT * FROM series") == []
    assert run(box, exam, Script(pictures(1))).frames == 1, "the exam can still be acquired"


def test_a_fault_of_the_source_closes_it_and_lets_go_of_the_exam(box: Box, exam: Exam) -> None:
    source = Script([*pictures(2), ValueError("a fault")])
    with pytest.raises(ValueError, match="a fault"):
        run(box, exam, source)
    assert source.closed == 1
    assert len(rows(box)) == 2
    run(box, exam, Script(pictures(1)))


def test_it_ends_after_the_frames_that_were_asked_for(box: Box, exam: Exam) -> None:
    source = Script(pictures(9))
    assert run(box, exam, source, frames=4).frames == 4
    assert len(source.timeouts) == 4, "nothing is taken that is thrown away"
    assert run(box, exam, Script(pictures(9)), frames=0).instances == []


def test_it_ends_after_the_seconds_that_were_asked_for(
    box: Box, exam: Exam, clock: HandClock
) -> None:
    source = Script(pictures(99), clock, seconds=1.0)
    summary = run(box, exam, source, seconds=3.5)
    assert (summary.frames, summary.ended_by) == (3, "")
    assert source.timeouts == [3.5, 2.5, 1.5, 0.5]


def test_a_source_that_is_silent_for_good_does_not_hold_the_exam(
    box: Box, exam: Exam, clock: HandClock
) -> None:
    source = Script(pictures(99), clock, seconds=60.0)
    summary = run(box, exam, source, seconds=600)
    assert (summary.frames, summary.ended_by) == (0, "grabber: nothing came")
    assert source.timeouts == [module.FRAME_TIMEOUT]


def test_a_clock_that_is_set_meanwhile_changes_no_duration(
    box: Box, exam: Exam, clock: HandClock
) -> None:
    source = Script(pictures(99), clock, seconds=1.0)
    source.on_read = lambda number: clock.jump(-86400 if number == 2 else 0)
    assert run(box, exam, source, seconds=3.5).frames == 3


def test_a_ct_with_its_geometry_is_a_ct(box: Box, exam: Exam) -> None:
    summary = run(box, exam, Script(pictures(2)), CT)
    assert summary.fallback == ()
    assert [instance.object for instance in summary.instances] == ["CT", "CT"]


def test_a_ct_without_geometry_is_a_secondary_capture_that_says_what_it_lacks(
    box: Box, exam: Exam
) -> None:
    summary = run(box, exam, Script(pictures(1)), replace(CT, geometry={}))
    assert "PixelSpacing" in summary.fallback
    (instance,) = summary.instances
    assert instance.object == "SC"
    ds = dcmread(box.spool.absolute(instance.path))
    assert ds.SOPClassUID.name == "Secondary Capture Image Storage"
    assert "PixelSpacing" not in ds


def test_lost_frames_are_counted_where_they_were_lost(box: Box, exam: Exam) -> None:
    first, second, third = pictures(3)
    summary = run(box, exam, Script([first, 2, second, third, 1]))
    assert summary.dropped == 3
    assert [row["dropped"] for row in rows(box)] == [0, 2, 0]


def test_lost_frames_of_the_pattern_are_counted(box: Box, exam: Exam) -> None:
    source = PatternSource(
        "pattern", 0, rows=32, columns=32, frames=10, faults=PatternFaults(drop_every=5)
    )
    summary = run(box, exam, source)
    assert (summary.frames, summary.dropped) == (8, 2)


def test_a_pattern_that_is_unplugged_keeps_what_came(box: Box, exam: Exam) -> None:
    faults = PatternFaults(unplug_at=3)
    source = PatternSource("pattern", 0, rows=32, columns=32, faults=faults)
    summary = run(box, exam, source)
    assert summary.frames == 3
    assert "the device is gone" in summary.ended_by


def test_a_clip_is_one_object_and_says_what_it_lost(box: Box, exam: Exam) -> None:
    first, second, third = pictures(3)
    source = Script([first, second, 4, third], frame_time_ms=40.0)
    (instance,) = run(box, exam, source, CLIP).instances
    assert (instance.frames, instance.dropped, instance.object) == (3, 4, "SC multi-frame")
    ds = dcmread(box.spool.absolute(instance.path))
    assert ds.NumberOfFrames == 3
    assert "4 frames lost" in ds.ImageComments


def test_a_clip_is_split_by_size_and_where_the_picture_changes(
    box: Box, exam: Exam, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clips, "CLIP_BYTES", 3 * 64 * 64)
    small = [flat(64, 64, number) for number in range(1, 6)]
    wide = [flat(32, 64, number) for number in range(6, 8)]
    summary = run(box, exam, Script([*small, *wide], frame_time_ms=40.0), CLIP)
    assert [instance.frames for instance in summary.instances] == [3, 2, 2]
    assert [instance.instance_number for instance in summary.instances] == [1, 2, 3]
    first = dcmread(box.spool.absolute(summary.instances[0].path))
    assert [int(frame[0, 0]) for frame in first.pixel_array] == [1, 2, 3]


def test_nothing_is_acquired_into_an_exam_that_has_ended(box: Box, exam: Exam) -> None:
    early = Acquisition(box, exam.exam_id, CAPTURE)
    acquire(box, exam)
    lives.complete(box, exam.exam_id)
    source = Script(pictures(1))
    with pytest.raises(CatalogError, match="has ended"):
        early.run(source)
    assert (source.opened, source.closed) == (1, 1)
    with pytest.raises(IllegalTransition):
        Acquisition(box, exam.exam_id, CAPTURE)
    assert len(rows(box)) == 1


def test_an_exam_is_acquired_once_at_a_time(box: Box, exam: Exam) -> None:
    inner = Script(pictures(1))
    refusals: list[str] = []

    def meanwhile(number: int) -> None:
        if number == 1:
            with pytest.raises(CatalogError) as refused:
                run(box, exam, inner)
            refusals.append(str(refused.value))

    assert run(box, exam, Script(pictures(2), on_read=meanwhile)).frames == 2
    assert "being acquired by another process" in refusals[0]
    assert inner.opened == 0


def test_a_full_card_stops_the_acquisition_and_keeps_what_was_reported(
    box: Box, exam: Exam, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = box.spool.write
    source = Script(pictures(5))

    def write(relative: str, data: bytes) -> Path:
        if len(source.timeouts) == 3:
            raise StorageFull("the card is full")
        return real(relative, data)

    monkeypatch.setattr(box.spool, "write", write)
    with pytest.raises(StorageFull):
        run(box, exam, source)
    assert len(rows(box)) == 2
    assert source.closed == 1


def test_an_image_whose_row_cannot_be_made_was_not_acquired(
    box: Box, exam: Exam, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(exams, "insert_instance", refuse)
    with pytest.raises(sqlite3.OperationalError):
        run(box, exam, Script(pictures(1)))
    assert list(box.spool.files()) == []
    assert states(box, "store") == {}


def test_a_protocol_in_another_script_is_acquired_and_reported(box: Box) -> None:
    exam = lives.start(box, [item(1, charset="ISO_IR 144", name="Ковалёва^Ирина")])
    assert exam.character_set == ("ISO_IR 144",)
    protocol = replace(CAPTURE, name="Schädel", series_description="Schädel übersichtlich")
    (instance,) = run(box, exam, Script(pictures(1)), protocol).instances
    ds = dcmread(box.spool.absolute(instance.path))
    assert str(ds.PatientName) == "Ковалёва^Ирина"
    assert ds.SeriesDescription == "Schädel übersichtlich"
    lives.complete(box, exam.exam_id)
    payload = box.catalog.row("SELECT payload FROM delivery WHERE kind = 'mpps-set'")
    assert payload is not None
    (series,) = lives.decode(payload["payload"]).PerformedSeriesSequence
    assert series.ProtocolName == "Schädel"
