"""Whatever is typed, configured or plugged in wrongly: one clear message, and nothing lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.cli import Gantry, run
from tests.end_to_end.settings import Settings

DEAD_PORT = 1
"""The port of a service that nobody has run for decades."""

UNSCHEDULED = ("exam", "start", "--unscheduled", "--patient-id", "BAD-1")


@pytest.fixture(scope="module")
def gantry(tmp_path_factory: pytest.TempPathFactory) -> Gantry:
    """A box with a completed exam 1 of two images, an open exam 2 without any, and dead peers."""
    folder = tmp_path_factory.mktemp("bad")
    settings = Settings()
    settings.peer("ris", "RIS", DEAD_PORT, "worklist", "mpps", connect_timeout=2)
    settings.peer("pacs", "PACS", DEAD_PORT, "store", "commit", commitment="required")
    settings.pattern("picture", rate=0, rows=64, columns=64)
    media = {"video": "broken.mp4", "stills": "stills", "gone": "gone", "empty": "empty"}
    for name, path in media.items():
        settings.replay(name, folder / path)
    for name in ("picture", *media):
        settings.protocol(name, "SC", modality="OT", multi_frame=name == "video")
    (folder / "broken.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(range(256)) * 20)
    (folder / "empty").mkdir()
    stills = folder / "stills"
    stills.mkdir()
    for number in range(2):
        (stills / f"{number}.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))
    gantry = settings.write(folder)
    gantry(*UNSCHEDULED).good()
    gantry("exam", "acquire", "1", "--protocol", "picture", "--frames", "2").good()
    gantry("exam", "complete", "1").good()
    gantry(*UNSCHEDULED).good()
    return gantry


WRONG_CALLS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "birth date in words": ((*UNSCHEDULED, "--birth-date", "31.12.1970"), ("PatientBirthDate",)),
    "no such day": ((*UNSCHEDULED, "--birth-date", "1970-02-30"), ("PatientBirthDate",)),
    "no such sex": ((*UNSCHEDULED, "--sex", "female"), ("PatientSex", "M, F, O")),
    "backslash": ((*UNSCHEDULED, "--patient-name", "A\\B"), ("PatientName", "backslash")),
    "endless name": ((*UNSCHEDULED, "--patient-name", "x" * 200), ("PatientName", "64")),
    "nobody to start": (("exam", "start"), ("--item", "--unscheduled")),
    "two ways at once": ((*UNSCHEDULED, "--item", "abc"), ("--item", "--unscheduled")),
    "other patient": (("exam", "start", "--item", "abc", "--patient-id", "X"), ("worklist",)),
    "no such item": (("exam", "start", "--item", "nosuch"), ("nosuch", "gantry worklist")),
    "append to an open exam": (("exam", "start", "--append", "2"), ("in progress",)),
    "no such exam": (
        ("exam", "acquire", "99", "--protocol", "picture"),
        ("99", "gantry exam list"),
    ),
    "no such exam to show": (("exam", "show", "99"), ("99", "gantry exam list")),
    "no such exam to end": (("exam", "complete", "99"), ("99", "gantry exam list")),
    "no such protocol": (("exam", "acquire", "2", "--protocol", "head"), ("head", "'picture'")),
    "no frames at all": (
        ("exam", "acquire", "2", "--protocol", "picture", "--frames", "0"),
        ("0",),
    ),
    "acquire after the end": (("exam", "acquire", "1", "--protocol", "picture"), ("completed",)),
    "complete twice": (("exam", "complete", "1"), ("completed", "left as it is")),
    "break off the ended": (("exam", "discontinue", "1", "--reason", "110513"), ("completed",)),
    "complete without images": (("exam", "complete", "2"), ("no images", "discontinue")),
    "no reason": (("exam", "discontinue", "2"), ("--reason",)),
    "no such reason": (("exam", "discontinue", "2", "--reason", "999"), ("999", "110513")),
    "corrupt video": (("exam", "acquire", "2", "--protocol", "video"), ("broken.mp4", "nothing")),
    "corrupt stills": (("exam", "acquire", "2", "--protocol", "stills"), ("0.png", "nothing")),
    "no medium": (("exam", "acquire", "2", "--protocol", "gone"), ("gone", "plugged in")),
    "empty folder": (("exam", "acquire", "2", "--protocol", "empty"), ("holds no files",)),
    "no such date": (("worklist", "--date", "yesterday"), ("yesterday", "2026-01-31")),
    "dates the wrong way": (("worklist", "--date", "2026-02-31"), ("2026-02-31",)),
    "dead worklist": (("worklist", "--refresh"), ("ris", "port 1", "--cached")),
    "no such delivery": (("outbox", "resend", "99"), ("99", "gantry outbox")),
    "no such delivery to cancel": (("outbox", "cancel", "99"), ("99", "gantry outbox")),
    "no such peer to redirect to": (("outbox", "redirect", "1", "moon"), ("moon", "ris, pacs")),
    "peer without the service": (("outbox", "redirect", "1", "pacs"), ("mpps",)),
    "no such peer to drain": (("outbox", "drain", "--peer", "moon"), ("moon", "ris, pacs")),
    "no such peer to test": (("peers", "test", "moon"), ("moon", "ris, pacs")),
    "dead peers": (("outbox", "drain", "--timeout", "1"), ("still owed", "gantry outbox")),
}


@pytest.mark.parametrize("name", WRONG_CALLS)
def test_a_wrong_call_is_refused_with_what_to_do(gantry: Gantry, name: str) -> None:
    command, words = WRONG_CALLS[name]
    refused = gantry(*command).refused(*words)
    assert refused.err.count("Error: ") == 1


def test_after_all_of_it_nothing_is_lost_and_nothing_is_made_up(gantry: Gantry) -> None:
    for command, _ in WRONG_CALLS.values():
        if command[:2] == ("exam", "acquire"):
            gantry(*command)
    exams = {exam["exam"]: exam for exam in gantry("exam", "list", "--json").good().json()}
    assert set(exams) == {"1", "2"}
    assert (exams["1"]["state"], exams["1"]["acquired"]) == ("COMPLETED", 2)
    assert (exams["2"]["state"], exams["2"]["acquired"]) == ("IN PROGRESS", 0)
    spooled = [path for path in (gantry.state / "spool").rglob("*") if path.is_file()]
    assert len(spooled) == 2
    owed = gantry("outbox", "--json").good().json()
    kinds = sorted((delivery["kind"], delivery["exam"]) for delivery in owed)
    assert kinds == [
        ("mpps-create", "1"),
        ("mpps-create", "2"),
        ("mpps-set", "1"),
        ("store", "1"),
        ("store", "1"),
    ]


def test_the_worklist_without_a_ris_is_the_cached_one(gantry: Gantry) -> None:
    shown = gantry("worklist").good()
    assert "port 1" in shown.err
    assert shown.err.count("nothing listens") == 2, "told once as it happened, once with the age"
    assert "No scheduled exam fits" in shown.out


CONFIGURATIONS: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "open quote": (b'[station]\nae_title = "BOX\n', ("2", "not TOML", "quote")),
    "not text": (bytes(range(128, 256)), ("UTF-8",)),
    "unknown key": (b'[station]\nae_titel = "BOX"\n', ("ae_titel", "did you mean", "ae_title")),
    "unknown table": (b"[stations]\n", ("stations", "did you mean", "station")),
    "wrong type": (b'[listener]\nport = "many"\n', ("listener.port", "65535")),
    "out of range": (b"[listener]\nport = 70000\n", ("listener.port", "65535")),
    "AE title too long": (b'[station]\nae_title = "ABCDEFGHIJKLMNOPQ"\n', ("ae_title", "16")),
    "unknown source": (
        b'[[protocols]]\nname = "A"\nsource = "nope"\nobject = "SC"\n',
        ("nope", "source"),
    ),
}


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_a_broken_configuration_is_explained(tmp_path: Path, name: str) -> None:
    content, words = CONFIGURATIONS[name]
    gantry = Gantry(tmp_path)
    gantry.config.write_bytes(content)
    gantry("check").refused("gantry.toml", *words, "gantry check")


@pytest.mark.parametrize(
    "command", [("exam", "list"), ("run",), ("listener",), ("hospital",), ("outbox",)], ids=" ".join
)
def test_nothing_runs_with_a_broken_configuration(tmp_path: Path, command: tuple[str, ...]) -> None:
    gantry = Gantry(tmp_path)
    gantry.config.write_text('[station]\nstate_dir = "state"\nae_titel = "BOX"\n')
    gantry(*command).refused("ae_titel", "ae_title")
    assert not gantry.state.exists()


def test_several_faults_are_told_at_once(tmp_path: Path) -> None:
    gantry = Gantry(tmp_path)
    gantry.config.write_text('[station]\nfoo = 1\n[listener]\nport = 0\nbind = "moon"\n')
    gantry("check").refused("3 faults", "station.foo", "listener.port", "listener.bind")


def test_a_missing_configuration_is_not_replaced_by_defaults(tmp_path: Path) -> None:
    gantry = Gantry(tmp_path)
    gantry("exam", "list").refused("no such file", "gantry config template")


def _state_below_a_file(folder: Path) -> None:
    (folder / "state").write_text("a file")


def _database_that_is_none(folder: Path) -> None:
    (folder / "state").mkdir()
    (folder / "state" / "catalog.sqlite").write_text("no database at all " * 100)


def _spool_that_is_a_file(folder: Path) -> None:
    (folder / "state").mkdir()
    (folder / "state" / "spool").write_text("a file")


@pytest.mark.parametrize(
    ("spoil", "advice"),
    [
        (_state_below_a_file, "writable"),
        (_database_that_is_none, "call service"),
        (_spool_that_is_a_file, "writable"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
@pytest.mark.parametrize("command", [("exam", "list"), ("dispatcher",)], ids=" ".join)
def test_a_state_folder_of_no_use_is_named(
    tmp_path: Path, spoil: Callable[[Path], None], advice: str, command: tuple[str, ...]
) -> None:
    gantry = Settings().write(tmp_path)
    spoil(tmp_path)
    gantry(*command).refused(str(gantry.state), advice)


HOSPITAL_FAULTS = {
    "foo=1": "commitment_delay",
    "stall_seconds=abc": "stall_seconds",
    "stall_seconds=-3": "0 or more",
    "store_status=0xZZ": "0xA700",
    "commitment=maybe": "commitment",
}


@pytest.mark.parametrize("fault", HOSPITAL_FAULTS)
def test_a_mistyped_hospital_fault_is_refused(tmp_path: Path, fault: str) -> None:
    gantry = Settings().write(tmp_path)
    gantry("hospital", "--fault", fault).refused("fault", HOSPITAL_FAULTS[fault])


def test_the_demo_wants_a_new_folder_that_can_be_made(tmp_path: Path) -> None:
    (tmp_path / "used").write_text("")
    run("demo", "--keep", str(tmp_path)).refused("not empty", "--keep")
    run("demo", "--keep", str(tmp_path / "used" / "below")).refused("cannot be made", "--keep")


@pytest.mark.parametrize("command", ["acquires", "exams", "--frobnicate"])
def test_a_command_that_does_not_exist_points_to_the_help(command: str) -> None:
    run(command).refused("gantry --help")
