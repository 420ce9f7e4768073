"""What an operator enters for one acquisition: taken with a name, refused with a reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom import dcmread

from tests.end_to_end.cli import Gantry
from tests.end_to_end.settings import Settings

GEOMETRY = (
    "PixelSpacing=0.5\\0.5",
    "ImageOrientationPatient=1\\0\\0\\0\\1\\0",
    "ImagePositionPatient=-16\\-16\\40",
    "ImageType=DERIVED\\SECONDARY\\AXIAL",
)


def box(folder: Path, *, allowed: bool = False) -> Gantry:
    settings = Settings().pattern("screen", rate=0, rows=64, columns=64, frames=3)
    settings.protocol("screen", "CT", body_part="HEAD")
    gantry = settings.write(folder)
    if allowed:
        text = gantry.config.read_text().replace(
            "[station]\n", "[station]\nct_mr_from_capture = true\n", 1
        )
        gantry.config.write_text(text)
    return gantry


def begun(gantry: Gantry) -> str:
    return gantry("exam", "start", "--unscheduled", "--patient-id", "P1").good().out.strip()


def entries(*values: str) -> list[str]:
    return [part for value in values for part in ("--value", value)]


def test_a_described_capture_becomes_a_ct_where_the_site_allows_it(tmp_path: Path) -> None:
    gantry = box(tmp_path, allowed=True)
    exam = begun(gantry)

    gantry(
        "exam", "acquire", exam, "--protocol", "screen", "--frames", "1",
        *entries(*GEOMETRY, "KVP=120"), "--by", "Rad^Tech",
    ).good()  # fmt: skip

    (image,) = gantry("exam", "show", exam, "--json").good().json()["images"]
    said = {row["keyword"]: row for row in image["contributed"]}
    assert image["object"] == "CT"
    assert said["PixelSpacing"] == {
        "keyword": "PixelSpacing",
        "source": "operator",
        "raw": "0.5\\0.5",
        "confirmed_by": "Rad^Tech",
    }
    ds = dcmread(gantry.folder / "state" / "spool" / image["path"])
    assert (list(ds.ImageType), ds.RescaleType) == (["DERIVED", "SECONDARY", "AXIAL"], "US")


def test_it_stays_a_capture_where_the_site_does_not(tmp_path: Path) -> None:
    gantry = box(tmp_path)
    exam = begun(gantry)

    told = gantry(
        "exam", "acquire", exam, "--protocol", "screen", "--frames", "1",
        *entries(*GEOMETRY), "--by", "Rad^Tech",
    ).good()  # fmt: skip

    assert "not made of captured pictures" in told.err
    (image,) = gantry("exam", "show", exam, "--json").good().json()["images"]
    assert image["object"] == "SC"
    assert image["provenance"]["PixelSpacing"] == "operator"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([*entries("KVP=80")], "somebody has to stand for it"),
        ([*entries("KVP"), "--by", "T"], "write KEYWORD=VALUE"),
        ([*entries("PatientID=4711"), "--by", "T"], "write KEYWORD=VALUE"),
        ([*entries("KVP=much"), "--by", "T"], "'much' cannot be a KVP"),
        ([*entries("PixelSpacing=0\\0"), "--by", "T"], "cannot be a PixelSpacing"),
        ([*entries("KVP=80", "KVP=90"), "--by", "T"], "given twice"),
        ([*entries("ImagePositionPatient=0\\0\\0"), "--by", "T"], "--frames 1"),
    ],
)
def test_what_cannot_be_taken_is_said(tmp_path: Path, options: list[str], words: str) -> None:
    gantry = box(tmp_path)

    refused = gantry("exam", "acquire", "1", "--protocol", "screen", *options)

    refused.refused(words)
