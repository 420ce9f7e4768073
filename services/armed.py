"""The exam that triggers act on, its running source and its clip."""

from __future__ import annotations

import time
from concurrent.futures import Future
from dataclasses import dataclass, field

from device.protocol import Protocol
from services.armed_source import LIVE, ArmedSource, ClipSource
from services.refusals import not_live
from services.scanned_identity import IdentityCheck, Verdict


@dataclass(slots=True)
class Clip:
    """A clip that is being recorded in a thread of its own; ``since`` is monotonic seconds."""

    source: ClipSource
    result: Future[None]
    since: float


@dataclass(slots=True)
class Armed:
    """The exam that triggers act on, with the source of its protocol kept running."""

    exam_id: str
    protocol: Protocol
    source: ArmedSource
    identity: IdentityCheck
    series: dict[str, str] = field(default_factory=dict)
    clip: Clip | None = None
    stopped: bool = False
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class View:
    """How the desk is at one moment, for the screen.

    Attributes
    ----------
    exam_id, protocol
        Both empty where nothing is armed.
    seconds, frames
        Of the clip that is being recorded; None where none is.
    stopped
        Whether a wrong code was scanned, and nothing is taken until a right one is.
    """

    exam_id: str = ""
    protocol: str = ""
    source: ArmedSource | None = None
    seconds: float | None = None
    frames: int | None = None
    stopped: bool = False
    verdict: Verdict | None = None


def require_live(source: ArmedSource) -> None:
    """Raise the refusal of a source that shows no patient now."""
    if source.state != LIVE:
        raise not_live(source.name, source.state, source.reason)


def clip_of(armed: Armed) -> Clip | None:
    """The clip that is being recorded now."""
    clip = armed.clip
    return None if clip is None or clip.result.done() else clip


def end_clip(armed: Armed) -> None:
    """Stop the clip, if one runs, and wait until it is durable."""
    clip, armed.clip = armed.clip, None
    if clip is not None:
        clip.source.stop()
        clip.result.result()


def view_of(armed: Armed | None) -> View:
    """How it is now; asked without any lock, whatever is being taken."""
    if armed is None:
        return View()
    clip = clip_of(armed)
    return View(
        exam_id=armed.exam_id,
        protocol=armed.protocol.name,
        source=armed.source,
        seconds=time.monotonic() - clip.since if clip else None,
        frames=clip.source.frames if clip else None,
        stopped=armed.stopped,
        verdict=armed.verdict,
    )
