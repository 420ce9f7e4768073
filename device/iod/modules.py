"""The modules of the image IODs as tables: attribute, type, and where its value may come from.

Sources are listed in order of precedence. Types are those of PS3.3 for the IOD in which the module
is used; a type 1C or 2C attribute may carry the condition under which it is required, given the
values that were found. Rows without a condition are written when there is a value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from device.iod.anatomy import UNPAIRED_BODY_PARTS
from device.provenance import BESIDE, DESCRIBING, Source

NATIVE, PRESET, WORKLIST = Source.NATIVE, Source.PRESET, Source.WORKLIST
STATION, OPERATOR, GENERATED = Source.STATION, Source.OPERATOR, Source.GENERATED

Condition = Callable[[Mapping[str, Any]], bool]


@dataclass(frozen=True, slots=True)
class Row:
    """One attribute in one module."""

    keyword: str
    type: str
    sources: tuple[Source, ...]
    required_when: Condition | None = None


@dataclass(frozen=True, slots=True)
class Module:
    """One module of PS3.3, with the attributes that this box can fill."""

    name: str
    section: str
    rows: tuple[Row, ...]


def module(name: str, section: str, *rows: tuple[Any, ...]) -> Module:
    """A module of rows that are written as plain tuples."""
    return Module(name, section, tuple(Row(*row) for row in rows))


_TECHNIQUE: Final = DESCRIBING


def repeats(values: Mapping[str, Any]) -> bool:
    """Repetition Time: unless Scanning Sequence is EP and Sequence Variant is not SK."""
    return "EP" not in _as_list(values, "ScanningSequence") or "SK" in _as_list(
        values, "SequenceVariant"
    )


def inverts(values: Mapping[str, Any]) -> bool:
    """Inversion Time: if Scanning Sequence includes IR."""
    return "IR" in _as_list(values, "ScanningSequence")


def sided(values: Mapping[str, Any]) -> bool:
    """Laterality: unless the body part is known to have no left and right."""
    return values.get("BodyPartExamined") not in UNPAIRED_BODY_PARTS


def always(_: Mapping[str, Any]) -> bool:
    """For a conditional attribute whose condition the IOD itself fulfils."""
    return True


def contrasted(values: Mapping[str, Any]) -> bool:
    """Contrast/Bolus Agent: as soon as anything else of its module is known."""
    return any(row.keyword in values for row in CONTRAST_BOLUS.rows)


def _as_list(values: Mapping[str, Any], keyword: str) -> list[Any]:
    value = values.get(keyword, [])
    return value if isinstance(value, list) else [value]


SOP_COMMON: Final = module(
    "SOP Common",
    "C.12.1",
    ("SpecificCharacterSet", "1C", (GENERATED,)),
    ("SOPClassUID", "1", (GENERATED,)),
    ("SOPInstanceUID", "1", (GENERATED,)),
    ("InstanceCreationDate", "3", (GENERATED,)),
    ("InstanceCreationTime", "3", (GENERATED,)),
    ("TimezoneOffsetFromUTC", "3", (GENERATED,)),
)

PATIENT: Final = module(
    "Patient",
    "C.7.1.1",
    ("PatientName", "2", (WORKLIST,)),
    ("PatientID", "2", (WORKLIST,)),
    ("IssuerOfPatientID", "3", (WORKLIST,)),
    ("TypeOfPatientID", "3", (WORKLIST,)),
    ("IssuerOfPatientIDQualifiersSequence", "3", (WORKLIST,)),
    ("PatientBirthDate", "2", (WORKLIST,)),
    ("PatientBirthTime", "3", (WORKLIST,)),
    ("PatientSex", "2", (WORKLIST,)),
    ("OtherPatientIDs", "3", (WORKLIST,)),
    ("OtherPatientIDsSequence", "3", (WORKLIST,)),
    ("OtherPatientNames", "3", (WORKLIST,)),
    ("EthnicGroup", "3", (WORKLIST,)),
    ("PatientComments", "3", (WORKLIST,)),
    ("ReferencedPatientSequence", "3", (WORKLIST,)),
)

GENERAL_STUDY: Final = module(
    "General Study",
    "C.7.2.1",
    ("StudyInstanceUID", "1", (WORKLIST, GENERATED)),
    ("StudyDate", "2", (GENERATED,)),
    ("StudyTime", "2", (GENERATED,)),
    ("AccessionNumber", "2", (WORKLIST,)),
    ("IssuerOfAccessionNumberSequence", "3", (WORKLIST,)),
    ("ReferringPhysicianName", "2", (WORKLIST,)),
    ("StudyID", "2", (WORKLIST, GENERATED)),
    ("StudyDescription", "3", (WORKLIST,)),
    ("ReferencedStudySequence", "3", (WORKLIST,)),
    ("ProcedureCodeSequence", "3", (WORKLIST,)),
    ("RequestingService", "3", (WORKLIST,)),
)

PATIENT_STUDY: Final = module(
    "Patient Study",
    "C.7.2.2",
    ("PatientAge", "3", (WORKLIST, GENERATED)),
    ("PatientSize", "3", (WORKLIST,)),
    ("PatientWeight", "3", (WORKLIST,)),
    ("AdmittingDiagnosesDescription", "3", (WORKLIST,)),
    ("AdmissionID", "3", (WORKLIST,)),
)

PATIENT_MEDICAL: Final = module(
    "Patient Medical",
    "C.2.4",
    ("MedicalAlerts", "3", (WORKLIST,)),
    ("Allergies", "3", (WORKLIST,)),
    ("AdditionalPatientHistory", "3", (WORKLIST,)),
    ("SpecialNeeds", "3", (WORKLIST,)),
    ("PregnancyStatus", "3", (WORKLIST,)),
    ("PatientState", "3", (WORKLIST,)),
    ("SmokingStatus", "3", (WORKLIST,)),
    ("LastMenstrualDate", "3", (WORKLIST,)),
)

_SERIES_ROWS: Final = (
    ("Modality", "1", (PRESET,)),
    ("SeriesInstanceUID", "1", (GENERATED,)),
    ("SeriesNumber", "2", (GENERATED,)),
    ("SeriesDate", "3", (GENERATED,)),
    ("SeriesTime", "3", (GENERATED,)),
    ("SeriesDescription", "3", (PRESET,)),
    ("ProtocolName", "3", (PRESET,)),
    ("OperatorsName", "3", (OPERATOR,)),
    ("PerformingPhysicianName", "3", (OPERATOR,)),
    ("BodyPartExamined", "3", (PRESET,)),
    ("Laterality", "2C", (PRESET,), sided),
    ("ReferencedPerformedProcedureStepSequence", "3", (GENERATED,)),
    ("RequestAttributesSequence", "3", (WORKLIST,)),
    ("PerformedProcedureStepID", "3", (GENERATED,)),
    ("PerformedProcedureStepStartDate", "3", (GENERATED,)),
    ("PerformedProcedureStepStartTime", "3", (GENERATED,)),
    ("PerformedProcedureStepDescription", "3", (WORKLIST,)),
    ("PerformedProtocolCodeSequence", "3", (WORKLIST,)),
)

GENERAL_SERIES: Final = module("General Series", "C.7.3.1", *_SERIES_ROWS)

CROSS_SECTION_SERIES: Final = module(
    "General Series",
    "C.7.3.1",
    *_SERIES_ROWS,
    ("PatientPosition", "2C", _TECHNIQUE, always),
)

FRAME_OF_REFERENCE: Final = module(
    "Frame of Reference",
    "C.7.4.1",
    ("FrameOfReferenceUID", "1", (GENERATED,)),
    ("PositionReferenceIndicator", "2", _TECHNIQUE),
)

GENERAL_EQUIPMENT: Final = module(
    "General Equipment",
    "C.7.5.1",
    ("Manufacturer", "2", (STATION,)),
    ("InstitutionName", "3", (STATION,)),
    ("InstitutionAddress", "3", (STATION,)),
    ("InstitutionalDepartmentName", "3", (STATION,)),
    ("StationName", "3", (STATION,)),
    ("ManufacturerModelName", "3", (STATION,)),
    ("DeviceSerialNumber", "3", (STATION,)),
    ("SoftwareVersions", "3", (STATION,)),
    ("PixelPaddingValue", "1C", (NATIVE,)),
)

_IMAGE_ROWS: Final = (
    ("InstanceNumber", "2", (GENERATED,)),
    ("AcquisitionDate", "3", (NATIVE,)),
    ("AcquisitionTime", "3", (NATIVE,)),
    ("ContentDate", "2C", (NATIVE,)),
    ("ContentTime", "2C", (NATIVE,)),
    ("ImageComments", "3", (GENERATED, *_TECHNIQUE)),
    ("ReferencedImageSequence", "3", (NATIVE,)),
    ("DerivationDescription", "3", (GENERATED, *_TECHNIQUE)),
    ("BurnedInAnnotation", "3", (PRESET,)),
    ("LossyImageCompression", "3", (NATIVE,)),
    ("LossyImageCompressionRatio", "3", (NATIVE,)),
    ("LossyImageCompressionMethod", "3", (NATIVE,)),
)

GENERAL_IMAGE: Final = module("General Image", "C.7.6.1", *_IMAGE_ROWS)

IMAGE_PLANE: Final = module(
    "Image Plane",
    "C.7.6.2",
    ("PixelSpacing", "1", _TECHNIQUE),
    ("ImageOrientationPatient", "1", _TECHNIQUE),
    ("ImagePositionPatient", "1", _TECHNIQUE),
    ("SliceThickness", "2", _TECHNIQUE),
    ("SpacingBetweenSlices", "3", _TECHNIQUE),
    ("SliceLocation", "3", (NATIVE, *BESIDE, GENERATED)),
)

IMAGE_PIXEL: Final = module(
    "Image Pixel",
    "C.7.6.3",
    ("SamplesPerPixel", "1", (NATIVE,)),
    ("PhotometricInterpretation", "1", (NATIVE,)),
    ("PlanarConfiguration", "1C", (NATIVE,)),
    ("Rows", "1", (NATIVE,)),
    ("Columns", "1", (NATIVE,)),
    ("BitsAllocated", "1", (NATIVE,)),
    ("BitsStored", "1", (NATIVE,)),
    ("HighBit", "1", (NATIVE,)),
    ("PixelRepresentation", "1", (NATIVE,)),
    ("PixelData", "1", (NATIVE,)),
)

CONTRAST_BOLUS: Final = module(
    "Contrast/Bolus",
    "C.7.6.4",
    ("ContrastBolusAgent", "2C", _TECHNIQUE, contrasted),
    ("ContrastBolusRoute", "3", _TECHNIQUE),
    ("ContrastBolusVolume", "3", _TECHNIQUE),
    ("ContrastBolusTotalDose", "3", _TECHNIQUE),
    ("ContrastBolusStartTime", "3", _TECHNIQUE),
    ("ContrastBolusStopTime", "3", _TECHNIQUE),
    ("ContrastFlowRate", "3", _TECHNIQUE),
    ("ContrastFlowDuration", "3", _TECHNIQUE),
    ("ContrastBolusIngredient", "3", _TECHNIQUE),
    ("ContrastBolusIngredientConcentration", "3", _TECHNIQUE),
)

CT_IMAGE: Final = module(
    "CT Image",
    "C.8.2.1",
    ("ImageType", "1", _TECHNIQUE),
    ("RescaleIntercept", "1", (*_TECHNIQUE, GENERATED)),
    ("RescaleSlope", "1", (*_TECHNIQUE, GENERATED)),
    ("RescaleType", "1C", (*_TECHNIQUE, GENERATED)),
    ("KVP", "2", _TECHNIQUE),
    ("AcquisitionNumber", "2", _TECHNIQUE),
    ("ScanOptions", "3", _TECHNIQUE),
    ("DataCollectionDiameter", "3", _TECHNIQUE),
    ("ReconstructionDiameter", "3", _TECHNIQUE),
    ("DistanceSourceToDetector", "3", _TECHNIQUE),
    ("DistanceSourceToPatient", "3", _TECHNIQUE),
    ("GantryDetectorTilt", "3", _TECHNIQUE),
    ("TableHeight", "3", _TECHNIQUE),
    ("RotationDirection", "3", _TECHNIQUE),
    ("ExposureTime", "3", _TECHNIQUE),
    ("XRayTubeCurrent", "3", _TECHNIQUE),
    ("Exposure", "3", _TECHNIQUE),
    ("FilterType", "3", _TECHNIQUE),
    ("GeneratorPower", "3", _TECHNIQUE),
    ("FocalSpots", "3", _TECHNIQUE),
    ("ConvolutionKernel", "3", _TECHNIQUE),
    ("CTDIvol", "3", _TECHNIQUE),
)

MR_IMAGE: Final = module(
    "MR Image",
    "C.8.3.1",
    ("ImageType", "1", (*_TECHNIQUE, GENERATED)),
    ("ScanningSequence", "1", _TECHNIQUE),
    ("SequenceVariant", "1", _TECHNIQUE),
    ("ScanOptions", "2", _TECHNIQUE),
    ("MRAcquisitionType", "2", _TECHNIQUE),
    ("RepetitionTime", "2C", _TECHNIQUE, repeats),
    ("EchoTime", "2", _TECHNIQUE),
    ("EchoTrainLength", "2", _TECHNIQUE),
    ("InversionTime", "2C", _TECHNIQUE, inverts),
    ("TriggerTime", "2C", _TECHNIQUE),
    ("SequenceName", "3", _TECHNIQUE),
    ("AngioFlag", "3", _TECHNIQUE),
    ("NumberOfAverages", "3", _TECHNIQUE),
    ("ImagingFrequency", "3", _TECHNIQUE),
    ("ImagedNucleus", "3", _TECHNIQUE),
    ("EchoNumbers", "3", _TECHNIQUE),
    ("MagneticFieldStrength", "3", _TECHNIQUE),
    ("NumberOfPhaseEncodingSteps", "3", _TECHNIQUE),
    ("PercentSampling", "3", _TECHNIQUE),
    ("PercentPhaseFieldOfView", "3", _TECHNIQUE),
    ("PixelBandwidth", "3", _TECHNIQUE),
    ("ReconstructionDiameter", "3", _TECHNIQUE),
    ("ReceiveCoilName", "3", _TECHNIQUE),
    ("TransmitCoilName", "3", _TECHNIQUE),
    ("AcquisitionMatrix", "3", _TECHNIQUE),
    ("InPlanePhaseEncodingDirection", "3", _TECHNIQUE),
    ("FlipAngle", "3", _TECHNIQUE),
    ("VariableFlipAngleFlag", "3", _TECHNIQUE),
    ("SAR", "3", _TECHNIQUE),
    ("AcquisitionNumber", "3", _TECHNIQUE),
)

VOI_LUT: Final = module(
    "VOI LUT",
    "C.11.2",
    ("WindowCenter", "1C", _TECHNIQUE),
    ("WindowWidth", "1C", _TECHNIQUE),
    ("WindowCenterWidthExplanation", "3", _TECHNIQUE),
)

SC_EQUIPMENT: Final = module(
    "SC Equipment",
    "C.8.6.1",
    ("ConversionType", "1", (NATIVE, GENERATED)),
    ("SecondaryCaptureDeviceManufacturer", "3", (GENERATED,)),
    ("SecondaryCaptureDeviceManufacturerModelName", "3", (GENERATED,)),
    ("SecondaryCaptureDeviceSoftwareVersions", "3", (GENERATED,)),
)

SC_IMAGE: Final = module(
    "SC Image",
    "C.8.6.2",
    ("ImageType", "3", (PRESET, GENERATED)),
    ("PatientOrientation", "2C", _TECHNIQUE, always),
    ("DateOfSecondaryCapture", "3", (NATIVE,)),
    ("TimeOfSecondaryCapture", "3", (NATIVE,)),
    ("PixelSpacing", "1C", _TECHNIQUE),
    ("PixelSpacingCalibrationType", "3", _TECHNIQUE),
    ("PixelSpacingCalibrationDescription", "1C", _TECHNIQUE),
    ("PixelAspectRatio", "1C", _TECHNIQUE),
)

MODALITY_LUT: Final = module(
    "Modality LUT",
    "C.11.1",
    ("RescaleIntercept", "1C", _TECHNIQUE),
    ("RescaleSlope", "1C", _TECHNIQUE),
    ("RescaleType", "1C", (*_TECHNIQUE, GENERATED)),
)

MULTI_FRAME: Final = module(
    "Multi-frame",
    "C.7.6.6",
    ("NumberOfFrames", "1", (GENERATED,)),
    ("FrameIncrementPointer", "1C", (GENERATED,)),
)

CINE: Final = module(
    "Cine",
    "C.7.6.5",
    ("FrameTime", "1C", (GENERATED,)),
    ("FrameTimeVector", "1C", (GENERATED,)),
    ("CineRate", "3", (GENERATED,)),
    ("RecommendedDisplayFrameRate", "3", (GENERATED,)),
)

SC_MULTI_FRAME_IMAGE: Final = module(
    "SC Multi-frame Image",
    "C.8.6.3",
    ("BurnedInAnnotation", "1", (PRESET,)),
    ("PresentationLUTShape", "1C", (GENERATED,)),
    ("RescaleIntercept", "1C", (GENERATED,)),
    ("RescaleSlope", "1C", (GENERATED,)),
    ("RescaleType", "1C", (GENERATED,)),
)

SC_MULTI_FRAME_VECTOR: Final = module(
    "SC Multi-frame Vector",
    "C.8.6.4",
    ("PageNumberVector", "1C", (GENERATED,)),
)
