"""Pins with somebody at the other end: simulated, or the kernel's gpio-sim behind a real module.

The real one is chosen by the environment:

``GANTRY_GPIO_MODULE``
    Python module with the functions of RPi.GPIO, such as ``RPi.GPIO``.
``GANTRY_GPIO_LINES``
    Folder of a gpio-sim chip in sysfs whose ``sim_gpioN`` folders are the pins N of that module.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from drivers.panel.gpio import Gpio, find_gpio
from drivers.panel.sim import SimulatedGpio

PEDAL, SECOND_PEDAL, EXPOSURE, LAMP, BUZZER = 17, 27, 22, 23, 24


class Bench(Protocol):
    """What the test may do from outside."""

    gpio: Gpio

    def drive(self, channel: int, high: bool) -> None: ...

    def is_high(self, channel: int) -> bool: ...


class SimulatedBench:
    def __init__(self) -> None:
        self.board = SimulatedGpio()
        self.gpio: Gpio = self.board

    def drive(self, channel: int, high: bool) -> None:
        self.board.drive(channel, high)

    def is_high(self, channel: int) -> bool:
        return self.board.is_high(channel)


class KernelBench:
    """Lines of gpio-sim: ``pull`` moves an input, ``value`` shows an output."""

    def __init__(self, module: str, lines: Path) -> None:
        self.gpio: Gpio = find_gpio("test", module)
        self._lines = lines

    def drive(self, channel: int, high: bool) -> None:
        pull = self._lines / f"sim_gpio{channel}" / "pull"
        pull.write_text("pull-up" if high else "pull-down")

    def is_high(self, channel: int) -> bool:
        return (self._lines / f"sim_gpio{channel}" / "value").read_text().strip() == "1"


def names() -> list[str]:
    return ["simulated", "kernel"] if "GANTRY_GPIO_MODULE" in os.environ else ["simulated"]


@contextmanager
def bench(name: str) -> Iterator[Bench]:
    """A bench on which every contact is open, as pull-ups would have it."""
    made: Bench = SimulatedBench()
    if name == "kernel":
        lines = Path(os.environ["GANTRY_GPIO_LINES"])
        made = KernelBench(os.environ["GANTRY_GPIO_MODULE"], lines)
    for channel in (PEDAL, SECOND_PEDAL, EXPOSURE):
        made.drive(channel, True)
    yield made
