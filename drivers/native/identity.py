"""Whom a file names as its patient: for comparison alone, and never carried any further."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset

from drivers.errors import CorruptMedia
from drivers.native import acr_nema, par_rec
from drivers.native.par_header import read_header

NOBODY: Mapping[str, str] = {}
_KEYWORDS = ("PatientID", "PatientName", "PatientBirthDate", "AccessionNumber")


def named_in(file: Path) -> Mapping[str, str]:
    """What the file says of its patient, by DICOM keyword; empty where it cannot be told.

    A file that cannot be read names nobody here: whoever plays it will say what is wrong with it.
    """
    if file.suffix.casefold() == par_rec.SUFFIX:
        try:
            name = read_header(file).general.get("patient name", "")
        except CorruptMedia:
            return NOBODY
        return {"PatientName": name} if name.strip() else NOBODY
    return _in_dicom(file)


def _in_dicom(file: Path) -> Mapping[str, str]:
    try:
        with file.open("rb") as stream:
            head = stream.read(132)
        if head[128:] != b"DICM" and not acr_nema.matches(head):
            return NOBODY
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset = acr_nema.read_big_endian(file, pixels=False)
            if dataset is None:
                dataset = dcmread(file, force=True, stop_before_pixels=True)
            return _told(dataset)
    except Exception:  # noqa: BLE001 - foreign bytes make the library raise anything
        return NOBODY


def _told(dataset: Dataset) -> dict[str, str]:
    told = {keyword: str(dataset.get(keyword) or "").strip() for keyword in _KEYWORDS}
    return {keyword: text for keyword, text in told.items() if text}
