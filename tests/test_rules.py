"""The house rules that a machine can watch over."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE, StoragePresentationContexts, evt

from firmware import config
from firmware.cli import main
from services.hospital import HospitalStore
from tests.end_to_end.cli import answers, until
from tests.end_to_end.order import order
from tests.end_to_end.settings import Settings
from tests.peers.process import free_port

REPOSITORY = Path(__file__).parents[1]
PACKAGES = ("device", "drivers", "firmware", "services")
LONGEST_FILE = 400


def sources() -> list[Path]:
    return sorted(file for package in PACKAGES for file in (REPOSITORY / package).rglob("*.py"))


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [program, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False
    )


def test_the_layers_hold() -> None:
    done = lint_imports(REPOSITORY)
    assert done.returncode == 0, done.stdout


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("copy")
    for package in PACKAGES:
        shutil.copytree(
            REPOSITORY / package, folder / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(REPOSITORY / "pyproject.toml", folder)
    return folder


@pytest.mark.parametrize(
    ("module", "statement", "contract"),
    [
        ("device/uids.py", "import services.errors", "imports run one way"),
        ("services/errors.py", "import firmware.version", "imports run one way"),
        ("services/errors.py", "import drivers.errors", "imports run one way"),
        ("drivers/errors.py", "import device.errors", "drivers know nobody of ours"),
        ("drivers/errors.py", "import pynetdicom", "drivers know nobody of ours"),
        ("device/uids.py", "import socket", "the emulated modality is pure"),
        ("device/uids.py", "import sqlite3", "the emulated modality is pure"),
        ("device/uids.py", "import time", "the emulated modality is pure"),
    ],
)
def test_the_gate_closes_on_a_planted_import(
    copy: Path, module: str, statement: str, contract: str
) -> None:
    planted = copy / module
    before = planted.read_text()
    planted.write_text(f"{before}\n\n{statement}\n")
    try:
        done = lint_imports(copy)
    finally:
        planted.write_text(before)
    assert done.returncode != 0
    assert f"{contract} BROKEN" in re.sub(r"\s+", " ", done.stdout)


def test_every_module_imports_on_a_machine_without_hardware() -> None:
    modules = [
        ".".join(file.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__")
        for file in sources()
        if file.name != "__main__.py"
    ]
    assert len(modules) > 100
    code = "import importlib, sys\nfor name in sys.argv[1:]:\n    importlib.import_module(name)"
    done = subprocess.run(
        [sys.executable, "-W", "error::SyntaxWarning", "-c", code, *modules],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_our_packages_collide_with_no_installed_distribution() -> None:
    owners = importlib.metadata.packages_distributions()
    for package in PACKAGES:
        assert set(owners.get(package, ["gantry"])) == {"gantry"}


def test_no_file_is_too_long_to_keep_in_mind() -> None:
    lengths = {file: len(file.read_text().splitlines()) for file in sources()}
    assert {f: n for f, n in lengths.items() if n > LONGEST_FILE} == {}


def test_nothing_is_left_for_later() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    assert [file for file in sources() if marks.search(file.read_text())] == []


def test_the_tree_knows_no_machine_of_ours() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    # put together here, so that this file does not find itself
    foreign = re.compile("|".join(("/wor" + "k/", "/tmp/pro" + "be", r"https?://[^/\s]*pyp" + "i")))
    found = []
    for name in filter(None, listed.stdout.split("\0")):
        path = REPOSITORY / name
        if not path.is_file() or path.suffix in (".dcm", ".png"):
            continue
        if foreign.search(path.read_text("utf-8", "replace")):
            found.append(name)
    assert found == []


def test_the_readme_names_every_command() -> None:
    text = (REPOSITORY / "README.md").read_text()
    missing = [name for name in main.list_commands(None) if f"gantry {name}" not in text]
    assert missing == []


def test_the_template_names_every_table() -> None:
    template = config.template()
    for table in ("station", "listener", "console", "retention"):
        assert re.search(rf"^#?\[{table}\]", template, re.MULTILINE)
    for table in ("peers", "sources", "protocols"):
        assert re.search(rf"^#?\[\[{table}\]\]", template, re.MULTILINE)


def test_every_configuration_key_named_in_the_readme_exists() -> None:
    readme = (REPOSITORY / "README.md").read_text()
    known = set(re.findall(r"^#?(\w+) = ", config.template(), re.MULTILINE))
    named = set()
    for block in re.findall(r"```toml\n(.*?)```", readme, re.DOTALL):
        tomllib.loads(block)
        named |= set(re.findall(r"^(\w+) = ", block, re.MULTILINE))
    # attributes of geometry and technique are DICOM keywords, which begin with a capital
    assert {key for key in named if key.islower()} <= known


@dataclass(frozen=True)
class Person:
    """Somebody whom nobody could name by accident."""

    name: str = "Zyxwvut^Quirinus"
    patient_id: str = "QQ7741PID"
    accession: str = "ACCQ9931"

    @property
    def marks(self) -> tuple[str, ...]:
        return ("Zyxwvut", "Quirinus", self.patient_id, self.accession)


PERSON = Person()


def test_no_log_line_names_the_patient(tmp_path: Path) -> None:
    """A day with good and bad moments, every service at level INFO, its logs searched."""
    ports = {"ris": free_port(), "pacs": free_port(), "printer": free_port()}
    settings = Settings()
    settings.peer("ris", "RIS", ports["ris"], "worklist", "mpps")
    settings.peer("pacs", "PACS", ports["pacs"], "store", "commit", commitment="required")
    settings.pattern("picture", rate=0, rows=64, columns=64)
    settings.protocol("picture", "SC", modality="OT")
    gantry = settings.write(tmp_path)
    folder = tmp_path / "hospital"
    with HospitalStore(folder / "hospital.db") as store:
        entry = order(
            1, "CT", PERSON.name, PatientID=PERSON.patient_id, AccessionNumber=PERSON.accession
        )
        store.add_worklist_item(entry)
    faults = ("abort_mid_pdu=1", "store_status=0xA700", "store_status_count=1",
              "mpps_status=0x0110", "mpps_status_count=1",
              "commitment=partial", "commitment_partial_every=1")  # fmt: skip
    flags = [part for fault in faults for part in ("--fault", fault)]
    flags += [part for name, port in ports.items() for part in (f"--{name}-port", str(port))]
    with (
        gantry.running(
            "hospital", "--dir", str(folder), *flags, ready=lambda: answers(ports["printer"])
        ) as hospital,
        gantry.running("run", ready=lambda: answers(settings.console)) as run,
    ):
        entries = gantry("worklist", "--patient-id", PERSON.patient_id, "--json").good().json()
        (key,) = (entry["key"] for entry in entries)
        exam = gantry("exam", "start", "--item", key).good().out.strip()
        gantry("exam", "acquire", exam, "--protocol", "picture", "--frames", "3").good()
        gantry("exam", "complete", exam).good()
        until(lambda: "to be sent again" in run.text(), 30, run.text)
        drained = gantry("outbox", "drain", "--timeout", "30")
    logs = {"hospital": hospital.text(), "run": run.text(), "drain": drained.text}
    assert "images stored" in logs["run"]
    for name, text in logs.items():
        assert [mark for mark in PERSON.marks if mark in text] == [], name


def test_the_words_of_a_peer_stay_out_of_the_log(tmp_path: Path) -> None:
    """An archive that names the patient in its refusal: for the operator's eyes only."""
    words = f"no patient {PERSON.name}"

    def refuse(_: evt.Event) -> Dataset:
        answer = Dataset()
        answer.Status = 0xC000
        answer.ErrorComment = words
        return answer

    archive = AE("PACS")
    archive.supported_contexts = StoragePresentationContexts
    server = archive.start_server(
        ("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, refuse)]
    )
    assert server is not None
    settings = Settings().peer("pacs", "PACS", server.socket.getsockname()[1], "store")
    settings.pattern("picture", rate=0, rows=64, columns=64, frames=1)
    settings.protocol("picture", "SC", modality="OT")
    gantry = settings.write(tmp_path)
    gantry("exam", "start", "--unscheduled", "--patient-name", PERSON.name).good()
    gantry("exam", "acquire", "1", "--protocol", "picture").good()
    log = tmp_path / "dispatcher.log"
    try:
        with gantry.running("dispatcher", ready=lambda: "C000" in log.read_text()):
            pass
    finally:
        server.shutdown()
    assert [mark for mark in PERSON.marks if mark in log.read_text()] == []
    assert words in gantry("outbox").good().out
