"""The whole front panel: contacts in, lamps and buzzer out."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from drivers.errors import SourceUnavailable
from drivers.panel.buzzer import DONE, REFUSED, Buzzer
from drivers.panel.contacts import Contact, Contacts
from drivers.panel.gpio import Gpio, begin
from drivers.panel.lamps import LampPins, Lamps


class FrontPanel:
    """One panel on the pins of the board.

    Parameters
    ----------
    name : str
        As configured.
    gpio : Gpio
        The module, from :func:`drivers.panel.gpio.find_gpio` or simulated.
    contacts : sequence of Contact
        Foot switches and exposure lines.
    lamps : LampPins
        Pins of the lamps.
    buzzer : int or None
        Pin of the buzzer.
    clock : callable
        Monotonic nanoseconds.

    Raises
    ------
    ValueError
        One pin is given two tasks.
    """

    def __init__(
        self,
        name: str,
        gpio: Gpio,
        contacts: Sequence[Contact] = (),
        lamps: LampPins | None = None,
        buzzer: int | None = None,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        pins = lamps or LampPins()
        used = [*(contact.channel for contact in contacts), *pins.channels]
        used += [] if buzzer is None else [buzzer]
        twice = sorted({pin for pin in used if used.count(pin) > 1})
        if twice:
            raise ValueError(f"{name}: pins with two tasks: {', '.join(map(str, twice))}")
        self._name = name
        self._gpio = gpio
        self._lamps = Lamps(gpio, pins)
        self._buzzer = Buzzer(gpio, buzzer)
        self.contacts = Contacts(name, gpio, contacts, clock)
        """The inputs, a source of trigger events; opened and closed by who reads it."""

    def open(self) -> None:
        """Make lamps and buzzer ready; all are off.

        Raises
        ------
        SourceUnavailable
            The module refuses a pin.
        """
        try:
            begin(self._gpio)
            self._lamps.open()
            self._buzzer.open()
        except (RuntimeError, ValueError, OSError) as error:
            raise SourceUnavailable(
                self._name,
                f"a lamp or the buzzer cannot be used ({error})",
                "Compare the pin numbers of the configuration with the wiring (BCM numbers), and "
                "look whether another program uses them.",
            ) from error

    def ready(self, lit: bool) -> None:
        """Light the ready lamp: a press would take a picture."""
        self._lamps.ready(lit)

    def recording(self, lit: bool) -> None:
        """Light the recording lamp."""
        self._lamps.recording(lit)

    def fault(self, lit: bool) -> None:
        """Light the fault lamp: a person has to look at the screen."""
        self._lamps.fault(lit)

    def done(self) -> None:
        """Sound that the picture is safe."""
        self._buzzer.play(DONE)

    def refused(self) -> None:
        """Sound that nothing was taken."""
        self._buzzer.play(REFUSED)

    def close(self) -> None:
        """Lamps and buzzer off; their pins are given back."""
        self._buzzer.close()
        self._lamps.close()
