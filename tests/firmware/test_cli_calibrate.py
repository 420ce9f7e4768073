"""``gantry calibrate`` from the scale on the screen to the spacing in the object."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread

from tests.drivers.native import acr
from tests.drivers.native.test_acr_nema import PIXELS
from tests.end_to_end.cli import Gantry
from tests.end_to_end.settings import Settings

RULER = ("--from", "10,10", "--to", "110,10", "--length", "50", "--by", "Rad^Tech")


def written(folder: Path, columns: int = 128) -> Gantry:
    settings = Settings()
    settings.pattern("screen", rate=0, rows=96, columns=columns, frames=3)
    settings.protocol("screen", "SC", modality="OT")
    return settings.write(folder)


def taken(gantry: Gantry, *options: str) -> list[float] | None:
    """Spacing of a new picture."""
    exam = gantry("exam", "start", "--unscheduled", "--patient-id", "P1").good().out.strip()
    acquired = gantry(
        "exam", "acquire", exam, "--protocol", "screen", "--frames", "1", "--json", *options
    )
    (instance,) = acquired.good().json()["instances"]
    ds = dcmread(gantry.folder / "state" / "spool" / instance["path"])
    gantry("exam", "complete", exam).good()
    spacing = ds.get("PixelSpacing")
    return None if spacing is None else [float(part) for part in spacing]


def test_a_ruler_holds_until_zoom_or_configuration_changes(tmp_path: Path) -> None:
    gantry = written(tmp_path)
    assert taken(gantry) is None

    made = gantry("calibrate", "ruler", "screen", *RULER, "--zoom", "FOV 250", "--json")

    assert made.good().json()["pixel_spacing"] == [0.5, 0.5]
    assert taken(gantry, "--zoom", "FOV 250") == [0.5, 0.5]
    assert taken(gantry) is None
    listed = gantry("calibrate", "list", "--json").good().json()["rulers"]
    assert [(row["confirmed_by"], row["withdrawn"]) for row in listed] == [("Rad^Tech", None)]
    gantry.config.write_text(gantry.config.read_text().replace("columns = 128", "columns = 160"))
    assert taken(gantry, "--zoom", "FOV 250") is None


def test_a_withdrawn_ruler_holds_no_longer(tmp_path: Path) -> None:
    gantry = written(tmp_path)
    assert "0.5000 mm between rows" in gantry("calibrate", "ruler", "screen", *RULER).good().out

    gantry("calibrate", "withdraw", "1").good()

    assert taken(gantry) is None
    again = gantry("calibrate", "withdraw", "1")
    assert again.code == 1
    assert "no calibration 1 is in force" in again.text
    assert " no" in gantry("calibrate", "list").good().out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--from", "10,10", "--to", "20,10"), "10 pixels apart"),
        (("--from", "10,10", "--to", "500,10"), "outside the picture of 128 x 96"),
        (("--from", "10;10", "--to", "90,10"), "is not COLUMN,ROW in numbers"),
    ],
)
def test_a_ruler_that_measures_nothing_is_explained(
    tmp_path: Path, options: tuple[str, ...], words: str
) -> None:
    gantry = written(tmp_path)

    refused = gantry("calibrate", "ruler", "screen", *options, "--length", "50", "--by", "Rad^Tech")

    assert refused.code != 0
    assert words in refused.text
    assert "Traceback" not in refused.text


def test_a_ramp_on_the_screen_gives_the_range(tmp_path: Path) -> None:
    folder = tmp_path / "screens"
    folder.mkdir()
    screen = np.full((96, 512), 90, np.uint8)
    screen[10:60, 100:400] = np.linspace(30, 218, 300).round()
    Image.fromarray(screen).save(folder / "ramp.png")
    gantry = Settings().replay("screen", folder).write(tmp_path / "box")
    region = ("--region", "100,10,300,50")

    measured = gantry("calibrate", "range", "screen", "--by", "T", *region, "--json").good().json()
    told = gantry("calibrate", "range", "screen", "--by", "T", *region).good().out
    refused = gantry("calibrate", "range", "screen", "--by", "T", "--region", "0,70,90,20")

    assert measured["sound"] is True
    assert (measured["black"], measured["white"]) == pytest.approx((30, 218), abs=2)
    assert "limited range applied twice" in told
    assert f"measured = [{measured['black']}, {measured['white']}]" in told
    refused.refused("there is no ramp")
    assert len(gantry("calibrate", "list", "--json").good().json()["ranges"]) == 2


def test_a_scanners_own_files_need_no_ruler(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    acr.write(folder / "a.acr", PIXELS)
    settings = Settings()
    settings.replay("scanner", folder)
    settings.protocol("scanner", "CT")
    gantry = settings.write(tmp_path / "box")

    refused = gantry("calibrate", "ruler", "scanner", *RULER)

    assert refused.code == 1
    assert "tell their spacing and values themselves" in refused.text
