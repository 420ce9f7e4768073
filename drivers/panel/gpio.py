"""The part of the RPi.GPIO programming interface that the panel uses, and where to find it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any, Protocol, cast

from drivers.errors import SourceUnavailable


class Gpio(Protocol):
    """A module, or an object with the same functions.

    RPi.GPIO and rpi-lgpio both are installed as ``RPi.GPIO`` and exclude each other. Faults of use
    are ``RuntimeError`` and ``ValueError`` as there.
    """

    BCM: Any
    IN: Any
    OUT: Any
    LOW: Any
    HIGH: Any
    PUD_UP: Any
    PUD_DOWN: Any
    BOTH: Any

    def setmode(self, mode: Any, /) -> None: ...

    def setwarnings(self, on: bool, /) -> None: ...

    def setup(
        self, channel: int, direction: Any, pull_up_down: Any = ..., initial: Any = ...
    ) -> None: ...

    def input(self, channel: int, /) -> int: ...

    def output(self, channel: int, value: Any, /) -> None: ...

    def add_event_detect(
        self, channel: int, edge: Any, callback: Callable[[int], None] | None = ...
    ) -> None: ...

    def remove_event_detect(self, channel: int, /) -> None: ...

    def cleanup(self, channel: Sequence[int] | int = ..., /) -> None: ...


def find_gpio(device: str, module: str = "RPi.GPIO") -> Gpio:
    """The installed GPIO module, told to number the pins as the chip does (BCM).

    Parameters
    ----------
    device : str
        Name of the panel, for the text of the error.
    module : str
        Another module with the same functions.

    Raises
    ------
    SourceUnavailable
        None is installed, or it does not know this board or kernel.
    """
    try:
        gpio = cast(Gpio, importlib.import_module(module))
        begin(gpio)
    except ImportError as error:
        raise SourceUnavailable(
            device,
            f"the Python module {module} is not installed",
            "Install rpi-lgpio (current kernels, Pi 5) or RPi.GPIO (kernels before 6.6), not both.",
        ) from error
    except (RuntimeError, OSError, ValueError) as error:
        raise SourceUnavailable(
            device,
            f"{module} cannot use the pins of this machine ({error})",
            "On a Pi 5 or a kernel from 6.6 on replace RPi.GPIO by rpi-lgpio, and see that the "
            "user of the box is in the group gpio.",
        ) from error
    return gpio


def begin(gpio: Gpio) -> None:
    """Number the pins as the chip does, and keep the module's warnings off the terminal.

    It warns of pins that are set up already; after a crash they always are.
    """
    gpio.setwarnings(False)
    gpio.setmode(gpio.BCM)
