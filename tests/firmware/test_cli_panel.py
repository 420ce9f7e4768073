"""``gantry panel`` as people and scripts meet it, on a machine without a panel."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from drivers.tty.load import find_model
from drivers.tty.sim import SimulatedLine
from tests.firmware.test_triggers import PINS, TEXT, USB

HERE = Path(__file__).parents[2]


def gantry(folder: Path, *words: str, text: str = TEXT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "firmware", *words],
        cwd=HERE,
        env=environment(folder, text),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def environment(folder: Path, text: str) -> dict[str, str]:
    file = folder / "gantry.toml"
    file.write_text(text)
    return {**os.environ, "GANTRY_CONFIG": str(file)}


def test_pairing_that_finds_nothing_says_what_to_do(tmp_path: Path) -> None:
    done = gantry(tmp_path, "panel", "pair", "--seconds", "1")
    assert done.returncode == 1
    assert done.stdout == ""
    assert re.search("Plug the pedal or scanner in|nothing was pressed", done.stderr)


def test_watching_shows_that_a_device_is_missing(tmp_path: Path) -> None:
    done = gantry(tmp_path, "panel", "watch", "--seconds", "0.5", text=TEXT + USB)
    assert done.returncode == 0, done.stderr
    assert "usb foot: no device" in done.stdout
    assert "codes: no device" in done.stdout


def test_pins_on_a_machine_without_any_are_explained(tmp_path: Path) -> None:
    done = gantry(tmp_path, "panel", "watch", "--seconds", "0.5", text=TEXT + PINS)
    assert done.returncode == 1
    assert "rpi-lgpio" in done.stderr
    assert "Traceback" not in done.stderr


def test_running_needs_an_exam(tmp_path: Path) -> None:
    done = gantry(tmp_path, "panel", "run", "77")
    assert done.returncode == 1
    assert "77" in done.stderr
    assert "Traceback" not in done.stderr


def test_running_ends_when_it_is_asked_to(tmp_path: Path) -> None:
    begun = gantry(tmp_path, "exam", "start", "--unscheduled", "--patient-id", "P1")
    assert begun.returncode == 0, begun.stderr
    process = subprocess.Popen(
        [sys.executable, "-m", "firmware", "panel", "run", begun.stdout.strip()],
        cwd=HERE,
        env=environment(tmp_path, TEXT + USB),
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        assert "is armed" in process.stderr.readline()
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert time.monotonic() - began < 10
    finally:
        process.kill()
        process.communicate()


CHAIN = """
[station]
state_dir = "state"

[[sources]]
name = "picture"
kind = "simulated"
model = "grabber"
profile = "hdmi-usb-still"

[[sources]]
name = "camera line"
kind = "serial"
device = "{}"
driver = "laser-camera"

[[protocols]]
name = "Screen"
source = "picture"
object = "SC"

[[triggers]]
name = "camera line"
kind = "line"
on_expose = "capture"
"""


def test_a_serial_line_takes_pictures_of_a_captured_source(tmp_path: Path) -> None:
    model = find_model("laser-camera")
    expose = next(m for m in model.messages if m.trigger and m.trigger.gesture == "expose")
    with SimulatedLine(model) as device:
        text = CHAIN.format(device.path)
        begun = gantry(tmp_path, "exam", "start", "--unscheduled", "--patient-id", "P1", text=text)
        assert begun.returncode == 0, begun.stderr
        process = subprocess.Popen(
            [sys.executable, "-m", "firmware", "panel", "run", begun.stdout.strip()],
            cwd=HERE,
            env=environment(tmp_path, text),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stderr is not None
            assert process.stdout is not None
            assert "is armed" in process.stderr.readline()
            said = ""
            while said.count("capture: 1 images are safe") < 2:
                # on a busy machine the source may need more time to start than a press waits
                device.say(expose.examples[0])
                said += process.stdout.readline()
                assert said.count("refused") < 5, said
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        finally:
            process.kill()
            process.communicate()
    shown = gantry(tmp_path, "exam", "show", begun.stdout.strip(), "--json", text=text)
    images = json.loads(shown.stdout)["images"]
    assert [(each["series_number"], each["instance_number"]) for each in images] == [(1, 1), (1, 2)]
