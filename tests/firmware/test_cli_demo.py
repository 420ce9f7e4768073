"""``gantry demo``: what it claims is true, and it admits what is not."""

from __future__ import annotations

import importlib
import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from pydicom import dcmread

from firmware.cli import main
from firmware.demo.stage import Stage
from tests.end_to_end.cli import REPOSITORY
from tests.end_to_end.witnesses import iod_errors

KEYS = ["patient_id", "object", "sop_class_uid", "mpps", "acquired", "stored", "committed",
        "pixels_identical", "offline"]  # fmt: skip


@dataclass
class Shown:
    """The demonstration for scripts and for people, played at the same time."""

    json: dict[str, Any]
    kept: Path
    table: str
    codes: tuple[int, int]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    kept = tmp_path_factory.mktemp("demo") / "kept"
    plays = [
        subprocess.Popen(
            [sys.executable, "-m", "firmware", "demo", *options],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for options in (("--json", "--keep", str(kept)), ())
    ]
    (out, err), (table, _) = (each.communicate(timeout=120) for each in plays)
    assert "Traceback" not in err
    codes = (plays[0].returncode, plays[1].returncode)
    return Shown(json.loads(out), kept, table, codes)


def test_it_ends_well_and_says_so_in_json(shown: Shown) -> None:
    assert shown.codes == (0, 0)
    assert list(shown.json) == ["ok", "exams"]
    assert shown.json["ok"] is True
    assert [list(exam) for exam in shown.json["exams"]] == [KEYS] * 3
    for exam in shown.json["exams"]:
        assert exam["mpps"] == "COMPLETED"
        assert exam["acquired"] == exam["stored"] == exam["committed"] > 0
        assert exam["pixels_identical"] is True


def test_it_shows_a_ct_an_mr_and_a_colour_capture_one_of_them_offline(shown: Shown) -> None:
    exams = {exam["object"]: exam for exam in shown.json["exams"]}
    assert {kind: exam["sop_class_uid"] for kind, exam in exams.items()} == {
        "CT": "1.2.840.10008.5.1.4.1.1.2",
        "MR": "1.2.840.10008.5.1.4.1.1.4",
        "SC": "1.2.840.10008.5.1.4.1.1.7.4",
    }
    assert [exam["offline"] for exam in exams.values()].count(True) == 1
    assert len({exam["patient_id"] for exam in exams.values()}) == 3


def test_people_get_a_table_of_the_same(shown: Shown) -> None:
    rows = [line for line in shown.table.splitlines() if "COMPLETED" in line]
    assert len(rows) == 3
    for exam, row in zip(shown.json["exams"], rows, strict=True):
        assert exam["patient_id"] in row
        assert ("offline" in row) is exam["offline"]
    assert "All of it is true." in shown.table


def test_what_is_kept_are_sound_objects_on_both_sides(shown: Shown) -> None:
    acquired = sum(exam["acquired"] for exam in shown.json["exams"])
    ours = sorted((shown.kept / "box" / "spool").rglob("*.dcm"))
    theirs = sorted((shown.kept / "hospital" / "pacs").rglob("*.dcm"))
    assert len(ours) == len(theirs) == acquired
    uids = [{dcmread(file, stop_before_pixels=True).SOPInstanceUID for file in side}
            for side in (ours, theirs)]  # fmt: skip
    assert uids[0] == uids[1]
    assert not list(shown.kept.rglob("*.part"))


@pytest.mark.peer
def test_dicom3tools_finds_no_error_in_what_is_kept(shown: Shown) -> None:
    assert iod_errors(sorted((shown.kept / "box" / "spool").rglob("*.dcm"))) == []


def flip_a_pixel(stage: Stage) -> None:
    victim = stage.hospital.store.instances()[-1].path
    content = bytearray(victim.read_bytes())
    content[-1] ^= 0xFF
    victim.write_bytes(content)


def lose_an_image(stage: Stage) -> None:
    victim = stage.hospital.store.instances()[-1]
    with closing(sqlite3.connect(stage.hospital.store.path)) as database:
        database.execute(
            "DELETE FROM instances WHERE sop_instance_uid = ?", [victim.sop_instance_uid]
        )
        database.commit()


@pytest.mark.parametrize("tamper", [flip_a_pixel, lose_an_image], ids=lambda each: each.__name__)
def test_it_admits_what_is_not_true(monkeypatch: pytest.MonkeyPatch, tamper: Any) -> None:
    play = importlib.import_module("firmware.demo.play")
    judge = play._judge

    def judge_after_tampering(stage: Stage, done: Any) -> Any:
        tamper(stage)
        return judge(stage, done)

    monkeypatch.setattr(play, "SCENES", play.SCENES[2:])
    monkeypatch.setattr(play, "_judge", judge_after_tampering)
    result = CliRunner().invoke(main, ["demo", "--json"])
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert told["ok"] is False
    (exam,) = told["exams"]
    assert exam["pixels_identical"] is False
    assert exam["mpps"] == "COMPLETED"
