"""The gate between what is offered and what is written."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pydicom.config
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian
from pydicom.valuerep import DSfloat, PersonName

from device.iod import encode
from device.iod.modules import Row, Source
from device.iod.tables import CT, GRAYSCALE_BYTE, MR, SC
from device.iod.values import accepted, definition

KEYWORDS = sorted(
    {
        row.keyword
        for iod in (CT, MR, SC, GRAYSCALE_BYTE)
        for row in iod.rows
        if row.sources != (Source.GENERATED,)
    }
)

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.decimals(),
    st.text(max_size=80),
    st.from_regex(r"[A-Z0-9 _.\\^=-]{0,20}", fullmatch=True),
    st.binary(max_size=4),
    st.builds(np.float32, st.floats(width=32)),
)
offers = st.one_of(scalars, st.lists(scalars, max_size=7), st.dictionaries(st.text(), st.text()))


@example(keyword="AccessionNumber", value="\x85")
@given(keyword=st.sampled_from(KEYWORDS), value=offers)
def test_whatever_is_accepted_can_be_written_and_nothing_breaks_the_gate(
    keyword: str, value: Any
) -> None:
    kept = accepted(keyword, value)
    if kept is None:
        return

    what = definition(keyword)
    vr = "SS" if what.vr == "US or SS" and kept < 0 else what.vr.split(" ")[0]
    element = DataElement(what.tag, vr, kept, validation_mode=pydicom.config.RAISE)
    assert not element.is_empty
    assert what.holds(element.VM)
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.add(element)
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    if not str(kept).isascii() and "\\ud" in ascii(kept):
        return
    assert encode(ds)


@given(st.floats(-1e300, 1e300))
def test_decimals_fit_sixteen_characters_and_stay_close(value: float) -> None:
    kept = accepted("TableHeight", value)

    assert kept is not None
    assert len(kept) <= 16
    assert float(kept) == pytest.approx(value, rel=1e-8)


@pytest.mark.parametrize(
    ("keyword", "value", "expected"),
    [
        ("PixelSpacing", ["0.661468", DSfloat("0.661468")], ["0.661468", "0.661468"]),
        ("PixelSpacing", "0.5\\0.5", ["0.5", "0.5"]),
        ("PixelSpacing", (0.1, Decimal("0.2")), ["0.1", "0.2"]),
        ("PixelSpacing", np.array([0.5, 0.25]), ["0.5", "0.25"]),
        ("PixelSpacing", "0.5", None),
        ("SliceThickness", 1 / 3, "0.33333333333333"),
        ("SliceThickness", "1_0", None),
        ("SliceThickness", True, None),
        ("TableHeight", 1.7976931345e308, None),
        ("KVP", 0, None),
        ("AcquisitionNumber", "7", 7),
        ("AcquisitionNumber", 7.5, None),
        ("AcquisitionNumber", 2**31, None),
        ("PatientPosition", "hfs", "HFS"),
        ("PatientPosition", "head first", "HEAD FIRST"),
        ("PatientPosition", "FACE-DOWN", None),
        ("ScanOptions", ["HELICAL", None], None),
        ("ScanOptions", "A\\B", ["A", "B"]),
        ("FilterType", "A\\B", None),
        ("FilterType", "x" * 20, "x" * 16),
        ("ProtocolName", "  ", None),
        ("ProtocolName", "Kopf\nHals", None),
        ("InstitutionAddress", "Street 1\r\nTown", "Street 1\r\nTown"),
        ("InstitutionAddress", "Street\x07", None),
        ("PatientName", PersonName("Doe^Jane"), "Doe^Jane"),
        ("PatientName", "^", None),
        ("PatientName", "a=b=c=d", None),
        ("PatientName", "x" * 65, None),
        ("OtherPatientNames", ["A^B", "C^D"], ["A^B", "C^D"]),
        ("PatientBirthDate", "19700230", None),
        ("PatientBirthDate", "1970-02-03", None),
        ("PatientBirthTime", "2460", None),
        ("PatientAge", "54", None),
        ("StudyInstanceUID", "1.02.3", None),
        ("StudyInstanceUID", "1." + "2" * 64, None),
        ("StudyInstanceUID", "1.2.3", "1.2.3"),
        ("ImageType", "ORIGINAL\\PRIMARY\\AXIAL", ["ORIGINAL", "PRIMARY", "AXIAL"]),
        ("PixelPaddingValue", -2000, -2000),
        ("PixelPaddingValue", 40000, 40000),
        ("PixelPaddingValue", "x", None),
        ("PregnancyStatus", -1, None),
        ("ReferencedImageSequence", [], None),
        ("ReferencedImageSequence", 5, None),
        ("PixelData", b"12", None),
    ],
)
def test_examples(keyword: str, value: Any, expected: Any) -> None:
    assert accepted(keyword, value) == expected


@pytest.mark.parametrize("iod", [CT, MR, SC, GRAYSCALE_BYTE], ids=lambda iod: iod.name)
def test_every_row_is_a_real_attribute_with_a_source(iod: Any) -> None:
    for row in iod.rows:
        assert isinstance(row, Row)
        assert definition(row.keyword)
        assert row.sources
        assert row.type in ("1", "1C", "2", "2C", "3")


def test_an_unknown_keyword_is_an_error_of_the_programmer() -> None:
    with pytest.raises(KeyError):
        definition("NoSuchAttribute")
