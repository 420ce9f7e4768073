"""Triggers and the panel as the services see them, by shape, and what became of a trigger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from services.scanned_identity import Scanned, Verdict


class Trigger(Protocol):
    """Something a person did, with what the site made it do.

    ``action`` is one of ``capture``, ``record``, ``record_start``, ``record_stop``,
    ``next_protocol``, ``complete`` and ``scan``, or None.
    """

    @property
    def source(self) -> str: ...

    @property
    def action(self) -> str | None: ...

    @property
    def text(self) -> str:
        """What was scanned; may be a patient's identity."""
        ...

    @property
    def monotonic_ns(self) -> int: ...


class TriggerStream(Protocol):
    """Where triggers come from, oldest first."""

    def events(self, timeout: float) -> Sequence[Trigger]: ...


class Panel(Protocol):
    """Lamps and buzzer."""

    def ready(self, lit: bool) -> None: ...

    def recording(self, lit: bool) -> None: ...

    def fault(self, lit: bool) -> None: ...

    def done(self) -> None: ...

    def refused(self) -> None: ...


class Guard(Protocol):
    """What the screen says of the patient, asked at every press."""

    def refusal(self, exam_id: str) -> Exception | None:
        """Why nothing may be taken for this exam now."""
        ...

    def scanned(self, exam_id: str, verdict: Verdict) -> bool:
        """Take notice of a scan; whether a wrong one stays a refusal by :meth:`refusal`."""
        ...

    def chosen(self, exam_id: str, protocol: str) -> None:
        """Take notice that a pedal chose another protocol."""
        ...


class NoGuard:
    """Nobody has a screen: whatever is armed counts."""

    def refusal(self, exam_id: str) -> Exception | None:  # noqa: ARG002
        return None

    def scanned(self, exam_id: str, verdict: Verdict) -> bool:  # noqa: ARG002
        return False

    def chosen(self, exam_id: str, protocol: str) -> None:
        """There is nowhere to keep it."""


class NoPanel:
    """A box without lamps and buzzer: the screen alone says what happened."""

    def ready(self, lit: bool) -> None:
        """There is no such lamp."""

    def recording(self, lit: bool) -> None:
        """There is no such lamp."""

    def fault(self, lit: bool) -> None:
        """There is no such lamp."""

    def done(self) -> None:
        """There is no buzzer."""

    def refused(self) -> None:
        """There is no buzzer."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a trigger, for the screen.

    Attributes
    ----------
    action, source
        What was to be done, and who asked for it.
    refused
        Why it was not, or not to its end, in a sentence for the operator; else empty.
    instances
        SOP Instance UIDs that are durable because of it.
    note
        What the operator should know although it was done.
    scanned, verdict
        What a code said, and what that means for the open exam; None without one.
    durable_ms
        Milliseconds from the gesture until the first instance was durable.
    exam_id
        The exam that was armed; empty where none was.
    code, params
        Where it was refused, what the screen explains in its own language, and with what words.
    """

    action: str
    source: str
    refused: str = ""
    instances: tuple[str, ...] = ()
    note: str = ""
    scanned: Scanned | None = None
    verdict: Verdict | None = None
    durable_ms: float | None = None
    exam_id: str = ""
    code: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def done(self) -> bool:
        return not self.refused
