"""`drivers.tty` on a USB adapter that the kernel drives, with somebody at the far end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from drivers.readings import Reading
from drivers.triggers import Gesture
from drivers.tty.discovery import LineDevice, list_lines
from drivers.tty.framing import enframe
from drivers.tty.line import LineState, TextLine
from drivers.tty.load import find_model
from tests.hardware.guest.hands import Hands

NOTICED = 2.0
"""Seconds in which a change of state has to be known."""


@pytest.fixture
def adapter(hands: Hands) -> Iterator[str]:
    """The adapter's identity while it is plugged in."""
    hands.plug("serial")
    until(lambda: bool(adapters()))
    yield "serial:LINE1"
    if adapters():
        hands.unplug("serial")
        until(lambda: not adapters())


@pytest.fixture
def listen(adapter: str) -> Iterator[Callable[[str], TextLine]]:
    lines: list[TextLine] = []

    def open_line(model: str) -> TextLine:
        line = TextLine(model, adapter, find_model(model))
        line.open()
        lines.append(line)
        until(lambda: line.state is not LineState.NO_DEVICE)
        return line

    yield open_line
    for line in lines:
        line.close()


def adapters() -> list[LineDevice]:
    """What is plugged in by hand; the machine has other ports too."""
    return [line for line in list_lines() if line.serial_number == "LINE1"]


def until(condition: Callable[[], bool], seconds: float = 20.0) -> float:
    """Wait for a condition; the seconds that it took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, "it did not happen in time"
        time.sleep(0.02)
    return time.monotonic() - began


def say(hands: Hands, model: str, number: int = 0) -> None:
    spoken = find_model(model)
    body = spoken.messages[0].examples[number].encode(spoken.encoding)
    hands.say(enframe(spoken, body).decode("latin-1"))


def values(readings: list[Reading]) -> dict[str, object]:
    return {reading.keyword: reading.value for reading in readings}


def test_the_adapter_is_known_by_socket_and_serial_number(adapter: str) -> None:
    (line,) = adapters()
    assert line.serial_number == adapter.removeprefix("serial:")
    assert line.identity.startswith("usb:")


def test_an_exposure_telegram_is_read(hands: Hands, listen: Callable[[str], TextLine]) -> None:
    line = listen("xray-generator")
    say(hands, "xray-generator")
    read = values(line.readings(10))
    assert read["KVP"] == 81
    assert read["ExposureTime"] == 125
    assert [event.gesture for event in line.events(1)] == [Gesture.EXPOSE]


def test_nothing_is_ever_sent_to_a_device_that_is_only_listened_to(
    hands: Hands, listen: Callable[[str], TextLine]
) -> None:
    line = listen("xray-generator")
    hands.say("\x02broken\x03")
    say(hands, "xray-generator")
    assert line.readings(10)
    assert hands.heard() == ""


def test_a_line_of_seven_bits_with_parity_opens(
    hands: Hands, listen: Callable[[str], TextLine]
) -> None:
    line = listen("laser-camera")
    say(hands, "laser-camera")
    (event,) = line.events(10)
    assert (event.gesture, event.text) == (Gesture.EXPOSE, "AQU")


def test_a_pulled_adapter_is_noticed_and_found_again(
    hands: Hands, listen: Callable[[str], TextLine], record_property: Callable[[str, object], None]
) -> None:
    line = listen("xray-generator")
    say(hands, "xray-generator")
    assert line.readings(10)
    pulled = time.monotonic()
    hands.unplug("serial")
    until(lambda: line.state is LineState.NO_DEVICE)
    took = time.monotonic() - pulled
    record_property("seconds to notice a pulled serial adapter", round(took, 3))
    assert took < NOTICED
    line.readings(1)
    hands.plug("serial")
    until(lambda: line.state is not LineState.NO_DEVICE)
    say(hands, "xray-generator", 1)
    assert values(line.readings(10))["KVP"] == pytest.approx(60.5)
    assert line.counts.losses == 1
