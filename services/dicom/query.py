"""Study Root Query as a weaker proof of storage: are the instances there? (PS3.4 C.4.1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pydicom.dataset import Dataset

from services.dicom.encoding import UNREADABLE
from services.dicom.find import Answers, find
from services.dicom.peers import Peer
from services.dicom.sop_classes import STUDY_ROOT_FIND
from services.errors import PeerAborted, PeerError, PeerRejected, PeerTimeout, PeerUnreachable

_MOST_ANSWERS = 100_000


def instances_present(
    peer: Peer, calling_ae: str, study_uid: str, sop_instance_uids: Iterable[str]
) -> set[str]:
    """Return which of the instances the archive lists for this study.

    One query at IMAGE level below the study is tried first; archives that insist on the hierarchy
    refuse it or answer nothing, and are then asked series by series.

    Raises
    ------
    PeerError
        The archive could not be asked.
    """
    asked = set(sop_instance_uids)
    try:
        present = _instances(peer, calling_ae, study_uid, None) & asked
    except (PeerUnreachable, PeerRejected, PeerAborted, PeerTimeout):
        raise
    except PeerError:  # refused by status: the archive insists on the hierarchy
        present = set()
    if present == asked:
        return present
    for series_uid in _values(peer, calling_ae, _series_keys(study_uid), "SeriesInstanceUID"):
        present |= _instances(peer, calling_ae, study_uid, series_uid) & asked
        if present == asked:
            break
    return present


def _instances(peer: Peer, calling_ae: str, study_uid: str, series_uid: str | None) -> set[str]:
    identifier = Dataset()
    identifier.QueryRetrieveLevel = "IMAGE"
    identifier.SOPInstanceUID = ""
    identifier.StudyInstanceUID = study_uid
    if series_uid is not None:
        identifier.SeriesInstanceUID = series_uid
    return set(_values(peer, calling_ae, identifier, "SOPInstanceUID"))


def _series_keys(study_uid: str) -> Dataset:
    identifier = Dataset()
    identifier.QueryRetrieveLevel = "SERIES"
    identifier.StudyInstanceUID = study_uid
    identifier.SeriesInstanceUID = ""
    return identifier


def _values(peer: Peer, calling_ae: str, identifier: Dataset, keyword: str) -> list[str]:
    with find(peer, calling_ae, STUDY_ROOT_FIND, identifier) as answers:
        return [value for value in _readable(answers, keyword) if value]


def _readable(answers: Answers, keyword: str) -> Iterator[str]:
    for _, answer in zip(range(_MOST_ANSWERS), answers, strict=False):
        try:
            yield str(answers.decode(answer).get(keyword) or "")
        except UNREADABLE:
            continue  # an answer that cannot be read proves nothing
