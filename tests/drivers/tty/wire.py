"""Two ends of a serial line: a simulated one always, and a real one where the tester names it.

``GANTRY_TTY_DEVICE`` is the port that is tested, as a configuration names it, and
``GANTRY_TTY_PEER`` the path of the port at the other end of its null-modem cable.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

import serial

from drivers.tty.framing import enframe
from drivers.tty.model import LineModel, Parity
from drivers.tty.sim import SimulatedLine

DEVICE, PEER = "GANTRY_TTY_DEVICE", "GANTRY_TTY_PEER"
KINDS = ["simulated", "real"] if DEVICE in os.environ and PEER in os.environ else ["simulated"]


class Wire(Protocol):
    """What the contract needs of the far end."""

    @property
    def device(self) -> str: ...

    def say(self, text: str) -> None: ...

    def send(self, data: bytes) -> None: ...

    def received(self, timeout: float) -> bytes: ...


class SimulatedWire:
    def __init__(self, line: SimulatedLine) -> None:
        self._line = line
        self.device = str(line.path)
        self.say, self.send, self.received = line.say, line.send, line.received


class RealWire:
    def __init__(self, model: LineModel) -> None:
        self.device = os.environ[DEVICE]
        self._model = model
        line = model.line
        self._serial = serial.Serial(
            os.environ[PEER],
            line.baud,
            line.data_bits,
            {Parity.NONE: "N", Parity.EVEN: "E", Parity.ODD: "O"}[line.parity],
            line.stop_bits,
            timeout=0,
        )

    def say(self, text: str) -> None:
        self.send(enframe(self._model, text.encode(self._model.encoding)))

    def send(self, data: bytes) -> None:
        self._serial.write(data)
        self._serial.flush()

    def received(self, timeout: float) -> bytes:
        self._serial.timeout = timeout
        return bytes(self._serial.read(1) + self._serial.read(self._serial.in_waiting))

    def close(self) -> None:
        self._serial.close()


@contextmanager
def connect(kind: str, model: LineModel) -> Iterator[Wire]:
    if kind == "simulated":
        with SimulatedLine(model) as line:
            yield SimulatedWire(line)
        return
    wire = RealWire(model)
    try:
        yield wire
    finally:
        wire.close()


def until(true: Callable[[], bool], seconds: float = 60.0) -> float:
    """Seconds until something became true; fails where it does not in time."""
    begin = time.monotonic()
    while not true():
        assert time.monotonic() - begin < seconds, "it did not become true in time"
        time.sleep(0.002)
    return time.monotonic() - begin
