"""A configured line writes its raw log, and plays it where it is told to."""

from __future__ import annotations

from pathlib import Path

from drivers.tty.load import find_model
from drivers.tty.sim import SimulatedLine
from firmware.assembly import make_side_channel
from firmware.config import Configuration, load
from tests.end_to_end.settings import Settings

GENERATOR = find_model("xray-generator")


def configured(folder: Path, **source: object) -> Configuration:
    settings = Settings()
    settings.table("sources", name="line", kind="serial", driver="xray-generator", **source)
    return load(settings.write(folder).config)


def test_what_is_logged_is_said_again(tmp_path: Path) -> None:
    log = tmp_path / "box" / "lines" / "generator.log"
    with SimulatedLine(GENERATOR) as device:
        box = configured(tmp_path / "box", device=str(device.path), raw_log="lines/generator.log")
        line = make_side_channel(box, "line")
        line.open()
        while not (said := line.readings(0.2)):
            device.say(GENERATOR.messages[0].examples[0])
        line.close()
    assert log.stat().st_mode & 0o777 == 0o600
    again = make_side_channel(configured(tmp_path / "again", device=f"replay:{log}"), "line")
    again.open()
    heard = again.readings(5)
    again.close()
    assert [(one.keyword, one.value) for one in heard[:5]] == [
        (one.keyword, one.value) for one in said[:5]
    ]
    assert heard[0].value == 81.0


def test_without_being_asked_nothing_is_logged(tmp_path: Path) -> None:
    with SimulatedLine(GENERATOR) as device:
        box = configured(tmp_path / "box", device=str(device.path))
        before = set((tmp_path / "box").rglob("*"))
        line = make_side_channel(box, "line")
        line.open()
        while not line.readings(0.2):
            device.say(GENERATOR.messages[0].examples[0])
        line.close()
    assert set((tmp_path / "box").rglob("*")) == before
