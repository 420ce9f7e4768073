"""What programs that we did not write say of the objects: dicom3tools and DCMTK."""

from __future__ import annotations

import io
import json
import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

from device.iod import (
    BuiltObject,
    build_image,
    build_multi_frame,
    build_secondary_capture,
    encode,
)
from device.iod.anatomy import UNPAIRED_BODY_PARTS
from device.protocol import ObjectKind
from device.uids import random_uid
from tests.device.iod.charsets import NAMES
from tests.device.iod.factories import (
    CT_TECHNIQUE,
    GEOMETRY,
    MR_TECHNIQUE,
    Picture,
    answer,
    colour,
    context,
    exam,
    grey,
)

pytestmark = pytest.mark.peer

MR, SC = ObjectKind.MR, ObjectKind.SC
FULL_CT = {
    **CT_TECHNIQUE,
    "ContrastBolusAgent": "Iodine",
    "ContrastBolusVolume": 80,
    "ScanOptions": "HELICAL MODE",
    "DataCollectionDiameter": 500,
    "ReconstructionDiameter": 350,
    "GantryDetectorTilt": 0,
    "TableHeight": 120,
    "RotationDirection": "CW",
    "ExposureTime": 1000,
    "XRayTubeCurrent": 200,
    "Exposure": 200,
    "FilterType": "BODY",
    "ConvolutionKernel": "B30",
    "AcquisitionNumber": 1,
    "WindowCenter": [40, 400],
    "WindowWidth": [400, 2000],
}
FULL_MR = {
    **MR_TECHNIQUE,
    "ImageType": ["ORIGINAL", "PRIMARY", "OTHER"],
    "ScanningSequence": ["SE", "IR"],
    "InversionTime": 150,
    "FlipAngle": 90,
    "MagneticFieldStrength": 1.5,
    "ImagedNucleus": "1H",
    "NumberOfAverages": 1,
    "ImagingFrequency": 63.87,
    "EchoNumbers": 1,
}
EXPECTED_WARNINGS = (
    r"CodingSchemeDesignator.*Unrecognized defined term = <99HOSP>",
    r"</SpecialNeeds\(0038,0050\)> - Attribute is not present in standard DICOM IOD",
    r"</Laterality\(0020,0060\)> - is only permitted to be empty when actually unknown",
    r"</RescaleType\(0028,1054\)\[1\]> - Unrecognized defined term = <US>",
    r"</Rescale(Intercept|Slope).* - Non-identity Modality LUT Module .*standard MR IOD",
    r"</Rescale(Intercept|Slope|Type)\(.*\)> - Attribute is not present in standard DICOM IOD",
)
UNKNOWN_TO_DICOM3TOOLS = ("GBK", "ISO_IR 13")
UNKNOWN_TO_DCMTK = tuple(charset for charset in NAMES if charset.endswith("IR 87"))
"""As Debian builds it, on the C library's iconv; those sets are put to iconv directly."""


def run_of(make: Callable[..., Picture], step_ms: float = 40, count: int = 4, **more: Any) -> Any:
    return [make(sequence=n, monotonic_ns=int(n * step_ms * 1e6), **more) for n in range(count)]


def movie(make: Callable[..., Picture], frame_time: float | None, **more: Any) -> BuiltObject:
    return build_multi_frame(context(SC), run_of(make, **more), frame_time)


OBJECTS: dict[str, Callable[[], BuiltObject]] = {
    "CT": lambda: build_image(context(), grey()),
    "CT full": lambda: build_image(context(technique=FULL_CT), grey()),
    "CT 8 bit": lambda: build_image(context(), grey(bits=8)),
    "CT signed": lambda: build_image(
        context(), grey(bits=16, signed=True, attributes={"PixelPaddingValue": -2000})
    ),
    "CT captured": lambda: build_image(
        context(
            technique={
                "ImageType": ["DERIVED", "SECONDARY", "AXIAL"],
                "RescaleSlope": 1,
                "RescaleIntercept": 0,
            }
        ),
        grey(lossy_ratio=8.0, lossy_method="ISO_10918_1"),
    ),
    "CT localizer": lambda: build_image(
        context(
            technique={
                **CT_TECHNIQUE,
                "ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"],
                "RescaleType": "US",
            },
        ),
        grey(),
    ),
    "CT inverse": lambda: build_image(context(), replace(grey(), photometric="MONOCHROME1")),
    "CT with little known": lambda: build_image(
        context(
            geometry={k: v for k, v in GEOMETRY.items() if "Image" in k or k == "PixelSpacing"},
            technique={k: v for k, v in CT_TECHNIQUE.items() if k != "KVP"},
            station={"manufacturer": "", "station_name": ""},
        ),
        grey(),
    ),
    "CT of a knee": lambda: build_image(
        context(series={"body_part": "KNEE", "laterality": "L"}), grey()
    ),
    "CT of an unknown side": lambda: build_image(context(series={"body_part": ""}), grey()),
    "MR": lambda: build_image(context(MR), grey()),
    "MR full": lambda: build_image(context(MR, technique=FULL_MR), grey()),
    "MR 8 bit": lambda: build_image(context(MR), grey(bits=8)),
    "MR signed": lambda: build_image(context(MR), grey(bits=16, signed=True)),
    "MR echo planar": lambda: build_image(
        context(MR, technique={"ScanningSequence": "EP", "SequenceVariant": "NONE"}), grey()
    ),
    "MR rescaled": lambda: build_image(
        context(MR), grey(attributes={"RescaleSlope": 2, "RescaleIntercept": 0})
    ),
    "SC fallback": lambda: build_secondary_capture(
        context(), grey(), because=("PixelSpacing", "KVP")
    ),
    "SC 8 bit odd": lambda: build_image(context(SC), grey(23, 31, bits=8)),
    "SC signed": lambda: build_image(context(SC), grey(bits=16, signed=True)),
    "SC colour": lambda: build_image(context(SC), colour()),
    "SC calibrated": lambda: build_image(
        context(
            SC,
            geometry={
                "PixelSpacing": [0.2, 0.2],
                "PixelSpacingCalibrationType": "FIDUCIAL",
                "PixelSpacingCalibrationDescription": "Ruler",
            },
        ),
        grey(),
    ),
    "SC oblong pixels": lambda: build_image(
        context(SC, geometry={"PixelAspectRatio": [12, 11], "PatientOrientation": ["L", "F"]}),
        grey(),
    ),
    "SC rescaled": lambda: build_image(
        context(SC), grey(attributes={"RescaleSlope": 1, "RescaleIntercept": -1024})
    ),
    "byte movie": lambda: movie(grey, 40, bits=8),
    "byte movie uneven": lambda: movie(grey, 30, bits=8),
    "byte pages": lambda: movie(grey, None, bits=8),
    "byte single": lambda: movie(grey, 40, bits=8, count=1),
    "word movie": lambda: movie(grey, 40),
    "word movie uneven": lambda: movie(grey, 30, bits=16),
    "word pages": lambda: movie(grey, None, attributes={"WindowCenter": 9, "WindowWidth": 9}),
    "word single": lambda: movie(grey, None, count=1),
    "colour movie": lambda: movie(colour, 40, lossy_ratio=9.0, lossy_method="ISO_10918_1"),
    "colour movie uneven": lambda: movie(colour, 30),
    "colour pages": lambda: movie(colour, None),
    "colour single": lambda: movie(colour, 40, count=1),
}


def run(*command: str | Path) -> str:
    result = subprocess.run([str(part) for part in command], capture_output=True, check=False)
    return (result.stdout + result.stderr).decode("utf-8", "replace")


def saved(built: BuiltObject, folder: Path, name: str = "object") -> Path:
    path = folder / f"{name}.dcm"
    path.write_bytes(encode(built.dataset))
    return path


def complaints(path: Path) -> tuple[list[str], list[str]]:
    """Errors and unexplained warnings of dciodvfy; its exit code does not tell them."""
    output = run("dciodvfy", "-new", path)
    lines = output.splitlines()
    assert any(re.fullmatch(r"\w+Image", line) for line in lines), output
    errors = [line for line in lines if line.startswith("Error")]
    warnings = [
        line
        for line in lines
        if line.startswith("Warning")
        and not any(re.search(pattern, line) for pattern in EXPECTED_WARNINGS)
    ]
    return errors, warnings


@pytest.mark.parametrize("name", OBJECTS)
def test_dciodvfy_finds_no_error_and_no_unexplained_warning(name: str, tmp_path: Path) -> None:
    assert complaints(saved(OBJECTS[name](), tmp_path)) == ([], [])


def test_the_check_itself_can_fail(tmp_path: Path) -> None:
    built = build_image(context(), grey())
    del built.dataset.PixelSpacing

    errors, _ = complaints(saved(built, tmp_path))

    assert any("PixelSpacing" in line for line in errors)


@pytest.mark.parametrize("name", OBJECTS)
def test_dcmtk_reads_every_object(name: str, tmp_path: Path) -> None:
    built = OBJECTS[name]()
    path = saved(built, tmp_path)

    dump = run("dcmdump", "-q", path)
    tags = json.loads(run("dcm2json", path))

    assert not re.search(r"^[WEF]:", dump, re.MULTILINE), dump
    assert tags["00080018"]["Value"] == [built.dataset.SOPInstanceUID]
    assert len(tags) == len(built.dataset)


@pytest.mark.parametrize("make", [grey, colour])
def test_dcmtk_sees_the_same_pixels(make: Callable[..., Picture], tmp_path: Path) -> None:
    frame = make(23, 31)
    path = saved(build_image(context(SC), frame), tmp_path)

    run("dcmdump", "-q", "+W", tmp_path, path)

    raw = next(tmp_path.glob("*.raw")).read_bytes()
    assert raw[: frame.pixels.nbytes] == frame.pixels.tobytes()


def entity_errors(paths: list[Path]) -> list[str]:
    return [line for line in run("dcentvfy", *paths).splitlines() if line.startswith("Error")]


def test_a_study_of_several_series_is_one_whole(tmp_path: Path) -> None:
    of = exam()
    mr = {"series_instance_uid": random_uid(), "series_number": 2, "modality": "MR"}
    mr["frame_of_reference_uid"] = random_uid()
    sc = {"series_instance_uid": random_uid(), "series_number": 3}
    built = [build_image(context(of=of, number=n), grey()) for n in range(1, 6)]
    built += [build_image(context(MR, of=of, number=n, series=mr), grey()) for n in (1, 2)]
    built += [build_image(context(SC, of=of, number=n, series=sc), colour()) for n in (1, 2)]

    assert entity_errors([saved(b, tmp_path, str(n)) for n, b in enumerate(built)]) == []


def test_dcentvfy_would_notice_another_patient(tmp_path: Path) -> None:
    other = build_image(context(number=2), grey())
    other.dataset.PatientBirthDate = "19990101"
    first = saved(build_image(context(), grey()), tmp_path, "1")

    assert entity_errors([first, saved(other, tmp_path, "2")]) != []


@pytest.mark.parametrize("body_part", sorted(UNPAIRED_BODY_PARTS | {"KNEE", "BREAST", "EYE"}))
def test_laterality_fits_the_body_part(body_part: str, tmp_path: Path) -> None:
    one = context(series={"body_part": body_part, "laterality": "R"})

    assert complaints(saved(build_image(one, grey()), tmp_path)) == ([], [])


@pytest.mark.parametrize("charset", NAMES)
def test_names_survive_in_every_character_set(charset: str, tmp_path: Path) -> None:
    name, text = NAMES[charset]
    of = exam(answer(charset.split("\\"), name, text))
    path = saved(build_image(context(of=of), grey()), tmp_path)

    read = pydicom.dcmread(path)

    assert str(read.PatientName).rstrip("=") == name.rstrip("=")
    assert read.StudyDescription == text
    assert read.RequestAttributesSequence[0].ScheduledProcedureStepDescription == text
    if charset not in UNKNOWN_TO_DICOM3TOOLS:
        assert complaints(path) == ([], [])


@pytest.mark.parametrize("charset", [c for c in NAMES if c not in UNKNOWN_TO_DCMTK])
def test_dcmtk_decodes_the_same_names(charset: str, tmp_path: Path) -> None:
    name, text = NAMES[charset]
    of = exam(answer(charset.split("\\"), name, text))
    path = saved(build_image(context(of=of), grey()), tmp_path)

    run("dcmconv", "+U8", path, tmp_path / "utf8.dcm")

    tags = json.loads(run("dcm2json", tmp_path / "utf8.dcm"))
    assert "=".join(tags["00100010"]["Value"][0].values()) == name.rstrip("=")
    assert tags["00081030"]["Value"] == [text]


@pytest.mark.parametrize("charset", UNKNOWN_TO_DCMTK)
def test_iconv_decodes_the_same_japanese(charset: str) -> None:
    name, text = NAMES[charset]
    of = exam(answer(charset.split("\\"), name, text))
    data = encode(build_image(context(of=of), grey()).dataset)

    raw = pydicom.dcmread(io.BytesIO(data)).get_item("StudyDescription").value

    converted = subprocess.run(
        ["iconv", "-f", "ISO-2022-JP", "-t", "UTF-8"], input=raw, capture_output=True, check=True
    )
    assert converted.stdout.decode().strip() == text


class TestClinicalFiles:
    @pytest.mark.parametrize(("file", "kind"), [("CT_small.dcm", "CT"), ("MR_small.dcm", "MR")])
    def test_a_replayed_slice_is_rebuilt_from_its_own_description(
        self, file: str, kind: str, tmp_path: Path
    ) -> None:
        source = pydicom.dcmread(str(get_testdata_file(file)))
        attributes = {element.keyword: element.value for element in source if element.keyword}
        pixels = np.frombuffer(source.PixelData, "<i2").reshape(source.Rows, source.Columns)
        frame = Picture(pixels, source.BitsStored, attributes=attributes)
        bare = context(ObjectKind(kind), geometry={}, technique={})

        built = build_image(bare, frame)

        assert complaints(saved(built, tmp_path)) == ([], [])
        assert built.dataset.PixelData == source.PixelData
        assert built.dataset.PatientName == "Doe^Jane"
        assert built.dataset.StudyInstanceUID != source.StudyInstanceUID
        for keyword in ("PixelSpacing", "ImagePositionPatient", "ImageType", "SliceThickness"):
            assert built.dataset[keyword].value == source[keyword].value
