"""A RIS that sends incomplete and absurd entries: the patient is examined all the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread

from tests.end_to_end.cli import Gantry
from tests.end_to_end.order import order, write_orders
from tests.end_to_end.settings import Settings
from tests.end_to_end.witnesses import iod_errors
from tests.peers.process import Stable, program

# what is wrong with the entry, and what the list says of it
ABSURD: dict[str, tuple[dict[str, Any], str]] = {
    "no study": ({"StudyInstanceUID": None}, "No Study Instance UID"),
    "study is no UID": ({"StudyInstanceUID": "1.2.not.a.uid"}, "not a valid UID"),
    "no patient ID": ({"PatientID": None}, "No Patient ID"),
    "two patient IDs": ({"PatientID": "A\\B"}, "several values"),
    "no step": ({"ScheduledProcedureStepSequence": None}, "No Scheduled Procedure Step ID"),
    "empty step": ({"ScheduledProcedureStepSequence": []}, "No Scheduled Procedure Step ID"),
    "birth date in words": ({"PatientBirthDate": "31.12.1970"}, "not a date"),
    "born tomorrow": ({"PatientBirthDate": "29991231"}, "lies in the future"),
    "sex in words": ({"PatientSex": "female"}, "not M, F or O"),
    "endless name": ({"PatientName": "x" * 200}, "longer than 64"),
    "control characters": ({"PatientName": "Bell\x07^\x1b[31mRed"}, "control characters"),
    "month 99": ({"ScheduledProcedureStepStartDate": "20269999"}, "not a date"),
    "unknown character set": ({"SpecificCharacterSet": "KLINGON"}, "not supported"),
    "endless accession": ({"AccessionNumber": "9" * 40}, "longer than 16"),
    "no modality": ({"Modality": None}, "No Modality"),
}


@pytest.fixture(scope="module")
def gantry(tmp_path_factory: pytest.TempPathFactory, stable: Stable) -> Gantry:
    def argv(port: int, folder: Path) -> list[str | Path]:
        absurd = [
            order(number, "CT", "Absurd^Anna", **changes)
            for number, (changes, _) in enumerate(ABSURD.values(), 11)
        ]
        write_orders(folder / "RIS", *absurd)
        # -dfr: pass incomplete files on
        return [program("wlmscpfs", "dcmtk"), "-csk", "-dfp", folder, "-dfr", str(port)]

    ris = stable.start("absurd", "RIS", argv)
    settings = Settings()
    settings.peer("ris", "RIS", ris.peer.port, "worklist")
    settings.pattern("picture", rate=0, rows=64, columns=64)
    settings.protocol("picture", "SC", modality="OT")
    gantry = settings.write(tmp_path_factory.mktemp("absurd"))
    answer = gantry("worklist", "--refresh").good()
    assert "Warning" not in answer.err
    assert "\x1b" not in answer.text, "a terminal would obey that"
    return gantry


@pytest.fixture(scope="module")
def entries(gantry: Gantry) -> dict[str, dict[str, Any]]:
    """The cached entries by the accession number's place in the table of absurdities."""
    found = gantry("worklist", "--cached", "--json").good().json()
    by_step = {entry["requested_procedure_id"].removeprefix("RP"): entry for entry in found}
    return {name: by_step[str(number)] for number, name in enumerate(ABSURD, 11)}


@pytest.mark.peer
@pytest.mark.parametrize("name", ABSURD)
def test_the_list_says_what_is_wrong_with_the_entry(
    entries: dict[str, dict[str, Any]], name: str
) -> None:
    assert any(ABSURD[name][1] in problem for problem in entries[name]["problems"])


@pytest.mark.peer
@pytest.mark.parametrize("name", ["no study", "no step", "control characters"])
def test_an_absurd_entry_can_be_examined_and_makes_sound_objects(
    gantry: Gantry, entries: dict[str, dict[str, Any]], name: str
) -> None:
    exam = gantry("exam", "start", "--item", entries[name]["key"]).good().out.strip()
    taken = gantry("exam", "acquire", exam, "--protocol", "picture", "--frames", "1", "--json")
    (image,) = taken.good().json()["instances"]
    gantry("exam", "complete", exam).good()
    file = gantry.state / "spool" / image["path"]
    assert iod_errors([file]) == []
    ds = dcmread(file)
    assert ds.PatientID == entries[name]["patient_id"]
    assert ds.StudyInstanceUID
