"""Giving an object that was built already to another patient and order.

Only what follows from the exam's worklist items is exchanged; the picture and everything that
describes it stay as they are. This is for objects that nobody but the box has seen: their UIDs stay
too, and nothing in them tells of the former identity.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from pydicom.dataset import Dataset, FileMetaDataset

from device.charset import transcode
from device.errors import NotRebindable
from device.exam import Exam
from device.iod import tables
from device.iod.assemble import written
from device.iod.modules import Row
from device.iod.supply import study_values, worklist_values
from device.provenance import Source

_IODS: Final = (
    tables.CT,
    tables.MR,
    tables.SC,
    tables.GRAYSCALE_BYTE,
    tables.GRAYSCALE_WORD,
    tables.TRUE_COLOR,
    tables.VIDEO_ENDOSCOPIC,
    tables.VIDEO_PHOTOGRAPHIC,
)
_OF_THE_STUDY: Final = ("SpecificCharacterSet", "StudyDate", "StudyTime")
_PADDING: Final = (0x00020100, 0x00020102)


def rebind(dataset: Dataset, exam: Exam) -> tuple[Dataset, dict[str, str]]:
    """The same object for the patient and the order that the exam is bound to now.

    Parameters
    ----------
    dataset : Dataset
        An object of this box with its file meta information and without its pixels, as it was read
        from a file; it is not changed.
    exam : Exam
        With the new identity.

    Returns
    -------
    tuple
        The data set for :func:`device.iod.encode`, and the provenance by keyword of what was
        exchanged.

    Raises
    ------
    NotRebindable
        The object is none that this box builds.
    CharacterSetError
        A text of the object or of the new identity does not fit the exam's character set.
    InvalidIdentity
        The new patient or accession number cannot be written.
    """
    rows = _identity_rows(str(dataset.get("SOPClassUID", "")))
    worklist = worklist_values(exam)
    study = study_values(exam, worklist)
    kept = Dataset({tag: dataset.get_item(tag) for tag in dataset.keys()})  # noqa: SIM118
    for row in rows:
        if row.keyword in kept and row.keyword != "SpecificCharacterSet":
            del kept[row.keyword]
    rebound = transcode(kept, exam.character_set)
    values, provenance = _chosen(rows, worklist, study)
    rebound.update(written(values))
    rebound.file_meta = _meta(dataset.file_meta)
    return rebound, provenance


@cache
def _identity_rows(sop_class_uid: str) -> tuple[Row, ...]:
    """The rows of an IOD that follow from whose exam it is."""
    for iod in _IODS:
        if iod.sop_class_uid == sop_class_uid:
            return tuple(
                row
                for row in iod.rows
                if Source.WORKLIST in row.sources or row.keyword in _OF_THE_STUDY
            )
    raise NotRebindable(
        f"an object of the class {sop_class_uid or 'without a name'} is none that this box makes "
        f"of pictures: it cannot be given to another patient"
    )


def _chosen(
    rows: tuple[Row, ...], worklist: Any, study: Any
) -> tuple[dict[str, Any], dict[str, str]]:
    values: dict[str, Any] = {}
    provenance: dict[str, str] = {}
    supply = {Source.WORKLIST: worklist, Source.GENERATED: study}
    for row in rows:
        provenance[row.keyword] = Source.ABSENT.value
        for source in row.sources:
            value = supply[source].get(row.keyword)
            if value is not None:
                values[row.keyword] = value
                provenance[row.keyword] = source.value
                break
        else:
            if row.type == "2":
                values[row.keyword] = None
    return values, provenance


def _meta(former: FileMetaDataset) -> FileMetaDataset:
    """The same, without the room that a recording had left for its head."""
    meta = FileMetaDataset()
    for element in former:
        if element.tag not in _PADDING:
            meta.add(element)
    return meta
