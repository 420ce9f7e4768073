"""Triggers and the open exam: acknowledged when durable, refused with a reason, never assigned."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread, Timer
from typing import Any

import pytest
from pydicom import dcmread

from device.exam import Exam, ExamState
from device.protocol import ObjectKind
from device.reasons import DISCONTINUATION_REASONS
from drivers.barcode.identity import Identifier, Reader, Rule
from drivers.panel.contacts import Contact, Contacts
from drivers.panel.sim import SimulatedGpio
from drivers.triggers import Action, Gesture, Trigger, TriggerEvent, TriggerStream, action_map
from services import armed_source, triggers
from services import exams as lives
from services.box import Box
from services.catalog import exams
from services.refusals import Refused
from services.scanned_identity import Verdict
from services.trigger_words import Outcome
from services.triggers import TriggerDesk
from tests.services.boxes import CAPTURE, archive, begin, make_box
from tests.services.live_source import LiveSource

SCREEN = replace(CAPTURE, name="Screen", source="grabber")
OTHER = replace(CAPTURE, name="Other", source="camera")
SLICES = replace(CAPTURE, name="Slices", source="grabber", object=ObjectKind.CT)
READER = Reader(
    [Rule(Identifier.PATIENT_ID, "^P^I^D^-$..."), Rule(Identifier.ACCESSION_NUMBER, "^A^C^C$...")]
)


class RecordingPanel:
    """What lamps and buzzer were told, in order."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def ready(self, lit: bool) -> None:
        self.told.append(f"ready {lit}")

    def recording(self, lit: bool) -> None:
        self.told.append(f"recording {lit}")

    def fault(self, lit: bool) -> None:
        self.told.append(f"fault {lit}")

    def done(self) -> None:
        self.told.append("done")

    def refused(self) -> None:
        self.told.append("refused")


class Room:
    """A box with one open exam, its sources, its panel and its desk."""

    def __init__(self, folder: Path) -> None:
        self.box: Box = make_box(folder, [archive()])
        self.exam: Exam = begin(self.box)
        self.grabber = LiveSource("grabber")
        self.camera = LiveSource("camera")
        self.panel = RecordingPanel()
        self.outcomes: list[Outcome] = []
        self.durable_when_told: list[int] = []
        self.desk = self.open_desk(SCREEN, OTHER, SLICES)

    def open_desk(self, *protocols: Any) -> TriggerDesk:
        sources = {"grabber": self.grabber, "camera": self.camera}
        return TriggerDesk(
            self.box,
            protocols,
            sources.__getitem__,
            panel=self.panel,
            report=self._report,
            read_scan=READER.read,
        )

    def _report(self, outcome: Outcome) -> None:
        self.durable_when_told.append(len(self.instances()))
        self.outcomes.append(outcome)

    def do(self, action: Action, text: str = "") -> Outcome:
        """One trigger; the outcome that was told last."""
        event = TriggerEvent("pedal", Gesture.SHORT, time.monotonic_ns(), text)
        self.desk.handle(Trigger(event, action))
        return self.outcomes[-1]

    def press(self, action: Action = Action.CAPTURE) -> Outcome:
        """One trigger while the picture runs."""
        with self.running():
            return self.do(action)

    def running(self, *sources: LiveSource) -> Running:
        return Running(sources or (self.grabber,))

    def instances(self) -> list[Any]:
        return list(exams.instances_of(self.box.catalog, self.exam.exam_id))


class Running:
    """Pictures come, one every few milliseconds."""

    def __init__(self, sources: tuple[LiveSource, ...]) -> None:
        self._sources = sources
        self._stop = Event()
        self._thread = Thread(target=self._show)

    def _show(self) -> None:
        while not self._stop.wait(0.005):
            for source in self._sources:
                source.show()

    def __enter__(self) -> Running:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    made = Room(tmp_path)
    yield made
    made.desk.close()


@pytest.fixture
def armed(room: Room) -> Room:
    room.desk.arm(room.exam.exam_id)
    return room


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_a_press_takes_one_picture_and_says_so_when_it_is_durable(armed: Room) -> None:
    outcome = armed.press()
    assert outcome.done
    rows = armed.instances()
    assert [row["sop_instance_uid"] for row in rows] == list(outcome.instances)
    assert armed.durable_when_told == [1]
    assert armed.panel.told == ["ready False", "ready True", "fault False", "done"]
    ds = dcmread(armed.box.spool.root / rows[0]["path"])
    assert ds.PatientID == "PID-1"
    assert outcome.durable_ms is not None
    assert 0 < outcome.durable_ms < 2000


def test_presses_go_into_one_series(armed: Room) -> None:
    for _ in range(3):
        assert armed.press().done
    rows = armed.instances()
    assert [row["instance_number"] for row in rows] == [1, 2, 3]
    assert len({row["series_instance_uid"] for row in rows}) == 1


def test_without_an_exam_nothing_is_taken(room: Room) -> None:
    for action in (Action.CAPTURE, Action.RECORD, Action.COMPLETE, Action.NEXT_PROTOCOL):
        assert "no exam is open" in room.do(action).refused
    assert room.panel.told == ["fault True", "refused"] * 4
    assert room.instances() == []
    assert room.grabber.opened == 0


def test_after_disarming_nothing_is_taken(armed: Room) -> None:
    armed.desk.disarm()
    assert "no exam is open" in armed.press().refused
    assert armed.grabber.closed == 1
    assert armed.instances() == []


def test_a_gesture_without_an_action_does_nothing(armed: Room) -> None:
    event = TriggerEvent("pedal", Gesture.PRESS, time.monotonic_ns())
    armed.desk.handle(Trigger(event, None))
    assert armed.outcomes == []


@pytest.mark.parametrize("state", ["no signal", "frozen", "unsupported mode", "no device"])
def test_a_source_that_is_not_live_is_refused_by_its_state(armed: Room, state: str) -> None:
    assert armed.press().done
    armed.grabber.state = state
    began = time.monotonic()
    assert armed.press().refused == f"source grabber: {state}"
    assert time.monotonic() - began < 1
    assert len(armed.instances()) == 1


def test_a_source_that_only_starts_is_waited_for(armed: Room) -> None:
    armed.grabber.state = "no signal"
    show = Timer(0.2, lambda: (setattr(armed.grabber, "state", "live"), armed.grabber.show()))
    show.start()
    assert armed.do(Action.CAPTURE).done
    show.join()


def test_a_source_that_never_starts_is_refused_by_its_state(
    armed: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(triggers, "CAPTURE_SECONDS", 0.2)
    armed.grabber.state = "no signal"
    assert armed.do(Action.CAPTURE).refused == "source grabber: no signal"


def test_a_silent_source_is_refused_in_time_and_leaves_no_empty_series(
    armed: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(triggers, "CAPTURE_SECONDS", 0.2)
    assert "no picture came" in armed.do(Action.CAPTURE).refused
    assert armed.panel.told[-2:] == ["fault True", "refused"]
    assert armed.box.catalog.rows("SELECT * FROM series") == []
    assert armed.press().done  # the exam goes on
    assert armed.panel.told[-2:] == ["fault False", "done"]


def test_an_unplugged_source_is_refused_and_the_exam_goes_on(armed: Room) -> None:
    armed.grabber.give(OSError("grabber: unplugged"))
    assert armed.do(Action.CAPTURE).refused == "grabber: unplugged"
    until(lambda: armed.grabber.opened == 2)
    assert armed.press().done


def test_an_exam_that_was_ended_elsewhere_takes_nothing(armed: Room) -> None:
    lives.discontinue(armed.box, armed.exam.exam_id, next(iter(DISCONTINUATION_REASONS.values())))
    assert armed.press().refused
    assert armed.instances() == []


def test_a_clip_is_acknowledged_when_it_is_durable(armed: Room) -> None:
    with armed.running():
        started = armed.do(Action.RECORD)
        assert started.done
        assert started.instances == ()
        assert armed.desk.recording
        assert "done" not in armed.panel.told
        time.sleep(0.2)
        ended = armed.do(Action.RECORD)
    assert not armed.desk.recording
    assert ended.done
    assert armed.durable_when_told == [0, 1]
    assert armed.panel.told[2:] == ["recording True", "recording False", "fault False", "done"]
    row = armed.instances()[0]
    assert row["frames"] > 5
    assert dcmread(armed.box.spool.root / row["path"]).NumberOfFrames == row["frames"]


def test_a_switch_records_while_it_is_held(armed: Room) -> None:
    with armed.running():
        armed.do(Action.RECORD_START)
        ended = armed.do(Action.RECORD_STOP)
        assert len(ended.instances) == 1
        count = len(armed.outcomes)
        armed.do(Action.RECORD_STOP)  # a release without a hold
        assert len(armed.outcomes) == count


def test_while_a_clip_is_recorded_other_things_are_refused(armed: Room) -> None:
    with armed.running():
        armed.do(Action.RECORD_START)
        for action in (Action.CAPTURE, Action.RECORD_START, Action.NEXT_PROTOCOL):
            assert "a clip is being recorded" in armed.do(action).refused
        assert armed.do(Action.RECORD_STOP).done
        assert armed.do(Action.CAPTURE).done


def test_a_clip_whose_source_is_unplugged_keeps_what_had_come(armed: Room) -> None:
    with armed.running():
        armed.do(Action.RECORD)
        time.sleep(0.1)
        armed.grabber.give(OSError("grabber: unplugged"))
        until(lambda: not armed.desk.recording)
    ended = armed.outcomes[-1]
    assert len(ended.instances) == 1
    assert ended.refused.startswith("it ended by itself: grabber: unplugged")
    assert armed.panel.told[-3:] == ["recording False", "fault True", "refused"]


def test_disarming_ends_a_clip_and_keeps_it(armed: Room) -> None:
    with armed.running():
        armed.do(Action.RECORD)
        armed.desk.disarm()
    assert len(armed.instances()) == 1
    assert armed.outcomes[-1].done


def test_a_fault_of_ours_in_a_clip_is_not_kept_quiet_and_lets_go_of_the_source(
    armed: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(triggers.Acquisition, "run", lambda *_, **__: 1 // 0)
    with armed.running():
        armed.do(Action.RECORD)
    with pytest.raises(ZeroDivisionError):
        armed.desk.disarm()
    assert armed.grabber.closed == 1
    assert armed.panel.told[-2:] == ["recording False", "ready False"]


def test_a_protocol_of_slices_records_no_clips(room: Room) -> None:
    room.desk.arm(room.exam.exam_id, "Slices")
    assert "no clips" in room.press(Action.RECORD).refused


def test_the_next_protocol_brings_its_own_source_and_series(armed: Room) -> None:
    with armed.running(armed.grabber, armed.camera):
        armed.do(Action.CAPTURE)
        assert armed.do(Action.NEXT_PROTOCOL).note == "protocol Other"
        assert armed.grabber.closed == 1
        armed.do(Action.CAPTURE)
        armed.do(Action.NEXT_PROTOCOL)
        armed.do(Action.NEXT_PROTOCOL)
        assert armed.desk.protocol == SCREEN
        armed.do(Action.CAPTURE)
    rows = armed.instances()
    assert [(row["series_number"], row["instance_number"]) for row in rows] == [
        (1, 1),
        (1, 2),
        (2, 1),
    ]


def test_a_protocol_whose_source_is_missing_is_refused_and_the_old_one_stays(armed: Room) -> None:
    armed.camera.refuse_open = OSError("camera: not there")
    assert armed.do(Action.NEXT_PROTOCOL).refused == "camera: not there"
    assert armed.desk.protocol == SCREEN
    assert armed.press().done


def test_arming_with_a_missing_source_arms_nothing(room: Room) -> None:
    room.grabber.refuse_open = OSError("grabber: not there")
    with pytest.raises(OSError, match="not there"):
        room.desk.arm(room.exam.exam_id)
    assert room.desk.exam_id == ""
    assert "no exam" in room.do(Action.CAPTURE).refused


def test_a_touch_for_another_exam_than_the_armed_one_takes_nothing(armed: Room) -> None:
    event = TriggerEvent("screen", Gesture.SHORT, time.monotonic_ns())
    with armed.running():
        refused = armed.desk.handle(Trigger(event, Action.CAPTURE), "another")
        assert refused is not None
        assert refused.code == "G-2113"
        assert armed.instances() == []
        taken = armed.desk.handle(Trigger(event, Action.CAPTURE), armed.exam.exam_id)
    assert taken is not None
    assert taken.done
    assert taken.exam_id == armed.exam.exam_id


def test_a_protocol_is_chosen_by_name_and_never_while_recording(armed: Room) -> None:
    armed.desk.choose("Slices")
    assert armed.grabber.opened == 1, "the same source goes on"
    armed.desk.choose("Other")
    assert (armed.grabber.closed, armed.camera.opened) == (1, 1)
    armed.desk.choose("Screen")
    with armed.running():
        armed.do(Action.RECORD_START)
        with pytest.raises(Refused):
            armed.desk.choose("Slices")
        view = armed.desk.view
        assert view.protocol == "Screen"
        assert view.seconds is not None
        assert view.frames
        armed.do(Action.RECORD_STOP)
    assert armed.desk.view.seconds is None


def test_armed_before_its_source_is_there_it_refuses_with_the_reason(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(armed_source, "REOPEN", 0.01)
    room.grabber.refuse_open = OSError("grabber: not there")
    room.desk.arm(room.exam.exam_id, wait=False)
    refused = room.do(Action.CAPTURE)
    assert "not there" in refused.refused
    assert refused.code in ("G-2105", "G-2118")
    room.grabber.refuse_open = None
    until(lambda: room.desk.view.source is not None and room.desk.view.source.state == "live")
    assert room.press().done


def test_completing_ends_the_exam_once_it_has_pictures(armed: Room) -> None:
    assert "no images" in armed.do(Action.COMPLETE).refused
    assert armed.desk.exam_id == armed.exam.exam_id
    assert armed.press().done
    assert armed.do(Action.COMPLETE).done
    assert armed.desk.exam_id == ""
    exam = exams.load(armed.box.catalog, armed.exam.exam_id)
    assert exam.state is ExamState.COMPLETED


def test_a_right_scan_is_told_and_a_wrong_one_stops_everything(armed: Room) -> None:
    assert armed.do(Action.SCAN, "PID-1").verdict is Verdict.ONE_MORE
    assert armed.do(Action.SCAN, "ACC0001").verdict is Verdict.VERIFIED
    wrong = armed.do(Action.SCAN, "PID-2")
    assert wrong.verdict is Verdict.MISMATCH
    assert "another patient" in wrong.refused
    assert armed.panel.told[-3:] == ["ready False", "fault True", "refused"]
    assert "another patient" in armed.press().refused
    assert "another patient" in armed.press(Action.RECORD).refused
    assert armed.instances() == []
    assert armed.do(Action.SCAN, "PID-1").done
    assert armed.press().done


def test_a_scan_without_an_exam_is_handed_to_the_screen(room: Room) -> None:
    outcome = room.do(Action.SCAN, "PID-7")
    assert outcome.scanned is not None
    assert outcome.scanned.patient_id == "PID-7"
    assert outcome.verdict is None


def test_a_code_that_nobody_understands_is_refused(armed: Room) -> None:
    assert "no rule" in armed.do(Action.SCAN, "LUNCH").refused
    assert armed.press().done


def test_no_scanned_identity_reaches_the_log(armed: Room, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        armed.do(Action.SCAN, "PID-2")
        armed.do(Action.SCAN, "QQQ-4711")
    assert len(caplog.records) == 2
    assert "PID-2" not in caplog.text
    assert "4711" not in caplog.text


def serve(desk: TriggerDesk, stream: TriggerStream, stop: Event) -> None:
    while not stop.is_set():
        for trigger in stream.events(0.5):
            desk.handle(trigger)


def test_from_the_pedal_to_the_durable_picture(armed: Room) -> None:
    board = SimulatedGpio()
    contacts = Contacts("panel", board, [Contact("pedal", 17, settle_ns=50_000_000)])
    stream = TriggerStream([contacts], action_map({"pedal": {"press": "capture"}}))
    stop = Event()
    server = Thread(target=serve, args=(armed.desk, stream, stop))
    stream.open()
    server.start()
    try:
        until(lambda: stream.states["panel"] == "live")
        with armed.running():
            for number in range(1, 4):
                board.press(17, "heavy pedal")
                until(lambda number=number: len(armed.outcomes) == number)  # type: ignore[misc]
                board.release(17, "heavy pedal")
                time.sleep(0.1)  # until the contact has come to rest
    finally:
        stop.set()
        stream.close()
        server.join()
    assert all(outcome.done for outcome in armed.outcomes)
    assert len(armed.instances()) == 3


def test_every_action_of_the_stream_is_known_to_the_desk(room: Room) -> None:
    assert set(room.desk._actions) == {action.value for action in Action}


def test_a_desk_without_protocols_is_refused(room: Room) -> None:
    with pytest.raises(ValueError, match="at least one protocol"):
        room.open_desk()
