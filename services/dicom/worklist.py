"""Modality Worklist SCU (PS3.4 annex K)."""

from __future__ import annotations

from dataclasses import dataclass

from device.worklist import QueryKeys, WorklistItem
from services.dicom.encoding import UNREADABLE
from services.dicom.find import Answers, find
from services.dicom.peers import Peer
from services.dicom.sop_classes import MODALITY_WORKLIST_FIND

_RECEIVED_PER_WANTED = 10
"""A provider that ignores our keys may send this many times the rows asked for."""


@dataclass(frozen=True, slots=True)
class WorklistAnswer:
    """What a worklist query brought.

    Attributes
    ----------
    items : tuple of WorklistItem
        Answers that match the keys, in the provider's order.
    truncated : bool
        The provider had more; the query was cancelled at the limit.
    rejected : int
        Answers left out because they do not match the keys: the provider ignored some.
    problems : tuple of str
        One sentence for each answer that could not be read; they name no patient.
    """

    items: tuple[WorklistItem, ...]
    truncated: bool
    rejected: int
    problems: tuple[str, ...]


def find_worklist(
    peer: Peer, calling_ae: str, keys: QueryKeys, character_set: tuple[str, ...], limit: int
) -> WorklistAnswer:
    """Ask for scheduled procedure steps.

    Parameters
    ----------
    peer : Peer
        The RIS; its ``assume_character_set`` stands in where an answer declares none.
    calling_ae : str
        Our AE title.
    keys : QueryKeys
        What to match; matched again here, because some providers ignore keys.
    character_set : tuple of str
        Specific Character Set for the keys, where it can hold them.
    limit : int
        Most items to return, at least 1; beyond it the query is cancelled (C-CANCEL).

    Raises
    ------
    PeerError
        The query failed as a whole.
    device.errors.InvalidIdentity
        A key cannot be written as DICOM; nothing was sent.
    """
    if limit < 1:
        raise ValueError("limit must be at least 1")
    identifier = keys.identifier(character_set)
    with find(peer, calling_ae, MODALITY_WORKLIST_FIND, identifier) as answers:
        return _sift(peer, answers, keys, limit)


def _sift(peer: Peer, answers: Answers, keys: QueryKeys, limit: int) -> WorklistAnswer:
    items: list[WorklistItem] = []
    problems: list[str] = []
    rejected = 0
    for number, answer in enumerate(answers, 1):
        if len(items) == limit or number > limit * _RECEIVED_PER_WANTED:
            return WorklistAnswer(tuple(items), True, rejected, tuple(problems))
        try:
            item = WorklistItem.from_dataset(answers.decode(answer), peer.assume_character_set)
            fits = keys.matches(item)
        except UNREADABLE as error:
            problems.append(
                f"{peer.name}: worklist answer {number} cannot be read "
                f"({type(error).__name__}) and was left out; have the entry corrected at the RIS"
            )
            continue
        if fits:
            items.append(item)
        else:
            rejected += 1
    return WorklistAnswer(tuple(items), False, rejected, tuple(problems))
