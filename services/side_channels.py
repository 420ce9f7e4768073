"""Side channels while pictures are taken: what they say goes with the next picture, or nowhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Protocol

from device.exam import Exam
from device.pairing import PendingReadings, Reading
from device.ports import Frame
from device.provenance import Contribution, Source, said_beside
from device.same_patient import differing, identity_of
from services.errors import IdentityMismatch

Says = Callable[[Frame], tuple[Contribution, ...]]


class Line(Protocol):
    """A serial line or printer stream, by shape."""

    @property
    def name(self) -> str: ...

    def open(self) -> None: ...

    def readings(self, timeout: float) -> Sequence[Reading]:
        """What was reported since the last call."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class SideChannel:
    """A line with what its words count as.

    Attributes
    ----------
    line : Line
        Not opened yet.
    source : Source
        ``SERIAL`` or ``PRINT``.
    window : float
        Seconds after a reading in which its picture may come.
    """

    line: Line
    source: Source
    window: float


@contextmanager
def listening(channels: Sequence[SideChannel], exam: Exam) -> Iterator[Says]:
    """Listen while the block lasts; yields what is to be asked for each picture.

    What is asked raises :class:`services.errors.IdentityMismatch` when a channel names another
    patient than the exam's: no picture is taken until somebody has looked.
    """
    with ExitStack() as undo:
        for channel in channels:
            channel.line.open()
            undo.callback(channel.line.close)
        yield _Listener(channels, exam)


class _Listener:
    def __init__(self, channels: Sequence[SideChannel], exam: Exam) -> None:
        self._channels = [
            (channel, PendingReadings(round(channel.window * 1e9))) for channel in channels
        ]
        self._identity = identity_of(exam)

    def __call__(self, frame: Frame) -> tuple[Contribution, ...]:
        said: list[Contribution] = []
        for channel, pending in self._channels:
            readings = channel.line.readings(0)
            self._compare(channel.line.name, readings)
            pending.add(readings)
            said += said_beside(pending.take(frame.monotonic_ns), channel.source)
        return tuple(said)

    def _compare(self, name: str, readings: Sequence[Reading]) -> None:
        said = {one.keyword: str(one.value or "") for one in readings}
        wrong = differing(self._identity, said)
        if wrong:
            raise IdentityMismatch(
                f"{name} names another patient than this exam: {', '.join(wrong)} "
                f"differs. The picture was not taken; compare the console with the exam, and go "
                f"on with the exam of the patient who is there"
            )
