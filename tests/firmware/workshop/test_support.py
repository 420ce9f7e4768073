"""The support bundle and the logs: everything that helps, and nobody's name."""

from __future__ import annotations

import io
import logging
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware import logs
from firmware.assembly import open_box
from firmware.config import load
from firmware.workshop import make_workshop
from firmware.workshop.scrub import Scrubber
from firmware.workshop.secrets import exported, is_secret
from firmware.workshop.support import Support
from services import exams as lives
from services.box import Box
from services.console.workshop import Workshop, WorkshopRefusal
from services.outbox import peer_state
from tests.services.boxes import item

NAME = "Zwickelbauer^Theodora"
IDENTITY = "QX4711081522"
ACCESSION = "ACC90210Q"
BIRTH = "19310217"
OPERATOR = "Humperdinck^Odo"
SECRETS = (
    "Zwickelbauer", "Theodora", "zwickelbauer", IDENTITY, ACCESSION, BIRTH, "1931-02-17",
    "Humperdinck", "hunter2", "Wohlgemuth",
)  # fmt: skip

FILE = """\
# ask Theodora Zwickelbauer for the password: hunter2
[station]
ae_title = "ROOM2"
station_name = "Zwickelbauer"
state_dir = "state"
[[peers]]
name = "archive"
ae_title = "ARCHIVE"
host = "192.0.2.10"
port = 104
services = ["store"]
[[sources]]
name = "screen"
kind = "pattern"
"""


@pytest.fixture
def box(tmp_path: Path) -> Box:
    (tmp_path / "gantry.toml").write_text(FILE)
    made = open_box(load(tmp_path / "gantry.toml"))
    entry = item(
        1, PatientName=NAME, PatientID=IDENTITY, AccessionNumber=ACCESSION, PatientBirthDate=BIRTH
    )
    lives.start(made, [entry], operators_name=OPERATOR)
    said = f"cannot file {NAME} ({IDENTITY}, {ACCESSION}) born {BIRTH}: {NAME.replace('^', ', ')}"
    peer_state.pause(made.catalog, "archive", said, at=1.0)
    with made.catalog.writing() as db:
        db.conn.execute(
            "INSERT INTO delivery (kind, peer, state, last_text, advice, created)"
            " VALUES ('export', 'archive', 'held', ?, ?, 1.0)",
            [said, f"call {OPERATOR}"],
        )
    return made


@pytest.fixture
def workshop(box: Box, tmp_path: Path) -> Workshop:
    return make_workshop(load(tmp_path / "gantry.toml"), box)


@pytest.fixture
def log(box: Box) -> Iterator[logging.Logger]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    root.setLevel(logging.INFO)
    logs.keep(box.state_dir / "logs", "dispatcher")
    added = [handler for handler in root.handlers if handler not in before[0]]
    yield logging.getLogger("test")
    for handler in added:
        handler.close()
    root.handlers[:], root.level = before


def unpacked(bundle: bytes) -> dict[str, str]:
    with tarfile.open(fileobj=io.BytesIO(bundle)) as archive:
        told = {}
        for member in archive.getmembers():
            file = archive.extractfile(member)
            assert file is not None
            told[member.name.split("/", 1)[1]] = file.read().decode()
    return told


def test_names_that_were_planted_everywhere_are_nowhere_in_the_bundle(
    workshop: Workshop, log: logging.Logger
) -> None:
    log.error("no room for %s, %s born %s, ordered as %s", NAME, IDENTITY, BIRTH, ACCESSION)
    log.warning("Wohlgemuth^Anna^^Dr and 1.2.826.0.1.3680043.8.498.123 are new")
    log.info("association with 1.2.840.10008.1.1 in 12 ms")
    files = unpacked(workshop.support.bundle())
    assert {"about.json", "configuration.toml", "catalog.json", "queue.json", "log.txt"} <= set(
        files
    )
    for name, text in files.items():
        for secret in SECRETS:
            assert secret.casefold() not in text.casefold(), (name, secret)
    assert "[removed]" in files["log.txt"]
    assert "1.2.840.10008.1.1" in files["log.txt"]
    assert "1.2.826.0.1.3680043.8.498.123" not in files["log.txt"]
    assert '"held"' in files["queue.json"]
    assert "ROOM2" in files["configuration.toml"]


def test_the_log_is_filtered_by_level_and_words(workshop: Workshop, log: logging.Logger) -> None:
    log.info("first thing")
    log.error("second thing of %s", NAME)
    told = workshop.support.logs("WARNING", "", 100)["lines"]
    assert [line["level"] for line in told] == ["ERROR"]
    assert told[0]["service"] == "dispatcher"
    assert "Zwickel" not in told[0]["words"]
    assert len(workshop.support.logs("INFO", "FIRST", 100)["lines"]) == 1
    assert len(workshop.support.logs("INFO", "", 1)["lines"]) == 1


def test_a_traceback_stays_with_its_line(workshop: Workshop, log: logging.Logger) -> None:
    try:
        raise ValueError(NAME)
    except ValueError:
        log.exception("it went wrong")
    (line,) = workshop.support.logs("ERROR", "went wrong", 10)["lines"]
    assert "test_support.py" in line["words"]


def test_the_bundle_goes_onto_a_stick_that_is_there(
    box: Box, workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stick = tmp_path / "my stick"
    stick.mkdir()
    mounts = tmp_path / "mounts"
    escaped = str(stick).replace(" ", "\\040")
    mounts.write_text(
        f"/dev/sda1 {escaped} vfat rw,noexec 0 0\n/dev/sdb1 {tmp_path}/ro vfat ro 0 0\n"
        "proc /proc proc rw 0 0\n"
    )
    monkeypatch.setattr("firmware.workshop.support._MOUNTED", (str(tmp_path),))
    support = Support(box, None, workshop.clock, workshop.sources, mounts)  # type: ignore[arg-type]
    assert [each["path"] for each in support.sticks()] == [str(stick)]
    name = support.write_bundle(str(stick))
    assert "about.json" in unpacked((stick / name).read_bytes())
    for wrong in ("/etc", str(tmp_path)):
        with pytest.raises(WorkshopRefusal) as caught:
            support.write_bundle(wrong)
        assert caught.value.code == "G-5601"


def test_the_list_of_the_shift_names_what_needs_somebody(workshop: Workshop) -> None:
    told = {line.what: line for line in workshop.support.self_test()}
    assert told["database"].ok
    assert told["source screen"].ok
    assert not told["queue"].ok
    assert not told["peer archive"].ok
    assert all(line.advice for line in told.values() if not line.ok)


def test_storage_counts_what_is_there(workshop: Workshop) -> None:
    state = workshop.storage.state()
    assert state["exam_states"] == {"IN PROGRESS": 1}
    assert state["owed"] == {"archive": 1}
    assert state["exams_left"] is None


def test_an_export_has_its_comments_and_no_secrets() -> None:
    text = 'a = 1 # why\n[x]\npassword = "hunter2"\nready_pin = 4\nurl = "ipp://me:pw@printer/q"\n'
    told = exported(text)
    assert "# why" in told
    assert "hunter2" not in told
    assert "me:pw" not in told
    assert "ready_pin = 4" in told


@pytest.mark.parametrize(
    ("key", "secret"),
    [("password", True), ("api_token", True), ("pin", False), ("fault_pin", False)],
)
def test_which_keys_are_secret(key: str, secret: bool) -> None:
    assert is_secret(key) is secret


def test_a_scrubber_takes_whole_words_only() -> None:
    scrubber = Scrubber(["Li^An", "7"])
    assert scrubber.clean("Li and An list Lines 7") == "[removed] and [removed] list Lines 7"
    assert Scrubber([]).clean("all is well") == "all is well"
