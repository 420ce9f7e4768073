"""An exposure telegram from a pseudo-terminal gets into the object; another patient stops."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from pydicom import dcmread

from drivers.tty.load import find_model
from drivers.tty.sim import SimulatedLine
from tests.device.iod.factories import CT_TECHNIQUE, GEOMETRY
from tests.end_to_end.cli import Gantry
from tests.end_to_end.settings import Settings


def box(folder: Path, line: SimulatedLine, driver: str) -> Gantry:
    """A scanner's raw dump, three pictures a second, with a serial line beside it."""
    slices = folder / "slices"
    slices.mkdir(parents=True)
    for number in range(1, 7):
        (slices / f"{number}.raw").write_bytes(np.full(64 * 64, number, "<u2").tobytes())
    (slices / "raw.toml").write_text("rows = 64\ncolumns = 64\nbits = 12\nnative = true\n")
    settings = Settings().replay("scanner", slices, rate=3)
    settings.table(
        "sources", name="line", kind="serial", device=str(line.path), driver=driver, window=1.5
    )
    settings.protocol("scanner", "CT", body_part="HEAD")
    gantry = settings.write(folder / "box")
    known = {**GEOMETRY, **CT_TECHNIQUE}
    del known["KVP"]
    words = "\n".join(f"{key} = {value!r}" for key, value in known.items())
    gantry.config.write_text(f"{gantry.config.read_text()}\n[protocols.technique]\n{words}\n")
    return gantry


@contextmanager
def talking(line: SimulatedLine, text: str) -> Iterator[None]:
    """The device says the same again and again."""
    stop = threading.Event()

    def say() -> None:
        while not stop.wait(0.2):
            line.say(text)

    thread = threading.Thread(target=say)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def begun(gantry: Gantry, patient_id: str = "P1") -> str:
    started = gantry("exam", "start", "--unscheduled", "--patient-id", patient_id)
    return started.good().out.strip()


def test_the_exposure_goes_into_the_picture_with_its_own_words(tmp_path: Path) -> None:
    model = find_model("xray-generator")
    with SimulatedLine(model) as line, talking(line, model.messages[0].examples[0]):
        gantry = box(tmp_path, line, "xray-generator")
        exam = begun(gantry)
        gantry("exam", "acquire", exam, "--protocol", "scanner").good()

    images = gantry("exam", "show", exam, "--json").good().json()["images"]
    assert {image["object"] for image in images} == {"CT"}
    last = images[-1]
    said = {row["keyword"]: row for row in last["contributed"]}
    assert said["KVP"]["source"] == "serial"
    assert said["KVP"]["raw"] == "081.0"
    ds = dcmread(gantry.folder / "state" / "spool" / last["path"])
    assert (float(ds.KVP), int(ds.ExposureTime), int(ds.Exposure)) == (81, 125, 25)


def test_silence_leaves_the_attribute_empty(tmp_path: Path) -> None:
    with SimulatedLine(find_model("xray-generator")) as line:
        gantry = box(tmp_path, line, "xray-generator")
        exam = begun(gantry)
        gantry("exam", "acquire", exam, "--protocol", "scanner", "--frames", "1").good()

    (image,) = gantry("exam", "show", exam, "--json").good().json()["images"]
    assert image["provenance"]["KVP"] == "absent"
    ds = dcmread(gantry.folder / "state" / "spool" / image["path"])
    assert ds["KVP"].is_empty


def test_a_console_with_another_patient_stops_the_taking(tmp_path: Path) -> None:
    model = find_model("patient-header")
    with SimulatedLine(model) as line, talking(line, model.messages[0].examples[0]):
        gantry = box(tmp_path, line, "patient-header")
        stopped = gantry("exam", "acquire", begun(gantry), "--protocol", "scanner")
        same = gantry("exam", "acquire", begun(gantry, "4711"), "--protocol", "scanner")

    stopped.refused("line names another patient", "PatientID")
    assert "DOE" not in stopped.text
    same.good()
