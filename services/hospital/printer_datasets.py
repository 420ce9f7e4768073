"""What the film printer reads from data sets, and what it answers with."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom import evt

from services.hospital.entity import affected_uid

IMAGES = ("BasicGrayscaleImageSequence", "BasicColorImageSequence")
MOST_BOXES = 64


def with_uid(event: evt.Event, reply: Dataset, uid: str) -> Dataset:
    """Name the new instance where the SCU left the choice to us (PS3.7 10.1.5.1.4)."""
    if not affected_uid(event):
        reply.AffectedSOPInstanceUID = uid
    return reply


def reference(sop_class: UID, uid: str) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = sop_class
    item.ReferencedSOPInstanceUID = uid
    return item


def texts(attributes: Dataset) -> int:
    """How many text boxes an Annotation Display Format ID has here: COMBINED has two."""
    return 2 if attributes.get("AnnotationDisplayFormatID") == "COMBINED" else 0


def values(dataset: Dataset, keyword: str) -> list[str]:
    value = dataset.get(keyword) or ""
    return [value] if isinstance(value, str) else [str(one) for one in value]


def boxes(display_format: str) -> int:
    """How many image boxes a format has; 0 for one that this printer does not know."""
    kind, _, layout = display_format.partition("\\")
    columns, _, rows = layout.partition(",")
    if kind != "STANDARD" or not (columns.isdigit() and rows.isdigit()):
        return 0
    count = int(columns) * int(rows)
    return count if count <= MOST_BOXES else 0


def picture(attributes: Dataset) -> bytes | None:
    """The picture as PNG; None for an emptied box; ValueError for one that is no picture.

    Grey of more than 8 bits is written as 16 bits with the values received.
    """
    keyword = next((key for key in IMAGES if key in attributes), None)
    if keyword is None:
        raise ValueError("no image in the image box")
    if not attributes[keyword].value:
        return None
    (image,) = attributes[keyword].value
    rows, columns, samples = image.Rows, image.Columns, image.SamplesPerPixel
    depth = np.uint8 if image.BitsAllocated == 8 else np.dtype("<u2")
    pixels = np.frombuffer(image.PixelData, dtype=depth, count=rows * columns * samples)
    shaped: NDArray[np.generic]
    if samples == 1:
        shaped = pixels.reshape(rows, columns)
        if image.PhotometricInterpretation == "MONOCHROME1":
            shaped = (1 << image.BitsStored) - 1 - pixels.reshape(rows, columns)
    elif image.get("PlanarConfiguration") == 1:
        shaped = pixels.reshape(samples, rows, columns).transpose(1, 2, 0)
    else:
        shaped = pixels.reshape(rows, columns, samples)
    buffer = BytesIO()
    Image.fromarray(np.ascontiguousarray(shaped)).save(buffer, format="PNG")
    return buffer.getvalue()
