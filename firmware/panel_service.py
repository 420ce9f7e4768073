"""The panel as a service: pedals and scanners act on whichever exam is open, all day long."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from contextlib import ExitStack
from threading import Event

from device.exam import ExamState
from device.ports import Frame
from device.provenance import Contribution
from drivers.triggers import EventSource
from firmware.config import Configuration
from firmware.triggers import Hands, make_desk
from services.box import Box
from services.catalog import exams
from services.side_channels import Says, SideChannel, listening
from services.trigger_words import Outcome

_log = logging.getLogger(__name__)

_STEP = 0.25
"""Seconds between two looks at which exam is open, at most."""

_ARM_AGAIN = 2.0
"""Seconds before a source that could not be opened is tried again."""


def is_wanted(configuration: Configuration) -> bool:
    """Whether this box has anything for hands or feet."""
    return bool(configuration.triggers) or bool(configuration.panel.pins)


def serial_lines(channels: Sequence[SideChannel]) -> list[EventSource]:
    """The serial lines among the side channels, which tell of presses and scans as well."""
    if not channels:
        return []
    from drivers.tty.line import TextLine

    return [channel.line for channel in channels if isinstance(channel.line, TextLine)]


class PanelService:
    """Arms the one exam that is open, and nothing while there is none or more than one.

    Parameters
    ----------
    hands
        Pedals, lamps and scanners, not open.
    channels
        Side channels, which are listened to while an exam is open.
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
        self._desk = make_desk(configuration, box, hands, self._tell, self._ask)
        self._protocols = {protocol.name for protocol in configuration.protocols}
        self._says: Says | None = None
        self._listening = ExitStack()
        self._not_before = 0.0

    def run(self, stop: Event) -> None:
        """Serve until told to stop."""
        self._hands.open()
        try:
            while not stop.is_set():
                self._follow()
                for trigger in self._hands.stream.events(_STEP):
                    self._follow()
                    self._desk.handle(trigger)
        finally:
            self._desk.close()
            self._listening.close()
            self._hands.close()

    def _follow(self) -> None:
        """Arm the exam that is open now; a completed one is let go of first."""
        exam_id = self._open_exam()
        if exam_id == self._desk.exam_id:
            return
        if self._desk.exam_id:
            self._desk.disarm()
            self._listening.close()
            self._says = None
        if exam_id and time.monotonic() >= self._not_before:
            self._arm(exam_id)

    def _arm(self, exam_id: str) -> None:
        try:
            self._desk.arm(exam_id, self._latest_protocol(exam_id))
        except OSError as error:
            self._not_before = time.monotonic() + _ARM_AGAIN
            self._hands.panel.fault(True)
            _log.warning("exam %s: no picture can be taken yet: %s", exam_id, error)
            return
        exam = exams.load(self._box.catalog, exam_id)
        self._says = self._listening.enter_context(listening(self._channels, exam))
        self._hands.panel.fault(False)
        _log.info("exam %s is armed", exam_id)

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

    def _ask(self, frame: Frame) -> tuple[Contribution, ...]:
        return self._says(frame) if self._says else ()

    def _tell(self, outcome: Outcome) -> None:
        """Refusals are logged where they are made."""
        if not outcome.refused:
            _log.info("%s: %s: %d images", outcome.source, outcome.action, len(outcome.instances))
