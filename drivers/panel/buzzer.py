"""The buzzer of the panel: what is done and what is refused must sound different without looking.

A buzzer with its own oscillator is expected: it sounds while its pin is high.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event

from drivers.panel.gpio import Gpio

Pattern = tuple[float, ...]
"""Seconds of sound and silence in turn, beginning with sound."""

DONE: Pattern = (0.12,)
"""The picture is safe: one short beep."""

REFUSED: Pattern = (0.08, 0.08, 0.08, 0.08, 0.4)
"""Nothing was taken: two short beeps and a long one."""

Wait = Callable[[Event, float], bool]


def _wait(stop: Event, seconds: float) -> bool:
    return stop.wait(seconds)


class Buzzer:
    """Plays one pattern at a time; a new one cuts the old one short.

    Parameters
    ----------
    gpio : Gpio
        The module.
    channel : int or None
        Pin (BCM number); None for a panel without a buzzer.
    wait : callable
        ``wait(event, seconds)``: True as soon as the event is set.
    """

    def __init__(self, gpio: Gpio, channel: int | None, wait: Wait = _wait) -> None:
        self._gpio = gpio
        self._channel = channel
        self._wait = wait
        self._player: ThreadPoolExecutor | None = None
        self._stop = Event()
        self._playing: Future[None] | None = None

    def open(self) -> None:
        if self._channel is None or self._player is not None:
            return
        self._gpio.setup(self._channel, self._gpio.OUT, initial=self._gpio.LOW)
        self._player = ThreadPoolExecutor(1, "buzzer")

    def play(self, pattern: Pattern) -> None:
        """Begin to play, and return at once.

        Raises what the module raised at the pattern before, if it did.
        """
        if self._player is None or self._channel is None:
            return
        self._stop.set()
        if self._playing is not None:
            self._playing.result()
        self._stop = Event()
        self._playing = self._player.submit(self._play, self._channel, pattern, self._stop)

    def close(self) -> None:
        """Be silent and give the pin back."""
        if self._player is None:
            return
        self._stop.set()
        self._player.shutdown()
        self._player = None
        self._playing = None
        if self._channel is not None:
            self._gpio.cleanup(self._channel)

    def _play(self, channel: int, pattern: Pattern, stop: Event) -> None:
        gpio = self._gpio
        try:
            for place, seconds in enumerate(pattern):
                gpio.output(channel, gpio.LOW if place % 2 else gpio.HIGH)
                if self._wait(stop, seconds):
                    return
        finally:
            gpio.output(channel, gpio.LOW)
