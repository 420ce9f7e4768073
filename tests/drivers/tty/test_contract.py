"""What every serial line promises, simulated or real."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from drivers.triggers import EventSource, TriggerEvent
from drivers.tty.line import TextLine
from drivers.tty.load import find_model, shipped_models
from drivers.tty.model import LineModel
from tests.drivers.tty.models import DELIMITED, SUM8, dose_meter
from tests.drivers.tty.wire import KINDS, Wire, connect, until

GENERATOR = find_model("xray-generator")
EXPOSURE = "EXP kV=081.0 mA=0200 ms=00125.0 mAs=025.00"


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def wire(kind: str) -> Iterator[Wire]:
    with connect(kind, GENERATOR) as far_end:
        yield far_end


@pytest.fixture
def line(wire: Wire) -> Iterator[TextLine]:
    source = TextLine("generator", wire.device, GENERATOR)
    source.open()
    until(lambda: source.state != "no device")
    yield source
    source.close()


def test_a_message_becomes_readings_and_an_event_of_the_same_moment(
    wire: Wire, line: TextLine
) -> None:
    before = time.monotonic_ns()
    wire.say(EXPOSURE)
    events = line.events(5)
    readings = line.readings(5)
    assert [event.gesture for event in events] == ["expose"]
    assert {reading.keyword: reading.value for reading in readings} == {
        "KVP": 81.0,
        "XRayTubeCurrent": 200,
        "ExposureTime": 125,
        "Exposure": 25,
        "ExposureInuAs": 25000,
    }
    moments = {reading.monotonic_ns for reading in readings} | {events[0].monotonic_ns}
    assert len(moments) == 1
    assert before <= moments.pop() <= time.monotonic_ns()
    assert {reading.source for reading in readings} == {"generator"}


def test_a_line_has_the_shape_of_an_event_source(line: TextLine) -> None:
    source: EventSource = line
    assert source.name == "generator"


def test_nothing_is_said_of_a_line_that_is_silent(line: TextLine) -> None:
    begin = time.monotonic()
    assert line.readings(0.05) == []
    assert line.events(0.05) == []
    assert 0.1 <= time.monotonic() - begin < 2
    assert line.state == "no signal"


def test_a_line_that_spoke_is_live(wire: Wire, line: TextLine) -> None:
    wire.say(EXPOSURE)
    until(lambda: line.state == "live")
    assert line.counts.messages == 1
    assert line.fault == ""


def test_a_damaged_message_says_nothing_and_takes_back_what_was_said(
    wire: Wire, line: TextLine
) -> None:
    wire.say(EXPOSURE)
    assert all(reading.value is not None for reading in line.readings(5))
    wire.send(b"\x02" + EXPOSURE.replace("081.0", "018.0").encode() + b"\x03FF")
    until(lambda: line.counts.damaged == 1)
    taken_back = line.readings(5)
    assert {reading.keyword for reading in taken_back} == set(GENERATOR.keywords)
    assert all(reading.value is None for reading in taken_back)
    assert len(line.events(0)) == 1


def test_a_value_that_cannot_be_true_is_left_out_and_counted(wire: Wire, line: TextLine) -> None:
    wire.say(EXPOSURE.replace("kV=081.0", "kV=810.0"))
    readings = {reading.keyword: reading for reading in line.readings(5)}
    assert readings["KVP"].value is None
    assert readings["KVP"].raw == "810.0"
    assert readings["Exposure"].value == 25
    assert line.counts.implausible == 1


def test_bytes_that_are_never_a_message_are_the_wrong_settings(wire: Wire, line: TextLine) -> None:
    wire.send(bytes(range(0x80, 0x100)))
    until(lambda: line.state == "unsupported mode")
    wire.say(EXPOSURE)
    until(lambda: line.state == "live")


def test_noise_before_a_message_does_not_cost_it(wire: Wire, line: TextLine) -> None:
    wire.send(b"\xff\x13\x02\x7f\x80")
    wire.say(EXPOSURE)
    assert len(line.events(5)) == 1
    assert line.counts.damaged >= 1


def test_a_message_that_pauses_too_long_is_broken(wire: Wire, line: TextLine) -> None:
    wire.send(b"\x02EXP kV=")
    until(lambda: line.counts.damaged == 1)
    wire.say(EXPOSURE)
    assert len(line.events(5)) == 1


def test_nothing_is_ever_written_to_a_device_unless_its_file_says_so(
    wire: Wire, line: TextLine
) -> None:
    wire.say(EXPOSURE)
    wire.send(b"\x02damaged\x03FF")
    until(lambda: line.counts.damaged == 1)
    assert wire.received(0.1) == b""


def test_a_file_that_transmits_answers_sound_and_damaged_messages(kind: str) -> None:
    reply = '[reply]\ngood = "\\u0006"\nbad = "\\u0015"\n'
    model = dose_meter(DELIMITED, SUM8 + reply, extra="transmit = true\n")
    with connect(kind, model) as far_end:
        source = TextLine("dose", far_end.device, model)
        source.open()
        until(lambda: source.state != "no device")
        far_end.say("D80")
        assert far_end.received(5) == b"\x06"
        far_end.send(b"\x02D80\x03\x00")
        assert far_end.received(5) == b"\x15"
        source.close()


@pytest.mark.parametrize("name", shipped_models())
def test_every_shipped_device_is_understood_in_all_its_examples(kind: str, name: str) -> None:
    model: LineModel = find_model(name)
    examples = [example for message in model.messages for example in message.examples]
    with connect(kind, model) as far_end:
        source = TextLine(name, far_end.device, model)
        source.open()
        until(lambda: source.state != "no device")
        for example in examples:
            far_end.say(example)
        until(lambda: source.counts.messages == len(examples))
        assert source.counts.damaged == source.counts.unknown == source.counts.implausible == 0
        triggers = sum(len(m.examples) for m in model.messages if m.trigger is not None)
        assert len(source.events(0)) == triggers
        source.close()


def test_opening_and_closing_twice_is_harmless_and_a_line_can_be_opened_again(
    wire: Wire, line: TextLine
) -> None:
    line.open()
    line.close()
    line.close()
    assert line.state == "no device"
    line.open()
    until(lambda: line.state != "no device")
    wire.say(EXPOSURE)
    assert len(line.events(5)) == 1


def test_closing_from_another_thread_lets_whoever_waits_go(line: TextLine) -> None:
    answers: list[list[TriggerEvent]] = []
    waiting = threading.Thread(target=lambda: answers.append(line.events(60)))
    waiting.start()
    line.close()
    waiting.join(5)
    assert answers == [[]]


def test_a_port_is_for_one_line_alone(wire: Wire, line: TextLine) -> None:
    second = TextLine("another", wire.device, GENERATOR)
    second.open()
    until(lambda: second.fault != "")
    assert second.state == "no device"
    assert "Stop the other program" in second.fault
    second.close()
