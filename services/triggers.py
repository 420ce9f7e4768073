"""Pedals, buttons and scanners act on the open exam.

A picture is acknowledged, by lamp, tone and report, when it is durable and never before; whatever
is refused has a tone of its own and a reason. Without an open exam nothing is taken.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from threading import Event, RLock

from device.errors import DeviceError
from device.ports import Frame, FrameSource
from device.protocol import ObjectKind, Protocol
from services import exams as lives
from services.acquisition import Acquisition, Beside
from services.armed_source import ArmedSource, ClipSource
from services.box import Box
from services.catalog import exams
from services.errors import NotFound, ServiceError
from services.scanned_identity import IdentityCheck, Scanned, Verdict
from services.taking import Durable, OnePicture, Refused, outcome, taken
from services.trigger_words import NoPanel, Outcome, Panel, Trigger, TriggerStream

_log = logging.getLogger(__name__)

CAPTURE_SECONDS = 2.0
"""Longest wait for the picture of a press."""

LIVE = "live"

_REFUSALS = (ServiceError, DeviceError, OSError, sqlite3.Error)
_NO_EXAM = "no exam is open: choose the patient on the screen, then press again"
_RECORDING = "a clip is being recorded: stop it first"

_WRONG_PATIENT = (
    "the code that was scanned belongs to another patient or order than the open exam: nothing is "
    "taken until a right one is scanned, or the exam is chosen again on the screen"
)

MakeSource = Callable[[str], FrameSource]
BesideOf = Callable[[Protocol], Beside]
ReadScan = Callable[[str], Scanned]
"""Understands a scanned text; raises ``ValueError`` with a reason that does not repeat it."""


_SAID_OF: Mapping[Verdict, Mapping[str, str]] = {
    Verdict.VERIFIED: {"note": "two identifiers agree with the open exam"},
    Verdict.ONE_MORE: {"note": "one identifier agrees: scan a second one, or compare by eye"},
    Verdict.NOTHING_TO_COMPARE: {
        "refused": "the code holds nothing that the open exam knows: scan another of the patient's"
    },
    Verdict.MISMATCH: {"refused": _WRONG_PATIENT},
}


@dataclass(slots=True)
class _Clip:
    source: ClipSource
    result: Future[None]


@dataclass(slots=True)
class _Armed:
    """The exam that triggers act on, with the source of its protocol kept running."""

    exam_id: str
    protocol: Protocol
    source: ArmedSource
    identity: IdentityCheck
    series: dict[str, str] = field(default_factory=dict)
    clip: _Clip | None = None
    stopped: bool = False


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
    ) -> None:
        if not protocols:
            raise ValueError("triggers need at least one protocol to take pictures by")
        self._box = box
        self._protocols = tuple(protocols)
        self._make_source = make_source
        self._panel = panel or NoPanel()
        self._report = report
        self._read_scan = read_scan
        self._beside = beside
        self._lock = RLock()
        self._armed: _Armed | None = None
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
        return armed is not None and armed.clip is not None and not armed.clip.result.done()

    def arm(self, exam_id: str, protocol: str = "") -> None:
        """Let triggers act on this exam, by this protocol or the first one.

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
            self._armed = _Armed(exam_id, chosen, self._run(chosen), IdentityCheck(exam))
            self._panel.ready(True)

    def disarm(self) -> None:
        """End a clip that runs, and let go of the source; triggers are refused from now on."""
        with self._lock:
            armed, self._armed = self._armed, None
            self._panel.ready(False)
            if armed is None:
                return
            try:
                _end_clip(armed)
            finally:
                armed.source.close()

    def close(self) -> None:
        """Disarm, for good."""
        try:
            self.disarm()
        finally:
            self._recorder.shutdown()

    def serve(self, stream: TriggerStream, stop: Event) -> None:
        """Do what the stream brings until told to stop."""
        while not stop.is_set():
            for trigger in stream.events(0.5):
                self.handle(trigger)

    def handle(self, trigger: Trigger) -> None:
        """Do what one trigger asks for; nothing where the site gave it no action.

        What became of it is told by lamps, tone and report: of a clip when it has ended, of
        everything else before this returns.
        """
        if trigger.action is None:
            return
        with self._lock:
            try:
                became = self._actions[trigger.action](trigger)
            except (Refused, *_REFUSALS) as error:
                became = outcome(trigger, refused=str(error) or type(error).__name__)
            if became is not None:
                self._tell(became)

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
                f"which there are no clips: choose a protocol that makes Secondary Capture"
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
        result = self._recorder.submit(self._record, acquisition, source, trigger, durable)
        armed.clip = _Clip(source, result)
        return outcome(trigger, note="the clip is being recorded")

    def _stop(self, _: Trigger) -> Outcome | None:
        """The clip tells itself what became of it; without one, as at a release, there is none."""
        if self._armed is not None:
            _end_clip(self._armed)
        return None

    def _record(
        self, acquisition: Acquisition, source: ClipSource, trigger: Trigger, durable: Durable
    ) -> None:
        """In the clip's own thread, from its first picture until it is durable."""
        try:
            became = taken(trigger, acquisition.run(source), durable)
        except (Refused, *_REFUSALS) as error:
            became = outcome(trigger, refused=str(error) or type(error).__name__)
        finally:
            source.close()
            self._panel.recording(False)
        self._tell(became)

    def _next_protocol(self, trigger: Trigger) -> Outcome:
        armed = self._open_exam()
        self._refuse_while_recording()
        place = self._protocols.index(armed.protocol) + 1
        chosen = self._protocols[place % len(self._protocols)]
        if chosen.source != armed.protocol.source:
            source = self._run(chosen)
            armed.source.close()
            armed.source = source
        armed.protocol = chosen
        return outcome(trigger, note=f"protocol {chosen.name}")

    def _complete(self, trigger: Trigger) -> Outcome:
        armed = self._open_exam()
        _end_clip(armed)
        lives.complete(self._box, armed.exam_id)
        self.disarm()
        return outcome(trigger, note="the exam is completed")

    def _scan(self, trigger: Trigger) -> Outcome:
        if self._read_scan is None:
            raise Refused("this box has no rules for codes: enter the number on the screen")
        try:
            scanned = self._read_scan(trigger.text)
        except ValueError as error:
            raise Refused(str(error)) from error
        armed = self._armed
        if armed is None:
            return outcome(trigger, scanned=scanned)
        verdict = armed.identity.scan(scanned)
        armed.stopped = verdict is Verdict.MISMATCH or (
            armed.stopped and verdict is Verdict.NOTHING_TO_COMPARE
        )
        self._panel.ready(not armed.stopped)
        return outcome(trigger, scanned=scanned, verdict=verdict, **_SAID_OF[verdict])

    def _open_exam(self) -> _Armed:
        if self._armed is None:
            raise Refused(_NO_EXAM)
        return self._armed

    def _refuse_while_recording(self) -> None:
        if self.recording:
            raise Refused(_RECORDING)

    def _ready_to_take(self) -> _Armed:
        armed = self._open_exam()
        self._refuse_while_recording()
        if armed.stopped:
            raise Refused(_WRONG_PATIENT)
        if armed.source.begun:
            _require_live(armed.source)
        return armed

    def _fresh(self, armed: _Armed, trigger: Trigger) -> tuple[Frame, int]:
        """The picture of a press, and how many were lost while it was waited for."""
        before = armed.source.dropped
        try:
            frame = armed.source.fresh(trigger.monotonic_ns, CAPTURE_SECONDS)
        except TimeoutError:
            _require_live(armed.source)  # says it better, where the source knows why
            raise
        return frame, armed.source.dropped - before

    def _run(self, protocol: Protocol) -> ArmedSource:
        source = ArmedSource(self._make_source(protocol.source))
        source.open()
        return source

    def _find(self, name: str) -> Protocol:
        for protocol in self._protocols:
            if name in ("", protocol.name):
                return protocol
        raise NotFound(f"no protocol is called {name!r}")

    def _tell(self, became: Outcome) -> None:
        if became.refused:
            _log.warning("%s by %s refused: %s", became.action, became.source, became.refused)
            self._panel.fault(True)
            self._panel.refused()
        elif became.instances or became.scanned:
            self._panel.fault(False)
            self._panel.done()
        self._report(became)


def _require_live(source: ArmedSource) -> None:
    if source.state != LIVE:
        raise Refused(f"source {source.name}: {source.state}. {source.reason}".rstrip(". "))


def _end_clip(armed: _Armed) -> None:
    """Stop the clip, if one runs, and wait until it is durable."""
    clip, armed.clip = armed.clip, None
    if clip is not None:
        clip.source.stop()
        clip.result.result()
