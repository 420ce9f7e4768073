"""CT and MR images of captured pictures: by permission, completely accounted for, and derived."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from device.errors import IncompleteDescription, NotFromCapture
from device.iod import BuiltObject, ObjectContext, build_image, build_secondary_capture
from device.iod.tables import CT, MR
from device.protocol import ObjectKind
from device.provenance import BESIDE, DESCRIBING, Contribution, Source
from tests.device.iod.factories import (
    CT_TECHNIQUE,
    GEOMETRY,
    MR_TECHNIQUE,
    Picture,
    context,
    grey,
)
from tests.device.iod.test_validators import complaints, saved

TRIO = ("PixelSpacing", "ImageOrientationPatient", "ImagePositionPatient")
IODS = {ObjectKind.CT: CT, ObjectKind.MR: MR}
ALLOWED = {"ct_mr_from_capture": True}
KINDS = (ObjectKind.CT, ObjectKind.MR)


def captured(**more: Any) -> Picture:
    return grey(bits=8, native=False, **more)


def beside(made: ObjectContext, *contributions: Contribution) -> ObjectContext:
    values = {name: getattr(made, name) for name in made.__slots__}
    return ObjectContext(**(values | {"contributions": contributions}))


def said(keyword: str, value: Any, source: Source = Source.OPERATOR, **more: str) -> Contribution:
    return Contribution(keyword, value, source, **({"confirmed_by": "Rad^Tech"} | more))


@pytest.mark.parametrize("kind", KINDS)
def test_a_captured_picture_needs_the_sites_permission(kind: ObjectKind) -> None:
    with pytest.raises(NotFromCapture, match=r"station\.ct_mr_from_capture"):
        build_image(context(kind), captured())


@pytest.mark.parametrize("kind", KINDS)
def test_without_it_a_capture_names_scanner_and_box_and_says_why(kind: ObjectKind) -> None:
    ds = build_secondary_capture(context(kind), captured()).dataset

    assert (ds.Manufacturer, ds.SecondaryCaptureDeviceManufacturer) == ("ACME", "Gantry")
    assert ds.Modality == kind.value
    assert ds.ConversionType == "DV"
    assert f"no {kind.value} images are made of captured pictures" in ds.DerivationDescription


def test_an_allowed_and_described_ct_is_derived_and_in_no_units() -> None:
    ds = build_image(context(station=ALLOWED), captured()).dataset

    assert list(ds.ImageType) == ["DERIVED", "SECONDARY", "AXIAL"]
    assert (float(ds.RescaleSlope), float(ds.RescaleIntercept), ds.RescaleType) == (1, 0, "US")
    assert ds.DerivationDescription == "Captured from the scanner's screen"


def test_an_allowed_and_described_mr_is_derived() -> None:
    technique = {**MR_TECHNIQUE, "ImageType": ["ORIGINAL", "PRIMARY", "PHASE MAP"]}

    ds = build_image(context(ObjectKind.MR, station=ALLOWED), captured()).dataset
    map_ = build_image(
        context(ObjectKind.MR, station=ALLOWED, technique=technique), captured()
    ).dataset

    assert list(ds.ImageType) == ["DERIVED", "SECONDARY", "OTHER"]
    assert list(map_.ImageType) == ["DERIVED", "SECONDARY", "PHASE MAP"]
    assert "RescaleSlope" not in ds


def test_what_kind_of_ct_slice_it_is_has_to_be_said() -> None:
    technique = {key: value for key, value in CT_TECHNIQUE.items() if key != "ImageType"}

    with pytest.raises(IncompleteDescription) as refusal:
        build_image(context(station=ALLOWED, technique=technique), captured())

    assert refusal.value.missing == ("ImageType",)


def test_a_window_in_hounsfield_units_is_left_out_of_captures() -> None:
    technique = {**CT_TECHNIQUE, "WindowCenter": 40, "WindowWidth": 400}

    image = build_image(context(station=ALLOWED, technique=technique), captured()).dataset
    capture = build_secondary_capture(context(technique=technique), captured()).dataset

    assert "WindowCenter" not in image
    assert "WindowCenter" not in capture
    assert "RescaleSlope" not in capture
    assert "RescaleType" not in capture


def test_counting_captures_places_no_slice() -> None:
    assert build_image(context(number=1, station=ALLOWED), captured())

    with pytest.raises(IncompleteDescription) as refusal:
        build_image(context(number=2, station=ALLOWED), captured())

    assert refusal.value.missing == ("ImagePositionPatient",)


def test_the_second_slice_lies_where_somebody_says() -> None:
    second = beside(
        context(number=2, station=ALLOWED),
        said("ImagePositionPatient", [0, 0, 15], Source.SERIAL, raw="POS +015.0", confirmed_by=""),
    )

    built = build_image(second, captured())

    assert [float(v) for v in built.dataset.ImagePositionPatient] == [0, 0, 15]
    assert built.provenance["ImagePositionPatient"] == "serial"


def test_what_is_said_of_this_picture_wins_over_the_protocol_and_loses_to_the_file() -> None:
    made = beside(context(), said("KVP", 80, raw="80 kV"), said("SliceThickness", 3))

    built = build_image(made, grey(attributes={"SliceThickness": "2"}))

    assert (float(built.dataset.KVP), built.provenance["KVP"]) == (80, "operator")
    assert float(built.dataset.SliceThickness) == 2
    assert built.provenance["SliceThickness"] == "native"


def test_a_printed_table_position_is_told_as_the_slices_location() -> None:
    made = beside(context(), said("SliceLocation", 35.5, Source.PRINT, confirmed_by=""))

    built = build_image(made, grey())

    assert float(built.dataset.SliceLocation) == 35.5
    assert built.provenance["SliceLocation"] == "print"


def test_the_origins_keep_raw_text_and_who_confirmed() -> None:
    made = beside(
        context(),
        said("KVP", 80, raw="80 kV"),
        said("Exposure", 12, Source.SERIAL, raw="MAS=012", confirmed_by=""),
    )

    origins = {one.keyword: one for one in build_image(made, grey()).origins}

    assert (origins["KVP"].source, origins["KVP"].raw) == (Source.OPERATOR, "80 kV")
    assert origins["KVP"].confirmed_by == "Rad^Tech"
    assert (origins["Exposure"].source, origins["Exposure"].raw) == (Source.SERIAL, "MAS=012")
    assert (origins["PixelSpacing"].source, origins["PixelSpacing"].raw) == (
        Source.PRESET,
        "0.5\\0.5",
    )
    assert origins["AcquisitionNumber"].source is Source.ABSENT
    assert "PatientID" not in origins
    assert "PixelData" not in origins


def test_a_calibrated_spacing_is_told_where_the_iod_has_no_place_for_it() -> None:
    words = "Two-point ruler, 100 mm"
    calibrated = (
        said("PixelSpacing", [0.4, 0.4], Source.CALIBRATED),
        said("PixelSpacingCalibrationType", "FIDUCIAL", Source.CALIBRATED),
        said("PixelSpacingCalibrationDescription", words, Source.CALIBRATED),
    )

    image = build_image(beside(context(station=ALLOWED), *calibrated), captured())
    capture = build_image(beside(context(ObjectKind.SC), *calibrated), captured())

    assert image.provenance["PixelSpacing"] == "calibrated"
    assert words in image.dataset.DerivationDescription
    assert "PixelSpacingCalibrationType" not in image.dataset
    assert capture.dataset.PixelSpacingCalibrationType == "FIDUCIAL"
    assert capture.dataset.PixelSpacingCalibrationDescription == words


def test_nobody_is_spoken_for() -> None:
    with pytest.raises(ValueError, match="stands for it"):
        Contribution("PixelSpacing", [1, 1], Source.CALIBRATED, confirmed_by=" ")
    with pytest.raises(ValueError, match="nothing beside a frame is generated"):
        Contribution("PixelSpacing", [1, 1], Source.GENERATED, confirmed_by="Rad^Tech")


def test_a_side_channel_names_no_patient() -> None:
    made = beside(context(), said("PatientID", "OTHER"), said("PatientName", "Other^One"))

    ds = build_image(made, grey()).dataset

    assert (ds.PatientID, ds.PatientName) == ("PID-1", "Doe^Jane")


numbers = st.floats(-300, 300, allow_nan=False).map(lambda value: round(value, 3))
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "PixelSpacing": st.one_of(
        st.floats(0.1, 2).map(lambda one: [round(one, 3)] * 2), st.none(), numbers, st.text()
    ),
    "ImageOrientationPatient": st.one_of(
        st.sampled_from([[1, 0, 0, 0, 1, 0], [0, 1, 0, 0, 0, -1], [0, 0, 0, 0, 0, 0]]),
        st.lists(numbers, max_size=6),
    ),
    "ImagePositionPatient": st.one_of(st.lists(numbers, min_size=3, max_size=3), st.none()),
    "SpacingBetweenSlices": st.one_of(numbers, st.none()),
    "ImageType": st.sampled_from(
        [["ORIGINAL", "PRIMARY", "AXIAL"], ["DERIVED", "SECONDARY"], "ORIGINAL\\PRIMARY\\OTHER", ""]
    ),
    "RescaleSlope": st.sampled_from([1, 2.5, 0, None]),
    "RescaleIntercept": st.sampled_from([-1024, 0, None]),
    "RescaleType": st.sampled_from(["HU", "US", None]),
    "ScanningSequence": st.sampled_from(["SE", "GR", "", "se!", None]),
    "SequenceVariant": st.sampled_from(["NONE", "SK", "", None]),
}
COMPLETE = {**GEOMETRY, **CT_TECHNIQUE, **MR_TECHNIQUE}


@st.composite
def descriptions(draw: st.DrawFn) -> dict[str, Any]:
    """Nothing, everything, or everything but for what is wrong or taken away."""
    if draw(st.booleans()):
        return draw(st.fixed_dictionaries({}, optional=VALUES))
    lost = draw(st.sets(st.sampled_from(sorted(COMPLETE)), max_size=3))
    wrong = draw(st.lists(st.sampled_from(sorted(VALUES)), max_size=1))
    kept = {key: value for key, value in COMPLETE.items() if key not in lost}
    return kept | {keyword: draw(VALUES[keyword]) for keyword in wrong}


contributed = st.lists(
    st.sampled_from(sorted(VALUES)).flatmap(
        lambda keyword: st.builds(
            Contribution,
            st.just(keyword),
            VALUES[keyword],
            st.sampled_from(BESIDE),
            st.just("raw"),
            st.just("Rad^Tech"),
        )
    ),
    max_size=8,
)


@settings(max_examples=200, deadline=None)
@given(
    kind=st.sampled_from(KINDS),
    native=st.booleans(),
    allowed=st.booleans(),
    attributes=descriptions(),
    geometry=descriptions(),
    contributions=contributed,
    number=st.integers(1, 3),
)
def test_no_input_leads_to_an_image_with_geometry_out_of_thin_air(
    kind: ObjectKind,
    native: bool,
    allowed: bool,
    attributes: dict[str, Any],
    geometry: dict[str, Any],
    contributions: list[Contribution],
    number: int,
) -> None:
    made = beside(
        context(
            kind,
            number=number,
            geometry=geometry,
            technique={},
            station={"ct_mr_from_capture": allowed},
        ),
        *contributions,
    )
    frame = grey(bits=8, native=native, attributes=attributes)
    built = acquired(made, frame)
    event(f"{built.kind.value} of a {'native' if native else 'captured'} picture")
    if built.kind is ObjectKind.SC:
        return
    for row in IODS[kind].rows:
        if row.type == "1":
            assert built.provenance[row.keyword] != "absent"
            assert not built.dataset[row.keyword].is_empty
    sources = {
        Source.NATIVE: attributes,
        Source.PRESET: geometry,
        **{
            source: {one.keyword: one.value for one in contributions if one.source is source}
            for source in BESIDE
        },
    }
    for keyword in TRIO:
        source = Source(built.provenance[keyword])
        assert source in DESCRIBING
        stacked = keyword == "ImagePositionPatient" and source is Source.PRESET and number > 1
        if not stacked:
            assert written(built.dataset[keyword].value) == pytest.approx(
                [float(one) for one in sources[source][keyword]]
            )
    if not native:
        assert allowed
        assert list(built.dataset.ImageType)[:2] == ["DERIVED", "SECONDARY"]
        assert built.dataset.get("RescaleType", "US") == "US"
        assert float(built.dataset.get("RescaleSlope", 1)) == 1
        assert number == 1 or built.provenance["ImagePositionPatient"] != "preset"


def acquired(made: ObjectContext, frame: Picture) -> BuiltObject:
    """As an acquisition does it: what cannot be an image becomes a capture."""
    try:
        return build_image(made, frame)
    except IncompleteDescription as refusal:
        return build_secondary_capture(made, frame, refusal.missing)
    except NotFromCapture:
        return build_secondary_capture(made, frame)


def written(value: Any) -> list[float]:
    return [float(one) for one in value]


OBJECTS = {
    "CT": lambda: build_image(context(station=ALLOWED), captured()),
    "MR": lambda: build_image(context(ObjectKind.MR, station=ALLOWED), captured()),
    "CT calibrated": lambda: build_image(
        beside(
            context(station=ALLOWED),
            said("PixelSpacing", [0.4, 0.4], Source.CALIBRATED),
            said("PixelSpacingCalibrationDescription", "Two-point ruler", Source.CALIBRATED),
        ),
        captured(),
    ),
    "SC refused": lambda: build_secondary_capture(context(), captured()),
}


@pytest.mark.peer
@pytest.mark.parametrize("name", OBJECTS)
def test_dciodvfy_finds_no_error(name: str, tmp_path: Path) -> None:
    assert complaints(saved(OBJECTS[name](), tmp_path)) == ([], [])
