"""What a replayed DICOM file may tell of its pictures.

The list says what passes; everything else stays behind, above all who the patient was. Only image
plane, technique, value scale and sequence are on it (PS3.3 C.7.6.2, C.8.2.1, C.8.3.1, C.11.1,
C.11.2, C.7.6.4, C.7.6.10).
"""

from __future__ import annotations

from typing import Any

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.valuerep import DSdecimal, DSfloat

IMAGE_PLANE = (
    "PixelSpacing",
    "PixelAspectRatio",
    "ImagerPixelSpacing",
    "PixelSpacingCalibrationType",
    "PixelSpacingCalibrationDescription",
    "ImageOrientationPatient",
    "ImagePositionPatient",
    "SliceThickness",
    "SpacingBetweenSlices",
    "SliceLocation",
    "PositionReferenceIndicator",
    "PatientPosition",
    "PatientOrientation",
)
GENERAL = ("ImageType", "AcquisitionNumber", "ConversionType", "LossyImageCompression")
VALUE_SCALE = (
    "RescaleIntercept",
    "RescaleSlope",
    "RescaleType",
    "WindowCenter",
    "WindowWidth",
    "WindowCenterWidthExplanation",
    "VOILUTFunction",
)
CT_TECHNIQUE = (
    "KVP",
    "ExposureTime",
    "XRayTubeCurrent",
    "Exposure",
    "ExposureInuAs",
    "FilterType",
    "FocalSpots",
    "GeneratorPower",
    "ConvolutionKernel",
    "ScanOptions",
    "DataCollectionDiameter",
    "ReconstructionDiameter",
    "DistanceSourceToDetector",
    "DistanceSourceToPatient",
    "GantryDetectorTilt",
    "TableHeight",
    "RotationDirection",
    "RevolutionTime",
    "SingleCollimationWidth",
    "TotalCollimationWidth",
    "TableSpeed",
    "TableFeedPerRotation",
    "SpiralPitchFactor",
    "CTDIvol",
)
CONTRAST = (
    "ContrastBolusAgent",
    "ContrastBolusRoute",
    "ContrastBolusVolume",
    "ContrastBolusTotalDose",
    "ContrastBolusIngredient",
    "ContrastBolusIngredientConcentration",
    "ContrastFlowRate",
    "ContrastFlowDuration",
)
MR_TECHNIQUE = (
    "ScanningSequence",
    "SequenceVariant",
    "SequenceName",
    "MRAcquisitionType",
    "AngioFlag",
    "RepetitionTime",
    "EchoTime",
    "EchoTrainLength",
    "EchoNumbers",
    "InversionTime",
    "TriggerTime",
    "FlipAngle",
    "VariableFlipAngleFlag",
    "MagneticFieldStrength",
    "ImagedNucleus",
    "ImagingFrequency",
    "NumberOfAverages",
    "NumberOfPhaseEncodingSteps",
    "InPlanePhaseEncodingDirection",
    "AcquisitionMatrix",
    "PercentSampling",
    "PercentPhaseFieldOfView",
    "PixelBandwidth",
    "ReceiveCoilName",
    "TransmitCoilName",
    "SAR",
    "dBdt",
)
ALLOWED = IMAGE_PLANE + GENERAL + VALUE_SCALE + CT_TECHNIQUE + CONTRAST + MR_TECHNIQUE

_LONGEST_DS = 16


def attributes_of(dataset: Dataset) -> dict[str, Any]:
    """The allowed attributes that are there and not empty, by keyword.

    Several values come as a list. Decimal strings keep their original text.
    """
    taken: dict[str, Any] = {}
    for keyword in ALLOWED:
        value = dataset.get(keyword)
        if value is None or value == "":
            continue
        if not isinstance(value, MultiValue):
            taken[keyword] = _writable(value)
        elif value and not any(item is None or item == "" for item in value):
            taken[keyword] = [_writable(item) for item in value]
    return taken


def _writable(value: Any) -> Any:
    """A decimal string longer than VR DS allows is rounded to what can be written."""
    if isinstance(value, DSfloat | DSdecimal) and len(str(value)) > _LONGEST_DS:
        return DSfloat(float(value), auto_format=True)
    return value
