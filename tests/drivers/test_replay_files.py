"""Which files are played, and in which order."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from drivers.errors import CorruptMedia, SourceUnavailable
from drivers.pattern_counter import read_counter
from drivers.replay import ReplaySource
from tests.drivers import media


def _open_error(path: Path) -> SourceUnavailable:
    with pytest.raises(SourceUnavailable) as caught:
        ReplaySource("scanner", path).open()
    return caught.value


def test_files_come_in_natural_order(tmp_path: Path) -> None:
    pictures = media.write_png_folder(tmp_path / "all")
    order = [10, 2, 1, 33, 4, 100]
    for number, file in zip(order, sorted(pictures.iterdir()), strict=True):
        file.rename(pictures / f"IMG{number}.png")
    frames, _ = media.play(pictures)
    read = [order[read_counter(frame.pixels)] for frame in frames]
    assert read == sorted(order)


def test_a_missing_path_is_named(tmp_path: Path) -> None:
    error = _open_error(tmp_path / "nowhere")
    assert "nowhere" in str(error)
    assert "plugged in" in error.advice


def test_an_empty_folder_is_no_source(tmp_path: Path) -> None:
    assert "holds no files" in str(_open_error(tmp_path))


def test_a_folder_holds_one_kind(tmp_path: Path) -> None:
    folder = media.write_png_folder(tmp_path / "mixed")
    shutil.copy(media.CLINICAL / "CT_small.dcm", folder)
    error = _open_error(folder)
    assert "CT_small.dcm" in str(error)
    assert "different kinds" in str(error)


def test_a_stranger_in_the_folder_is_named(tmp_path: Path) -> None:
    folder = media.write_png_folder(tmp_path / "all")
    (folder / "notes.txt").write_text("bring the cable back")
    assert "notes.txt is neither" in str(_open_error(folder))


def test_leftovers_of_systems_and_folders_are_passed_over(tmp_path: Path) -> None:
    folder = media.write_png_folder(tmp_path / "all")
    for name in (".DS_Store", "Thumbs.db", "DICOMDIR"):
        (folder / name).write_bytes(b"x")
    (folder / "deeper").mkdir()
    frames, dropped = media.play(folder)
    assert (len(frames), dropped) == (media.LENGTH, 0)


def test_content_tells_the_kind_where_the_name_does_not(tmp_path: Path) -> None:
    for write, name in (
        (lambda: media.write_tiff(tmp_path / "a.tif"), "a.tif"),
        (lambda: media.write_video(tmp_path / "b.mkv", "libx264"), "b.mkv"),
        (lambda: media.write_video(tmp_path / "c.avi", "mpeg4"), "c.avi"),
        (lambda: media.write_video(tmp_path / "d.mp4", "libx264"), "d.mp4"),
    ):
        write()
        renamed = (tmp_path / name).rename(tmp_path / f"{name[0]}.bin")
        assert len(media.play(renamed)[0]) == media.LENGTH


def test_a_damaged_file_is_dropped_counted_and_leaves_a_gap(tmp_path: Path) -> None:
    folder = media.write_dicom_folder(tmp_path / "ct")
    (folder / "slice2.dcm").write_bytes(b"not what it was")
    frames, dropped = media.play(folder)
    assert [frame.sequence for frame in frames] == [0, 1, 3, 4, 5]
    assert dropped == 1


def test_a_folder_of_nothing_but_damage_names_the_first_file(tmp_path: Path) -> None:
    for name in ("a.dcm", "b.dcm"):
        (tmp_path / name).write_bytes(b"")
    source = ReplaySource("scanner", tmp_path, 0)
    source.open()
    for _ in range(2):
        with pytest.raises(CorruptMedia, match=r"a\.dcm") as caught:
            source.read(1)
    assert isinstance(caught.value, OSError)
    assert source.dropped == 2


def test_a_loop_begins_again_with_running_numbers(tmp_path: Path) -> None:
    clock = media.FakeClock()
    folder = media.write_png_folder(tmp_path / "all")
    source = ReplaySource("scanner", folder, 10, loop=True, timing=clock.timing)
    source.open()
    frames = [source.read(1) for _ in range(2 * media.LENGTH + 1)]
    assert [frame.sequence for frame in frames] == list(range(2 * media.LENGTH + 1))
    assert read_counter(frames[media.LENGTH].pixels) == 0
    assert frames[-1].monotonic_ns - frames[0].monotonic_ns == 2 * media.LENGTH * 10**8
    source.close()


def test_a_loop_over_damage_does_not_run_for_ever(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"")
    source = ReplaySource("scanner", tmp_path, 0, loop=True)
    source.open()
    with pytest.raises(CorruptMedia):
        source.read(1)


def test_a_medium_that_is_pulled_out_says_so(tmp_path: Path) -> None:
    folder = media.write_png_folder(tmp_path / "stick")
    source = ReplaySource("scanner", folder, 0)
    source.open()
    source.read(1)
    shutil.rmtree(folder)
    with pytest.raises(SourceUnavailable, match="went away"):
        source.read(1)
