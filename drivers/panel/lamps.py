"""The lamps of the panel: ready, recording, fault."""

from __future__ import annotations

from dataclasses import dataclass

from drivers.panel.gpio import Gpio


@dataclass(frozen=True, slots=True)
class LampPins:
    """Pins (BCM numbers) of the lamps; None where there is none. A lamp lights at high level."""

    ready: int | None = None
    recording: int | None = None
    fault: int | None = None

    @property
    def channels(self) -> tuple[int, ...]:
        pins = (self.ready, self.recording, self.fault)
        return tuple(pin for pin in pins if pin is not None)


class Lamps:
    """Steady lamps; all are dark from :meth:`open` on until they are lit."""

    def __init__(self, gpio: Gpio, pins: LampPins) -> None:
        self._gpio = gpio
        self._pins = pins

    def open(self) -> None:
        for channel in self._pins.channels:
            self._gpio.setup(channel, self._gpio.OUT, initial=self._gpio.LOW)

    def ready(self, lit: bool) -> None:
        """A patient's exam is open and the picture is live: a press would take it."""
        self._light(self._pins.ready, lit)

    def recording(self, lit: bool) -> None:
        """A clip is being written."""
        self._light(self._pins.recording, lit)

    def fault(self, lit: bool) -> None:
        """A person has to look at the screen."""
        self._light(self._pins.fault, lit)

    def close(self) -> None:
        if self._pins.channels:
            self._gpio.cleanup(list(self._pins.channels))

    def _light(self, channel: int | None, lit: bool) -> None:
        if channel is not None:
            self._gpio.output(channel, self._gpio.HIGH if lit else self._gpio.LOW)
