"""The fast writer against pydicom's."""

import io

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import dcmwrite
from pydicom.uid import ImplicitVRLittleEndian

from device.iod import build_image, build_multi_frame, build_secondary_capture, encode
from device.protocol import ObjectKind
from tests.device.iod.charsets import NAMES
from tests.device.iod.factories import answer, colour, context, exam, grey


def by_pydicom(dataset: Dataset) -> bytes:
    file = DicomBytesIO()
    dcmwrite(file, dataset, enforce_file_format=True)
    return file.getvalue()


FRAMES = [colour(sequence=n, monotonic_ns=n * 41_000_000, rows=3, columns=3) for n in range(3)]
OBJECTS = {
    "CT": lambda: build_image(context(), grey()),
    "MR": lambda: build_image(context(ObjectKind.MR), grey(bits=16, signed=True)),
    "SC odd length": lambda: build_image(context(ObjectKind.SC), grey(23, 31, bits=8)),
    "fallback": lambda: build_secondary_capture(context(), grey(), because=("KVP",)),
    "frame time vector": lambda: build_multi_frame(context(ObjectKind.SC), FRAMES, 20.0),
    "pages": lambda: build_multi_frame(context(ObjectKind.SC), FRAMES, None),
}


@pytest.mark.parametrize("name", OBJECTS)
def test_the_bytes_are_those_of_pydicoms_own_writer(name: str) -> None:
    dataset = OBJECTS[name]().dataset

    assert encode(dataset) == by_pydicom(dataset)


@pytest.mark.parametrize("charset", NAMES)
def test_the_bytes_are_those_of_pydicom_in_every_character_set(charset: str) -> None:
    name, text = NAMES[charset]
    of = exam(answer(charset.split("\\"), name, text))

    dataset = build_image(context(of=of), grey()).dataset

    assert encode(dataset) == by_pydicom(dataset)


def test_the_file_reads_back_as_the_data_set() -> None:
    dataset = build_image(context(), grey()).dataset

    read = pydicom.dcmread(io.BytesIO(encode(dataset)))

    assert [e.tag for e in read] == [e.tag for e in dataset]
    assert encode(read) == encode(dataset)
    assert read.file_meta.MediaStorageSOPInstanceUID == dataset.SOPInstanceUID


def test_another_transfer_syntax_is_refused() -> None:
    dataset = build_image(context(), grey()).dataset
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian

    with pytest.raises(ValueError, match="Implicit VR Little Endian"):
        encode(dataset)


def test_a_text_that_a_short_header_cannot_hold_is_refused_by_name() -> None:
    dataset = build_image(context(), grey()).dataset
    dataset["ImageComments"] = pydicom.DataElement(
        "ImageComments", "LT", "x" * 70000, validation_mode=pydicom.config.IGNORE
    )

    with pytest.raises(ValueError, match="ImageComments"):
        encode(dataset)


def test_an_unusual_value_representation_is_refused_by_name() -> None:
    dataset = build_image(context(), grey()).dataset
    dataset.DoubleFloatPixelData = b"\0" * 8

    with pytest.raises(ValueError, match="DoubleFloatPixelData"):
        encode(dataset)
