"""The acquisition service: everything that is live, from the pedal to the picture on the screen.

It follows which exam is at hand in the catalog; the console, which writes that, can crash and come
back without any of this noticing.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from threading import Event, RLock, Thread
from typing import Any

from device.exam import ExamState
from device.ports import Frame
from device.provenance import Contribution
from drivers.triggers import EventSource
from drivers.triggers import Trigger as HandTrigger
from firmware.assembly import make_source
from firmware.config import Configuration
from firmware.notify import Notifier
from firmware.triggers import Hands, make_desk
from services.armed_source import ArmedSource
from services.box import Box
from services.catalog import at_hand, exams
from services.errors import NotFound
from services.hand_guard import HandGuard
from services.live.previews import Previews
from services.live.requests import Requests, outcome_as_plain
from services.live.server import LiveServer
from services.live.state import Beat, as_plain
from services.live.words import Words
from services.refusals import SOURCE_GONE, Refused
from services.side_channels import Says, SideChannel, listening
from services.source_pool import SourcePool
from services.taking import refusal
from services.trigger_words import Outcome, Trigger

_log = logging.getLogger(__name__)

_STEP = 0.25
"""Seconds between two looks at which exam is at hand, at most."""

_ARM_AGAIN = 2.0
"""Seconds before an exam that could not be armed is tried again."""


def is_wanted(configuration: Configuration) -> bool:
    """Whether this box takes pictures at all."""
    return bool(configuration.protocols)


def serial_lines(channels: Sequence[SideChannel]) -> list[EventSource]:
    """The serial lines among the side channels, which tell of presses and scans as well."""
    if not channels:
        return []
    from drivers.tty.line import TextLine

    return [channel.line for channel in channels if isinstance(channel.line, TextLine)]


class AcquisitionService:
    """Arms the exam that is at hand, and does what hands, feet and the screen ask for.

    Without an exam at hand it arms the one that is open, and nothing while there is none or more
    than one.

    Parameters
    ----------
    hands
        Pedals, lamps and scanners, not open.
    channels
        Side channels, which are listened to while an exam is armed.
    """

    def __init__(
        self,
        configuration: Configuration,
        box: Box,
        hands: Hands,
        channels: Sequence[SideChannel],
    ) -> None:
        self._box = box
        self._hands = hands
        self._channels = channels
        self._panel = bool(configuration.triggers) or bool(configuration.panel.pins)
        self._guard = HandGuard(box)
        self._pool = SourcePool(lambda name: make_source(configuration, name))
        self._desk = make_desk(
            configuration, box, hands, self._tell, self._ask, self._guard, self._pool
        )
        self._protocols = {protocol.name: protocol for protocol in configuration.protocols}
        self._previews = Previews(self._pool, self._armed)
        self._requests = Requests(self._act, self.state, self._previews, self._pool)
        self._server = LiveServer(box.live_socket, self._requests.take, self._requests.gone)
        self._following = RLock()
        self._says: Says | None = None
        self._listening = ExitStack()
        self._not_before = 0.0
        self._trouble = ""
        self._study = ""
        self._failure: BaseException | None = None

    def run(self, stop: Event, notifier: Notifier | None = None) -> None:
        """Serve until told to stop, and tell the service manager that the work goes on.

        Raises
        ------
        ServiceError
            Another acquisition service runs.
        OSError
            Lamps or buzzer cannot be used.
        """
        manager = notifier or Notifier({})
        beat = Thread(target=self._beat, args=(stop,), name="beat", daemon=True)
        with ExitStack() as undo:
            self._hands.open()
            undo.callback(self._hands.close)
            undo.callback(self._listening.close)
            undo.callback(self._desk.close)
            self._previews.open()
            undo.callback(self._previews.close)
            self._server.open()
            undo.callback(self._server.close)
            beat.start()
            undo.callback(beat.join)
            undo.callback(stop.set)
            undo.callback(manager.stopping)
            manager.ready()
            _log.info("pictures can be taken")
            while not stop.is_set():
                manager.alive()
                self._check()
                self._follow()
                for trigger in self._hands.stream.events(_STEP):
                    self._do(trigger)

    def state(self) -> Words:
        """How everything is now, as the live link tells it."""
        view = self._desk.view
        refused = self._guard.refusal(view.exam_id) if view.exam_id else None
        return as_plain(view, refused, panel=self._panel, trouble=self._trouble)

    def _check(self) -> None:
        """A fault of ours in any thread ends the process, and its supervisor starts it again."""
        if self._failure is not None:
            raise self._failure
        self._pool.check()
        self._previews.check()
        self._requests.check()

    def _do(self, trigger: HandTrigger) -> None:
        action = trigger.action.value if trigger.action else ""
        event = trigger.event
        self._requests.tell_hand(trigger.source, event.gesture.value, action, trigger.monotonic_ns)
        if self._requests.pairing and not self._desk.exam_id:
            return
        became = self._act(trigger)
        if trigger.text and became is not None:
            said = outcome_as_plain(became)
            self._server.push({**said, "push": "scan", "scanned": trigger.text})

    def _act(self, trigger: Trigger, meant: str = "") -> Outcome | None:
        """Do what is asked for, by the exam that is at hand at this very moment."""
        self._follow()
        if self._trouble and not self._desk.exam_id and trigger.action not in (None, "scan"):
            became = refusal(trigger, Refused(self._trouble, SOURCE_GONE, words=self._trouble))
            self._hands.panel.refused()
            self._tell(became)
            return became
        return self._desk.handle(trigger, meant)

    def _follow(self) -> None:
        """Arm the exam that is at hand now; one that is no more is let go of first."""
        with self._following:
            hand = at_hand.get(self._box.catalog)
            exam_id = hand.exam_id if hand else self._open_exam()
            wanted = hand.protocol if hand and hand.protocol in self._protocols else ""
            if exam_id == self._desk.exam_id and self._study_of(exam_id) == self._study:
                self._follow_protocol(wanted)
                return
            if self._desk.exam_id:
                self._disarm()
            self._trouble = self._trouble if exam_id else ""
            if exam_id and time.monotonic() >= self._not_before:
                self._arm(exam_id, wanted or self._latest_protocol(exam_id))

    def _follow_protocol(self, wanted: str) -> None:
        now = self._desk.protocol
        if not wanted or now is None or wanted == now.name or self._desk.recording:
            # a clip that runs keeps its protocol; the other one comes after it
            return
        try:
            self._desk.choose(wanted)
        except (Refused, OSError) as error:
            _log.warning("protocol %s: %s", wanted, error)

    def _arm(self, exam_id: str, protocol: str) -> None:
        self._not_before = time.monotonic() + _ARM_AGAIN
        try:
            self._desk.arm(exam_id, protocol, wait=False)
            exam = exams.load(self._box.catalog, exam_id)
            self._study = exam.study_instance_uid
            self._says = self._listening.enter_context(listening(self._channels, exam))
        except (NotFound, OSError) as error:
            self._disarm()
            self._trouble = str(error)
            self._hands.panel.fault(True)
            _log.warning("exam %s: no picture can be taken yet: %s", exam_id, error)
            return
        self._not_before = 0.0
        self._trouble = ""
        self._hands.panel.fault(False)
        _log.info("exam %s is armed", exam_id)

    def _study_of(self, exam_id: str) -> str:
        """Another one than before says that the exam was matched: it has another patient now."""
        row = self._box.catalog.row(
            "SELECT study_instance_uid FROM exam WHERE exam_id = ?", [exam_id]
        )
        return str(row["study_instance_uid"]) if row else ""

    def _disarm(self) -> None:
        self._study = ""
        self._desk.disarm()
        self._listening.close()
        self._says = None

    def _open_exam(self) -> str:
        rows = self._box.catalog.rows(
            "SELECT exam_id FROM exam WHERE state = ? LIMIT 2", [ExamState.IN_PROGRESS]
        )
        # a press cannot say which of several patients it means
        return str(rows[0]["exam_id"]) if len(rows) == 1 else ""

    def _latest_protocol(self, exam_id: str) -> str:
        row = self._box.catalog.row(
            "SELECT protocol_name FROM series WHERE exam_id = ? ORDER BY series_number DESC",
            [exam_id],
        )
        name = str(row["protocol_name"]) if row else ""
        return name if name in self._protocols else ""

    def _armed(self) -> tuple[ArmedSource, Mapping[str, Any]] | None:
        view = self._desk.view
        if view.source is None:
            return None
        return view.source, self._protocols[view.protocol].geometry

    def _ask(self, frame: Frame) -> tuple[Contribution, ...]:
        return self._says(frame) if self._says else ()

    def _tell(self, outcome: Outcome) -> None:
        """Refusals are logged where they are made."""
        if not outcome.refused:
            _log.info("%s: %s: %d images", outcome.source, outcome.action, len(outcome.instances))
        self._server.push({"push": "outcome", **outcome_as_plain(outcome)})

    def _beat(self, stop: Event) -> None:
        beat = Beat()
        try:
            while not stop.wait(beat.pause):
                said = self.state()
                if beat.is_due(said):
                    self._server.push(said)
        except BaseException as error:  # noqa: BLE001 -- raised by _check in the main thread
            self._failure = error
