"""Geometry and technique are held to the data dictionary."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.datadict import dictionary_VM, keyword_dict

from firmware.config.attributes import check_attributes, multiplicity_allows
from firmware.config.faults import ConfigurationError, Fault, Report


def _check(keyword: str, value: Any) -> tuple[dict[str, Any], tuple[Fault, ...]]:
    """What is sound of one attribute, and its faults."""
    report = Report()
    sound = check_attributes({keyword: value}, ("g",), report)
    try:
        report.raise_faults("f", {})
    except ConfigurationError as error:
        return sound, error.faults
    return sound, ()


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("PixelSpacing", [0.5, 1]),
        ("PixelSpacing", ["0.5", "0.5"]),
        ("SliceThickness", 5),
        ("GantryDetectorTilt", -12.5),
        ("ImageOrientationPatient", [0.8, 0.6, 0, 0, 0, -1]),
        ("WindowCenter", [40, 400]),
        ("WindowCenter", 40),
        ("PatientPosition", "HFS"),
        ("ScanningSequence", ["SE", "IR"]),
        ("ConvolutionKernel", "H30s"),
        ("AcquisitionNumber", "4"),
        ("AcquisitionMatrix", [0, 256, 256, 0]),
        ("ImageType", ["ORIGINAL", "PRIMARY", "AXIAL"]),
        ("ContrastBolusStartTime", "101500"),
    ],
)
def test_right_values_pass_and_can_be_written(keyword: str, value: Any) -> None:
    sound, faults = _check(keyword, value)
    assert not faults
    dataset = Dataset()
    setattr(dataset, keyword, sound[keyword])
    assert keyword in dataset


@pytest.mark.parametrize(
    ("keyword", "value", "problem"),
    [
        ("PixelSpacing", [0.5], "number of values: 1"),
        ("PixelSpacing", 0.5, "number of values: 1"),
        ("PixelSpacing", [0.5, 0], "greater than 0"),
        ("PixelSpacing", [0.5, "wide"], "not a number"),
        ("PixelSpacing", [0.5, True], "not a number"),
        ("PixelSpacing", {"x": 1}, "number of values"),
        ("SliceThickness", float("nan"), "not a finite number"),
        ("SliceThickness", [], "number of values: 0"),
        ("ImageOrientationPatient", [1, 0, 0, 1, 0, 0], "right angles"),
        ("ImageOrientationPatient", [1, 0, 0, 0, 1.01, 0], "right angles"),
        ("RescaleSlope", 0, "must not be 0"),
        ("KVP", -120, "greater than 0"),
        ("AcquisitionNumber", 1.5, "not a whole number"),
        ("AcquisitionNumber", 2**31, "out of range"),
        ("AcquisitionMatrix", [0, 256, 70000, 0], "out of range"),
        ("PatientPosition", "hfs", "no value of VR CS"),
        ("PatientPosition", 5, "not text"),
        ("PatientPosition", " ", "is empty"),
        ("ImageType", "ORIGINAL\\PRIMARY", "several values as a list"),
        ("ConvolutionKernel", "x" * 65, "no value of VR SH"),
        ("NoSuchThing", 1, "not a DICOM keyword"),
        ("PatientName", "A^B", "not geometry or technique"),
        ("PatientID", "1", "not geometry or technique"),
        ("StudyInstanceUID", "1.2", "not geometry or technique"),
        ("FrameOfReferenceUID", "1.2", "not geometry or technique"),
        ("PixelData", "x", "not geometry or technique"),
        ("Rows", 512, "the picture itself decides"),
        ("InstanceNumber", 1, "this box assigns it"),
        ("ProtocolName", "Head", "name of the protocol"),
    ],
)
def test_wrong_values_are_named(keyword: str, value: Any, problem: str) -> None:
    sound, (fault,) = _check(keyword, value)
    assert problem in fault.problem
    assert fault.key == f"g.{keyword}"
    assert sound == {}


@pytest.mark.parametrize(
    ("vm", "fits", "does_not"),
    [
        ("1", [1], [0, 2]),
        ("3", [3], [0, 2, 4]),
        ("1-n", [1, 2, 50], [0]),
        ("2-n", [2, 3], [0, 1]),
        ("2-2n", [2, 4, 6], [0, 1, 3]),
        ("3-3n", [3, 6], [0, 1, 4]),
        ("1-3", [1, 2, 3], [0, 4]),
        ("4-5", [4, 5], [3, 6]),
    ],
)
def test_multiplicity(vm: str, fits: list[int], does_not: list[int]) -> None:
    assert all(multiplicity_allows(vm, count) for count in fits)
    assert not any(multiplicity_allows(vm, count) for count in does_not)


def test_every_multiplicity_of_the_dictionary_is_understood() -> None:
    for tag in keyword_dict.values():
        assert not multiplicity_allows(dictionary_VM(tag), 0)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.dates(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


@given(keyword=st.sampled_from(sorted(keyword_dict)) | st.text(max_size=30), value=_VALUES)
def test_any_keyword_and_value_is_taken_or_explained(keyword: str, value: Any) -> None:
    sound, faults = _check(keyword, value)
    assert len(sound) + len(faults) == 1
    for accepted in sound.values():
        setattr(Dataset(), keyword, accepted)
