"""Each fault does what it says, and stops when it is switched off, from any process."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time

import pytest
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE

from services.hospital import CommitmentMode, Faults
from services.hospital.encoding import encode_dataset
from tests.services.hospital.scu import CT, associated, ct_slice, dcmtk, is_accepted, store_raw


def store(association, number, rows=16):
    dataset = ct_slice(number, rows)
    return store_raw(association, CT, dataset.SOPInstanceUID, encode_dataset(dataset))


def stored(hospital):
    return sorted(int(held.sop_instance_uid.split(".")[-1]) for held in hospital.store.instances())


def test_faults_survive_the_way_through_the_database():
    faults = Faults(
        applies_to=("PACS",),
        store_status=0xA700,
        commitment=CommitmentMode.PARTIAL,
        stall_seconds=0.5,
    )
    assert Faults.from_json(faults.to_json()) == faults


@pytest.mark.parametrize(
    "text", ['{"explode": true}', '{"commitment": "soon"}', '{"stall_seconds": -1}']
)
def test_unknown_faults_are_refused(text):
    with pytest.raises(ValueError):
        Faults.from_json(text)


def test_associations_are_refused_until_switched_off(hospital):
    hospital.store.set_faults(Faults(refuse_associations=True))
    assert not is_accepted(hospital.ris)
    assert not is_accepted(hospital.pacs)
    hospital.store.set_faults(Faults())
    assert is_accepted(hospital.ris)


@pytest.mark.peer
def test_the_refusal_is_transient(hospital):
    hospital.store.set_faults(Faults(refuse_associations=True))
    done = dcmtk("echoscu", "-v", "-aec", "PACS", "127.0.0.1", hospital.pacs.port)
    assert done.returncode != 0
    assert "Rejected Transient" in done.stdout + done.stderr


def test_a_fault_can_concern_one_entity(hospital):
    hospital.store.set_faults(Faults(applies_to=("PACS",), refuse_associations=True))
    assert is_accepted(hospital.ris)
    assert not is_accepted(hospital.pacs)


def test_a_silent_peer_takes_the_connection_and_says_nothing(hospital):
    hospital.store.set_faults(Faults(silent=True))
    assert not is_accepted(hospital.pacs, timeout=0.7)
    with socket.create_connection(("127.0.0.1", hospital.pacs.port), timeout=5) as connection:
        connection.settimeout(0.4)
        connection.sendall(b"\x01\x00\x00\x00\x00\x04abcd")
        with pytest.raises(TimeoutError):
            connection.recv(1)
    hospital.store.set_faults(Faults())
    assert is_accepted(hospital.pacs)


def test_a_silent_peer_can_be_stopped(hospital):
    hospital.store.set_faults(Faults(silent=True))
    with socket.create_connection(("127.0.0.1", hospital.pacs.port), timeout=5):
        began = time.monotonic()
        hospital.pacs.stop()
        assert time.monotonic() - began < 3


def test_a_stalled_peer_answers_late(hospital):
    with associated(hospital.pacs) as association:
        hospital.store.set_faults(Faults(stall_seconds=0.5))
        began = time.monotonic()
        assert association.send_c_echo().Status == 0x0000
        assert time.monotonic() - began >= 0.5


def test_a_stalled_peer_can_be_stopped_at_once(hospital):
    hospital.store.set_faults(Faults(stall_seconds=60))
    with associated(hospital.pacs) as association:
        waiting = threading.Thread(target=association.send_c_echo, daemon=True)
        waiting.start()
        began = time.monotonic()
        hospital.pacs.stop()
        assert time.monotonic() - began < 3
        waiting.join(10)


def test_stores_are_refused_as_often_as_asked(hospital):
    hospital.store.set_faults(Faults(store_status=0xA700, store_status_count=2))
    with associated(hospital.pacs, CT, syntax=ExplicitVRLittleEndian) as association:
        statuses = [store(association, number) for number in (1, 2, 3)]
    assert statuses == [0xA700, 0xA700, 0x0000]
    assert stored(hospital) == [3]


def test_stores_are_refused_for_ever(hospital):
    hospital.store.set_faults(Faults(store_status=0xC000))
    with associated(hospital.pacs, CT, syntax=ExplicitVRLittleEndian) as association:
        assert {store(association, number) for number in range(1, 6)} == {0xC000}
    assert stored(hospital) == []


@pytest.mark.parametrize("rows", [16, 512])
def test_connections_are_cut_after_so_many_objects(hospital, rows):
    """512 rows are several PDUs, cut in reception; 16 are one, cut in the answer."""
    hospital.store.set_faults(Faults(abort_mid_pdu=2))
    with associated(hospital.pacs, CT, syntax=ExplicitVRLittleEndian) as association:
        assert store(association, 1, rows) == 0x0000
        assert store(association, 2, rows) == 0x0000
        with pytest.raises(AssertionError, match="no response"):
            store(association, 3, rows)
    assert stored(hospital) == [1, 2]
    with associated(hospital.pacs, CT, syntax=ExplicitVRLittleEndian) as association:
        assert store(association, 3, rows) == 0x0000
    assert stored(hospital) == [1, 2, 3]


def test_the_cut_answer_is_half_a_pdu(hospital):
    hospital.store.set_faults(Faults(abort_mid_pdu=1))
    ae = AE(ae_title="BOX")
    ae.add_requested_context(CT, ExplicitVRLittleEndian)
    association = ae.associate("127.0.0.1", hospital.pacs.port, ae_title="PACS")
    seen = bytearray()
    assert store(association, 1) == 0x0000
    wrapper = association.dul.socket
    plain = wrapper.recv
    wrapper.recv = lambda count: (piece := plain(count), seen.extend(piece))[0]
    with pytest.raises(AssertionError, match="no response"):
        store(association, 2)
    assert seen[:1] == b"\x04"
    assert 0 < len(seen) < 6 + int.from_bytes(seen[2:6], "big")


def test_another_process_can_switch_faults(hospital):
    program = (
        "import sys; from pathlib import Path; from services.hospital import Faults, HospitalStore;"
        "HospitalStore(Path(sys.argv[1])).set_faults(Faults(refuse_associations=True))"
    )
    assert is_accepted(hospital.pacs)
    subprocess.run([sys.executable, "-c", program, str(hospital.store.path)], check=True)
    assert hospital.store.faults().refuse_associations
    assert not is_accepted(hospital.pacs)
