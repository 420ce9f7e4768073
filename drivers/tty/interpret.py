"""What a message says: readings of attributes, and events."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from drivers.readings import Reading
from drivers.triggers import Gesture, TriggerEvent
from drivers.tty.load_messages import INTEGERS, TIMES
from drivers.tty.model import Field, LineModel, Message

_NUMBER = re.compile(r"[+-]?\s*(\d+(\.\d*)?|\.\d+)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_TEXT_LIMITS = {"AE": 16, "AS": 4, "CS": 16, "LO": 64, "PN": 64, "SH": 16, "ST": 1024}
_LONGEST_TEXT = 10240
_INTEGER_LIMITS = {
    "IS": (-(2**31), 2**31 - 1),
    "SL": (-(2**31), 2**31 - 1),
    "SS": (-(2**15), 2**15 - 1),
    "UL": (0, 2**32 - 1),
    "US": (0, 2**16 - 1),
}
_EARLIEST_YEAR = 1850
_TIME_FORMATS = {"DA": "%Y%m%d", "TM": "%H%M%S"}


class _Implausible(Exception):
    """What stands in the field cannot be true."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What one message said.

    Attributes
    ----------
    message : str
        Name of the message in the driver file, empty where it is none of them.
    readings : tuple of Reading
        One for each field; without value where the field is empty or cannot be true.
    events : tuple of TriggerEvent
        At most one.
    implausible : int
        Fields that cannot be true.
    """

    message: str = ""
    readings: tuple[Reading, ...] = ()
    events: tuple[TriggerEvent, ...] = ()
    implausible: int = 0


class Interpreter:
    """Reads the messages of one device.

    Parameters
    ----------
    source : str
        Name of the source as configured.
    model : LineModel
        The device.
    """

    def __init__(self, source: str, model: LineModel) -> None:
        self._source = source
        self._model = model

    def hear(self, payload: bytes, at_ns: int) -> Heard | None:
        """Read one payload that came at this monotonic time; None where it is damaged.

        A payload is damaged where its characters are not those of the driver file's encoding, and
        where a device that says only what the file knows said something else.
        """
        try:
            text = payload.decode(self._model.encoding)
        except UnicodeDecodeError:
            return None
        for message in self._model.messages:
            places = _match(message, text)
            if places is not None:
                return self._read(message, text, places, at_ns)
        return None if self._model.closed else Heard()

    def withdraw(self, keywords: Iterable[str], raw: str, at_ns: int) -> tuple[Reading, ...]:
        """Take back what was said of these attributes."""
        return tuple(Reading(self._source, one, None, "", raw, at_ns) for one in keywords)

    def _read(self, message: Message, text: str, places: dict[str, str], at_ns: int) -> Heard:
        readings, implausible = [], 0
        for field in message.fields:
            raw = _raw(field, text, places)
            value: str | int | float | None = None
            try:
                value = _value(field, raw.strip(), self._model.decimal_comma)
            except _Implausible:
                implausible += 1
            unit = field.unit if value is not None else ""
            readings.append(Reading(self._source, field.keyword, value, unit, raw, at_ns))
        events: tuple[TriggerEvent, ...] = ()
        if message.trigger is not None:
            said = places.get(message.trigger.text, "")
            gesture = Gesture(message.trigger.gesture)
            events = (TriggerEvent(self._source, gesture, at_ns, said),)
        return Heard(message.name, tuple(readings), events, implausible)


def _match(message: Message, text: str) -> dict[str, str] | None:
    """The named groups where the text is this message, else None."""
    if message.pattern is None:
        return {} if text.startswith(message.prefix) else None
    match = message.pattern.fullmatch(text)
    return match.groupdict("") if match else None


def _raw(field: Field, text: str, places: dict[str, str]) -> str:
    if field.columns is None:
        return places[field.group]
    first, last = field.columns
    return text[first - 1 : last]


def _value(field: Field, text: str, decimal_comma: bool) -> str | int | float | None:
    if not text:
        return None
    if field.plausible is not None:
        return _number(field, text.replace(",", ".") if decimal_comma else text)
    if field.vr in TIMES:
        return _time(field, text)
    return _text(field, text)


def _number(field: Field, text: str) -> int | float:
    if not _NUMBER.fullmatch(text):
        raise _Implausible
    try:
        value = Decimal("".join(text.split())) * field.scale
    except InvalidOperation as error:
        raise _Implausible from error
    low, high = field.plausible or (value, value)
    if not low <= value <= high:
        raise _Implausible
    if field.vr not in INTEGERS:
        return float(value)
    whole = int(value.to_integral_value())
    least, greatest = _INTEGER_LIMITS[field.vr]
    if not least <= whole <= greatest:
        raise _Implausible
    return whole


def _time(field: Field, text: str) -> str:
    try:
        moment = field.date(text)
    except ValueError as error:
        raise _Implausible from error
    if field.vr == "DA" and moment.year < _EARLIEST_YEAR:
        raise _Implausible
    return moment.strftime(_TIME_FORMATS[field.vr])


def _text(field: Field, text: str) -> str:
    if field.words:
        if text not in field.words:
            raise _Implausible
        return field.words[text]
    if _CONTROL.search(text) or "\\" in text:
        raise _Implausible
    if field.vr == "PN":
        text = "^".join(part.strip() for part in text.split(","))
    if len(text) > _TEXT_LIMITS.get(field.vr, _LONGEST_TEXT):
        raise _Implausible
    if field.vr == "CS" and not re.fullmatch(r"[A-Z0-9 _]+", text):
        raise _Implausible
    return text
