"""Everything that a line says can be written down and played again."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from drivers.errors import CorruptMedia
from drivers.tty.framing import enframe
from drivers.tty.line import TextLine
from drivers.tty.load import find_model
from drivers.tty.raw_log import RECEIVED, SENT, RawLog, ReplayPort
from drivers.tty.sim import SimulatedLine
from tests.drivers.media import FakeClock
from tests.drivers.tty.wire import until

GENERATOR = find_model("xray-generator")
EXPOSURES = GENERATOR.messages[0].examples
WALL = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
SECOND = 1_000_000_000


def test_a_recorded_line_says_the_same_again(tmp_path: Path) -> None:
    file = tmp_path / "lines" / "generator.log"
    with SimulatedLine(GENERATOR) as device:
        line = TextLine("generator", str(device.path), GENERATOR, raw_log=RawLog(file))
        line.open()
        until(lambda: line.state != "no device")
        for number, example in enumerate(EXPOSURES, 1):
            device.say(example)
            until(lambda number=number: line.counts.messages == number)
        live = [(reading.keyword, reading.value) for reading in line.readings(0)]
        line.close()
    replayed = TextLine("again", f"replay:{file}", GENERATOR)
    replayed.open()
    until(lambda: replayed.counts.messages == len(EXPOSURES))
    assert [(reading.keyword, reading.value) for reading in replayed.readings(0)] == live
    replayed.close()


def test_a_log_is_for_its_owner_alone_and_holds_time_direction_and_bytes(tmp_path: Path) -> None:
    file = tmp_path / "line.log"
    log = RawLog(file)
    log.record(RECEIVED, b"\x02A", 5, WALL)
    log.record(SENT, b"\x06", 6, WALL)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_text() == (
        "5 2026-03-01T08:00:00+00:00 < 0241\n6 2026-03-01T08:00:00+00:00 > 06\n"
    )


@pytest.mark.parametrize("keep", [0, 1, 3])
def test_a_log_is_bounded_and_plays_what_is_left_in_order(tmp_path: Path, keep: int) -> None:
    log = RawLog(tmp_path / "line.log", file_bytes=200, keep=keep)
    for number in range(60):
        log.record(RECEIVED, b"%02d" % number, number, WALL)
    files = list(tmp_path.iterdir())
    assert len(files) == keep + 1
    assert all(file.stat().st_size <= 200 for file in files)
    port = ReplayPort(tmp_path / "line.log", 0)
    numbers = []
    while not port.ended:
        numbers.append(int(port.read()))
    assert numbers == list(range(60 - len(numbers), 60))
    assert len(numbers) > 3 * keep


def test_a_replay_keeps_the_pauses_and_is_silent_at_the_end(tmp_path: Path) -> None:
    log = RawLog(tmp_path / "line.log")
    for at in (10, 13, 2):  # the machine was restarted before the third
        log.record(RECEIVED, bytes([at]), at * SECOND, WALL)
    clock = FakeClock()
    port = ReplayPort(tmp_path / "line.log", 1.5, clock.timing)
    begin, heard = clock.nanoseconds, []
    while len(heard) < 3:
        data = port.read()
        if data:
            heard.append((data[0], (clock.nanoseconds - begin) / SECOND))
    assert [(number, round(at, 3)) for number, at in heard] == [(10, 0), (13, 2), (2, 2)]
    assert port.ended
    assert port.read() == b""


def test_a_log_that_cannot_be_written_does_not_stop_the_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    log = RawLog(tmp_path / "file" / "line.log")
    with SimulatedLine(GENERATOR) as device:
        line = TextLine("generator", str(device.path), GENERATOR, raw_log=log)
        line.open()
        until(lambda: line.state != "no device")
        device.say(EXPOSURES[0])
        assert len(line.events(5)) == 1
        assert "the raw log cannot be written" in line.fault
        line.close()


@pytest.mark.parametrize("content", ["", "1 2 3\n", "x 2026 < 00\n", "1 2026 < zz\n"])
def test_what_is_no_log_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "line.log"
    if content:
        file.write_text(content)
    with pytest.raises(CorruptMedia):
        ReplayPort(file)


def test_what_the_box_sent_is_not_played_to_it(tmp_path: Path) -> None:
    log = RawLog(tmp_path / "line.log")
    log.record(SENT, enframe(GENERATOR, EXPOSURES[0].encode()), 1, WALL)
    assert ReplayPort(tmp_path / "line.log").ended
