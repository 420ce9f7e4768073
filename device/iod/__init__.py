"""Frames to DICOM objects: CT, MR, Secondary Capture and multi-frame Secondary Capture.

:mod:`device.iod.modules` says for every attribute where its value may come from;
:mod:`device.iod.tables` makes IODs of these tables. A CT or MR image whose geometry or technique
nobody vouches for is refused with :class:`device.errors.IncompleteDescription`.
"""

from device.iod.context import BuiltObject, ObjectContext
from device.iod.encoding import encode
from device.iod.image import build_image
from device.iod.multi_frame import build_multi_frame
from device.iod.secondary import build_secondary_capture

__all__ = [
    "BuiltObject",
    "ObjectContext",
    "build_image",
    "build_multi_frame",
    "build_secondary_capture",
    "encode",
]
