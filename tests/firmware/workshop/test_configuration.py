"""The configuration file as a technician changes it: all or nothing, and a way back."""

from __future__ import annotations

import subprocess
import sys
import threading
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from firmware.config import load
from firmware.workshop.configuration import Configurations
from firmware.workshop.history import fingerprint
from services.console.workshop import Edit, WorkshopRefusal

FILE = """\
# the box of room 2
[station]
ae_title = "ROOM2" # agreed with the RIS
modality = "CT"

[[peers]]
# in the cellar
name = "archive"
ae_title = "ARCHIVE"
host = "192.0.2.10"
port = 104 # not 11112
services = ["store"]
"""
NOW = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "etc" / "gantry.toml"
    path.parent.mkdir()
    path.write_text(FILE)
    return path


@pytest.fixture
def desk(file: Path, tmp_path: Path) -> Configurations:
    return Configurations(file, tmp_path / "state", lambda: NOW)


def save(desk: Configurations, *edits: Edit, by: str = "Ada") -> bool:
    return desk.save(edits, desk.standing().base, by).sound


def test_a_key_is_changed_and_every_comment_stays(desk: Configurations, file: Path) -> None:
    assert save(desk, Edit("set", ("peers", 0, "port"), 11112))
    text = file.read_text()
    assert "port = 11112 # not 11112" in text
    assert text.replace("port = 11112 #", "port = 104 #") == FILE
    assert load(file).peers[0].port == 11112


def test_entries_come_and_go(desk: Configurations, file: Path) -> None:
    ris = {
        "name": "ris", "ae_title": "RIS", "host": "192.0.2.11", "port": 105,
        "services": ["worklist", "mpps"],
    }  # fmt: skip
    assert save(desk, Edit("add", ("peers",), ris), Edit("add", ("sources",), {
        "name": "screen", "kind": "pattern"}))  # fmt: skip
    assert [peer.name for peer in load(file).peers] == ["archive", "ris"]
    assert save(desk, Edit("remove", ("peers", 0)))
    assert [peer.name for peer in load(file).peers] == ["ris"]
    assert save(desk, Edit("remove", ("peers", 0)), Edit("unset", ("station", "modality")))
    assert "peers" not in tomllib.loads(file.read_text())
    assert load(file).station.modality == "OT"


def test_a_table_that_was_not_there_is_made(desk: Configurations, file: Path) -> None:
    assert save(desk, Edit("set", ("retention", "keep_days"), 7))
    assert load(file).retention.keep_days == 7


def test_all_faults_are_told_at_once_and_nothing_is_written(
    desk: Configurations, file: Path
) -> None:
    proposal = desk.save(
        [
            Edit("set", ("peers", 0, "port"), 99999),
            Edit("set", ("station", "modality"), "no such thing!"),
        ],
        desk.standing().base,
        "Ada",
    )
    assert not proposal.sound
    assert {fault.key for fault in proposal.faults} == {"peers[0].port", "station.modality"}
    (port,) = [fault for fault in proposal.faults if fault.key == "peers[0].port"]
    assert port.line == 11
    assert "65535" in port.allowed
    assert file.read_text() == FILE
    assert desk.history() == []


@pytest.mark.parametrize(
    "edit",
    [
        Edit("set", ("peers", 4, "port"), 1),
        Edit("remove", ("peers", 4)),
        Edit("remove", ("station", "modality")),
        Edit("remove", ("peers", -1)),
        Edit("set", ("station",), 3),
        Edit("add", ("station",), {"name": "x"}),
        Edit("set", (), 3),
        Edit("set", ("peers", 0), {}),
        Edit("dance", ("peers", 0)),
        Edit("set", ("station", "ae_title", "x"), 3),
        Edit("set", ("station", "modality"), object()),
    ],
)
def test_a_change_that_fits_nowhere_is_refused(
    desk: Configurations, file: Path, edit: Edit
) -> None:
    with pytest.raises(WorkshopRefusal) as caught:
        desk.save([edit], desk.standing().base, "Ada")
    assert caught.value.code == "G-5101"
    assert file.read_text() == FILE


def test_who_looked_at_an_older_file_does_not_overwrite_a_newer(
    desk: Configurations, file: Path
) -> None:
    seen = desk.standing().base
    assert save(desk, Edit("set", ("peers", 0, "port"), 105))
    with pytest.raises(WorkshopRefusal) as caught:
        desk.save([Edit("set", ("peers", 0, "port"), 106)], seen, "Bea")
    assert caught.value.code == "G-5104"
    assert load(file).peers[0].port == 105


def test_every_version_is_kept_with_who_and_what_and_comes_back(
    desk: Configurations, file: Path
) -> None:
    save(desk, Edit("set", ("peers", 0, "port"), 105))
    file.write_text(file.read_text().replace("105", "107"))
    save(desk, Edit("set", ("peers", 0, "port"), 108), by="Bea")
    told = desk.history()
    assert [version.by for version in told] == ["Bea", "", "Ada", ""]
    assert told[0].what == "peers[0].port set"
    assert [version.current for version in told] == [True, False, False, False]
    assert any("107" in line for line in desk.changes_of(told[1].number))
    assert desk.roll_back(told[3].number, "Cy").sound
    assert file.read_text() == FILE
    assert desk.history()[0].by == "Cy"
    assert desk.history()[0].current


def test_a_version_that_is_sound_no_longer_does_not_come_back(
    desk: Configurations, file: Path
) -> None:
    file.write_text(FILE + "[station\n")
    broken = desk.standing()
    assert broken.values == {}
    assert broken.warnings
    good = desk.save_text(FILE, broken.base, "Ada", "repaired")
    assert good.sound
    bad = desk.history()[1].number
    assert not desk.roll_back(bad, "Ada").sound
    assert file.read_text() == FILE


def test_an_import_is_shown_as_a_diff_first(desk: Configurations, file: Path) -> None:
    proposal = desk.propose_text(FILE.replace('"ROOM2"', '"ROOM3"'))
    assert proposal.sound
    assert proposal.changed
    assert [line for line in proposal.diff if line[0] in "+-"] == [
        '-ae_title = "ROOM2" # agreed with the RIS',
        '+ae_title = "ROOM3" # agreed with the RIS',
    ]
    assert file.read_text() == FILE


def test_what_is_in_force_is_pending_until_the_service_starts_anew(
    desk: Configurations, file: Path, tmp_path: Path
) -> None:
    assert not desk.standing().pending
    save(desk, Edit("set", ("peers", 0, "port"), 105))
    assert desk.standing().pending
    assert not Configurations(file, tmp_path / "state", lambda: NOW).standing().pending


def test_without_a_file_nothing_can_be_changed(tmp_path: Path) -> None:
    desk = Configurations(None, tmp_path, lambda: NOW)
    assert desk.standing().writable
    with pytest.raises(WorkshopRefusal) as caught:
        desk.propose([Edit("set", ("station", "modality"), "CT")])
    assert caught.value.code == "G-5107"


def test_changes_at_the_same_time_are_made_one_after_the_other(
    desk: Configurations, file: Path, tmp_path: Path
) -> None:
    outcomes: list[str] = []

    def change(port: int) -> None:
        mine = Configurations(file, tmp_path / "state", lambda: NOW)
        try:
            save(mine, Edit("set", ("peers", 0, "port"), port))
            outcomes.append("saved")
        except WorkshopRefusal as refusal:
            outcomes.append(refusal.code)

    threads = [threading.Thread(target=change, args=[200 + number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(outcomes) <= {"saved", "G-5104"}
    assert outcomes.count("saved") == len(desk.history()) - 1
    assert desk.history()[0].current


_WRITER = """
import sys
from datetime import datetime, UTC
from pathlib import Path
from firmware.workshop.configuration import Configurations
from services.console.workshop import Edit
desk = Configurations(Path(sys.argv[1]), Path(sys.argv[2]), lambda: datetime.now(UTC))
print("begun", flush=True)
port = 1000
while True:
    port += 1
    desk.save([Edit("set", ("peers", 0, "port"), port)], desk.standing().base, "Ada")
"""


def test_killed_in_the_midst_of_writing_the_file_is_the_old_or_the_new(
    file: Path, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    for patience in (0.05, 0.11, 0.17, 0.23, 0.31):
        writer = subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(file), str(state)], stdout=subprocess.PIPE
        )
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"begun\n"
        with pytest.raises(subprocess.TimeoutExpired):
            writer.wait(patience)
        writer.kill()
        writer.wait()
        writer.stdout.close()
        load(file)
        desk = Configurations(file, state, lambda: NOW)
        if not desk.history():
            assert file.read_text() == FILE
            continue
        kept = {fingerprint(path.read_text()) for path in (state / "configurations").glob("*.toml")}
        assert fingerprint(file.read_text()) in kept
        assert save(desk, Edit("set", ("peers", 0, "port"), 1))
