"""What a person does about deliveries that are stuck, against a hospital that misbehaves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from services.hospital import HospitalStore
from tests.end_to_end.cli import Gantry, answers
from tests.end_to_end.settings import Settings
from tests.peers.process import free_port


@dataclass
class Place:
    gantry: Gantry
    hospital: Path
    ports: dict[str, int]

    def serving(self, *faults: str) -> Any:
        """The simulated hospital as a command of its own, with these faults."""
        flags = [part for fault in faults for part in ("--fault", fault)]
        ports = [
            part for name, port in self.ports.items() for part in (f"--{name}-port", str(port))
        ]
        return self.gantry.running(
            "hospital", "--dir", str(self.hospital), *ports, *flags,
            ready=lambda: answers(self.ports["printer"]),
        )  # fmt: skip

    def owed(self) -> list[dict[str, Any]]:
        return list(self.gantry("outbox", "--json").good().json())

    def store(self) -> HospitalStore:
        return HospitalStore(self.hospital / "hospital.db")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    ports = {"ris": free_port(), "pacs": free_port(), "printer": free_port()}
    settings = Settings()
    settings.peer("ris", "RIS", ports["ris"], "worklist", "mpps")
    settings.peer(
        "pacs", "PACS", ports["pacs"], "store", "commit", commitment="required", dimse_timeout=10
    )
    # the same archive by another name, which owes no promise
    settings.peer("spare", "PACS", ports["pacs"], "store")
    settings.pattern("picture", rate=0, rows=64, columns=64)
    settings.protocol("picture", "SC", modality="OT")
    return Place(settings.write(tmp_path), tmp_path / "hospital", ports)


def examine(gantry: Gantry, images: int) -> str:
    exam = gantry("exam", "start", "--unscheduled", "--patient-id", "OUT-1").good().out.strip()
    gantry("exam", "acquire", exam, "--protocol", "picture", "--frames", str(images)).good()
    gantry("exam", "complete", exam).good()
    return exam


def test_refused_images_are_held_with_the_peers_words_and_can_be_resent(place: Place) -> None:
    gantry = place.gantry
    exam = examine(gantry, 1)
    with place.serving("store_status=0xC000", "store_status_count=2") as hospital:
        drained = gantry("outbox", "drain", "--timeout", "20").refused("2 are held")
        assert "gantry outbox" in drained.err
        held = {delivery["peer"]: delivery for delivery in place.owed()}
        assert {delivery["state"] for delivery in held.values()} == {"held"}
        assert held["pacs"]["last_status"] == 0xC000
        assert held["pacs"]["advice"]
        assert held["pacs"]["last_text"] in gantry("outbox").good().out

        gantry("outbox", "resend", str(held["pacs"]["id"])).good()
        gantry("outbox", "cancel", str(held["spare"]["id"])).good()
        gantry("outbox", "drain", "--timeout", "20").good()
    assert place.owed() == []
    (image,) = gantry("exam", "show", exam, "--json").good().json()["images"]
    assert {archive["peer"]: archive["state"] for archive in image["archives"]}["pacs"] == (
        "committed"
    )
    with place.store() as store:
        assert [each.times_received for each in store.instances()] == [1]
    assert "Traceback" not in hospital.text()


def test_a_stuck_image_can_be_sent_elsewhere(place: Place) -> None:
    gantry = place.gantry
    exam = examine(gantry, 2)
    stores = [d for d in place.owed() if d["kind"] == "store"]
    for delivery in stores:
        if delivery["peer"] == "spare":
            gantry("outbox", "cancel", str(delivery["id"])).good()
    first, second = (d["id"] for d in stores if d["peer"] == "pacs")
    gantry("outbox", "redirect", str(second), "pacs").refused("pacs")
    assert "spare" in gantry("outbox", "redirect", str(first)).good().text
    with place.serving():
        gantry("outbox", "drain", "--peer", "spare", "--timeout", "20").good()
        assert {delivery["peer"] for delivery in place.owed()} == {"ris", "pacs"}
        gantry("outbox", "drain", "--timeout", "20").good()
    images = gantry("exam", "show", exam, "--json").good().json()["images"]
    with place.store() as store:
        held = {each.sop_instance_uid for each in store.instances()}
    assert held == {image["sop_instance_uid"] for image in images}


def test_a_cancelled_start_takes_its_end_along(place: Place) -> None:
    gantry = place.gantry
    exam = examine(gantry, 1)
    (create,) = [d["id"] for d in place.owed() if d["kind"] == "mpps-create"]
    cancelled = gantry("outbox", "cancel", str(create)).good()
    assert "mpps-create" in cancelled.out
    assert "mpps-set" in cancelled.out
    gantry("outbox", "cancel", str(create)).refused("cancelled")
    with place.serving():
        gantry("outbox", "drain", "--timeout", "20").good()
        uid = gantry("exam", "show", exam, "--json").good().json()["mpps_uid"]
    with place.store() as store:
        assert store.mpps(uid) is None
        assert len(store.instances()) == 1


@pytest.mark.parametrize(
    "faults",
    [
        ("abort_mid_pdu=1",),
        ("commitment=partial", "commitment_partial_every=1"),
        ("store_status=0xA700", "store_status_count=1"),
    ],
    ids=lambda faults: faults[0],
)
def test_a_passing_fault_of_the_hospital_needs_nobody(
    place: Place, faults: tuple[str, ...]
) -> None:
    exam = examine(place.gantry, 2)
    with place.serving(*faults):
        place.gantry("outbox", "drain", "--timeout", "40").good()
    shown = place.gantry("exam", "show", exam, "--json").good().json()
    assert (shown["acquired"], shown["stored"], shown["committed"]) == (2, 2, 2)
    with place.store() as store:
        record = store.mpps(shown["mpps_uid"])
        assert record is not None
        assert (record.status, record.updates) == ("COMPLETED", 1)
        assert len(store.instances()) == 2


def test_it_says_why_nothing_goes_to_a_peer_that_is_down(place: Place) -> None:
    exam = examine(place.gantry, 1)
    place.gantry("outbox", "drain", "--timeout", "2").refused("'gantry outbox' says why")
    assert "pacs cannot be reached: nothing listens at" in place.gantry("outbox").good().out
    assert all("nothing listens" in each["peer_fault"] for each in place.owed())
    shown = place.gantry("exam", "show", exam).good().out
    assert "store to pacs is waiting pacs: nothing listens" in shown
