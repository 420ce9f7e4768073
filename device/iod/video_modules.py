"""The modules that only the video IODs have, as tables like those of :mod:`device.iod.modules`."""

from __future__ import annotations

from typing import Final

from device.iod.modules import always, module
from device.provenance import DESCRIBING, Source

ACQUISITION_CONTEXT: Final = module(
    "Acquisition Context",
    "C.7.6.14",
    ("AcquisitionContextSequence", "2", (Source.NATIVE,)),
)

VL_IMAGE: Final = module(
    "VL Image",
    "C.8.12.1",
    ("ImageType", "1", (Source.PRESET, Source.GENERATED)),
    ("LossyImageCompression", "2", (Source.NATIVE,)),
    ("AnatomicRegionSequence", "1C", (Source.GENERATED,), always),
    ("PatientOrientation", "2C", DESCRIBING, always),
)
