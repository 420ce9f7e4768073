"""``gantry capture``: pictures into files, as they came."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from drivers.pattern import PatternSource
from drivers.pattern_counter import read_counter
from tests.drivers import media
from tests.end_to_end.cli import Gantry
from tests.end_to_end.settings import Settings


@pytest.fixture
def gantry(tmp_path: Path) -> Gantry:
    settings = Settings().pattern("deep", rate=0, rows=64, columns=80, bits=12, frames=5)
    settings.pattern("colour", rate=0, rows=64, columns=80, colour=True)
    settings.table("sources", name="grabber", kind="simulated")
    settings.table("sources", name="dark", kind="simulated", faults=["no-signal@1+1000000"])
    settings.table("sources", name="line", kind="serial", device="/dev/x", driver="laser-camera")
    settings.table("profiles", name="clip", pixel_format="MJPG", lossy=True)
    return settings.write(tmp_path / "box")


def pictures(folder: Path) -> list[tuple[Path, dict[str, object]]]:
    return [
        (path, json.loads(path.with_suffix(".json").read_text()))
        for path in sorted(folder.glob("*.png"))
    ]


def test_grey_of_twelve_bits_is_kept_as_it_came(gantry: Gantry, tmp_path: Path) -> None:
    said = gantry("capture", "deep", "--frames", "3", "--out", str(tmp_path / "out")).good().out
    direct = PatternSource("deep", 0, rows=64, columns=80, bits=12, frames=5)
    direct.open()
    found = pictures(tmp_path / "out")
    assert [str(path) for path, _ in found] == said.split("\n")[:-1]
    assert len(found) == 3
    for path, about in found:
        made = direct.read(1.0)
        assert made is not None
        assert np.array_equal(np.asarray(Image.open(path)), made.pixels)
        assert about["bits_stored"] == 12
        assert about["photometric"] == "MONOCHROME2"
        assert (about["rows"], about["columns"]) == (64, 80)
        assert about["attributes"] == {"ConversionType": "SYN"}
        assert about["native"] is False
        assert about["file"] == path.name
        assert about["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_colour_is_kept_and_nothing_is_overwritten(gantry: Gantry, tmp_path: Path) -> None:
    for _ in range(2):
        gantry("capture", "colour", "--out", str(tmp_path / "out")).good()
    found = pictures(tmp_path / "out")
    assert [Image.open(path).mode for path, _ in found] == ["RGB", "RGB"]


def test_a_grabbers_picture_comes_through_its_process_with_the_profile_that_is_named(
    gantry: Gantry, tmp_path: Path
) -> None:
    words = ("--profile", "clip", "--frames", "2", "--out", str(tmp_path))
    gantry("capture", "grabber", *words).good()
    found = pictures(tmp_path)
    assert len(found) == 2
    for path, about in found:
        assert Image.open(path).mode == "RGB"
        assert read_counter(np.asarray(Image.open(path))) == about["sequence"]
        assert about["lossy_method"] == "ISO_10918_1"
        assert about["profile"] == "clip"
        assert path.with_suffix(".jpg").read_bytes().startswith(b"\xff\xd8")


def test_signed_pictures_say_what_was_added(tmp_path: Path) -> None:
    folder = media.write_dicom_folder(tmp_path / "ct")
    gantry = Settings().replay("ct", folder).write(tmp_path / "box")
    gantry("capture", "ct", "--out", str(tmp_path / "out")).good()
    ((path, about),) = pictures(tmp_path / "out")
    assert about["native"] is True
    assert about["added_to_values"] in (0, 32768)
    assert np.asarray(Image.open(path)).dtype == np.uint16


def test_a_source_that_ends_early_is_told(gantry: Gantry, tmp_path: Path) -> None:
    out = tmp_path / "out"
    gantry("capture", "deep", "--frames", "9", "--out", str(out)).refused("5 of 9")
    assert len(pictures(out)) == 5


def test_without_a_signal_nothing_is_written(gantry: Gantry, tmp_path: Path) -> None:
    answer = gantry("capture", "dark", "--frames", "3", "--out", str(tmp_path / "out"))
    answer.refused("no signal")
    assert len(pictures(tmp_path / "out")) <= 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nothing",), ("no source is called", "deep", "--profile")),
        (("nothing", "--profile", "hdmi-csi"), ("not plugged in",)),
        (("grabber", "--profile", "nothing"), ("no profile is called", "clip", "hdmi-csi")),
        (("deep", "--profile", "hdmi-csi"), ("kind pattern",)),
        (("line",), ("no pictures",)),
    ],
)
def test_what_cannot_be_is_refused_with_what_can(
    gantry: Gantry, tmp_path: Path, arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    gantry("capture", *arguments, "--out", str(tmp_path / "out")).refused(*words)
    assert not pictures(tmp_path / "out")
