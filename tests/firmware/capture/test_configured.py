"""From the configuration to the stored object, through the command alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydicom import dcmread

from drivers.pattern_counter import read_counter
from drivers.usb.sim_digitiser import SimulatedDigitiser
from firmware.assembly import make_side_channel, make_source
from firmware.capture.source import CapturedSource
from firmware.config import load
from services.errors import NotFound
from tests.end_to_end.cli import Gantry
from tests.end_to_end.settings import Settings


@pytest.fixture
def gantry(tmp_path: Path) -> Gantry:
    settings = Settings()
    settings.table(
        "profiles",
        name="old ct",
        preset="composite-pal",
        range="measured",
        measured=[30, 218],
    )
    settings.table(
        "sources",
        name="grabber",
        kind="simulated",
        model="analogue",
        profile="old ct",
        faults=["corrupt@3"],
    )
    settings.table("sources", name="digitiser", kind="simulated", model="digitiser")
    settings.pattern("aside", rate=0, rows=64, columns=64, bits=12, isolated=True)
    settings.table(
        "sources", name="generator", kind="serial", device="/dev/none", driver="xray-generator"
    )
    for name in ("grabber", "digitiser", "aside"):
        settings.protocol(name, "SC", modality="OT")
    return settings.write(tmp_path)


def stored(gantry: Gantry, protocol: str, frames: int) -> list[Path]:
    number = gantry("exam", "start", "--unscheduled", "--patient-id", "P1").good().out.split()[-1]
    words = ("--protocol", protocol, "--frames", str(frames))
    gantry("exam", "acquire", number, *words).good()
    shown = gantry("exam", "show", number, "--json").good().json()
    gantry("exam", "complete", number).good()
    assert len(shown["images"]) == frames, json.dumps(shown, indent=1)
    return [gantry.state / "spool" / image["path"] for image in shown["images"]]


def test_a_simulated_grabber_gives_what_its_profile_says(gantry: Gantry) -> None:
    for path in stored(gantry, "grabber", 4):
        dataset = dcmread(path)
        assert (dataset.Rows, dataset.Columns) == (576, 720)
        assert dataset.PhotometricInterpretation == "MONOCHROME2"
        assert list(dataset.PixelAspectRatio) == [54, 59]
        assert int(dataset.pixel_array.max()) == 255


def test_a_simulated_digitiser_keeps_its_depth(gantry: Gantry) -> None:
    (path,) = stored(gantry, "digitiser", 1)
    dataset = dcmread(path)
    assert dataset.BitsStored == 12
    made = SimulatedDigitiser().picture(0)
    assert dataset.pixel_array.shape == made.shape


def test_a_source_that_needs_no_process_of_its_own_can_have_one(gantry: Gantry) -> None:
    numbers = [read_counter(dcmread(path).pixel_array) for path in stored(gantry, "aside", 3)]
    assert numbers == sorted(set(numbers))


def test_devices_are_read_by_a_process_and_files_are_not(gantry: Gantry) -> None:
    configuration = load(gantry.config)
    for name in ("grabber", "digitiser", "aside"):
        source = make_source(configuration, name)
        assert isinstance(source, CapturedSource)
        assert source.name == name
        assert source.process_id is None
    assert make_side_channel(configuration, "generator").name == "generator"


def test_values_are_no_pictures_and_pictures_are_no_values(gantry: Gantry) -> None:
    configuration = load(gantry.config)
    with pytest.raises(NotFound, match="grabber"):
        make_source(configuration, "generator")
    with pytest.raises(NotFound, match="generator"):
        make_side_channel(configuration, "grabber")
