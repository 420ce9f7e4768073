"""A barcode scanner that types what it reads: a keyboard wedge."""

from __future__ import annotations

import time
from collections.abc import Callable

from drivers.hid.grabbed import GrabbedDevice
from drivers.hid.identity import Identity
from drivers.hid.key_text import CONTROL, ENTER, SHIFT, character
from drivers.hid.nodes import InputBus, KeyEvent
from drivers.triggers import Gesture, TriggerEvent

_SECOND = 1_000_000_000

GAP_NS = 50_000_000
"""A scanner leaves no more than this between two characters, in nanoseconds; a hand leaves more."""

ANEW_NS = 500_000_000
"""What comes after a longer pause belongs to another text, in nanoseconds."""

LONGEST = 4096
"""Characters of one scan; the largest symbols hold fewer."""


class WedgeText:
    """Keys become one text for each scan, which ends with Enter: a pure state machine.

    A text with a pause in it, or with a key that types no character, is thrown away whole, to its
    end: half an identity would be worse than none.

    Attributes
    ----------
    dropped : int
        Texts that were thrown away.
    """

    def __init__(self, gap_ns: int = GAP_NS) -> None:
        self._gap = gap_ns
        self._text: list[str] = []
        self._spoilt = False
        self._last: int | None = None
        self._held: set[int] = set()
        self.dropped = 0

    def key(self, key: KeyEvent) -> str | None:
        """Take one key; the text of the scan that it ends, else None."""
        if key.code in SHIFT | CONTROL:
            (self._held.add if key.down else self._held.discard)(key.code)
            return None
        if not key.down:
            return None
        if self._last is not None:
            self._paused(key.monotonic_ns - self._last)
        self._last = key.monotonic_ns
        if key.code in ENTER:
            return self._end()
        char = character(
            key.code, shift=bool(self._held & SHIFT), control=bool(self._held & CONTROL)
        )
        if char is None or len(self._text) == LONGEST:
            self._spoilt = True
        elif not self._spoilt:
            self._text.append(char)
        return None

    def _paused(self, gap_ns: int) -> None:
        """What follows a pause may be the other half of what came before it."""
        if gap_ns > max(ANEW_NS, self._gap):
            self._forget()
        elif gap_ns > self._gap and self._text:
            self._spoilt = True

    def lose(self) -> None:
        """Keys were lost: the next one belongs to a text that cannot be trusted."""
        self._held.clear()
        self._spoilt = True
        self._last = None

    def restart(self) -> None:
        """The scanner was unplugged: the next key begins a new text."""
        self._held.clear()
        self._forget()
        self._last = None

    def _end(self) -> str | None:
        if self._spoilt:
            self._forget()
            return None
        text = "".join(self._text)
        self._text.clear()
        return text or None

    def _forget(self) -> None:
        self.dropped += bool(self._text or self._spoilt)
        self._text.clear()
        self._spoilt = False


class WedgeScanner:
    """A paired scanner as a source of trigger events: one ``scan`` for each code.

    The scanner has to be set to keyboard layout US, suffix CR, and, for GS1 codes, to send FNC1 as
    Control and the right bracket. Parameters as for :class:`drivers.hid.pedal.HidPedal`.
    """

    def __init__(
        self,
        name: str,
        bus: InputBus,
        identity: Identity,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._name = name
        self._device = GrabbedDevice(bus, identity, clock)
        self._clock = clock
        self._text = WedgeText()

    @property
    def name(self) -> str:
        return self._name

    @property
    def state(self) -> str:
        return self._device.state

    @property
    def dropped(self) -> int:
        """Texts thrown away since :meth:`open`, because they came too slowly or incomplete."""
        return self._text.dropped

    def open(self) -> None:
        self._text = WedgeText()
        self._device.open()

    def events(self, timeout: float) -> list[TriggerEvent]:
        deadline = self._clock() + round(timeout * _SECOND)
        while True:
            keys = self._device.read((deadline - self._clock()) / _SECOND)
            if keys.lost:
                self._text.lose()
            events = []
            for key in keys.events:
                text = self._text.key(key)
                if text is not None:
                    scan = TriggerEvent(self._name, Gesture.SCAN, key.monotonic_ns, text)
                    events.append(scan)
            if keys.gone:
                self._text.restart()
            if events or self._clock() >= deadline:
                return events

    def close(self) -> None:
        self._device.close()
