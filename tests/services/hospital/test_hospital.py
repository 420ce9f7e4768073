"""The hospital as a whole: starting, stopping, other processes beside it, and keeping quiet."""

from __future__ import annotations

import copy
import json
import logging
import socket
import subprocess
import sys
import threading
import time
from datetime import date
from pathlib import Path

import pytest
from pydicom.uid import ExplicitVRLittleEndian

from services.errors import CatalogError
from services.hospital import (
    Faults,
    Hospital,
    HospitalStore,
    daily_schedule,
    run_hospital,
)
from services.hospital.encoding import encode_dataset
from tests.services.hospital.scu import (
    CT,
    MPPS,
    MWL,
    STUDY_FIND,
    associated,
    ct_slice,
    dcmtk,
    find,
    find_raw,
    is_accepted,
    store_raw,
    worklist_keys,
)

TODAY = date(2026, 1, 5)


@pytest.mark.peer
def test_echoscu_is_answered_by_all_three(hospital):
    for entity in (hospital.ris, hospital.pacs, hospital.printer):
        done = dcmtk("echoscu", "-aec", entity.ae_title, "127.0.0.1", entity.port)
        assert done.returncode == 0, done.stderr


def test_a_stopped_entity_gives_its_port_free_and_takes_it_again(hospital):
    port = hospital.pacs.port
    with associated(hospital.pacs) as association:
        began = time.monotonic()
        hospital.pacs.stop()
        assert time.monotonic() - began < 2
        with socket.socket() as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            other.bind(("127.0.0.1", port))
        deadline = time.monotonic() + 60
        while not association.is_aborted and time.monotonic() < deadline:
            threading.Event().wait(0.01)
        assert association.is_aborted
    assert not is_accepted(hospital.pacs)
    hospital.pacs.start()
    assert hospital.pacs.port == port
    assert is_accepted(hospital.pacs)


def test_stopping_and_starting_twice_does_no_harm(hospital):
    hospital.start()
    hospital.stop()
    hospital.stop()
    assert not is_accepted(hospital.ris)


def test_a_taken_port_starts_nothing(hospital, tmp_path):
    other = Hospital(tmp_path / "other", pacs_port=hospital.pacs.port)
    with pytest.raises(OSError, match="in use"):
        other.start()
    assert not other.ris.running
    other.store.close()


def test_the_days_schedule_is_entered_once(hospital):
    assert hospital.load_schedule(TODAY, "BOX") == 0
    assert hospital.load_schedule(date(2026, 1, 6), "BOX") == 12
    assert len(hospital.store.schedule.states()) == 24


def test_the_days_schedule_has_what_a_demonstration_needs():
    items = daily_schedule(TODAY, "BOX")
    assert items == daily_schedule(TODAY, "BOX")
    modalities = {item.ScheduledProcedureStepSequence[0].Modality for item in items}
    assert {"CT", "MR", "US"} <= modalities
    sets = {str(item.get("SpecificCharacterSet")) for item in items}
    assert sets == {"None", "ISO_IR 100", "ISO_IR 144", "['', 'ISO 2022 IR 87']", "ISO_IR 192"}
    assert len({item.StudyInstanceUID for item in items}) == 12


@pytest.mark.parametrize("keyword", ["PatientID", "StudyInstanceUID"])
def test_an_incomplete_order_is_refused(hospital, keyword):
    (item, *_) = daily_schedule(date(2026, 1, 7), "BOX")
    delattr(item, keyword)
    with pytest.raises(ValueError, match=keyword):
        hospital.store.add_worklist_item(item)


def test_an_order_cannot_be_scheduled_twice(hospital):
    (item, *_) = daily_schedule(TODAY, "BOX")
    with pytest.raises(ValueError, match="scheduled already"):
        hospital.store.add_worklist_item(item)


def test_adding_many_orders_is_all_or_nothing(hospital):
    new, *_ = daily_schedule(date(2026, 1, 7), "BOX")
    old, *_ = daily_schedule(TODAY, "BOX")
    with pytest.raises(ValueError, match="scheduled already"):
        hospital.store.add_worklist_items([new, old])
    assert len(hospital.store.schedule.states()) == 12


def test_the_order_given_is_not_changed(hospital):
    (item, *_) = daily_schedule(date(2026, 1, 7), "BOX")
    before = copy.deepcopy(item)
    hospital.store.add_worklist_item(item)
    assert item == before


def test_the_memory_survives_a_restart(tmp_path):
    with Hospital(tmp_path) as first:
        first.load_schedule(TODAY, "BOX")
        first.store.set_faults(Faults(stall_seconds=0.25))
    with Hospital(tmp_path) as second:
        assert len(second.store.schedule.states()) == 12
        assert second.store.faults().stall_seconds == 0.25


def test_a_database_from_the_future_is_left_alone(tmp_path):
    with HospitalStore(tmp_path / "x.db") as store, store._database.write() as db:
        db.conn.execute("PRAGMA user_version=99")
    with pytest.raises(CatalogError, match="newer"):
        HospitalStore(tmp_path / "x.db")


def test_another_process_reads_while_the_archive_stores(hospital):
    program = (
        "import json, sys; from pathlib import Path; from services.hospital import HospitalStore\n"
        "store = HospitalStore(Path(sys.argv[1]))\n"
        "for line in sys.stdin: print(json.dumps([len(store.instances())]), flush=True)\n"
    )
    reader = subprocess.Popen(
        [sys.executable, "-c", program, str(hospital.store.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    seen = []
    with associated(hospital.pacs, CT, syntax=ExplicitVRLittleEndian) as association:
        for number in range(1, 11):
            dataset = ct_slice(number)
            encoded = encode_dataset(dataset)
            assert store_raw(association, CT, dataset.SOPInstanceUID, encoded) == 0x0000
            reader.stdin.write("\n")
            reader.stdin.flush()
            seen += json.loads(reader.stdout.readline())
    reader.communicate(timeout=10)
    assert seen == list(range(1, 11))


def test_run_hospital_announces_and_ends_when_told(tmp_path):
    lines, ready, stop = [], threading.Event(), threading.Event()

    def announce(line):
        lines.append(line)
        if line.startswith("database"):
            ready.set()

    runner = threading.Thread(
        target=run_hospital,
        args=(tmp_path, "127.0.0.1", 0, 0, 0, "BOX", ("127.0.0.1", 4006), stop, announce),
    )
    runner.start()
    assert ready.wait(60)
    with HospitalStore(Path(lines[-1].removeprefix("database "))) as store:
        assert len(store.schedule.states()) == 12
    assert [line.split(":")[0] for line in lines[1:4]] == ["RIS", "PACS", "FILM"]
    stop.set()
    runner.join(10)
    assert not runner.is_alive()
    assert lines[-1] == "hospital stopped"


def test_nothing_about_a_patient_reaches_a_log(hospital, caplog):
    """A day with good and bad requests; every line of every logger above DEBUG is read."""
    caplog.set_level(logging.DEBUG)
    with associated(hospital.ris, MWL) as association:
        answers, _ = find(association, worklist_keys(PatientName="Smith*"))
        find(association, worklist_keys(step={"Modality": ["CT", "MR"]}))
        find_raw(association, b"\x10\x00\x10\x00PN\xff\xffSmith^Catherine")
    assert len(answers) == 2
    with associated(hospital.ris, MPPS) as association:
        association.send_n_create(answers[0], MPPS, "1.2.3")
        association.send_n_set(answers[0], MPPS, "1.2.3")
    with associated(hospital.pacs, CT, syntax=ExplicitVRLittleEndian) as association:
        dataset = ct_slice()
        store_raw(association, CT, dataset.SOPInstanceUID, encode_dataset(dataset))
        store_raw(association, CT, "1.2.3", encode_dataset(dataset))
        store_raw(association, CT, "1.2.3", b"\x10\x00\x10\x00PN\xff\xffM\xfcller^J\xf6rg")
    with associated(hospital.pacs, STUDY_FIND) as association:
        query = worklist_keys(PatientID="SECRET-4711")
        find(association, query, STUDY_FIND)
    hospital.stop()
    lines = [record.getMessage() for record in caplog.records if record.levelno > logging.DEBUG]
    texts = lines + [record.exc_text or "" for record in caplog.records]
    assert any("worklist query" in line for line in lines)
    for secret in ("Smith", "Catherine", "ller^J", "SECRET-4711", "G1004", "A26010504"):
        assert not [text for text in texts if secret in text]
