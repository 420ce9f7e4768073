"""The acquisition service as a process: unplugged, killed, started again, and the screen killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread

from firmware.config import load
from firmware.looking import source_to_look_at
from services import calibration
from services.catalog import at_hand, exams
from services.errors import NotFound
from services.live.grabbed import GrabbedSource
from services.live.place import connect
from tests.end_to_end.cli import REPOSITORY, Gantry, Service, until
from tests.end_to_end.settings import Settings
from tests.services.boxes import begin, make_box
from tests.services.live.talk import Talk

CODES = '\n[[code_rules]]\nmask = "^P^I^D^-$..."\ngives = "patient_id"\n'
CLIENT = """
    import sys, time
    from pathlib import Path
    from tests.services.live.talk import Talk
    with Talk(Path(sys.argv[1])) as talk:
        print(talk.ask("record_start")["ok"], flush=True)
        time.sleep(60)
"""


@dataclass
class Room:
    """A configured box, its service as a process, and a catalog to look into."""

    gantry: Gantry
    undo: ExitStack = field(default_factory=ExitStack)
    service: Service | None = None

    def __post_init__(self) -> None:
        self.box = make_box(self.gantry.state)
        self.socket = self.box.live_socket

    def start(self) -> Service:
        self.service = self.undo.enter_context(
            self.gantry.running("acquisition", ready=self._answers)
        )
        return self.service

    def _answers(self) -> bool:
        try:
            connect(self.socket, 1).close()
        except OSError:
            return False
        return True

    def talk(self) -> Talk:
        return self.undo.enter_context(Talk(self.socket))

    def open_exam(self, number: int = 1, protocol: str = "Screen") -> str:
        exam_id = begin(self.box, number).exam_id
        self.take_to_hand(exam_id, protocol)
        return exam_id

    def take_to_hand(self, exam_id: str, protocol: str = "", *, sure: bool = True) -> None:
        now = datetime.now(UTC)
        with self.box.catalog.writing() as db:
            at_hand.set(db, exam_id, protocol, now if sure else None, since=now, doubt="resumed")

    def images(self, exam_id: str) -> list[Any]:
        return exams.instances_of(self.box.catalog, exam_id)

    def log(self) -> str:
        assert self.service is not None
        return self.service.text()


def room_with(folder: Path, faults: list[str], extra: str = "") -> Room:
    settings = Settings()
    settings.table("sources", name="grabber", kind="simulated", model="grabber", faults=faults)
    settings.pattern("pattern", rate=25.0, rows=64, columns=64)
    settings.protocol("Screen", "SC", source="grabber", modality="ES")
    settings.protocol("Slices", "CT", source="pattern", modality="CT")
    settings.tables.append(extra)
    return Room(settings.write(folder))


@pytest.fixture
def rooms(tmp_path: Path) -> Iterator[Any]:
    with ExitStack() as undo:

        def make(faults: list[str] | None = None, extra: str = "") -> Room:
            made = room_with(tmp_path, faults or [], extra)
            undo.callback(made.box.catalog.close)
            undo.enter_context(made.undo)
            return made

        yield make


def live(talk: Talk, exam_id: str) -> Any:
    return talk.pushed(
        "state", lambda s: s["exam"] == exam_id and (s["source"] or {}).get("state") == "live"
    )


def test_a_touch_takes_a_picture_and_everybody_is_told_when_it_is_durable(rooms: Any) -> None:
    room = rooms()
    exam_id = room.open_exam()
    room.start()
    talk, other = room.talk(), room.talk()
    live(talk, exam_id)
    took = talk.ask("capture", exam=exam_id)
    assert took["ok"], took
    assert [row["sop_instance_uid"] for row in room.images(exam_id)] == took["instances"]
    assert 0 < took["durable_ms"] < 2000
    assert other.pushed("outcome")["instances"] == took["instances"]
    assert dcmread(room.box.spool.root / room.images(exam_id)[0]["path"]).PatientID == "PID-1"


def test_nothing_is_taken_for_an_exam_that_is_not_at_hand(rooms: Any) -> None:
    room = rooms()
    first = room.open_exam()
    room.start()
    talk = room.talk()
    live(talk, first)
    assert talk.ask("capture", exam="99")["code"] == "G-2113"
    second = room.open_exam(2)
    assert talk.ask("capture", exam=first)["code"] == "G-2113"
    live(talk, second)
    assert talk.ask("capture", exam=second)["ok"]
    with room.box.catalog.writing() as db:
        at_hand.clear(db)
    assert talk.ask("capture")["code"] == "G-2101", "two are open, and none is at hand"
    assert (len(room.images(first)), len(room.images(second))) == (0, 1)


def test_still_this_patient_must_be_answered_first(rooms: Any) -> None:
    room = rooms()
    exam_id = room.open_exam()
    room.take_to_hand(exam_id, sure=False)
    room.start()
    talk = room.talk()
    assert live(talk, exam_id)["hold"] == "G-2104"
    for do in ("capture", "record_start"):
        assert talk.ask(do)["code"] == "G-2104"
    with room.box.catalog.writing() as db:
        at_hand.confirm(db, exam_id, datetime.now(UTC))
    assert talk.ask("capture")["ok"]


def test_another_patients_wristband_stops_everything_until_a_right_one(rooms: Any) -> None:
    room = rooms(extra=CODES)
    exam_id = room.open_exam()
    room.start()
    talk = room.talk()
    live(talk, exam_id)
    wrong = talk.ask("scan", text="PID-2")
    assert (wrong["ok"], wrong["verdict"]) == (False, "mismatch")
    assert talk.pushed("state", lambda s: s["stopped"])["hold"] == "G-2103"
    assert talk.ask("capture")["code"] == "G-2103"
    held = at_hand.get(room.box.catalog)
    assert held is not None
    assert (held.confirmed_at, held.doubt) == (None, "wristband")
    events = room.box.catalog.rows("SELECT action, outcome, detail FROM audit_event")
    assert events == [{"action": "wristband", "outcome": "another patient", "detail": ""}]
    assert talk.ask("scan", text="PID-1")["ok"]
    assert talk.ask("capture")["ok"]
    assert "PID-2" not in room.log()


def test_a_stop_outlives_the_service(rooms: Any) -> None:
    room = rooms(extra=CODES)
    exam_id = room.open_exam()
    service = room.start()
    talk = room.talk()
    live(talk, exam_id)
    talk.ask("scan", text="PID-2")
    kill(service)
    room.start()
    talk = room.talk()
    live(talk, exam_id)
    assert talk.ask("capture")["code"] == "G-2103"


def test_the_protocol_follows_and_never_interrupts_a_clip(rooms: Any) -> None:
    room = rooms()
    exam_id = room.open_exam()
    room.start()
    talk = room.talk()
    live(talk, exam_id)
    assert talk.ask("record_start")["ok"]
    with room.box.catalog.writing() as db:
        at_hand.choose_protocol(db, exam_id, "Slices")
    said = talk.pushed("state", lambda s: bool(s["recording"]) and s["recording"]["frames"] > 20)
    assert said["protocol"] == "Screen"
    assert talk.ask("capture")["code"] == "G-2102"
    assert talk.ask("record_stop")["ok"]
    ended = talk.pushed("outcome", lambda o: bool(o["instances"]))
    assert ended["ok"]
    said = talk.pushed("state", lambda s: s["protocol"] == "Slices")
    assert said["source"]["name"] == "pattern"
    assert talk.ask("record_start")["code"] == "G-2107"
    (clip,) = room.images(exam_id)
    assert clip["frames"] > 20


def test_a_source_unplugged_in_mid_exam_is_told_and_comes_back(rooms: Any) -> None:
    room = rooms(["unplug@40+3"])
    exam_id = room.open_exam()
    room.start()
    talk = room.talk()
    live(talk, exam_id)
    assert talk.ask("capture")["ok"]
    gone = talk.pushed("state", lambda s: s["source"] and s["source"]["state"] == "no device")
    assert gone["exam"] == exam_id, "the exam stays open"
    refused = talk.ask("capture")
    assert refused["code"] in ("G-2105", "G-2118")
    assert refused["params"]
    talk.forget()
    live(talk, exam_id)
    assert talk.ask("capture")["ok"]
    assert len(room.images(exam_id)) == 2


def test_a_screen_that_is_killed_while_recording_stops_nothing(rooms: Any) -> None:
    room = rooms()
    exam_id = room.open_exam()
    room.start()
    talk = room.talk()
    live(talk, exam_id)
    page = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(CLIENT), str(room.socket)],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
    )
    assert page.stdout is not None
    assert page.stdout.readline() == b"True\n"
    page.kill()
    page.wait()
    page.stdout.close()
    before = talk.pushed("state", lambda s: bool(s["recording"]))["recording"]["frames"]
    talk.pushed("state", lambda s: s["recording"] and s["recording"]["frames"] > before + 10)
    assert talk.ask("record_stop")["ok"]
    assert talk.pushed("outcome", lambda o: bool(o["instances"]))["ok"]
    assert room.images(exam_id)[0]["frames"] > before + 10


def test_killed_while_recording_it_comes_back_armed_and_the_clip_is_kept(rooms: Any) -> None:
    room = rooms()
    exam_id = room.open_exam()
    service = room.start()
    talk = room.talk()
    live(talk, exam_id)
    assert talk.ask("capture")["ok"]
    talk.ask("record_start")
    talk.pushed("state", lambda s: s["recording"] and s["recording"]["frames"] > 30)
    kill(service)
    room.start()
    talk = room.talk()
    said = live(talk, exam_id)
    assert (said["protocol"], said["recording"]) == ("Screen", None)
    assert talk.ask("capture")["ok"]
    kinds = sorted((row["object"], row["frames"] > 10) for row in room.images(exam_id))
    assert kinds == [("SC", False), ("SC", False), ("SC multi-frame", True)]


def test_a_second_service_is_refused_with_a_word(rooms: Any) -> None:
    room = rooms()
    room.start()
    room.gantry("acquisition").refused("another acquisition service")
    assert room.talk().ask("state")["ok"]


def kill(service: Service) -> None:
    os.kill(service.process.pid, signal.SIGKILL)
    service.process.wait()


def test_what_it_asks_the_catalog_is_little(rooms: Any) -> None:
    """Waiting for a press costs next to nothing."""
    room = rooms()
    service = room.start()
    room.talk().pushed("state")
    until(lambda: cpu_seconds(service) > 0, 10)
    before = cpu_seconds(service)
    room.talk().pushed("state")
    talk = room.talk()
    for _ in range(3):
        talk.pushed("state")
    assert cpu_seconds(service) - before < 0.6


def cpu_seconds(service: Service) -> float:
    fields = Path(f"/proc/{service.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_picture_to_measure_on_comes_from_whoever_holds_the_device(rooms: Any) -> None:
    room = rooms()
    exam_id = room.open_exam()
    configuration = load(room.gantry.config)
    alone = source_to_look_at(configuration, room.box, "grabber")
    assert not isinstance(alone, GrabbedSource)
    room.start()
    talk = room.talk()
    live(talk, exam_id)
    shared = source_to_look_at(configuration, room.box, "grabber")
    assert isinstance(shared, GrabbedSource)
    assert calibration.freeze(shared).pixels.shape == (480, 640, 3)
    assert talk.ask("capture")["ok"], "the exam goes on"
    with pytest.raises(NotFound):
        source_to_look_at(configuration, room.box, "nothing")
