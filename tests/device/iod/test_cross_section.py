"""CT and MR images: what they carry, and what they are refused for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from device.errors import IncompleteDescription, UnsuitableFrame
from device.iod import build_image
from device.iod.tables import CT, MR
from device.protocol import ObjectKind
from tests.device.iod.factories import (
    CT_TECHNIQUE,
    GEOMETRY,
    MR_TECHNIQUE,
    colour,
    context,
    grey,
)

CT_REQUIRED = (
    "PixelSpacing",
    "ImageOrientationPatient",
    "ImagePositionPatient",
    "ImageType",
    "RescaleSlope",
    "RescaleIntercept",
    "RescaleType",
)
MR_REQUIRED = (
    "PixelSpacing",
    "ImageOrientationPatient",
    "ImagePositionPatient",
    "ScanningSequence",
    "SequenceVariant",
)
ABSURD = {
    "PixelSpacing": ([0, 0.5], [0.5], [0.5, -0.5], [0.5, float("nan")], "x", [True, True]),
    "ImageOrientationPatient": (
        [1, 0, 0, 1, 0, 0],
        [2, 0, 0, 0, 1, 0],
        [1, 0.01, 0, 0, 1, 0],
        [1, 0, 0, 0, 1],
    ),
    "ImagePositionPatient": ([0, 0], [0, 0, float("inf")]),
    "RescaleSlope": (0, float("nan"), ""),
    "ImageType": (["ORIGINAL", "PRIMARY"], ["FIRST", "PRIMARY", "AXIAL"]),
    "ScanningSequence": ("", "se!", ["SE"] * 2 + [None]),
}
ABSURDITIES = [(keyword, value) for keyword, values in ABSURD.items() for value in values]


def without(mapping: Any, *keywords: str) -> dict[str, Any]:
    return {key: value for key, value in mapping.items() if key not in keywords}


def kind_of(keyword: str) -> ObjectKind:
    return ObjectKind.MR if keyword in MR_TECHNIQUE else ObjectKind.CT


def described(kind: ObjectKind, *missing: str, number: int = 1) -> Any:
    technique = CT_TECHNIQUE if kind is ObjectKind.CT else MR_TECHNIQUE
    return context(
        kind,
        number=number,
        geometry=without(GEOMETRY, *missing),
        technique=without(technique, *missing),
    )


@given(st.sets(st.sampled_from(CT_REQUIRED), min_size=1))
def test_a_ct_names_every_required_attribute_that_nobody_gave(removed: set[str]) -> None:
    expected = removed - ({"RescaleType"} if "ImageType" in removed else set())
    if not expected:
        return
    with pytest.raises(IncompleteDescription) as refusal:
        build_image(described(ObjectKind.CT, *removed), grey())

    assert set(refusal.value.missing) == expected
    assert all(keyword in str(refusal.value) for keyword in expected)


@given(st.sets(st.sampled_from(MR_REQUIRED), min_size=1))
def test_an_mr_names_every_required_attribute_that_nobody_gave(removed: set[str]) -> None:
    with pytest.raises(IncompleteDescription) as refusal:
        build_image(described(ObjectKind.MR, *removed), grey())

    assert set(refusal.value.missing) == removed


@pytest.mark.parametrize(("keyword", "value"), ABSURDITIES)
def test_an_absurd_value_counts_as_missing(keyword: str, value: Any) -> None:
    kind = kind_of(keyword)
    full = described(kind, keyword)

    with pytest.raises(IncompleteDescription) as refusal:
        build_image(full, grey(attributes={keyword: value}))

    assert keyword in refusal.value.missing


@pytest.mark.parametrize("kind", [ObjectKind.CT, ObjectKind.MR])
def test_a_described_image_carries_exactly_what_was_described(kind: ObjectKind) -> None:
    built = build_image(context(kind), grey())

    ds = built.dataset
    assert built.kind is kind
    assert ds.Modality == kind.value
    assert [float(v) for v in ds.PixelSpacing] == GEOMETRY["PixelSpacing"]
    assert [float(v) for v in ds.ImageOrientationPatient] == GEOMETRY["ImageOrientationPatient"]
    assert [float(v) for v in ds.ImagePositionPatient] == GEOMETRY["ImagePositionPatient"]
    assert ds.PatientPosition == "HFS"
    assert built.provenance["PixelSpacing"] == "preset"


@pytest.mark.parametrize("kind", [ObjectKind.CT, ObjectKind.MR])
def test_what_the_source_says_wins_over_the_preset(kind: ObjectKind) -> None:
    native = {
        "PixelSpacing": ["0.661468", "0.661468"],
        "ImagePositionPatient": [1.5, -2, 3],
        "SliceThickness": "2.5",
    }

    built = build_image(context(kind, number=7), grey(attributes=native))

    assert str(built.dataset.PixelSpacing[0]) == "0.661468"
    assert [float(v) for v in built.dataset.ImagePositionPatient] == [1.5, -2, 3]
    assert float(built.dataset.SliceThickness) == 2.5
    assert built.provenance["PixelSpacing"] == "native"
    assert built.provenance["ImageOrientationPatient"] == "preset"


def test_type_2_attributes_are_present_and_empty_where_nothing_is_known() -> None:
    kind = ObjectKind.CT
    bare = described(kind, "KVP", "SliceThickness", "PatientPosition")

    built = build_image(bare, grey())

    for keyword in ("KVP", "SliceThickness", "PatientPosition", "AcquisitionNumber"):
        assert keyword in built.dataset
        assert built.dataset[keyword].is_empty
        assert built.provenance[keyword] == "absent"


def test_a_type_1_attribute_is_never_absent() -> None:
    for kind, iod in ((ObjectKind.CT, CT), (ObjectKind.MR, MR)):
        built = build_image(context(kind), grey())
        for row in iod.rows:
            if row.type == "1":
                assert built.provenance[row.keyword] != "absent", row.keyword
                assert not built.dataset[row.keyword].is_empty, row.keyword


def test_provenance_agrees_with_the_data_set() -> None:
    built = build_image(context(), grey())

    assert set(built.provenance) == {row.keyword for row in CT.rows}
    for keyword, source in built.provenance.items():
        written = keyword in built.dataset and not built.dataset[keyword].is_empty
        assert written == (source != "absent"), keyword
    assert all(element.keyword in built.provenance for element in built.dataset)


class TestStack:
    def test_slices_follow_the_normal_of_the_orientation(self) -> None:
        coronal = {**GEOMETRY, "ImageOrientationPatient": [1, 0, 0, 0, 0, -1]}

        built = build_image(context(number=4, geometry=coronal), grey())

        assert [float(v) for v in built.dataset.ImagePositionPatient] == [-64, -64 + 15, 10]

    def test_a_negative_spacing_stacks_the_other_way_and_is_written_positive(self) -> None:
        downwards = {**GEOMETRY, "SpacingBetweenSlices": -2.5}

        ds = build_image(context(number=3, geometry=downwards), grey()).dataset

        assert float(ds.ImagePositionPatient[2]) == 5
        assert float(ds.SpacingBetweenSlices) == 2.5
        assert float(ds.SliceLocation) == 5

    def test_a_second_slice_without_spacing_has_no_place(self) -> None:
        assert build_image(described(ObjectKind.CT, "SpacingBetweenSlices"), grey())

        with pytest.raises(IncompleteDescription) as refusal:
            build_image(described(ObjectKind.CT, "SpacingBetweenSlices", number=2), grey())

        assert refusal.value.missing == ("ImagePositionPatient", "SpacingBetweenSlices")

    def test_no_two_slices_share_a_position(self) -> None:
        places = {
            tuple(build_image(context(number=n), grey()).dataset.ImagePositionPatient)
            for n in range(1, 40)
        }

        assert len(places) == 39

    def test_oblique_positions_fit_decimal_strings(self) -> None:
        turned = [0.8660254, 0.5, 0, -0.5, 0.8660254, 0]
        geometry = {**GEOMETRY, "ImageOrientationPatient": turned, "SpacingBetweenSlices": 1 / 3}

        ds = build_image(context(number=3, geometry=geometry), grey()).dataset

        assert all(len(str(v)) <= 16 for v in ds.ImagePositionPatient)
        assert float(ds.ImagePositionPatient[2]) == pytest.approx(10 + 2 / 3, abs=1e-5)


class TestRescale:
    def test_slope_and_intercept_are_never_mixed_from_two_sources(self) -> None:
        ds = build_image(context(), grey(attributes={"RescaleSlope": 2})).dataset

        assert (float(ds.RescaleSlope), float(ds.RescaleIntercept)) == (1, -1024)

    def test_the_source_gives_both(self) -> None:
        native = {"RescaleSlope": 2, "RescaleIntercept": -1000, "RescaleType": "HU"}

        built = build_image(context(), grey(attributes=native))

        assert float(built.dataset.RescaleSlope) == 2
        assert float(built.dataset.RescaleIntercept) == -1000
        assert built.provenance["RescaleType"] == "native"

    def test_a_ct_that_the_source_describes_itself_keeps_the_type_out(self) -> None:
        native = {**without(CT_TECHNIQUE, "RescaleType"), **without(GEOMETRY)}

        built = build_image(context(technique={}), grey(attributes=native))

        assert "RescaleType" not in built.dataset

    def test_the_site_may_say_in_which_units_the_source_counts(self) -> None:
        native = {"RescaleSlope": 2, "RescaleIntercept": -1000}
        technique = {**without(CT_TECHNIQUE, "RescaleSlope", "RescaleIntercept")}

        built = build_image(context(technique=technique), grey(attributes=native))

        assert (float(built.dataset.RescaleSlope), built.dataset.RescaleType) == (2, "HU")
        assert built.provenance["RescaleSlope"] == "native"
        assert built.provenance["RescaleType"] == "preset"

    def test_a_capture_of_unknown_units_is_unspecified(self) -> None:
        technique = {
            **without(CT_TECHNIQUE, "RescaleType"),
            "ImageType": ["DERIVED", "SECONDARY", "AXIAL"],
        }

        built = build_image(context(technique=technique), grey())

        assert built.dataset.RescaleType == "US"
        assert built.provenance["RescaleType"] == "generated"

    def test_an_original_ct_in_other_units_than_hounsfield_is_refused(self) -> None:
        with pytest.raises(IncompleteDescription) as refusal:
            build_image(context(technique={**CT_TECHNIQUE, "RescaleType": "US"}), grey())

        assert refusal.value.missing == ("RescaleType",)

    def test_a_localizer_need_not_be_in_hounsfield_units(self) -> None:
        scout = {
            **CT_TECHNIQUE,
            "ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"],
            "RescaleType": "US",
        }

        assert build_image(context(technique=scout), grey()).dataset.RescaleType == "US"


class TestMr:
    def test_a_capture_is_derived_unless_somebody_says_otherwise(self) -> None:
        built = build_image(context(ObjectKind.MR), grey())

        assert list(built.dataset.ImageType) == ["DERIVED", "SECONDARY", "OTHER"]
        assert built.provenance["ImageType"] == "generated"

    def test_the_source_may_say_original(self) -> None:
        native = {"ImageType": "ORIGINAL\\PRIMARY\\OTHER"}

        ds = build_image(context(ObjectKind.MR), grey(attributes=native)).dataset

        assert list(ds.ImageType) == ["ORIGINAL", "PRIMARY", "OTHER"]

    def test_conditional_times_follow_the_sequence(self) -> None:
        spoken = without(MR_TECHNIQUE, "RepetitionTime")
        inversion = {**spoken, "ScanningSequence": ["SE", "IR"]}
        planar = {**spoken, "ScanningSequence": "EP"}

        with_inversion = build_image(context(ObjectKind.MR, technique=inversion), grey()).dataset
        echo_planar = build_image(context(ObjectKind.MR, technique=planar), grey()).dataset

        assert with_inversion["InversionTime"].is_empty
        assert with_inversion["RepetitionTime"].is_empty
        assert "InversionTime" not in echo_planar
        assert "RepetitionTime" not in echo_planar

    def test_a_rescale_of_the_source_stays_with_its_window(self) -> None:
        native = {
            "RescaleSlope": "1.25",
            "RescaleIntercept": "0",
            "WindowCenter": "600",
            "WindowWidth": "1600",
        }

        ds = build_image(context(ObjectKind.MR), grey(attributes=native)).dataset

        assert (str(ds.RescaleSlope), ds.RescaleType, str(ds.WindowCenter)) == ("1.25", "US", "600")


class TestWindow:
    def test_a_window_is_not_invented(self) -> None:
        assert "WindowCenter" not in build_image(context(), grey()).dataset

    def test_half_a_window_is_none(self) -> None:
        ds = build_image(context(), grey(attributes={"WindowCenter": 40})).dataset

        assert "WindowCenter" not in ds

    def test_several_windows_stay_in_pairs(self) -> None:
        native = {"WindowCenter": [40, 400], "WindowWidth": [80, 2000]}

        ds = build_image(context(), grey(attributes=native)).dataset

        assert list(ds.WindowCenter) == [40, 400]
        unequal = {"WindowCenter": [40, 400], "WindowWidth": [80]}
        assert "WindowWidth" not in build_image(context(), grey(attributes=unequal)).dataset


class TestModality:
    def test_the_series_must_be_of_the_images_modality(self) -> None:
        with pytest.raises(IncompleteDescription) as refusal:
            build_image(context(series={"modality": "OT"}), grey())

        assert refusal.value.missing == ("Modality",)

    def test_colour_is_refused(self) -> None:
        with pytest.raises(UnsuitableFrame, match="colour"):
            build_image(context(), colour())


class TestContrast:
    def test_the_agent_is_asked_for_when_contrast_was_given(self) -> None:
        ds = build_image(context(technique={**CT_TECHNIQUE, "ContrastBolusVolume": 80}), grey())

        assert ds.dataset["ContrastBolusAgent"].is_empty
        assert "ContrastBolusAgent" not in build_image(context(), grey()).dataset


finite = st.floats(-500, 500, allow_nan=False).map(lambda v: round(v, 4))
anything = st.one_of(st.none(), finite, st.lists(finite, max_size=7), st.text(max_size=4))
geometries = st.fixed_dictionaries(
    {},
    optional={
        "PixelSpacing": st.one_of(st.tuples(finite, finite).map(list), anything),
        "ImageOrientationPatient": st.one_of(
            st.sampled_from([[1, 0, 0, 0, 1, 0], [0, 1, 0, 0, 0, -1], [0, 0, 1, 1, 0, 0]]), anything
        ),
        "ImagePositionPatient": st.one_of(st.tuples(finite, finite, finite).map(list), anything),
        "SpacingBetweenSlices": st.one_of(finite, anything),
        "SliceThickness": anything,
    },
)


@given(native=geometries, preset=geometries, number=st.integers(1, 5))
def test_geometry_is_only_what_the_frame_or_the_protocol_said(
    native: dict[str, Any], preset: dict[str, Any], number: int
) -> None:
    try:
        ds = build_image(context(geometry=preset, number=number), grey(attributes=native)).dataset
    except IncompleteDescription:
        event("refused")
        return

    event("built")
    for keyword in ("PixelSpacing", "ImageOrientationPatient", "SliceThickness"):
        if not ds[keyword].is_empty:
            assert written(ds[keyword].value) in (said(native, keyword), said(preset, keyword))
    place = written(ds.ImagePositionPatient)
    if place == said(native, "ImagePositionPatient"):
        return
    orientation = np.array(written(ds.ImageOrientationPatient))
    normal = np.cross(orientation[:3], orientation[3:])
    step = said(preset, "SpacingBetweenSlices") or [0.0]
    assert number == 1 or step != [0.0]
    moved = np.array(said(preset, "ImagePositionPatient")) + (number - 1) * step[0] * normal
    assert place == pytest.approx(moved.tolist(), abs=1e-4)


def said(source: dict[str, Any], keyword: str) -> list[float]:
    value = source.get(keyword)
    values = value if isinstance(value, list) else [] if value is None else [value]
    return [float(v) for v in values if not isinstance(v, str) or v.strip().isdigit()]


def written(value: Any) -> list[float]:
    return [float(v) for v in (value if hasattr(value, "append") else [value])]
