"""Freezing a picture and measuring on it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from firmware.assembly import open_box
from firmware.config import load
from firmware.workshop.sources import Sources
from services.box import Box
from services.catalog import calibrations
from services.console.workshop import WorkshopRefusal

FILE = """\
[station]
state_dir = "state"
[[sources]]
name = "screen"
kind = "pattern"
rows = 400
columns = 600
bits = 12
[[sources]]
name = "missing"
kind = "replay"
path = "nowhere"
"""
ACROSS = {"start": [100, 100], "end": [300, 100], "length_mm": 100}
DOWN = {"start": [100, 100], "end": [100, 300], "length_mm": 100}


@pytest.fixture
def box(tmp_path: Path) -> Box:
    (tmp_path / "gantry.toml").write_text(FILE)
    return open_box(load(tmp_path / "gantry.toml"))


@pytest.fixture
def sources(box: Box, tmp_path: Path) -> Sources:
    return Sources(load(tmp_path / "gantry.toml"), box)


def test_the_inventory_names_every_configured_source(sources: Sources) -> None:
    told = {row["source"]: row for row in sources.inventory() if row["source"]}
    assert set(told) == {"screen", "missing"}
    assert told["screen"]["pictures"]


def test_a_frozen_picture_is_shown_as_it_is(sources: Sources) -> None:
    frozen = sources.freeze("screen")
    assert (frozen.columns, frozen.rows, frozen.bits, frozen.colour) == (600, 400, 12, False)
    image = Image.open(io.BytesIO(sources.picture(frozen.number)))
    assert image.size == (600, 400)
    assert image.mode == "L"


def test_a_source_without_a_picture_says_why(sources: Sources) -> None:
    with pytest.raises(WorkshopRefusal) as caught:
        sources.freeze("missing")
    assert caught.value.code == "G-5401"
    assert caught.value.params["said"]


def test_old_pictures_are_forgotten(sources: Sources) -> None:
    first = sources.freeze("screen").number
    for _ in range(3):
        sources.freeze("screen")
    with pytest.raises(WorkshopRefusal) as caught:
        sources.picture(first)
    assert caught.value.code == "G-5403"


def test_a_ruler_is_tried_first_and_kept_when_it_is_square(sources: Sources, box: Box) -> None:
    number = sources.freeze("screen").number
    told = sources.ruler(number, {**ACROSS, "across": DOWN}, "Ada")
    assert told["pixel_spacing"] == pytest.approx([0.5, 0.5])
    assert told["square"]
    assert calibrations.rulers(box.catalog) == []
    kept = sources.ruler(number, {**ACROSS, "across": DOWN, "keep": True}, "Ada")
    assert kept["kept"] == calibrations.rulers(box.catalog)[0]["id"]
    sources.withdraw(kept["kept"])
    assert sources.calibrations()["rulers"][0]["withdrawn"]


def test_a_distorted_picture_is_not_calibrated(sources: Sources, box: Box) -> None:
    number = sources.freeze("screen").number
    crooked = {**ACROSS, "across": {**DOWN, "length_mm": 90}}
    told = sources.ruler(number, crooked, "Ada")
    assert told["deviation_percent"] == pytest.approx(10)
    assert not told["square"]
    with pytest.raises(WorkshopRefusal) as caught:
        sources.ruler(number, {**crooked, "keep": True}, "Ada")
    assert caught.value.code == "G-5405"
    assert calibrations.rulers(box.catalog) == []


@pytest.mark.parametrize(
    "measure",
    [
        {},
        {**ACROSS, "length_mm": "x"},
        {**ACROSS, "length_mm": 0},
        {**ACROSS, "end": [110, 100]},
        {**ACROSS, "end": [6000, 100]},
        {**ACROSS, "start": None},
    ],
)
def test_measures_that_are_none_are_refused(sources: Sources, measure: dict[str, object]) -> None:
    number = sources.freeze("screen").number
    with pytest.raises(WorkshopRefusal) as caught:
        sources.ruler(number, measure, "Ada")
    assert caught.value.code == "G-5404"


def test_a_range_is_measured_or_said_to_be_none(sources: Sources) -> None:
    number = sources.freeze("screen").number
    with pytest.raises(WorkshopRefusal) as caught:
        sources.range(number, [0, 0, 9000, 10], "Ada")
    assert caught.value.code == "G-5404"
