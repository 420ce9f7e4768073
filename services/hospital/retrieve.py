"""Study Root Query/Retrieve of the simulated archive (PS3.4 annex C), hierarchical."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydicom import dcmread
from pydicom.dataset import Dataset
from pynetdicom import build_context, evt
from pynetdicom.presentation import PresentationContext

from services.hospital.archive_table import ArchiveTable
from services.hospital.database import Row
from services.hospital.encoding import DECODE_ERRORS, decode_dataset, decoded
from services.hospital.entity import failure
from services.hospital.matching import (
    BadIdentifier,
    date_range,
    full_time,
    name_matches,
    single_text,
    text_matches,
    time_range,
    uid_list,
)

_log = logging.getLogger(__name__)

_UNIQUE_KEYS = {
    "STUDY": ("StudyInstanceUID",),
    "SERIES": ("StudyInstanceUID", "SeriesInstanceUID"),
    "IMAGE": ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"),
}
_COLUMNS = {
    "StudyInstanceUID": "study_instance_uid",
    "SeriesInstanceUID": "series_instance_uid",
    "SOPInstanceUID": "sop_instance_uid",
}
_NOT_MATCHED = frozenset(("SpecificCharacterSet", "QueryRetrieveLevel", "RetrieveAETitle"))
_COUNTED = frozenset(
    (
        "ModalitiesInStudy",
        "NumberOfStudyRelatedSeries",
        "NumberOfStudyRelatedInstances",
        "NumberOfSeriesRelatedInstances",
    )
)
_PENDING, _CANCELLED = 0xFF00, 0xFE00
_MOST_CONTEXTS = 128

Answer = tuple[int | Dataset, Dataset | None]


def find_matches(event: evt.Event, archive: ArchiveTable, ae_title: str) -> Iterator[Answer]:
    """Answers to a C-FIND at STUDY, SERIES or IMAGE level."""
    try:
        identifier = decoded(event.identifier)
        level, rows = _select(identifier, archive)
        keys = _readable_keys(identifier)
        for group in _grouped(rows, level):
            if event.is_cancelled:
                yield _CANCELLED, None
                return
            header = decode_dataset(group[0]["header"])
            _count(header, group, level)
            if all(_matches(identifier, key, header) for key in keys):
                yield _PENDING, _answer(identifier, keys, header, level, ae_title)
    except BadIdentifier as error:
        yield failure(0xA900, error.comment), None
    except DECODE_ERRORS:
        yield failure(0xC000, "the identifier cannot be decoded"), None


def move_matches(
    event: evt.Event, archive: ArchiveTable, targets: Mapping[str, tuple[str, int]]
) -> Iterator[Any]:
    """What pynetdicom's C-MOVE wants: the destination, the number, then each data set."""
    destination = str(event.move_destination).strip()
    if destination not in targets:
        _log.warning("C-MOVE to %s refused: no such destination configured", destination)
        yield None, None
        return
    host, port = targets[destination]
    try:
        _, rows = _select(decoded(event.identifier), archive)
    except DECODE_ERRORS as error:
        comment = error.comment if isinstance(error, BadIdentifier) else "cannot be decoded"
        _log.warning("C-MOVE refused: %s", comment)
        yield host, port
        yield 1
        yield failure(0xA900, comment), None
        return
    yield host, port, {"contexts": _contexts(rows)}
    yield len(rows)
    for row in rows:
        if event.is_cancelled:
            yield _CANCELLED, None
            return
        yield _PENDING, dcmread(row["path"])


def _select(identifier: Dataset, archive: ArchiveTable) -> tuple[str, list[Row]]:
    """The level, and the instances below the unique keys given; BadIdentifier if none fits."""
    level = single_text(identifier, "QueryRetrieveLevel")
    if level not in _UNIQUE_KEYS:
        raise BadIdentifier("QueryRetrieveLevel is STUDY, SERIES or IMAGE", 0x00080052)
    conditions: list[str] = ["1"]
    parameters: list[str] = []
    for keyword in _UNIQUE_KEYS[level]:
        uids = uid_list(identifier, keyword)
        is_own_level = keyword == _UNIQUE_KEYS[level][-1]
        if not is_own_level and len(uids) != 1:
            raise BadIdentifier(f"{keyword} must be given at level {level}")
        if uids:
            conditions.append(f"{_COLUMNS[keyword]} IN ({','.join('?' * len(uids))})")
            parameters.extend(uids)
    return level, archive.headers(" AND ".join(conditions), tuple(parameters))


def _grouped(rows: Iterable[Row], level: str) -> list[list[Row]]:
    """Instances by study, series or each for itself, in the order of their arrival."""
    column = _COLUMNS[_UNIQUE_KEYS[level][-1]]
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row[column], []).append(row)
    return list(groups.values())


def _count(header: Dataset, group: list[Row], level: str) -> None:
    if level == "STUDY":
        modalities = {decode_dataset(row["header"]).get("Modality", "") for row in group}
        header.ModalitiesInStudy = sorted(filter(None, modalities))
        header.NumberOfStudyRelatedSeries = len({row["series_instance_uid"] for row in group})
        header.NumberOfStudyRelatedInstances = len(group)
    elif level == "SERIES":
        header.NumberOfSeriesRelatedInstances = len(group)


def _readable_keys(identifier: Dataset) -> list[str]:
    keywords = [element.keyword for element in identifier if element.VR != "SQ"]
    return [keyword for keyword in keywords if keyword and keyword not in _NOT_MATCHED]


def _matches(identifier: Dataset, keyword: str, header: Dataset) -> bool:
    element = identifier[keyword]
    if element.is_empty:
        return True
    value = header.get(keyword)
    if element.VR == "UI":
        return str(value) in uid_list(identifier, keyword)
    if element.VR == "DA":
        return value is not None and date_range(identifier, keyword).holds(str(value))
    if element.VR == "TM":
        return value is not None and time_range(identifier, keyword).holds(full_time(str(value)))
    key = single_text(identifier, keyword)
    if element.VR == "PN":
        return name_matches(key, str(value or ""))
    values = [value] if isinstance(value, str) or value is None else _listed(value)
    return any(text_matches(key, str(one or "")) for one in values)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, Iterable) else [value]


def _answer(
    identifier: Dataset, keys: list[str], header: Dataset, level: str, ae_title: str
) -> Dataset:
    answer = Dataset()
    if "SpecificCharacterSet" in header:
        answer.SpecificCharacterSet = header.SpecificCharacterSet
    answer.QueryRetrieveLevel = level
    answer.RetrieveAETitle = ae_title
    for keyword in {*keys, *_UNIQUE_KEYS[level]}:
        if keyword in header:
            answer[keyword] = header[keyword]
        elif keyword not in _COUNTED:
            setattr(answer, keyword, identifier[keyword].empty_value)
    return answer


def _contexts(rows: list[Row]) -> list[PresentationContext]:
    """One context for each pair of SOP class and transfer syntax, without conversion."""
    pairs = sorted({(row["sop_class_uid"], row["transfer_syntax_uid"]) for row in rows})
    return [build_context(sop_class, syntax) for sop_class, syntax in pairs[:_MOST_CONTEXTS]]
