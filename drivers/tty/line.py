"""Listens to one serial device: readings and events, whatever happens to the line."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from threading import Condition, Event, Thread
from typing import Generic, TypeVar

from drivers.readings import Reading
from drivers.timing import SYSTEM, Timing
from drivers.triggers import TriggerEvent
from drivers.tty.framing import Framer, Garble, Payload
from drivers.tty.interpret import Interpreter
from drivers.tty.model import LineModel
from drivers.tty.port import Port, SerialPort
from drivers.tty.raw_log import RECEIVED, SENT, RawLog, ReplayPort

MOST_WAITING = 256
"""Readings, and events, that wait for somebody to take them; the oldest go first."""

RECONNECT_SECONDS = 0.5
"""Pause between two attempts to open a port that is not there."""

WRONG_SETTINGS_BYTES = 64
"""So many bytes without one sound message are not noise: baud or parity are wrong."""

REPLAY = "replay:"
"""What stands before the path of a raw log that is played instead of a device."""

_SECOND = 1_000_000_000

OpenPort = Callable[[], Port]
Item = TypeVar("Item")


class LineState(StrEnum):
    """How a line is; the words are those of every capture device."""

    NO_DEVICE = "no device"
    NO_SIGNAL = "no signal"
    UNSUPPORTED_MODE = "unsupported mode"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class LineCounts:
    """What came over a line since it was opened.

    Attributes
    ----------
    messages : int
        Sound messages that the driver file knows.
    unknown : int
        Sound messages that it does not know.
    damaged : int
        Messages with a wrong check, broken off or too long, and noise between messages.
    implausible : int
        Values that cannot be true and were left out.
    losses : int
        How often the port went away.
    """

    messages: int = 0
    unknown: int = 0
    damaged: int = 0
    implausible: int = 0
    losses: int = 0


class _Waiting(Generic[Item]):
    """A bounded store between the reader of the line and whoever takes from it."""

    def __init__(self, news: Condition) -> None:
        self._news = news
        self._items: deque[Item] = deque(maxlen=MOST_WAITING)

    def put(self, items: tuple[Item, ...]) -> None:
        self._items.extend(items)

    def take(self) -> list[Item]:
        taken = list(self._items)
        self._items.clear()
        return taken

    def __bool__(self) -> bool:
        return bool(self._items)


class TextLine:
    """A serial device that is listened to, and found again after it was unplugged.

    Satisfies the shape of an event source (:class:`drivers.triggers.EventSource`) and gives
    readings beside. A message that cannot be read takes back what the device said of its
    attributes before, since nobody knows what it would have said now.

    Parameters
    ----------
    name : str
        As configured.
    device : str
        Which port, as :func:`drivers.tty.discovery.resolve` takes it; ``replay:PATH`` plays a raw
        log instead, from its beginning at every :meth:`open`.
    model : LineModel
        How the device speaks.
    raw_log : RawLog or None
        Takes every byte.
    open_port : callable or None
        Opens something else than ``device``.
    timing : Timing
        Clocks.
    """

    def __init__(
        self,
        name: str,
        device: str,
        model: LineModel,
        *,
        raw_log: RawLog | None = None,
        open_port: OpenPort | None = None,
        timing: Timing = SYSTEM,
    ) -> None:
        self._name = name
        self._model = model
        self._raw_log = raw_log
        self._open_port = open_port or (lambda: _open_device(name, device, model))
        self._timing = timing
        self._interpreter = Interpreter(name, model)
        self._framer = Framer(model)
        self._news = Condition()
        self._readings: _Waiting[Reading] = _Waiting(self._news)
        self._events: _Waiting[TriggerEvent] = _Waiting(self._news)
        self._closing = Event()
        self._reader: Thread | None = None
        self._failure: BaseException | None = None
        self._counts = LineCounts()
        self._fault = ""
        self._connected = False
        self._heard_ns: int | None = None
        self._garbled_bytes = 0

    @property
    def name(self) -> str:
        """Name as configured."""
        return self._name

    @property
    def counts(self) -> LineCounts:
        """What came since :meth:`open`."""
        return self._counts

    @property
    def fault(self) -> str:
        """What keeps the line from working and what to do about it; empty where nothing does."""
        return self._fault

    @property
    def state(self) -> LineState:
        """How the line is now.

        *No signal* is a port where nothing was heard yet, or for longer than the driver file
        allows; *unsupported mode* one where bytes come and no message can be made of them.
        """
        if not self._connected:
            return LineState.NO_DEVICE
        if self._garbled_bytes >= WRONG_SETTINGS_BYTES:
            return LineState.UNSUPPORTED_MODE
        heard, allowed = self._heard_ns, self._model.silence_seconds
        if heard is None:
            return LineState.NO_SIGNAL
        if allowed is not None and self._timing.monotonic_ns() - heard > allowed * _SECOND:
            return LineState.NO_SIGNAL
        return LineState.LIVE

    def open(self) -> None:
        """Begin to listen; a port that is not there is waited for, and :attr:`fault` says so."""
        if self._reader is not None:
            return
        self._closing.clear()
        self._counts = LineCounts()
        self._failure = None
        self._reader = Thread(target=self._read_on, name=f"line {self._name}", daemon=True)
        self._reader.start()

    def readings(self, timeout: float) -> list[Reading]:
        """What was reported since the last call, in order; empty after ``timeout`` seconds."""
        return self._take(self._readings, timeout)

    def events(self, timeout: float) -> list[TriggerEvent]:
        """What happened since the last call, in order; empty after ``timeout`` seconds."""
        return self._take(self._events, timeout)

    def close(self) -> None:
        """Let go of the port; may be called twice, and lets waiting callers go."""
        self._closing.set()
        self._wake()
        if self._reader is not None:
            self._reader.join()
            self._reader = None

    def _take(self, waiting: _Waiting[Item], timeout: float) -> list[Item]:
        deadline = self._timing.monotonic_ns() + round(timeout * _SECOND)
        with self._news:
            while not waiting and not self._closing.is_set():
                if self._failure is not None:
                    raise self._failure
                left = deadline - self._timing.monotonic_ns()
                if left <= 0:
                    break
                self._news.wait(left / _SECOND)
            return waiting.take()

    def _wake(self) -> None:
        with self._news:
            self._news.notify_all()

    def _read_on(self) -> None:
        """Work of the reader; a fault of ours ends it, and whoever takes from the line next."""
        try:
            self._run()
        except BaseException as failure:
            self._failure = failure
            self._wake()
            raise

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                port = self._open_port()
            except OSError as error:
                self._fault = str(error)
                self._timing.wait(self._closing, RECONNECT_SECONDS)
                continue
            try:
                self._listen(port)
            except OSError as error:
                self._lose(error)
            finally:
                self._connected = False
                port.close()

    def _listen(self, port: Port) -> None:
        self._fault, self._heard_ns, self._garbled_bytes = "", None, 0
        self._connected = True
        last_byte = self._timing.monotonic_ns()
        while not self._closing.is_set():
            data = port.read()
            now = self._timing.monotonic_ns()
            gap = now - last_byte > self._model.framing.gap_seconds * _SECOND
            if gap and self._framer.pending:
                self._abandon(port, now)
            if data:
                last_byte = now
                self._log(RECEIVED, data, now)
                for found in self._framer.feed(data):
                    self._handle(port, found, now)

    def _handle(self, port: Port, found: Payload | Garble, now: int) -> None:
        heard = None
        if isinstance(found, Payload):
            heard = self._interpreter.hear(found.data, now)
        counts = self._counts
        if heard is None:
            self._garbled_bytes += len(found.data) or self._model.framing.longest
            self._counts = replace(counts, damaged=counts.damaged + 1)
            self._reply(port, sound=False, now=now)
            self._withdraw(now)
            return
        self._garbled_bytes, self._heard_ns = 0, now
        self._counts = replace(
            counts,
            messages=counts.messages + bool(heard.message),
            unknown=counts.unknown + (not heard.message),
            implausible=counts.implausible + heard.implausible,
        )
        self._reply(port, sound=True, now=now)
        with self._news:
            self._readings.put(heard.readings)
            self._events.put(heard.events)
            self._news.notify_all()

    def _abandon(self, port: Port, now: int) -> None:
        rest = self._framer.abandon()
        if rest is not None:
            self._handle(port, rest, now)

    def _lose(self, error: OSError) -> None:
        self._connected = False
        self._fault = str(error)
        self._counts = replace(self._counts, losses=self._counts.losses + 1)
        self._framer.abandon()
        self._withdraw(self._timing.monotonic_ns())

    def _withdraw(self, now: int) -> None:
        """Nobody knows what the device said, so what it said before no longer holds."""
        with self._news:
            self._readings.put(self._interpreter.withdraw(self._model.keywords, "", now))
            self._news.notify_all()

    def _reply(self, port: Port, *, sound: bool, now: int) -> None:
        if self._model.reply is None:
            return
        answer = self._model.reply.good if sound else self._model.reply.bad
        if answer:
            port.write(answer)
            self._log(SENT, answer, now)

    def _log(self, direction: str, data: bytes, now: int) -> None:
        if self._raw_log is None:
            return
        try:
            self._raw_log.record(direction, data, now, self._timing.now())
        except OSError as error:
            # listening goes on: the log is for the technician, the readings are for the patient
            self._fault = f"{self._name}: the raw log cannot be written ({error.strerror})"
            self._raw_log = None


def _open_device(name: str, device: str, model: LineModel) -> Port:
    if device.startswith(REPLAY):
        return ReplayPort(Path(device.removeprefix(REPLAY)))
    return SerialPort(name, device, model.line)
