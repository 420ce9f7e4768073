"""PAR/REC pairs: every picture at its place in the file and in the patient."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import CorruptMedia
from drivers.native.par_geometry import image_plane
from drivers.native.par_header import Entry, read_header
from tests.drivers.media import play
from tests.drivers.native import par


def only(tmp_path: Path, general: dict[str, str] | None = None, **entry: Any) -> dict[str, Any]:
    """The attributes of a single picture."""
    columns = {key.replace("_", " "): value for key, value in entry.items()}
    named = {{"image type mr": "image_type_mr", "echo time": "echo_time"}.get(key, key): value
             for key, value in columns.items()}  # fmt: skip
    (frame,), _ = play(par.write(tmp_path / "scan.PAR", [named], general=general))
    return dict(frame.attributes)


@pytest.mark.parametrize("version", ["V4", "V4.1", "V4.2"])
@pytest.mark.parametrize("name", ["scan.PAR", "scan.par"])
def test_every_picture_is_read_in_every_version(tmp_path: Path, version: str, name: str) -> None:
    frames, dropped = play(par.write(tmp_path / name, [{}, {}, {}], version=version))

    assert dropped == 0
    assert [frame.native for frame in frames] == [True] * 3
    for number, frame in enumerate(frames):
        assert np.array_equal(frame.pixels, par.picture(number))
        assert (frame.bits_stored, frame.photometric) == (16, "MONOCHROME2")


def test_a_folder_of_pairs_is_played_in_order(tmp_path: Path) -> None:
    for number in (2, 10):
        file = tmp_path / f"scan{number}.PAR"
        par.write(file, [{}], pictures=[par.picture(number)])

    frames, _ = play(tmp_path)

    assert [int(frame.pixels[0, 0]) for frame in frames] == [200, 1000]


def test_the_header_says_where_in_the_samples_a_picture_lies(tmp_path: Path) -> None:
    order = [{"index in REC file": 2}, {"index in REC file": 0}, {"index in REC file": 1}]

    frames, _ = play(par.write(tmp_path / "scan.PAR", order))

    assert [int(frame.pixels[0, 0]) for frame in frames] == [200, 0, 100]


def test_pictures_of_several_sizes_and_depths(tmp_path: Path) -> None:
    small = np.arange(6, dtype=np.uint8).reshape(2, 3)
    entries = [{}, {"recon resolution": "3 2", "image pixel size": 8}, {}]
    pictures = [par.picture(0), small, par.picture(2)]

    frames, _ = play(par.write(tmp_path / "scan.PAR", entries, pictures=pictures))

    assert np.array_equal(frames[1].pixels, small)
    assert frames[1].bits_stored == 8
    assert np.array_equal(frames[2].pixels, par.picture(2))


def test_technique_comes_along_and_the_patient_does_not(tmp_path: Path) -> None:
    said = only(tmp_path)

    assert said["ImageType"] == ["ORIGINAL", "PRIMARY", "OTHER"]
    assert (said["ScanningSequence"], said["SequenceVariant"]) == ("SE", "SK")
    assert (said["MRAcquisitionType"], said["SequenceName"]) == ("2D", "TSE")
    assert (said["RepetitionTime"], said["EchoTime"], said["FlipAngle"]) == (600, 15, 90)
    assert (said["EchoTrainLength"], said["NumberOfAverages"]) == (5, 2)
    assert (said["RescaleSlope"], said["RescaleIntercept"]) == (1.29035, 0)
    assert (said["WindowCenter"], said["WindowWidth"]) == (1070, 1860)
    assert said["PatientPosition"] == "HFS"
    assert "InversionTime" not in said
    assert not any("SECRET" in str(value) or "4711" in str(value) for value in said.values())


@pytest.mark.parametrize(
    ("general", "entry", "expected"),
    [
        ({"Technique": "FEEPI", "EPI factor        <0,1=no EPI>": "39"}, {"scanning_sequence": 2},
         {"ScanningSequence": ["GR", "EP"], "SequenceVariant": "SK", "EchoTrainLength": 39}),
        ({"Technique": "SE", "MTC               <0=no 1=yes> ?": "1"}, {},
         {"SequenceVariant": "MTC"}),
        ({"Technique": "SE"}, {}, {"SequenceVariant": "NONE"}),
        ({"Technique": "T1TFE", "Scan mode": "3D"}, {"scanning_sequence": 2},
         {"SequenceVariant": ["SK", "SP"], "MRAcquisitionType": "3D"}),
        ({"Technique": "NEWONE"}, {"scanning_sequence": 5},
         {"ScanningSequence": None, "SequenceVariant": None}),
        ({}, {"image_type_mr": 3}, {"ImageType": ["ORIGINAL", "PRIMARY", "PHASE MAP"]}),
        ({}, {"image_type_mr": 11}, {"ImageType": None}),
        ({"Patient position": "Upside down"}, {}, {"PatientPosition": None}),
        ({"Patient position": "HFP"}, {}, {"PatientPosition": "HFP"}),
        ({"Patient position": "", "Technique": "", "Patient name": ""}, {},
         {"PatientPosition": None, "SequenceName": None, "ScanningSequence": "SE"}),
        ({"Patient position": "Feet First Prone"}, {}, {"PatientPosition": "FFP"}),
        ({"Repetition time [ms]": "2000.000  500.00"}, {}, {"RepetitionTime": None}),
        ({}, {"rescale_slope": "0"}, {"RescaleSlope": None, "WindowCenter": None}),
    ],
)  # fmt: skip
def test_only_what_is_stated_is_taken(
    tmp_path: Path, general: dict[str, str], entry: dict[str, Any], expected: dict[str, Any]
) -> None:
    said = only(tmp_path, general, **entry)

    assert {keyword: said.get(keyword) for keyword in expected} == expected


@pytest.mark.parametrize(
    ("code", "orientation"),
    [
        (1, [1, 0, 0, 0, 1, 0]),
        (2, [0, 1, 0, 0, 0, -1]),
        (3, [1, 0, 0, 0, 0, -1]),
    ],
)
def test_the_three_plain_planes(tmp_path: Path, code: int, orientation: list[int]) -> None:
    said = only(tmp_path, slice_orientation=code)

    assert said["ImageOrientationPatient"] == orientation
    assert said["PixelSpacing"] == [2.5, 1.5], "between rows first, as DICOM has it"
    assert (said["SliceThickness"], said["SpacingBetweenSlices"]) == (6, 8)


def test_a_position_is_the_centre_of_the_first_pixel(tmp_path: Path) -> None:
    """8 columns of 1.5 mm and 4 rows of 2.5 mm about ap 10, fh 20, rl 30."""
    said = only(tmp_path, image_offcentre="10.0 20.0 30.0")

    assert said["ImagePositionPatient"] == [30 - 3.5 * 1.5, 10 - 1.5 * 2.5, 20]


def test_a_plane_turned_about_all_axes() -> None:
    """Checked once against another reader, which was itself checked against the maker's export."""
    entry = Entry(
        {
            "recon resolution": ("64", "64"),
            "pixel spacing": ("3.0", "3.0"),
            "slice orientation": ("2",),
            "image angulation": ("-30", "20", "10"),
            "image offcentre": ("1.0", "2.0", "3.0"),
        }
    )

    said = image_plane(entry)

    assert said["ImageOrientationPatient"] == pytest.approx(
        [-0.2962, 0.95511, -0.00524, 0.5, 0.15038, -0.85287], abs=1e-5
    )
    assert said["ImagePositionPatient"] == pytest.approx([-16.2593, -103.4694, 83.0909], abs=1e-4)


angles = st.floats(-89, 89).map(lambda value: round(value, 2))
offsets = st.floats(-200, 200).map(lambda value: round(value, 2))


@given(
    code=st.sampled_from([1, 2, 3]),
    turn=st.tuples(angles, angles, angles),
    centre=st.tuples(offsets, offsets, offsets),
)
def test_directions_stay_perpendicular_and_the_middle_stays_the_middle(
    code: int, turn: tuple[float, ...], centre: tuple[float, ...]
) -> None:
    said = image_plane(
        Entry(
            {
                "recon resolution": ("64", "48"),
                "pixel spacing": ("1.5", "2.5"),
                "slice orientation": (str(code),),
                "image angulation": tuple(map(str, turn)),
                "image offcentre": tuple(map(str, centre)),
            }
        )
    )
    row, column = np.array(said["ImageOrientationPatient"]).reshape(2, 3)
    assert np.linalg.norm(row) == pytest.approx(1, abs=1e-5)
    assert np.linalg.norm(column) == pytest.approx(1, abs=1e-5)
    assert row @ column == pytest.approx(0, abs=1e-5)
    middle = np.array(said["ImagePositionPatient"]) + row * 1.5 * 31.5 + column * 2.5 * 23.5
    assert middle.tolist() == pytest.approx([centre[2], centre[0], centre[1]], abs=1e-3)


@pytest.mark.parametrize(
    "change",
    [
        {"pixel_spacing": "0 2.5"},
        {"slice_orientation": "7"},
        {"image_angulation": "nan 0 0"},
        {"image_offcentre": "x 0 0"},
    ],
)
def test_half_a_geometry_is_none(tmp_path: Path, change: dict[str, Any]) -> None:
    said = only(tmp_path, **change)

    assert "ImagePositionPatient" not in said
    assert "ImageOrientationPatient" not in said


def test_slices_that_slide_along_their_plane_have_no_place(tmp_path: Path) -> None:
    """Transverse slices that step towards the back: one of the two is wrong."""
    sliding = [{"image offcentre": f"{place} 0 0"} for place in (0, 8, 16)]
    upwards = [{"image offcentre": f"0 {place} 0"} for place in (0, 8, 16)]

    wrong, _ = play(par.write(tmp_path / "wrong.PAR", sliding))
    right, _ = play(par.write(tmp_path / "right.PAR", upwards))

    assert all("ImagePositionPatient" not in frame.attributes for frame in wrong)
    assert all("PixelSpacing" in frame.attributes for frame in wrong)
    assert [frame.attributes["ImagePositionPatient"][2] for frame in right] == [0, 8, 16]


def test_stacks_of_several_orientations_keep_their_places(tmp_path: Path) -> None:
    survey = [
        {"slice orientation": code, "image offcentre": place}
        for code, place in ((1, "0 0 0"), (1, "0 8 0"), (2, "0 0 0"), (2, "0 0 8"), (3, "8 0 0"))
    ]

    frames, _ = play(par.write(tmp_path / "survey.PAR", survey))

    assert all("ImagePositionPatient" in frame.attributes for frame in frames)


def test_a_missing_picture_is_counted(tmp_path: Path) -> None:
    file = par.write(tmp_path / "scan.PAR", [{}, {}, {}])
    samples = file.with_suffix(".REC")
    samples.write_bytes(samples.read_bytes()[:-10])

    frames, dropped = play(file)

    assert (len(frames), dropped) == (2, 1)


@pytest.mark.parametrize(
    ("find", "replacement", "words"),
    [
        ("V4.2", "V3", "no PAR file of the versions"),
        ("Research image export tool", "Something else", "no PAR file of the versions"),
        ("8 4", "8 0", "impossible size"),
        ("8 4", "8 70000", "impossible size"),
        ("1070", "1070  3", "describes picture 1 with"),
    ],
)
def test_a_header_that_is_wrong_is_said(
    tmp_path: Path, find: str, replacement: str, words: str
) -> None:
    file = par.write(tmp_path / "scan.PAR", [{}])
    file.write_text(file.read_text().replace(find, replacement))

    with pytest.raises(CorruptMedia, match=words):
        play(file)


def test_a_header_alone_says_what_is_missing(tmp_path: Path) -> None:
    file = par.write(tmp_path / "scan.PAR", [{}])
    file.with_suffix(".REC").unlink()

    with pytest.raises(CorruptMedia, match=r"has no scan\.REC beside it"):
        play(file)


@given(text=st.text(max_size=400))
def test_no_text_is_misread(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.mktemp("par")
    file = folder / "a.par"
    file.write_text("# Research image export tool     V4.2\n" + text, "utf-8", newline="")
    with suppress(CorruptMedia):
        assert read_header(file).entries
    shutil.rmtree(folder)
