"""Asking DCMTK and Orthanc for their worklists."""

from __future__ import annotations

import dataclasses

import pytest

from device.worklist import QueryKeys
from services.dicom.worklist import find_worklist
from services.errors import PeerRejected
from tests.peers.process import RunningPeer
from tests.peers.worklists import ENTRIES, Entry

pytestmark = pytest.mark.peer

UTF_8 = ("ISO_IR 192",)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.label)
def test_names_in_every_character_set(wlmscpfs: RunningPeer, entry: Entry) -> None:
    keys = QueryKeys(patient_id=entry.patient_id)
    answer = find_worklist(wlmscpfs.peer, "BOX", keys, UTF_8, 100)
    assert [item.patient_id for item in answer.items] == [entry.patient_id]
    item = answer.items[0]
    assert item.patient_name.rstrip("=") == entry.name.rstrip("=")
    assert item.scheduled_procedure_step_description == entry.description
    assert (answer.truncated, answer.problems) == (False, ())


def test_everything_at_once(wlmscpfs: RunningPeer) -> None:
    answer = find_worklist(wlmscpfs.peer, "BOX", QueryKeys(modality="CT"), UTF_8, 100)
    assert {item.patient_id for item in answer.items} == {entry.patient_id for entry in ENTRIES}


def test_nothing_matches(wlmscpfs: RunningPeer) -> None:
    answer = find_worklist(wlmscpfs.peer, "BOX", QueryKeys(modality="MR"), UTF_8, 100)
    assert answer.items == ()
    assert not answer.truncated


def test_the_cap_cancels_the_query(wlmscpfs: RunningPeer) -> None:
    answer = find_worklist(wlmscpfs.peer, "BOX", QueryKeys(), UTF_8, 4)
    assert len(answer.items) == 4
    assert answer.truncated


def test_as_many_rows_as_the_cap_are_not_truncated(wlmscpfs: RunningPeer) -> None:
    answer = find_worklist(wlmscpfs.peer, "BOX", QueryKeys(), UTF_8, len(ENTRIES))
    assert len(answer.items) == len(ENTRIES)
    assert not answer.truncated


def test_a_ris_that_omits_the_character_set(wlmscpfs_without_charset: RunningPeer) -> None:
    peer = dataclasses.replace(wlmscpfs_without_charset.peer, assume_character_set="ISO_IR 192")
    entry = next(entry for entry in ENTRIES if entry.label == "utf8")
    answer = find_worklist(peer, "BOX", QueryKeys(patient_id=entry.patient_id), UTF_8, 10)
    assert answer.items[0].patient_name.rstrip("=") == entry.name.rstrip("=")
    assert answer.items[0].character_set == UTF_8


def test_an_unknown_called_title_is_put_into_words(wlmscpfs: RunningPeer) -> None:
    peer = dataclasses.replace(wlmscpfs.peer, ae_title="NOBODY")
    with pytest.raises(PeerRejected, match="NOBODY"):
        find_worklist(peer, "BOX", QueryKeys(), UTF_8, 10)


def test_orthanc(orthanc: RunningPeer) -> None:
    entry = next(entry for entry in ENTRIES if entry.label == "latin1")
    answer = find_worklist(orthanc.peer, "BOX", QueryKeys(patient_id=entry.patient_id), UTF_8, 10)
    assert [item.patient_name for item in answer.items] == [entry.name]
