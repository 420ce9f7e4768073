"""Storage Commitment Push Model data sets: the request, and the archive's report (PS3.4 J.3)."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from device.errors import DeviceError, InvalidReport
from device.exam import InstanceReference
from device.received import fault

EVENT_SUCCESS: Final = 1
EVENT_FAILURES_EXIST: Final = 2
PROCESSING_FAILURE: Final = 0x0110

MAX_REFERENCES: Final = 100_000
"""More references than this in one report are nobody's: a request of ours never holds as many."""

_TEXTS: Final = {
    0x0110: "the archive had an internal error; send the image again",
    0x0112: "the archive does not have this image; send it again",
    0x0119: "the archive holds this image as another kind of object; ask its administrator",
    0x0122: "the archive does not commit this kind of object; ask its administrator, or switch "
    "commitment off for this archive",
    0x0131: "the archive has seen this transaction before; ask for commitment again",
    0x0213: "the archive is full or overloaded; ask its administrator, then send the image again",
}


@dataclass(frozen=True, slots=True)
class FailedReference:
    """One instance that the archive did not commit, with its Failure Reason (0008,1197)."""

    sop_class_uid: str
    sop_instance_uid: str
    reason: int


@dataclass(frozen=True, slots=True)
class CommitmentResult:
    """What one report says; an instance named as failed is never among the committed."""

    transaction_uid: str
    committed: tuple[str, ...]
    failed: tuple[FailedReference, ...]


def request_dataset(transaction_uid: str, references: Iterable[InstanceReference]) -> Dataset:
    """Build the Action Information of an N-ACTION (PS3.4 table J.3-1).

    Parameters
    ----------
    transaction_uid : str
        Freshly minted, and stored before the request is sent.
    references : iterable of InstanceReference
        At least one; repetitions are sent once, as J.3.2.1.1.3 demands.

    Raises
    ------
    DeviceError
        Nothing to ask for, or a UID is not valid.
    """
    unique = tuple(dict.fromkeys(references))
    uids = [transaction_uid]
    uids += [uid for one in unique for uid in (one.sop_class_uid, one.sop_instance_uid)]
    if not unique or not all(uid and fault("UI", uid) is None for uid in uids):
        raise DeviceError(
            "Storage commitment was not asked for: the request has no instances or a malformed "
            "UID. The images stay in the box; report this as a fault of the software"
        )
    ds = Dataset()
    ds.TransactionUID = transaction_uid
    ds.ReferencedSOPSequence = [_item(one) for one in unique]
    return ds


def parse_report(ds: Dataset, event_type_id: int) -> CommitmentResult:
    """Read the Event Information of an N-EVENT-REPORT (PS3.4 table J.3-2).

    The lists decide, not the event type: archives send type 1 with failures in it, and type 2
    without any. An instance in both lists has failed. References that are malformed or repeated
    are passed over; a failure without a readable reason counts as a processing failure.

    Raises
    ------
    InvalidReport
        The event type is not 1 or 2, or the report names no valid transaction, or holds more
        than :data:`MAX_REFERENCES` references. Nothing may be taken as committed.
    """
    if event_type_id not in (EVENT_SUCCESS, EVENT_FAILURES_EXIST):
        raise InvalidReport(
            f"A commitment report has event type {event_type_id}; the standard knows 1 and 2. "
            f"It was ignored; ask the archive's administrator"
        )
    transaction_uid = _uid(ds, "TransactionUID")
    if not transaction_uid:
        raise InvalidReport(
            "A commitment report has no valid Transaction UID, so nothing can be matched to it. "
            "It was ignored; ask the archive's administrator"
        )
    failed = _failed(ds)
    named = (_uid(item, "ReferencedSOPInstanceUID") for item in _items(ds, "ReferencedSOPSequence"))
    committed = dict.fromkeys(uid for uid in named if uid and uid not in failed)
    return CommitmentResult(transaction_uid, tuple(committed), tuple(failed.values()))


def failure_text(reason: int) -> str:
    """Say what a Failure Reason (PS3.3 C.14.1.1) means and what the operator can do."""
    unknown = "the archive gave a reason that the standard does not know; ask its administrator"
    return f"{_TEXTS.get(reason, unknown)} (failure reason {reason:04X})"


def _item(reference: InstanceReference) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = reference.sop_class_uid
    item.ReferencedSOPInstanceUID = reference.sop_instance_uid
    return item


def _failed(ds: Dataset) -> dict[str, FailedReference]:
    found: dict[str, FailedReference] = {}
    for item in _items(ds, "FailedSOPSequence"):
        uid = _uid(item, "ReferencedSOPInstanceUID")
        if uid:
            sop_class_uid = _uid(item, "ReferencedSOPClassUID")
            found.setdefault(uid, FailedReference(sop_class_uid, uid, _reason(item)))
    return found


def _items(ds: Dataset, keyword: str) -> Sequence:
    found = _value(ds, keyword)
    if found is None:
        return Sequence()
    if not isinstance(found, Sequence) or len(found) > MAX_REFERENCES:
        raise InvalidReport(
            f"A commitment report holds a {keyword} that is malformed or has more than "
            f"{MAX_REFERENCES} items. It was ignored; ask the archive's administrator"
        )
    return found


def _uid(ds: Dataset, keyword: str) -> str:
    text = str(_value(ds, keyword) or "").strip("\0 ")
    return text if fault("UI", text) is None else ""


def _reason(item: Dataset) -> int:
    value = _value(item, "FailureReason")
    return value if isinstance(value, int) else PROCESSING_FAILURE


def _value(ds: Dataset, keyword: str) -> Any:
    """Value of an element that its sender may have encoded wrongly."""
    try:
        return ds.get(keyword)
    except (ValueError, TypeError, KeyError, OSError, EOFError, struct.error) as error:
        raise InvalidReport(
            f"A commitment report holds a {keyword} that cannot be read. It was ignored; ask the "
            f"archive's administrator"
        ) from error
