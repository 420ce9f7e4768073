"""Pedals, buttons and scanners act on the open exam.

A picture is acknowledged, by lamp, tone and report, when it is durable and never before; whatever
is refused has a tone of its own and a reason. Without an open exam nothing is taken.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import RLock
from typing import Any

from device.ports import Frame
from device.protocol import ObjectKind, Protocol
from services import exams as lives
from services.acquisition import Acquisition, Beside
from services.armed import Armed, Clip, View, clip_of, end_clip, require_live, view_of
from services.armed_source import ClipSource
from services.box import Box
from services.catalog import exams
from services.errors import NotFound
from services.refusals import (
    NO_CLIPS,
    NO_CODE_RULES,
    NOT_UNDERSTOOD,
    NOTHING_TO_COMPARE,
    REFUSALS,
    WRONG_PATIENT,
    Refused,
    no_exam,
    other_exam,
    recording,
    wrong_patient,
)
from services.scanned_identity import IdentityCheck, Scanned, Verdict
from services.source_pool import MakeSource, SourcePool
from services.taking import Durable, OnePicture, outcome, refusal, taken
from services.trigger_words import Guard, NoGuard, NoPanel, Outcome, Panel, Trigger

_log = logging.getLogger(__name__)

CAPTURE_SECONDS = 2.0
"""Longest wait for the picture of a press."""

BesideOf = Callable[[Protocol], Beside]
ReadScan = Callable[[str], Scanned]
"""Understands a scanned text; raises ``ValueError`` with a reason that does not repeat it."""


_SAID_OF: Mapping[Verdict, Mapping[str, Any]] = {
    Verdict.VERIFIED: {"note": "two identifiers agree with the open exam"},
    Verdict.ONE_MORE: {"note": "one identifier agrees: scan a second one, or compare by eye"},
    Verdict.NOTHING_TO_COMPARE: {
        "refused": "the code holds nothing that the open exam knows: scan another of the patient's",
        "code": NOTHING_TO_COMPARE,
    },
    Verdict.MISMATCH: {"refused": str(wrong_patient()), "code": WRONG_PATIENT},
}


class TriggerDesk:
    """Does what triggers ask for.

    Parameters
    ----------
    box
        The assembled box.
    protocols
        As configured, in the order in which ``next_protocol`` goes through them; at least one.
    make_source
        Returns the configured frame source of a name, not open.
    panel
        Lamps and buzzer.
    report
        Told of every outcome, in whichever thread it came about; must not call back.
    read_scan
        How codes are understood; None where there is no scanner.
    beside
        What side channels and calibration say of a protocol's pictures.
    guard
        What the screen says of the patient.
    pool
        Where sources come from that others look at too; None makes one of ``make_source``.

    Notes
    -----
    Any thread may call; one thing is done at a time, and a clip runs beside.
    """

    def __init__(
        self,
        box: Box,
        protocols: Sequence[Protocol],
        make_source: MakeSource,
        *,
        panel: Panel | None = None,
        report: Callable[[Outcome], None] = lambda _: None,
        read_scan: ReadScan | None = None,
        beside: BesideOf = lambda _: lambda _: (),
        guard: Guard | None = None,
        pool: SourcePool | None = None,
    ) -> None:
        if not protocols:
            raise ValueError("triggers need at least one protocol to take pictures by")
        self._box = box
        self._protocols = tuple(protocols)
        self._pool = pool or SourcePool(make_source)
        self._panel = panel or NoPanel()
        self._report = report
        self._read_scan = read_scan
        self._beside = beside
        self._guard = guard or NoGuard()
        self._lock = RLock()
        self._armed: Armed | None = None
        self._recorder = ThreadPoolExecutor(1, "clip")
        self._actions: dict[str, Callable[[Trigger], Outcome | None]] = {
            "capture": self._capture,
            "record": self._toggle,
            "record_start": self._start,
            "record_stop": self._stop,
            "next_protocol": self._next_protocol,
            "complete": self._complete,
            "scan": self._scan,
        }

    @property
    def exam_id(self) -> str:
        """The exam that triggers act on; empty without one."""
        return self._armed.exam_id if self._armed else ""

    @property
    def protocol(self) -> Protocol | None:
        """By which the next press takes its picture."""
        return self._armed.protocol if self._armed else None

    @property
    def recording(self) -> bool:
        armed = self._armed
        return armed is not None and clip_of(armed) is not None

    @property
    def view(self) -> View:
        """How it is now; nobody waits for it, whatever is being taken."""
        return view_of(self._armed)

    def arm(self, exam_id: str, protocol: str = "", *, wait: bool = True) -> None:
        """Let triggers act on this exam, by this protocol or the first one.

        Parameters
        ----------
        wait
            Whether the source must be there now; else it is looked for until it is, and what is
            asked for meanwhile is refused with that reason.

        Raises
        ------
        NotFound
            There is no such exam or protocol.
        OSError
            The source of the protocol cannot be opened; nothing is armed then.
        """
        with self._lock:
            self.disarm()
            exam = exams.load(self._box.catalog, exam_id)
            chosen = self._find(protocol)
            source = self._pool.take(chosen.source, wait=wait)
            self._armed = Armed(exam_id, chosen, source, IdentityCheck(exam))
            self._panel.ready(True)

    def choose(self, protocol: str, *, wait: bool = False) -> None:
        """Take the next pictures by this protocol; the picture of a shared source goes on.

        Raises
        ------
        Refused
            A clip is being recorded, or no exam is armed.
        NotFound, OSError
            As for :meth:`arm`; the protocol stays as it was.
        """
        with self._lock:
            armed = self._open_exam()
            self._refuse_while_recording()
            chosen = self._find(protocol)
            if chosen.source != armed.protocol.source:
                source = self._pool.take(chosen.source, wait=wait)
                armed.source, before = source, armed.source
                self._pool.give_back(before)
            armed.protocol = chosen

    def disarm(self) -> None:
        """End a clip that runs, and let go of the source; triggers are refused from now on."""
        with self._lock:
            armed, self._armed = self._armed, None
            self._panel.ready(False)
            if armed is None:
                return
            try:
                end_clip(armed)
            finally:
                self._pool.give_back(armed.source)

    def close(self) -> None:
        """Disarm, for good."""
        try:
            self.disarm()
        finally:
            self._recorder.shutdown()

    def handle(self, trigger: Trigger, meant: str = "") -> Outcome | None:
        """Do what one trigger asks for; nothing where the site gave it no action.

        What became of it is told by lamps, tone and report: of a clip when it has ended, of
        everything else before this returns.

        Parameters
        ----------
        meant
            The exam that whoever asks sees before them; nothing begins where another is armed.

        Returns
        -------
        Outcome or None
            What was told; None for what has nothing to tell, such as the end of a clip, which
            tells itself.
        """
        if trigger.action is None:
            return None
        with self._lock:
            exam_id = self.exam_id
            try:
                if meant not in ("", exam_id) and trigger.action != "record_stop":
                    raise other_exam() if exam_id else no_exam()
                became = self._actions[trigger.action](trigger)
            except (Refused, *REFUSALS) as error:
                became = refusal(trigger, error)
            return None if became is None else self._tell(became, exam_id)

    def _capture(self, trigger: Trigger) -> Outcome:
        armed = self._ready_to_take()
        frame, dropped = self._fresh(armed, trigger)
        durable = Durable(trigger)
        acquisition = Acquisition(
            self._box,
            armed.exam_id,
            replace(armed.protocol, multi_frame=False, video=False),
            durable,
            self._beside(armed.protocol),
            armed.series.get(armed.protocol.name, ""),
        )
        summary = acquisition.run(OnePicture(armed.source.name, frame, dropped), frames=1)
        if summary.instances:
            armed.series[armed.protocol.name] = summary.series_instance_uid
        return taken(trigger, summary, durable)

    def _toggle(self, trigger: Trigger) -> Outcome | None:
        return self._stop(trigger) if self.recording else self._start(trigger)

    def _start(self, trigger: Trigger) -> Outcome:
        armed = self._ready_to_take()
        if armed.protocol.object is not ObjectKind.SC:
            raise Refused(
                f"protocol {armed.protocol.name} makes {armed.protocol.object.value} images, of "
                f"which there are no clips: choose a protocol that makes Secondary Capture",
                NO_CLIPS,
                protocol=armed.protocol.name,
            )
        frame, _ = self._fresh(armed, trigger)
        source = armed.source.record(frame)
        durable = Durable(trigger)
        protocol = replace(armed.protocol, multi_frame=not armed.protocol.video)
        # what is said of one still does not hold for a clip; a calibration does
        acquisition = Acquisition(
            self._box, armed.exam_id, protocol, durable, self._beside(armed.protocol)
        )
        self._panel.recording(True)
        since = time.monotonic()
        result = self._recorder.submit(
            self._record, acquisition, source, trigger, durable, armed.exam_id
        )
        armed.clip = Clip(source, result, since)
        return outcome(trigger, note="the clip is being recorded")

    def _stop(self, _: Trigger) -> Outcome | None:
        """The clip tells itself what became of it; without one, as at a release, there is none."""
        if self._armed is not None:
            end_clip(self._armed)
        return None

    def _record(
        self,
        acquisition: Acquisition,
        source: ClipSource,
        trigger: Trigger,
        durable: Durable,
        exam_id: str,
    ) -> None:
        """In the clip's own thread, from its first picture until it is durable."""
        try:
            became = taken(trigger, acquisition.run(source), durable)
        except (Refused, *REFUSALS) as error:
            became = refusal(trigger, error)
        finally:
            source.close()
            self._panel.recording(False)
        self._tell(became, exam_id)

    def _next_protocol(self, trigger: Trigger) -> Outcome:
        armed = self._open_exam()
        place = self._protocols.index(armed.protocol) + 1
        name = self._protocols[place % len(self._protocols)].name
        self.choose(name, wait=True)
        self._guard.chosen(armed.exam_id, name)
        return outcome(trigger, note=f"protocol {name}")

    def _complete(self, trigger: Trigger) -> Outcome:
        armed = self._allowed()
        end_clip(armed)
        lives.complete(self._box, armed.exam_id)
        self.disarm()
        return outcome(trigger, note="the exam is completed")

    def _scan(self, trigger: Trigger) -> Outcome:
        if self._read_scan is None:
            raise Refused(
                "this box has no rules for codes: enter the number on the screen", NO_CODE_RULES
            )
        try:
            scanned = self._read_scan(trigger.text)
        except ValueError as error:
            raise Refused(str(error), NOT_UNDERSTOOD, words=str(error)) from error
        armed = self._armed
        if armed is None:
            return outcome(trigger, scanned=scanned)
        verdict = armed.verdict = armed.identity.scan(scanned)
        kept = self._guard.scanned(armed.exam_id, verdict)
        armed.stopped = not kept and (
            verdict is Verdict.MISMATCH or (armed.stopped and verdict is Verdict.NOTHING_TO_COMPARE)
        )
        self._panel.ready(verdict is not Verdict.MISMATCH and not armed.stopped)
        return outcome(trigger, scanned=scanned, verdict=verdict, **_SAID_OF[verdict])

    def _open_exam(self) -> Armed:
        if self._armed is None:
            raise no_exam()
        return self._armed

    def _allowed(self) -> Armed:
        armed = self._open_exam()
        refused = self._guard.refusal(armed.exam_id)
        if refused is not None:
            raise refused
        if armed.stopped:
            raise wrong_patient()
        return armed

    def _refuse_while_recording(self) -> None:
        if self.recording:
            raise recording()

    def _ready_to_take(self) -> Armed:
        armed = self._allowed()
        self._refuse_while_recording()
        if armed.source.begun:
            require_live(armed.source)
        return armed

    def _fresh(self, armed: Armed, trigger: Trigger) -> tuple[Frame, int]:
        """The picture of a press, and how many were lost while it was waited for."""
        before = armed.source.dropped
        try:
            frame = armed.source.fresh(trigger.monotonic_ns, CAPTURE_SECONDS)
        except TimeoutError:
            require_live(armed.source)  # says it better, where the source knows why
            raise
        return frame, armed.source.dropped - before

    def _find(self, name: str) -> Protocol:
        for protocol in self._protocols:
            if name in ("", protocol.name):
                return protocol
        raise NotFound(f"no protocol is called {name!r}")

    def _tell(self, became: Outcome, exam_id: str) -> Outcome:
        became = replace(became, exam_id=exam_id)
        if became.refused:
            _log.warning("%s by %s refused: %s", became.action, became.source, became.refused)
            self._panel.fault(True)
            self._panel.refused()
        elif became.instances or became.scanned:
            self._panel.fault(False)
            self._panel.done()
        self._report(became)
        return became
