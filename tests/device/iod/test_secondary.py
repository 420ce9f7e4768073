"""Secondary Capture, single-frame: asked for, or fallen back to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from device.errors import IncompleteDescription, UnsuitableFrame
from device.iod import build_image, build_secondary_capture
from device.protocol import ObjectKind
from tests.device.iod.factories import (
    CT_TECHNIQUE,
    Picture,
    colour,
    context,
    grey,
)

SC = ObjectKind.SC


def test_a_fallback_says_what_was_missing() -> None:
    bare = context(geometry={})
    with pytest.raises(IncompleteDescription) as refusal:
        build_image(bare, grey())

    built = build_secondary_capture(bare, grey(), because=refusal.value.missing)

    assert built.kind is SC
    assert built.dataset.Modality == "CT"
    assert built.dataset.DerivationDescription == (
        "Secondary Capture, since a CT image lacks: "
        "PixelSpacing, ImageOrientationPatient, ImagePositionPatient"
    )
    assert built.provenance["DerivationDescription"] == "generated"


def test_a_fallback_does_not_call_itself_an_original() -> None:
    ds = build_secondary_capture(context(technique=CT_TECHNIQUE), grey()).dataset

    assert list(ds.ImageType) == ["DERIVED", "SECONDARY"]


def test_a_fallback_claims_no_millimetres_that_were_meant_for_the_ct_image() -> None:
    spaced = {"PixelSpacing": [0.5, 0.5]}
    calibrated = spaced | {
        "PixelSpacingCalibrationType": "GEOMETRY",
        "PixelSpacingCalibrationDescription": "ruler on the screen",
    }

    bare = build_secondary_capture(context(geometry=spaced), grey())
    ruled = build_secondary_capture(context(geometry=calibrated), grey())
    native = build_secondary_capture(context(geometry=spaced), grey(attributes=spaced))

    assert "PixelSpacing" not in bare.dataset
    assert bare.provenance["PixelSpacing"] == "absent"
    assert ruled.dataset.PixelSpacing == [0.5, 0.5]
    assert native.dataset.PixelSpacing == [0.5, 0.5]


def test_the_site_may_name_the_image_type_of_its_own_captures() -> None:
    technique = {"ImageType": ["ORIGINAL", "PRIMARY", "ABDOMINAL"]}

    ds = build_image(context(SC, technique=technique), grey()).dataset

    assert list(ds.ImageType) == ["ORIGINAL", "PRIMARY", "ABDOMINAL"]


def test_the_scanner_and_the_box_are_told_apart() -> None:
    ds = build_image(context(SC), grey()).dataset

    assert (ds.Manufacturer, ds.ManufacturerModelName) == ("ACME", "Scan 8000")
    assert ds.SecondaryCaptureDeviceManufacturer == "Gantry"
    assert ds.SecondaryCaptureDeviceSoftwareVersions == "0.1.0"


def test_an_unconfigured_scanner_stays_unnamed() -> None:
    nameless = {"manufacturer": "", "manufacturer_model_name": ""}

    ds = build_image(context(SC, station=nameless), grey()).dataset

    assert ds["Manufacturer"].is_empty
    assert "ManufacturerModelName" not in ds


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [({}, "DV"), ({"ConversionType": "DI"}, "DI"), ({"ConversionType": "PHOTO"}, "DV")],
)
def test_conversion_type(attributes: dict[str, str], expected: str) -> None:
    assert build_image(context(SC), grey(attributes=attributes)).dataset.ConversionType == expected


@pytest.mark.parametrize(("burned", "expected"), [(True, "YES"), (False, "NO")])
def test_burned_in_annotation_is_the_protocols_word(burned: bool, expected: str) -> None:
    built = build_image(context(SC, protocol={"burned_in_annotation": burned}), grey())

    assert built.dataset.BurnedInAnnotation == expected


class TestSpacing:
    def test_none_is_written_unless_somebody_measured_it(self) -> None:
        assert "PixelSpacing" not in build_image(context(SC), grey()).dataset

    def test_a_calibration_is_told_with_the_spacing_it_belongs_to(self) -> None:
        calibrated = {
            "PixelSpacing": [0.2, 0.2],
            "PixelSpacingCalibrationType": "FIDUCIAL",
            "PixelSpacingCalibrationDescription": "Ruler in the field",
        }

        ds = build_image(context(SC, geometry=calibrated), grey()).dataset
        native = grey(attributes={"PixelSpacing": [0.1, 0.1]})
        other = build_image(context(SC, geometry=calibrated), native).dataset

        assert ds.PixelSpacingCalibrationType == "FIDUCIAL"
        assert float(other.PixelSpacing[0]) == 0.1
        assert "PixelSpacingCalibrationType" not in other

    def test_half_a_calibration_is_left_out(self) -> None:
        half = {"PixelSpacing": [0.2, 0.2], "PixelSpacingCalibrationType": "FIDUCIAL"}

        ds = build_image(context(SC, geometry=half), grey()).dataset

        assert "PixelSpacingCalibrationType" not in ds
        assert "PixelSpacing" in ds

    @pytest.mark.parametrize(
        ("geometry", "written"),
        [
            ({"PixelAspectRatio": [12, 11]}, True),
            ({"PixelAspectRatio": [1, 1]}, False),
            ({"PixelAspectRatio": [0, 1]}, False),
            ({"PixelAspectRatio": [12, 11], "PixelSpacing": [1.2, 1.1]}, False),
        ],
    )
    def test_aspect_ratio(self, geometry: dict[str, list[float]], written: bool) -> None:
        assert (
            "PixelAspectRatio" in build_image(context(SC, geometry=geometry), grey()).dataset
        ) is (written)


class TestPixels:
    @pytest.mark.parametrize("bits", range(8, 17))
    @pytest.mark.parametrize("signed", [False, True])
    def test_every_depth_is_kept_exactly(self, bits: int, signed: bool) -> None:
        frame = grey(23, 31, bits=bits, signed=signed)

        ds = build_image(context(SC), frame).dataset

        assert (ds.BitsStored, ds.HighBit, ds.PixelRepresentation) == (bits, bits - 1, int(signed))
        assert len(ds.PixelData) % 2 == 0
        read = np.frombuffer(ds.PixelData, frame.pixels.dtype)[: frame.pixels.size]
        assert np.array_equal(read.reshape(23, 31), frame.pixels)

    def test_monochrome1_is_kept(self) -> None:
        frame = replace(grey(), photometric="MONOCHROME1")

        assert build_image(context(SC), frame).dataset.PhotometricInterpretation == "MONOCHROME1"

    def test_colour_by_pixel(self) -> None:
        frame = colour(3, 5)

        ds = build_image(context(SC), frame).dataset

        assert (ds.SamplesPerPixel, ds.PlanarConfiguration) == (3, 0)
        assert ds.PixelData == frame.pixels.tobytes() + b"\0"

    def test_foreign_byte_order_and_strides_are_straightened(self) -> None:
        frame = grey(8, 6)
        odd = replace(frame, pixels=np.asfortranarray(frame.pixels.astype(">u2")))

        ds = build_image(context(SC), odd).dataset

        assert ds.PixelData == frame.pixels.tobytes()

    def test_colour_has_no_window(self) -> None:
        frame = colour(attributes={"WindowCenter": 128, "WindowWidth": 256})

        assert "WindowCenter" not in build_image(context(SC), frame).dataset

    def test_a_ct_of_8_bits_keeps_its_values_in_the_cells_that_ct_asks_for(self) -> None:
        frame = grey(bits=8)

        ds = build_image(context(), frame).dataset

        assert (ds.BitsAllocated, ds.BitsStored, ds.HighBit) == (16, 12, 11)
        read = np.frombuffer(ds.PixelData, "<u2").reshape(frame.pixels.shape)
        assert np.array_equal(read, frame.pixels)

    @pytest.mark.parametrize("padding", [-2000, 70000])
    def test_padding_must_be_a_possible_sample(self, padding: int) -> None:
        frame = grey(attributes={"PixelPaddingValue": padding})

        assert "PixelPaddingValue" not in build_image(context(SC), frame).dataset

    def test_padding_of_the_source_is_kept(self) -> None:
        frame = grey(bits=16, signed=True, attributes={"PixelPaddingValue": -2000})

        ds = build_image(context(), frame).dataset

        assert ds["PixelPaddingValue"].VR == "SS"
        assert ds.PixelPaddingValue == -2000

    @pytest.mark.parametrize(
        "frame",
        [
            Picture(np.zeros((4, 4, 3), np.uint8), 8, "MONOCHROME2"),
            Picture(np.zeros((4, 4), np.uint8), 8, "RGB"),
            Picture(np.zeros((4, 4, 4), np.uint8), 8, "RGB"),
            Picture(np.zeros((4, 4, 3), np.uint16), 8, "RGB"),
            Picture(np.zeros((4, 4), np.uint8), 12),
            Picture(np.zeros((4, 4), np.uint16), 7),
            Picture(np.zeros((4, 4), np.float32), 16),
            Picture(np.zeros((4, 4), np.uint32), 16),
            Picture(np.zeros((0, 4), np.uint8), 8),
            Picture(np.zeros((1, 70000), np.uint8), 8),
            Picture(np.zeros((4, 4), np.uint8), 8, "YBR_FULL"),
            Picture(np.full((4, 4), 4096, np.uint16), 12),
            Picture(np.full((4, 4), -2049, np.int16), 12),
        ],
    )
    def test_frames_that_contradict_themselves_are_refused(self, frame: Picture) -> None:
        with pytest.raises(UnsuitableFrame):
            build_image(context(SC), frame)


class TestHistory:
    def test_a_picture_that_was_never_lossy_says_so(self) -> None:
        ds = build_image(context(SC), grey()).dataset

        assert ds.LossyImageCompression == "00"
        assert "LossyImageCompressionRatio" not in ds

    def test_a_lossy_picture_names_ratio_and_method(self) -> None:
        frame = replace(colour(), lossy_ratio=12.345, lossy_method="ISO_10918_1")

        ds = build_image(context(SC), frame).dataset

        assert ds.LossyImageCompression == "01"
        assert float(ds.LossyImageCompressionRatio) == 12.35
        assert ds.LossyImageCompressionMethod == "ISO_10918_1"

    def test_an_unknown_ratio_is_not_invented(self) -> None:
        frame = replace(colour(), lossy_method="ISO_14496_10")

        ds = build_image(context(SC), frame).dataset

        assert ds.LossyImageCompression == "01"
        assert "LossyImageCompressionRatio" not in ds

    def test_lost_frames_are_said(self) -> None:
        ds = build_image(context(SC, dropped_frames=3), grey()).dataset

        assert ds.ImageComments == "3 frames lost during this acquisition"
        assert "ImageComments" not in build_image(context(SC), grey()).dataset

    def test_rescale_of_the_source_is_kept_with_unknown_units(self) -> None:
        native = {"RescaleSlope": 1, "RescaleIntercept": -1024}

        ds = build_image(context(SC), grey(attributes=native)).dataset

        assert (float(ds.RescaleIntercept), ds.RescaleType) == (-1024, "US")
