"""Who and what for: the worklist's attributes in the objects."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone
from typing import Any

import pytest
from pydicom.config import IGNORE
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from device.errors import CharacterSetError, InvalidIdentity
from device.iod import build_image
from device.iod.tables import CT
from device.mpps import create_dataset
from device.worklist import WorklistItem
from tests.device.iod.factories import (
    MPPS,
    STARTED,
    STUDY,
    TAKEN,
    answer,
    code,
    context,
    exam,
    grey,
)

ANNEX_1 = """
    PatientName PatientID OtherPatientIDs PatientBirthDate ReferencedPatientSequence PatientSex
    StudyDate StudyTime AccessionNumber ReferringPhysicianName StudyDescription StudyInstanceUID
    ReferencedStudySequence ProcedureCodeSequence StudyID
    PatientWeight PatientAge
    Modality OperatorsName ProtocolName PatientPosition SeriesInstanceUID SeriesNumber
    SeriesDescription PerformedProcedureStepDescription Laterality
    FrameOfReferenceUID PositionReferenceIndicator
    Manufacturer InstitutionName InstitutionAddress StationName InstitutionalDepartmentName
    ManufacturerModelName SoftwareVersions
    ImageType AcquisitionDate ContentDate AcquisitionTime ContentTime InstanceNumber ImageComments
    ReferencedImageSequence
    SliceThickness ImagePositionPatient ImageOrientationPatient SliceLocation PixelSpacing
    Rows Columns PixelRepresentation PixelData
    ContrastBolusAgent ContrastBolusRoute ContrastFlowDuration ContrastFlowRate
    ContrastBolusIngredient ContrastBolusVolume
    ScanOptions KVP DataCollectionDiameter ReconstructionDiameter GantryDetectorTilt TableHeight
    RotationDirection ExposureTime XRayTubeCurrent Exposure FilterType ConvolutionKernel
    AcquisitionNumber SamplesPerPixel PhotometricInterpretation BitsAllocated BitsStored HighBit
    RescaleIntercept RescaleSlope
    WindowCenter WindowWidth
    InstanceCreationDate InstanceCreationTime SpecificCharacterSet SOPClassUID SOPInstanceUID
    MedicalAlerts AdditionalPatientHistory Allergies SpecialNeeds PregnancyStatus PatientState
"""
"""Tables 54 to 67 of the CT console's conformance statement, without icon and private group."""


def reference(uid: str) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = "1.2.840.10008.3.1.2.3.1"
    item.ReferencedSOPInstanceUID = uid
    return item


def built(*answers: Dataset, **more: Any) -> Dataset:
    return build_image(context(of=exam(*answers, **more)), grey()).dataset


def test_every_attribute_of_the_ct_consoles_annex_has_a_place() -> None:
    technique = {
        "ContrastBolusAgent": "Iodine",
        "ContrastBolusRoute": "IV",
        "ContrastFlowDuration": 20,
        "ContrastFlowRate": 4,
        "ContrastBolusIngredient": "IODINE",
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
        "WindowCenter": 40,
        "WindowWidth": 400,
        "PositionReferenceIndicator": "SN",
    }
    image = Dataset()
    image.ReferencedSOPClassUID, image.ReferencedSOPInstanceUID = CT.sop_class_uid, "1.2.3"
    full = answer(
        OtherPatientIDs=["X1", "X2"],
        ReferencedPatientSequence=[reference("1.2.4")],
        ReferencedStudySequence=[reference("1.2.5")],
    )
    one = context(
        of=exam(full),
        technique={**context().protocol.technique, **technique},
        series={"body_part": "KNEE", "laterality": "L"},
        dropped_frames=1,
    )

    ds = build_image(one, grey(attributes={"ReferencedImageSequence": [image]})).dataset

    missing = [keyword for keyword in ANNEX_1.split() if keyword not in ds or ds[keyword].is_empty]
    assert missing == []


def test_worklist_mpps_and_image_agree() -> None:
    one = context()

    ds = build_image(one, grey()).dataset
    mpps = create_dataset(one.exam, one.station)

    step = mpps.ScheduledStepAttributesSequence[0]
    request = ds.RequestAttributesSequence[0]
    assert ds.StudyInstanceUID == step.StudyInstanceUID == request.StudyInstanceUID == STUDY
    assert ds.AccessionNumber == step.AccessionNumber == request.AccessionNumber
    assert request.RequestedProcedureID == step.RequestedProcedureID
    assert request.ScheduledProcedureStepID == step.ScheduledProcedureStepID
    assert ds.ReferencedPerformedProcedureStepSequence[0].ReferencedSOPInstanceUID == MPPS
    for keyword in (
        "PatientName",
        "PatientID",
        "PatientBirthDate",
        "PatientSex",
        "StudyID",
        "PerformedProcedureStepID",
        "PerformedProcedureStepStartDate",
        "PerformedProcedureStepStartTime",
        "PerformedProcedureStepDescription",
        "ProcedureCodeSequence",
        "PerformedProtocolCodeSequence",
        "TimezoneOffsetFromUTC",
        "SpecificCharacterSet",
    ):
        assert ds[keyword].value == mpps[keyword].value, keyword


def test_empty_return_keys_stay_out_of_the_image() -> None:
    nameless = code("P2", "")
    ds = built(answer(RequestedProcedureCodeSequence=[code("P1", "Chest"), nameless, Dataset()]))

    assert "ReferencedStudySequence" not in ds
    assert "ReferencedPatientSequence" not in ds
    assert [item.CodeValue for item in ds.ProcedureCodeSequence] == ["P1"]
    assert "CodingSchemeVersion" not in ds.ProcedureCodeSequence[0]


def test_a_request_without_its_ids_is_left_out() -> None:
    assert "RequestAttributesSequence" not in built(answer(RequestedProcedureID=""))


def test_the_group_case_lists_every_request_and_asserts_only_what_is_common() -> None:
    second = answer(number=2, description="Abdomen")
    second.RequestedProcedureCodeSequence = [code("P1", "Chest"), code("P9", "Abdomen")]

    ds = built(answer(), second)

    assert [r.AccessionNumber for r in ds.RequestAttributesSequence] == ["ACC0001", "ACC0002"]
    assert [r.RequestedProcedureID for r in ds.RequestAttributesSequence] == ["RP0001", "RP0002"]
    assert ds["AccessionNumber"].is_empty
    assert [item.CodeValue for item in ds.ProcedureCodeSequence] == ["P1", "P9"]


def test_an_unscheduled_exam_requests_nothing() -> None:
    item = WorklistItem.unscheduled(
        patient_id="P9", patient_name="Doe^John", study_instance_uid=STUDY, modality="CT"
    )
    one = context(of=replace(exam(), items=(item,), study_id="S9"))

    result = build_image(one, grey())

    ds = result.dataset
    assert (ds.PatientName, ds.PatientID, ds.StudyID) == ("Doe^John", "P9", "S9")
    assert ds["AccessionNumber"].is_empty
    assert ds["PatientBirthDate"].is_empty
    assert "PatientAge" not in ds
    assert "RequestAttributesSequence" not in ds
    assert result.provenance["StudyInstanceUID"] == "generated"


@pytest.mark.parametrize(
    ("birth_date", "age"),
    [
        ("19700304", "056Y"),
        ("19700305", "055Y"),
        ("20240304", "002Y"),
        ("20240305", "023M"),
        ("20260104", "002M"),
        ("20260105", "058D"),
        ("20260304", "000D"),
        ("20260305", None),
        ("", None),
    ],
)
def test_age_is_counted_from_the_birth_date(birth_date: str, age: str | None) -> None:
    assert built(answer(PatientBirthDate=birth_date)).get("PatientAge") == age


def test_the_age_of_the_worklist_wins() -> None:
    result = build_image(context(of=exam(answer(PatientAge="054Y"))), grey())

    assert result.dataset.PatientAge == "054Y"
    assert result.provenance["PatientAge"] == "worklist"


def test_all_times_share_the_offset_of_the_exams_start() -> None:
    later = timezone(timedelta(hours=1))
    frame = replace(grey(), taken_at=TAKEN.astimezone(later))
    one = replace(context(), created=TAKEN.astimezone(later))

    ds = build_image(one, frame).dataset

    assert ds.TimezoneOffsetFromUTC == "+0200"
    assert (ds.StudyDate, ds.StudyTime) == (f"{STARTED:%Y%m%d}", f"{STARTED:%H%M%S}")
    assert ds.ContentTime == ds.AcquisitionTime == "091213.140000"
    assert ds.InstanceCreationTime == "091213.140000"


def test_a_naive_time_or_a_zeroth_instance_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        replace(context(), created=TAKEN.replace(tzinfo=None))
    with pytest.raises(ValueError, match="begin at 1"):
        replace(context(), instance_number=0)


@pytest.mark.filterwarnings("ignore:The value length")
def test_an_identity_that_cannot_be_written_whole_stops_the_object() -> None:
    broken = answer(number=1)
    item = WorklistItem(broken)
    broken["PatientID"] = DataElement("PatientID", "LO", "P" * 70, validation_mode=IGNORE)

    with pytest.raises(InvalidIdentity, match="PatientID"):
        build_image(context(of=replace(exam(), items=(item,))), grey())


@pytest.mark.parametrize(
    ("place", "keyword"),
    [
        ({"station": {"institution_name": "Köln 日本"}}, "InstitutionName"),
        ({"series": {"series_description": "胸部"}}, "SeriesDescription"),
        ({"technique": {"ConvolutionKernel": "B", "FilterType": "Ж"}}, "FilterType"),
    ],
)
def test_text_that_the_exams_character_set_would_lose_is_refused(
    place: dict[str, Any], keyword: str
) -> None:
    latin = exam(character_set=("ISO_IR 100",))

    with pytest.raises(CharacterSetError, match=keyword):
        build_image(context(of=latin, **place), grey())


def test_a_worklist_text_that_does_not_fit_is_refused_without_showing_it() -> None:
    latin = exam(answer(name="山田^太郎"), character_set=("ISO_IR 100",))

    with pytest.raises(CharacterSetError, match="PatientName") as refusal:
        build_image(context(of=latin), grey())

    assert "山田" not in str(refusal.value)


def test_plain_ascii_needs_no_character_set() -> None:
    assert "SpecificCharacterSet" not in built(character_set=())


def test_objects_do_not_share_their_items() -> None:
    one = context()
    first, second = (build_image(one, grey()).dataset for _ in range(2))

    first.ProcedureCodeSequence[0].CodeMeaning = "changed"
    first.PatientName = "changed"

    assert second.ProcedureCodeSequence[0].CodeMeaning == "Chest without contrast"
    assert second.PatientName == "Doe^Jane"
    assert build_image(one, grey()).dataset.PatientName == "Doe^Jane"


class TestLaterality:
    @pytest.mark.parametrize(
        ("body_part", "side", "expected"),
        [
            ("KNEE", "L", "L"),
            ("KNEE", "r", "R"),
            ("KNEE", "", ""),
            ("KNEE", "both", ""),
            ("CHEST", "L", None),
            ("CHEST", "", None),
            ("", "", ""),
        ],
    )
    def test_it_is_asked_for_where_there_may_be_sides(
        self, body_part: str, side: str, expected: str | None
    ) -> None:
        one = context(series={"body_part": body_part, "laterality": side})

        ds = build_image(one, grey()).dataset

        assert (ds.get("Laterality", "") or "") == (expected or "")
        assert ("Laterality" in ds) is (expected is not None)
