"""Lines that go away and come back, and simulated devices that misbehave."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.tty.framing import enframe
from drivers.tty.line import MOST_WAITING, LineState, TextLine
from drivers.tty.load import find_model
from drivers.tty.port import Port
from drivers.tty.raw_log import RawLog
from drivers.tty.sim import LineFaults, SimulatedLine
from drivers.video.signal import SignalState
from tests.drivers.tty.models import DELIMITED, TERMINATED, dose_meter
from tests.drivers.tty.wire import until

GENERATOR = find_model("xray-generator")
EXPOSURE = GENERATOR.messages[0].examples[0]


@pytest.fixture
def device() -> Iterator[SimulatedLine]:
    with SimulatedLine(GENERATOR) as simulated:
        yield simulated


@pytest.fixture
def line(device: SimulatedLine) -> Iterator[TextLine]:
    source = TextLine("generator", str(device.path), GENERATOR)
    source.open()
    until(lambda: source.state != "no device")
    yield source
    source.close()


def test_the_states_are_those_that_are_shown_everywhere() -> None:
    assert {state.value for state in LineState} < {state.value for state in SignalState}


def test_an_unplugged_line_is_told_in_time_and_found_again(
    device: SimulatedLine, line: TextLine
) -> None:
    device.unplug()
    assert until(lambda: line.state == "no device") < 2
    until(lambda: "Plug the adapter in" in line.fault)
    assert line.counts.losses == 1
    device.plug()
    assert until(lambda: line.state != "no device") < 2
    assert line.fault == ""
    device.say(EXPOSURE)
    assert len(line.events(5)) == 1


def test_what_was_said_before_the_line_went_away_no_longer_holds(
    device: SimulatedLine, line: TextLine
) -> None:
    device.say(EXPOSURE)
    assert line.readings(5)[0].value == 81.0
    device.unplug()
    assert [reading.value for reading in line.readings(5)] == [None] * len(GENERATOR.keywords)


def heard(log: Path) -> str:
    """All bytes of a raw log, as hexadecimal digits."""
    return "".join(entry.split(" ")[3] for entry in log.read_text().splitlines())


def test_half_a_message_is_not_finished_by_another_adapter(
    device: SimulatedLine, tmp_path: Path
) -> None:
    log = tmp_path / "line.log"
    line = TextLine("generator", str(device.path), GENERATOR, raw_log=RawLog(log))
    line.open()
    until(lambda: line.state != "no device")
    whole = enframe(GENERATOR, EXPOSURE.encode())
    device.send(whole[:30])
    until(lambda: log.exists() and whole[:30].hex() in heard(log))
    device.unplug()
    until(lambda: line.state == "no device")
    device.plug()
    until(lambda: line.state != "no device")
    device.send(whole[30:] + whole)
    assert len(line.events(5)) == 1
    assert line.counts.messages == 1
    line.close()


def test_a_line_may_be_opened_before_its_adapter_is_there() -> None:
    with SimulatedLine(GENERATOR) as device:
        device.unplug()
        source = TextLine("generator", str(device.path), GENERATOR)
        source.open()
        until(lambda: source.fault != "")
        assert source.state == "no device"
        device.plug()
        until(lambda: source.state == "no signal")
        source.close()


def test_a_device_that_has_to_speak_and_does_not_has_no_signal() -> None:
    model = dose_meter(DELIMITED, extra="silence_seconds = 0.3\n")
    with SimulatedLine(model) as device:
        source = TextLine("dose", str(device.path), model)
        source.open()
        until(lambda: source.state != "no device")
        device.say("D80")
        until(lambda: source.state == "live")
        assert until(lambda: source.state == "no signal") < 2
        source.close()


def test_what_nobody_takes_is_bounded_and_the_newest_stays(
    device: SimulatedLine, line: TextLine
) -> None:
    said = MOST_WAITING // len(GENERATOR.keywords) + 5
    for number in range(1, said + 1):
        device.say(EXPOSURE)
        until(lambda number=number: line.counts.messages == number)
    assert len(line.readings(0)) == MOST_WAITING


@pytest.mark.parametrize(
    "faults",
    [
        LineFaults(noise_every=2),
        LineFaults(drop_every=2, seed=1),
        LineFaults(garble_every=2, seed=2),
        LineFaults(cut_every=2),
        LineFaults(noise_every=3, drop_every=5, garble_every=2, cut_every=7, seed=3),
    ],
)
def test_a_bad_line_costs_messages_but_never_makes_a_value_up(faults: LineFaults) -> None:
    framing = replace(GENERATOR.framing, gap_seconds=0.1)
    model = replace(GENERATOR, framing=framing)
    with SimulatedLine(model, faults) as device:
        source = TextLine("generator", str(device.path), model)
        source.open()
        until(lambda: source.state != "no device")
        said = set()
        for number in range(16):
            kv = 60 + number
            said.add(float(kv))
            before = source.counts
            device.say(EXPOSURE.replace("081.0", f"{kv:03}.0"))
            until(lambda before=before: source.counts != before)
        device.send(b"\r\n")
        heard = {r.value for r in source.readings(1) if r.keyword == "KVP"} - {None}
        assert heard <= said
        assert len(heard) >= 4
        assert source.counts.damaged > 0
        source.close()


def test_a_simulated_device_speaks_by_itself_and_can_be_pulled() -> None:
    with SimulatedLine(GENERATOR, LineFaults(unplug_every=2)) as device:
        source = TextLine("generator", str(device.path), GENERATOR)
        source.open()
        until(lambda: source.state != "no device")
        stop = threading.Event()
        speaker = threading.Thread(target=device.run, args=(stop, 0.4))
        speaker.start()
        try:
            until(lambda: source.counts.losses >= 1 and source.counts.messages >= 3, 10)
        finally:
            stop.set()
            speaker.join(5)
        assert not speaker.is_alive()
        source.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_fault_of_ours_reaches_whoever_takes_from_the_line() -> None:
    def broken() -> Port:
        raise ZeroDivisionError("ours")

    source = TextLine("generator", "", GENERATOR, open_port=broken)
    source.open()
    with pytest.raises(ZeroDivisionError):
        source.readings(5)
    source.close()


def test_a_simulated_device_that_is_unplugged_says_so() -> None:
    with SimulatedLine(dose_meter(TERMINATED)) as device:
        device.unplug()
        with pytest.raises(RuntimeError, match="unplugged"):
            device.say("D80")
