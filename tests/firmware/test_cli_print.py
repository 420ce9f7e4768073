"""``gantry print`` and ``gantry printers`` against the simulated hospital's film printer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from services.hospital import HospitalStore
from tests.end_to_end.cli import Gantry, answers
from tests.end_to_end.settings import Settings
from tests.peers.process import free_port


@dataclass
class Place:
    gantry: Gantry
    hospital: Path
    port: int

    def serving(self) -> Any:
        ports = (
            "--ris-port", str(free_port()), "--pacs-port", str(free_port()),
            "--printer-port", str(self.port),
        )  # fmt: skip
        return self.gantry.running(
            "hospital", "--dir", str(self.hospital), *ports, ready=lambda: answers(self.port)
        )

    def films(self) -> list[Any]:
        with HospitalStore(self.hospital / "hospital.db") as store:
            return store.films()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    port = free_port()
    settings = Settings()
    settings.table(
        "printers", name="film", kind="dicom", profile="generic-grey-12", ae_title="FILM",
        host="127.0.0.1", port=port, dpi=50.0, job_wait=5.0, dimse_timeout=10,
    )  # fmt: skip
    settings.pattern("picture", rate=0, rows=64, columns=64)
    settings.protocol("picture", "SC", modality="OT")
    return Place(settings.write(tmp_path), tmp_path / "hospital", port)


def examine(gantry: Gantry, images: int) -> str:
    exam = gantry("exam", "start", "--unscheduled", "--patient-id", "FILM-1").good().out.strip()
    gantry("exam", "acquire", exam, "--protocol", "picture", "--frames", str(images)).good()
    return exam


def test_an_exam_is_previewed_ordered_offline_and_printed_once(place: Place) -> None:
    gantry = place.gantry
    exam = examine(gantry, 5)
    picture = place.hospital.parent / "sheet.png"
    gantry("print", exam, "--layout", "2x2", "--preview", str(picture), "--sheet", "2").good()
    with Image.open(picture) as sheet:
        assert sheet.width / sheet.height == pytest.approx(14 / 17, rel=0.005)
    assert gantry("printers", "jobs", "--json").good().json() == []

    wishes = ("--layout", "2x2", "--images", "1,3-5", "--copies", "2", "--window", "128,256")
    job = gantry("print", exam, *wishes, "--json").good().json()
    assert (job["state"], job["sheets"], job["images"]) == ("waiting", 1, 4)
    with place.serving():
        gantry("outbox", "drain", "--timeout", "20").good()
    (film,) = place.films()
    assert (film.copies, film.display_format, film.film_size_id) == (
        2,
        "STANDARD\\2,2",
        "14INX17IN",
    )
    assert len(film.paths) == 4
    (done,) = gantry("printers", "jobs", "--exam", exam, "--json").good().json()
    assert (done["outcome"], done["sheets_done"]) == ("printed", 1)
    assert done["history"][0]["event"] == "ordered"
    assert "printed" in gantry("printers", "jobs").good().out


def test_a_printer_is_tried_out_with_a_film_that_can_be_measured(place: Place) -> None:
    gantry = place.gantry
    gantry("printers", "test", "none").refused("film")
    assert "nothing listens" in gantry("printers", "test").out
    picture = place.hospital.parent / "test.png"
    with place.serving():
        answer = gantry("printers", "test", "film", "--film", "--preview", str(picture), "--json")
    lines = {line["what"]: line for line in answer.good().json()}
    assert list(lines) == ["verification", "state", "configuration", "test film"]
    assert "100 mm" in lines["test film"]["said"]
    assert len(place.films()) == 1
    with Image.open(picture) as sheet:
        assert sheet.getextrema() == (0, 255)
    (printer,) = json.loads(gantry("printers", "--json").good().out)
    assert (printer["status"], printer["options"]["bits"]) == ("NORMAL", 12)


def test_what_a_person_types_wrongly_is_explained(place: Place) -> None:
    gantry = place.gantry
    exam = examine(gantry, 1)
    gantry("print", exam, "--layout", "7").refused("2x3")
    gantry("print", exam, "--images", "2").refused("images 1 to 1")
    gantry("print", exam, "--film-size", "A3").refused("14INX17IN")
    gantry("print", exam, "--true-size").refused("calibrated")
    gantry("print", exam, "--printer", "none").refused("film")
    gantry("print", exam, "--copies", "100").refused("1 to 99")
    gantry("print", "77").refused("exam")
    gantry("printers", "resend", "9").refused("9")


def test_a_job_is_cancelled(place: Place) -> None:
    gantry = place.gantry
    exam = examine(gantry, 1)
    job = gantry("print", exam).good().out.strip()
    assert "cancelled" in gantry("printers", "cancel", job).good().out
    gantry("printers", "resend", job).refused("cancelled")
