"""A watched folder: whole files only, each once, gone when its pictures are durable."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from device.ports import KeepingSource
from drivers.errors import SourceTimeout, SourceUnavailable
from drivers.native.folder import FolderSource
from drivers.native.identity import named_in
from drivers.timing import Timing
from tests.drivers import media
from tests.drivers.native import acr, par

PICTURE = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64)


class Clock(media.FakeClock):
    """Does something to the folder at a moment, while the source waits."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[tuple[float, object]] = []
        self.begun = self.nanoseconds

    def at(self, seconds: float, action: object) -> None:
        self.events.append((seconds, action))

    def wait(self, event: Event, seconds: float) -> bool:
        over = super().wait(event, seconds)
        while self.events and self.events[0][0] <= (self.nanoseconds - self.begun) / 1e9:
            action = self.events.pop(0)[1]
            assert callable(action)
            action()
        return over


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "in"
    made.mkdir()
    return made


@pytest.fixture
def source(folder: Path, clock: Clock) -> Iterator[FolderSource]:
    made = FolderSource("scanner", folder, 2.0, clock.timing)
    made.open()
    yield made
    made.close()


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_a_file_is_taken_when_it_has_stood_still(
    folder: Path, source: FolderSource, clock: Clock
) -> None:
    file = folder / "a.acr"
    whole = acr.write(folder / "whole.part", PICTURE).read_bytes()
    for step in range(1, 5):
        part = whole[: len(whole) * step // 4]
        clock.at(step, lambda part=part: file.write_bytes(part))

    frame = source.read(10)

    assert frame is not None
    assert np.array_equal(frame.pixels, PICTURE)
    assert frame.native
    assert 6 <= (clock.nanoseconds - clock.begun) / 1e9 < 6.6
    assert names(folder) == ["a.acr", "done", "failed", "whole.part"]


def test_a_file_leaves_when_its_last_picture_is_durable(folder: Path, source: FolderSource) -> None:
    par.write(folder / "scan.PAR", [{}, {}])
    acr.write(folder / "z.acr", PICTURE)

    first, second = source.read(5), source.read(5)
    assert first is not None
    assert second is not None
    source.acknowledge(first.sequence)
    assert "scan.PAR" in names(folder)
    source.acknowledge(second.sequence)

    assert names(folder / "done") == ["scan.PAR", "scan.REC"]
    assert names(folder) == ["done", "failed", "z.acr"]
    third = source.read(5)
    assert third is not None
    assert third.sequence == 2
    assert isinstance(source, KeepingSource)


def test_what_nobody_acknowledged_comes_again(folder: Path, clock: Clock) -> None:
    acr.write(folder / "a.acr", PICTURE)
    source = FolderSource("scanner", folder, 2.0, clock.timing)
    for _ in range(2):
        source.open()
        assert source.read(5) is not None
        with pytest.raises(SourceTimeout):
            source.read(5)
        source.close()

    assert "a.acr" in names(folder)


def test_files_come_in_natural_order(folder: Path, source: FolderSource) -> None:
    for number in (10, 2, 1):
        acr.write(folder / f"IMG{number}.acr", PICTURE + np.uint16(number))

    frames = [source.read(5) for _ in range(3)]

    assert [int(frame.pixels[0, 0]) for frame in frames if frame] == [1, 2, 10]


def test_what_cannot_be_read_goes_to_failed_with_the_reason(
    folder: Path, source: FolderSource
) -> None:
    (folder / "letter.docx").write_bytes(b"PK" * 100)
    (folder / "torn.acr").write_bytes(acr.write(folder / "x.tmp", PICTURE).read_bytes()[:2000])
    acr.write(folder / "z.acr", PICTURE)

    frame = source.read(5)

    assert frame is not None
    assert source.dropped == 2
    assert names(folder / "failed") == [
        "letter.docx",
        "letter.docx.reason.txt",
        "torn.acr",
        "torn.acr.reason.txt",
    ]
    reason = (folder / "failed" / "letter.docx.reason.txt").read_text()
    assert reason == "letter.docx: is of no kind that can be read.\n"


def test_a_file_that_is_read_in_part_fails_after_its_pictures_are_durable(
    folder: Path, source: FolderSource
) -> None:
    file = par.write(folder / "scan.PAR", [{}, {}])
    samples = file.with_suffix(".REC")
    samples.write_bytes(samples.read_bytes()[:-4])

    frame = source.read(5)
    assert frame is not None
    assert "scan.PAR" in names(folder)
    source.acknowledge(frame.sequence)

    assert source.dropped == 1
    assert names(folder / "failed") == ["scan.PAR", "scan.PAR.reason.txt", "scan.REC"]


def test_a_header_waits_for_its_samples(folder: Path, source: FolderSource, clock: Clock) -> None:
    par.write(folder / "scan.PAR", [{}])
    samples = folder / "scan.REC"
    kept = samples.read_bytes()
    samples.unlink()
    clock.at(20, lambda: samples.write_bytes(kept))

    with pytest.raises(SourceTimeout):
        source.read(15)
    frame = source.read(15)

    assert frame is not None
    assert np.array_equal(frame.pixels, par.picture())


def test_a_header_whose_samples_never_come_fails(folder: Path, source: FolderSource) -> None:
    par.write(folder / "scan.PAR", [{}])
    (folder / "scan.REC").unlink()

    with pytest.raises(SourceTimeout):
        source.read(70)

    assert "no scan.REC beside it" in (folder / "failed" / "scan.PAR.reason.txt").read_text()


def test_names_that_come_again_do_not_overwrite(folder: Path, source: FolderSource) -> None:
    for number in range(3):
        acr.write(folder / "a.acr", PICTURE + np.uint16(number))
        frame = source.read(5)
        assert frame is not None
        source.acknowledge(frame.sequence)

    assert names(folder / "done") == ["a.1.acr", "a.2.acr", "a.acr"]


def test_an_empty_folder_times_out_and_says_where_to_look(
    folder: Path, source: FolderSource
) -> None:
    with pytest.raises(SourceTimeout, match=str(folder)):
        source.read(3)
    assert source.state == "live"


def test_a_stick_that_is_pulled_is_noticed(
    folder: Path, source: FolderSource, clock: Clock
) -> None:
    clock.at(1, lambda: shutil.rmtree(folder))

    with pytest.raises(SourceUnavailable, match="the folder is not there"):
        source.read(5)

    assert (clock.nanoseconds - clock.begun) / 1e9 < 2
    assert source.state == "no device"


def test_a_stick_that_is_pulled_before_the_acknowledgement_raises_at_the_next_reading(
    folder: Path, source: FolderSource
) -> None:
    acr.write(folder / "a.acr", PICTURE)
    frame = source.read(5)
    assert frame is not None
    shutil.rmtree(folder)

    source.acknowledge(frame.sequence)

    with pytest.raises(SourceUnavailable):
        source.read(5)


def test_there_must_be_a_folder(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match="not there"):
        FolderSource("scanner", tmp_path / "nowhere").open()
    with pytest.raises(SourceUnavailable, match="not open"):
        FolderSource("scanner", tmp_path).read(1)


def test_closing_lets_a_waiting_reader_go(folder: Path) -> None:
    closing: list[FolderSource] = []

    def wait(event: Event, seconds: float) -> bool:
        closing[0]._closing.set()
        return event.wait(seconds)

    source = FolderSource("scanner", folder, 2.0, Timing(wait=wait))
    closing.append(source)
    source.open()

    assert source.read(60) is None
    source.close()
    source.close()


def test_files_of_another_patient_wait_for_their_own_exam(folder: Path, clock: Clock) -> None:
    acr.write(folder / "a.acr", PICTURE, more={(0x0010, 0x0020): "ID-1"})
    acr.write(folder / "b.acr", PICTURE + np.uint16(1), more={(0x0010, 0x0020): "ID-2"})
    par.write(folder / "c.PAR", [{}])
    source = FolderSource("scanner", folder, 2.0, clock.timing)
    source.expect(lambda said: said.get("PatientID") == "ID-2")
    source.open()

    frame = source.read(5)

    assert frame is not None
    assert int(frame.pixels[0, 0]) == 1
    source.acknowledge(frame.sequence)
    with pytest.raises(SourceTimeout, match="of another one there are 2"):
        source.read(5)
    assert names(folder) == ["a.acr", "c.PAR", "c.REC", "done", "failed"]
    assert source.dropped == 0


def test_a_file_that_was_corrected_is_asked_again(folder: Path, clock: Clock) -> None:
    acr.write(folder / "a.acr", PICTURE, more={(0x0010, 0x0020): "ID-1"})
    source = FolderSource("scanner", folder, 2.0, clock.timing)
    source.expect(lambda said: said.get("PatientID") == "ID-22")
    source.open()
    with pytest.raises(SourceTimeout, match="there is 1"):
        source.read(5)

    acr.write(folder / "a.acr", PICTURE, more={(0x0010, 0x0020): "ID-22"})

    assert source.read(5) is not None


@pytest.mark.parametrize("little", [True, False])
def test_whom_a_file_names(folder: Path, little: bool) -> None:
    message = acr.write(folder / "a.acr", PICTURE, little=little)
    pair = par.write(folder / "b.PAR", [{}])
    (folder / "c.txt").write_text("nobody")

    assert named_in(message) == {"PatientID": "ID-4711", "PatientName": "SECRET^PATIENT"}
    assert named_in(pair) == {"PatientName": "SECRET^PATIENT"}
    assert named_in(folder / "c.txt") == {}
    assert named_in(folder / "missing.dcm") == {}
    assert named_in(media.CLINICAL / "CT_small.dcm")["PatientID"] == "1CT1"
