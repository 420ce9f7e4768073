"""The IODs that this box can build, as lists of module tables (PS3.3 Annex A)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from pydicom.uid import (
    CTImageStorage,
    MRImageStorage,
    MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
    MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
    MultiFrameTrueColorSecondaryCaptureImageStorage,
    SecondaryCaptureImageStorage,
    VideoEndoscopicImageStorage,
    VideoPhotographicImageStorage,
)

from device.iod import modules as m
from device.iod.video_modules import ACQUISITION_CONTEXT, VL_IMAGE
from device.provenance import BESIDE, DESCRIBING, Source


@dataclass(frozen=True)
class Iod:
    """One Information Object Definition.

    Attributes
    ----------
    name : str
        As PS3.3 spells it.
    section : str
        Where PS3.3 defines it.
    sop_class_uid : str
        PS3.4 B.5.
    modules : tuple of Module
        In the order in which missing attributes are named.
    """

    name: str
    section: str
    sop_class_uid: str
    modules: tuple[m.Module, ...]

    @cached_property
    def rows(self) -> tuple[m.Row, ...]:
        """Every attribute once; the strictest module that lists it comes first."""
        unique: dict[str, m.Row] = {}
        for module in self.modules:
            for row in module.rows:
                known = unique.get(row.keyword)
                if known is None or row.type < known.type:
                    unique[row.keyword] = row
        return tuple(unique.values())

    @cached_property
    def native(self) -> tuple[str, ...]:
        """Keywords that a frame's own attributes may fill."""
        return self._from(Source.NATIVE)

    @cached_property
    def preset(self) -> tuple[str, ...]:
        """Keywords that the protocol may fill."""
        return self._from(Source.PRESET)

    @cached_property
    def beside(self) -> frozenset[str]:
        """Keywords that a side channel or a person may fill for one picture."""
        return frozenset(
            row.keyword for row in self.rows if all(source in row.sources for source in BESIDE)
        )

    @cached_property
    def described(self) -> tuple[str, ...]:
        """Type 1 keywords that somebody has to vouch for: geometry, technique, value scale."""
        return tuple(
            row.keyword
            for row in self.rows
            if row.type == "1" and set(DESCRIBING) <= set(row.sources)
        )

    def _from(self, source: Source) -> tuple[str, ...]:
        return tuple(row.keyword for row in self.rows if source in row.sources)


_FRONT: Final = (m.PATIENT, m.GENERAL_STUDY, m.PATIENT_STUDY, m.PATIENT_MEDICAL)
_CROSS_SECTION: Final = (
    *_FRONT,
    m.CROSS_SECTION_SERIES,
    m.FRAME_OF_REFERENCE,
    m.GENERAL_EQUIPMENT,
    m.GENERAL_IMAGE,
    m.IMAGE_PLANE,
    m.IMAGE_PIXEL,
    m.CONTRAST_BOLUS,
)
_CAPTURE: Final = (
    *_FRONT,
    m.GENERAL_SERIES,
    m.GENERAL_EQUIPMENT,
    m.SC_EQUIPMENT,
    m.GENERAL_IMAGE,
    m.IMAGE_PIXEL,
    m.SC_IMAGE,
)
_CAPTURE_CINE: Final = (*_CAPTURE, m.MULTI_FRAME, m.CINE, m.SC_MULTI_FRAME_VECTOR)

CT: Final = Iod(
    "CT Image", "A.3", CTImageStorage, (*_CROSS_SECTION, m.CT_IMAGE, m.VOI_LUT, m.SOP_COMMON)
)
MR: Final = Iod(
    "MR Image",
    "A.4",
    MRImageStorage,
    (*_CROSS_SECTION, m.MR_IMAGE, m.MODALITY_LUT, m.VOI_LUT, m.SOP_COMMON),
)
SC: Final = Iod(
    "Secondary Capture Image",
    "A.8.1",
    SecondaryCaptureImageStorage,
    (*_CAPTURE, m.MODALITY_LUT, m.VOI_LUT, m.SOP_COMMON),
)
GRAYSCALE_BYTE: Final = Iod(
    "Multi-frame Grayscale Byte Secondary Capture Image",
    "A.8.3",
    MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
    (*_CAPTURE_CINE, m.SC_MULTI_FRAME_IMAGE, m.VOI_LUT, m.SOP_COMMON),
)
GRAYSCALE_WORD: Final = Iod(
    "Multi-frame Grayscale Word Secondary Capture Image",
    "A.8.4",
    MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
    (*_CAPTURE_CINE, m.SC_MULTI_FRAME_IMAGE, m.VOI_LUT, m.SOP_COMMON),
)
TRUE_COLOR: Final = Iod(
    "Multi-frame True Color Secondary Capture Image",
    "A.8.5",
    MultiFrameTrueColorSecondaryCaptureImageStorage,
    (*_CAPTURE_CINE, m.SC_MULTI_FRAME_IMAGE, m.SOP_COMMON),
)

_VIDEO: Final = (
    *_FRONT,
    m.GENERAL_SERIES,
    m.GENERAL_EQUIPMENT,
    m.GENERAL_IMAGE,
    m.IMAGE_PIXEL,
    m.MULTI_FRAME,
    m.CINE,
    ACQUISITION_CONTEXT,
    VL_IMAGE,
    m.SOP_COMMON,
)
VIDEO_ENDOSCOPIC: Final = Iod(
    "Video Endoscopic Image", "A.32.5", VideoEndoscopicImageStorage, _VIDEO
)
VIDEO_PHOTOGRAPHIC: Final = Iod(
    "Video Photographic Image", "A.32.7", VideoPhotographicImageStorage, _VIDEO
)
