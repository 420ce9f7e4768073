"""The archive: bytes as received, duplicates, commitment in every way, query and retrieve."""

from __future__ import annotations

import threading

import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.uid import ExplicitVRLittleEndian, JPEGBaseline8Bit
from pynetdicom import AE, StoragePresentationContexts, evt

from services.hospital import CommitmentMode, Faults, Pacs
from services.hospital.encoding import encode_dataset
from tests.services.hospital.scu import (
    COMMIT,
    CT,
    STUDY_FIND,
    CommitmentListener,
    ask_commitment,
    associated,
    ct_slice,
    dcmtk,
    find,
    store_raw,
)

EXPLICIT = ExplicitVRLittleEndian


def keep(hospital, *slices):
    with associated(hospital.pacs, CT, syntax=EXPLICIT) as association:
        for dataset in slices:
            encoded = encode_dataset(dataset)
            assert store_raw(association, CT, dataset.SOPInstanceUID, encoded) == 0x0000
    return [(CT, str(dataset.SOPInstanceUID)) for dataset in slices]


@pytest.fixture
def listener(hospital):
    running = CommitmentListener()
    hospital.pacs.commitment_targets["BOX"] = ("127.0.0.1", running.port)
    yield running
    running.stop()


@pytest.fixture
def pacs(hospital, listener):
    """The hospital again, its archive knowing where the modality listens."""
    hospital.pacs.stop()
    hospital.pacs.start()
    return hospital


def commit(hospital, references, handlers=(), stay=0.0):
    with associated(hospital.pacs, COMMIT, handlers=handlers) as association:
        status, transaction = ask_commitment(association, references)
        assert status == 0x0000
        if stay:
            threading.Event().wait(stay)
    return transaction


def test_the_data_set_is_kept_byte_for_byte(hospital):
    dataset = ct_slice()
    keep(hospital, dataset)
    (held,) = hospital.store.instances()
    assert held.path.read_bytes().endswith(encode_dataset(dataset))
    assert pydicom.dcmread(held.path).PatientName == "Müller^Jörg"
    assert (held.sop_class_uid, held.calling_ae) == (CT, "BOX")
    assert (held.patient_id, held.times_received) == ("SECRET-4711", 1)
    assert held.study_instance_uid == dataset.StudyInstanceUID


def test_an_object_sent_again_is_counted_and_kept_once(hospital):
    keep(hospital, ct_slice(), ct_slice(2), ct_slice())
    counts = {held.sop_instance_uid[-1]: held.times_received for held in hospital.store.instances()}
    assert counts == {"1": 2, "2": 1}
    assert len(list(hospital.pacs.folder.rglob("*.dcm"))) == 2


def test_an_object_that_moved_to_another_study_leaves_no_orphan(hospital):
    moved = ct_slice()
    moved.StudyInstanceUID = "1.2.826.0.1.3680043.10.99"
    keep(hospital, ct_slice(), moved)
    (file,) = hospital.pacs.folder.rglob("*.dcm")
    (held,) = hospital.store.instances()
    assert held.path == file


def test_what_does_not_match_its_command_is_refused(hospital):
    encoded = encode_dataset(ct_slice())
    with associated(hospital.pacs, CT, syntax=EXPLICIT) as association:
        assert store_raw(association, CT, "1.2.3.4", encoded) == 0xA900
    assert hospital.store.instances() == []


@pytest.mark.parametrize("uid", ["../../../escape", "", "1..2"])
def test_a_uid_that_is_none_never_becomes_a_path(hospital, uid, monkeypatch):
    monkeypatch.setattr(pydicom.config.settings, "_writing_validation_mode", 0)
    dataset = ct_slice()
    dataset.StudyInstanceUID = uid
    with associated(hospital.pacs, CT, syntax=EXPLICIT) as association:
        status = store_raw(association, CT, dataset.SOPInstanceUID, encode_dataset(dataset))
    assert status == 0xA900
    assert list(hospital.pacs.folder.rglob("*.dcm")) == []


def test_rubbish_is_refused_and_leaves_nothing(hospital):
    with associated(hospital.pacs, CT, syntax=EXPLICIT) as association:
        status = store_raw(association, CT, "1.2.3", b"\x08\x00\x18\x00UI\xff\xff" * 9)
    assert status & 0xF000 in (0xA000, 0xC000)
    assert [path for path in hospital.pacs.folder.rglob("*") if path.is_file()] == []


def test_a_full_disk_is_out_of_resources(hospital):
    dataset = ct_slice()
    (hospital.pacs.folder / str(dataset.StudyInstanceUID)).write_text("in the way")
    with associated(hospital.pacs, CT, syntax=EXPLICIT) as association:
        status = store_raw(association, CT, dataset.SOPInstanceUID, encode_dataset(dataset))
    assert status == 0xA700
    assert hospital.store.instances() == []


@pytest.mark.peer
@pytest.mark.parametrize(
    ("name", "proposal"), [("CT_small.dcm", "-xe"), ("examples_ybr_color.dcm", "-xx")]
)
def test_storescu_stores_plain_and_compressed_objects(hospital, name, proposal):
    source = get_testdata_file(name)
    option = {"-xx": "-xy"}.get(proposal, proposal)
    done = dcmtk("storescu", "-v", option, "-aec", "PACS", "127.0.0.1", hospital.pacs.port, source)
    assert done.returncode == 0, done.stdout + done.stderr
    (held,) = hospital.store.instances()
    sent, kept = pydicom.dcmread(source), pydicom.dcmread(held.path)
    assert kept.PixelData == sent.PixelData
    assert kept.file_meta.TransferSyntaxUID in (EXPLICIT, JPEGBaseline8Bit)


def test_all_stored_is_reported_on_an_association_of_the_archive(pacs, listener):
    references = keep(pacs, ct_slice(1), ct_slice(2))
    transaction = commit(pacs, references)
    event_type, report = listener.next()
    assert event_type == 1
    assert report.TransactionUID == transaction
    committed = [item.ReferencedSOPInstanceUID for item in report.ReferencedSOPSequence]
    assert committed == [instance for _, instance in references]
    assert "FailedSOPSequence" not in report


def test_what_is_not_held_fails_with_its_reason(pacs, listener):
    (held,) = keep(pacs, ct_slice())
    conflict = ("1.2.840.10008.5.1.4.1.1.4", held[1])
    commit(pacs, [(CT, "1.2.3.4"), conflict])
    event_type, report = listener.next()
    assert event_type == 2
    assert [item.FailureReason for item in report.FailedSOPSequence] == [0x0112, 0x0119]
    assert "ReferencedSOPSequence" not in report


def test_without_role_selection_the_report_comes_too(hospital):
    lenient = CommitmentListener(with_role=False)
    try:
        hospital.store.set_faults(Faults(commitment_role_selection=False))
        hospital.pacs.stop()
        hospital.pacs.commitment_targets["BOX"] = ("127.0.0.1", lenient.port)
        hospital.pacs.start()
        commit(hospital, keep(hospital, ct_slice()))
        assert lenient.next()[0] == 1
    finally:
        lenient.stop()


def test_a_report_on_the_same_association(pacs, listener):
    pacs.store.set_faults(Faults(commitment=CommitmentMode.SAME))
    references = keep(pacs, ct_slice())
    arrived = threading.Event()
    reports = []

    def take(event):
        reports.append(event.event_type)
        arrived.set()
        return 0x0000, None

    with associated(pacs.pacs, COMMIT, handlers=[(evt.EVT_N_EVENT_REPORT, take)]) as association:
        ask_commitment(association, references)
        assert arrived.wait(60)
    assert reports == [1]
    assert listener.reports.empty()


def test_a_requestor_that_has_left_gets_its_report_elsewhere(pacs, listener):
    pacs.store.set_faults(Faults(commitment=CommitmentMode.SAME))
    commit(pacs, keep(pacs, ct_slice()))
    assert listener.next()[0] == 1


def test_a_late_report_counts_what_came_meanwhile(pacs, listener):
    pacs.store.set_faults(Faults(commitment=CommitmentMode.LATE, commitment_delay=0.6))
    commit(pacs, [(CT, str(ct_slice().SOPInstanceUID))])
    keep(pacs, ct_slice())
    assert listener.reports.empty()
    assert listener.next()[0] == 1


def test_a_report_that_never_comes_is_only_logged(pacs, listener):
    pacs.store.set_faults(Faults(commitment=CommitmentMode.NEVER))
    references = keep(pacs, ct_slice())
    commit(pacs, references)
    pacs.store.set_faults(Faults())
    commit(pacs, references)
    listener.next()
    assert listener.reports.empty()
    assert pacs.store.commitments()[0].state == "never"


def test_a_report_comes_twice(pacs, listener):
    pacs.store.set_faults(Faults(commitment=CommitmentMode.DUPLICATE))
    commit(pacs, keep(pacs, ct_slice()))
    (_, first), (_, second) = listener.next(), listener.next()
    assert first == second


def test_some_fail_once_and_are_committed_when_asked_again(pacs, listener):
    pacs.store.set_faults(Faults(commitment=CommitmentMode.PARTIAL, commitment_partial_every=2))
    references = keep(pacs, *(ct_slice(number) for number in range(1, 6)))
    commit(pacs, references)
    _, report = listener.next()
    failed = [item.ReferencedSOPInstanceUID for item in report.FailedSOPSequence]
    assert failed == [references[1][1], references[3][1]]
    assert {item.FailureReason for item in report.FailedSOPSequence} == {0x0112}
    commit(pacs, [references[1], references[3]])
    event_type, _ = listener.next()
    assert event_type == 1


def test_a_report_owed_at_a_restart_is_sent_after_it(hospital, tmp_path):
    absent = CommitmentListener()
    absent.stop()
    hospital.pacs.stop()
    hospital.pacs.commitment_targets["BOX"] = ("127.0.0.1", absent.port)
    hospital.pacs.start()
    transaction = commit(hospital, keep(hospital, ct_slice()))
    hospital.pacs.stop()
    assert [entry.state for entry in hospital.store.commitments()] == ["pending"]
    back = CommitmentListener(port=absent.port)
    try:
        with Pacs(
            hospital.store,
            tmp_path / "pacs2",
            commitment_targets={"BOX": ("127.0.0.1", back.port)},
        ):
            event_type, report = back.next()
    finally:
        back.stop()
    assert (event_type, report.TransactionUID) == (1, transaction)


def test_a_request_without_references_is_refused(pacs):
    with associated(pacs.pacs, COMMIT) as association:
        status, _ = ask_commitment(association, [])
    assert status == 0x0115


def level(name, **values):
    identifier = pydicom.Dataset()
    identifier.QueryRetrieveLevel = name
    for keyword, value in values.items():
        setattr(identifier, keyword, value)
    return identifier


STUDY = "1.2.826.0.1.3680043.10.1.2"


def test_studies_series_and_images_are_found(hospital):
    keep(hospital, *(ct_slice(number) for number in range(1, 6)))
    with associated(hospital.pacs, STUDY_FIND) as association:
        query = level(
            "STUDY",
            PatientName="MÜLLER*",
            SpecificCharacterSet="ISO_IR 192",
            StudyDate="20260101-20260131",
            ModalitiesInStudy="CT",
            NumberOfStudyRelatedInstances=None,
            NumberOfStudyRelatedSeries=None,
        )
        (study,), _ = find(association, query, STUDY_FIND)
        assert study.PatientName == "Müller^Jörg"
        assert study.StudyInstanceUID == STUDY
        assert (study.NumberOfStudyRelatedInstances, study.NumberOfStudyRelatedSeries) == (5, 2)
        series, _ = find(
            association,
            level("SERIES", StudyInstanceUID=STUDY, NumberOfSeriesRelatedInstances=None),
            STUDY_FIND,
        )
        assert sorted(one.NumberOfSeriesRelatedInstances for one in series) == [2, 3]
        wanted = level(
            "IMAGE",
            StudyInstanceUID=STUDY,
            SeriesInstanceUID=f"{STUDY[:-1]}3.1",
            InstanceNumber="4",
        )
        (image,), _ = find(association, wanted, STUDY_FIND)
    assert image.SOPInstanceUID == ct_slice(4).SOPInstanceUID


@pytest.mark.parametrize(
    "query",
    [
        level("PATIENT", PatientID="SECRET-4711"),
        level("IMAGE", SOPInstanceUID="1.2.3"),
        level("SERIES", SeriesInstanceUID=""),
        level("STUDY", StudyInstanceUID="", AccessionNumber=["A", "B"]),
    ],
)
def test_a_query_against_the_hierarchy_is_refused(hospital, query):
    keep(hospital, ct_slice())
    with associated(hospital.pacs, STUDY_FIND) as association:
        _, statuses = find(association, query, STUDY_FIND)
    assert statuses == [0xA900]


@pytest.fixture
def workstation(hospital):
    """A destination for C-MOVE that the archive knows as WORK."""
    received = []
    ae = AE(ae_title="WORK")
    ae.supported_contexts = StoragePresentationContexts

    def take(event):
        received.append(event.dataset)
        return 0x0000

    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, take)])
    hospital.pacs.move_targets["WORK"] = ("127.0.0.1", server.server_address[1])
    yield received
    ae.shutdown()


@pytest.mark.peer
def test_movescu_has_a_series_sent_to_a_workstation(hospital, workstation):
    keep(hospital, *(ct_slice(number) for number in range(1, 6)))
    done = dcmtk(
        "movescu", "-v", "-S", "-aec", "PACS", "-aem", "WORK",
        "-k", "0008,0052=SERIES", "-k", f"0020,000d={STUDY}", "-k", f"0020,000e={STUDY[:-1]}3.2",
        "127.0.0.1", hospital.pacs.port,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(dataset.InstanceNumber for dataset in workstation) == [1, 3, 5]
    assert workstation[0].PixelData == ct_slice(1).PixelData


@pytest.mark.peer
def test_movescu_to_a_stranger_is_refused(hospital):
    keep(hospital, ct_slice())
    done = dcmtk(
        "movescu", "-v", "-S", "-aec", "PACS", "-aem", "STRANGER",
        "-k", "0008,0052=STUDY", "-k", f"0020,000d={STUDY}", "127.0.0.1", hospital.pacs.port,
    )  # fmt: skip
    assert "MoveDestinationUnknown" in done.stdout + done.stderr


@pytest.mark.peer
def test_findscu_queries_the_archive(hospital):
    keep(hospital, ct_slice())
    done = dcmtk(
        "findscu", "-v", "-S", "-aec", "PACS", "-k", "0008,0052=STUDY", "-k", "0010,0020=SECRET*",
        "-k", "0020,000d", "127.0.0.1", hospital.pacs.port,
    )  # fmt: skip
    assert done.returncode == 0
    assert f"[{STUDY}]" in done.stdout + done.stderr
