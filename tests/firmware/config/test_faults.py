"""Every fault is named with its key, its line, what is allowed and what was perhaps meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from firmware.config import ConfigurationError, load
from tests.firmware.config.documents import VALID, faults_of, load_text, replaced

PATTERN = 'kind = "pattern"\nbits = 12'
GRABBER = 'kind = "v4l2"\n'
SIMULATED = 'kind = "simulated"\n'
PROFILE = '[[profiles]]\nname = "ct"\n'

FAULTS = [
    ('ae_title = "CT_BOX"', 'ae_title = ""', "station.ae_title", "is empty"),
    ('ae_title = "CT_BOX"', 'ae_title = " BOX"', "station.ae_title", "begin or end with a space"),
    ('ae_title = "CT_BOX"', r'ae_title = "A\\B"', "station.ae_title", "no backslash"),
    ('ae_title = "CT_BOX"', 'ae_title = "ÄE"', "station.ae_title", "plain ASCII"),
    ('ae_title = "CT_BOX"', r'ae_title = "A\tB"', "station.ae_title", "plain ASCII"),
    ('ae_title = "CT_BOX"', f'ae_title = "{"X" * 17}"', "station.ae_title", "too long: 17"),
    ('ae_title = "CT_BOX"', "ae_title = 5", "station.ae_title", "is a whole number where text"),
    ('"Europe/Berlin"', '"Europe/Berlim"', "station.timezone", "IANA"),
    ('"Europe/Berlin"', '"../etc/passwd"', "station.timezone", "IANA"),
    ('["", "ISO 2022 IR 87"]', '"ISO_IR 999"', "station.character_set", "not supported"),
    ('["", "ISO 2022 IR 87"]', '["ISO_IR 100", ""]', "station.character_set", "cannot stand"),
    ('["", "ISO 2022 IR 87"]', '["ISO 2022 IR 87", ""]', "station.character_set", "leaves one"),
    ('["", "ISO 2022 IR 87"]', "[1, 2]", "station.character_set", "is a list"),
    ('station_name = "CT-2"', r'station_name = "a\nb"', "station.station_name", "line break"),
    ("port = 11112", "port = 0", "listener.port", "too small"),
    ("port = 11112", "port = 65536", "listener.port", "too large"),
    ("port = 11112", "port = 104.5", "listener.port", "is a number"),
    ("port = 11112", "port = true", "listener.port", "is true or false"),
    ("port = 11112", "port = 2020-01-01", "listener.port", "is a date"),
    ("port = 11112", 'bind = "everywhere"', "listener.bind", "not an IP address"),
    ("port = 11112", 'bind = ""', "listener.bind", "is empty"),
    ("port = 11112", "idle_timeout = inf", "listener.idle_timeout", "finite"),
    ('["ARCHIVE"]', '["OK", "A\\\\B"]', "listener.allowed_callers[1]", "no backslash"),
    ('["ARCHIVE"]', '"ARCHIVE"', "listener.allowed_callers", "is text where a list"),
    ('name = "archive"', 'name = "RIS"', "peers[1].name", "already the name of peers[0]"),
    ('"192.0.2.7"', '"192.0.2.700"', "peers[1].host", "not an IP address"),
    ('"192.0.2.7"', '"http://pacs"', "peers[1].host", "neither a host name"),
    ('"192.0.2.7"', '"pacs:104"', "peers[1].host", "neither a host name"),
    ('"192.0.2.7"', '""', "peers[1].host", "is empty"),
    ('["store", "commit", "query"]', '["store"]', "peers[1].commitment", "no promise"),
    ('["store", "commit", "query"]', "[]", "peers[1].services", "is empty"),
    ('["worklist", "mpps"]', '["mpps", "mpps"]', "peers[0].services", "twice"),
    ('["worklist", "mpps"]', '["mpps", "worklst"]', "peers[0].services[1]", "not one of"),
    ('"ISO_IR 100"', '"latin1"', "peers[0].assume_character_set", "not supported"),
    ('commitment = "required"', 'commitment = "yes"', "peers[1].commitment", "not one of"),
    ('name = "ris"', 'name = "ris"\ninstance_check = true', "peers[0].instance_check", "query"),
    ('name = "ris"', 'name = "ris"\ntls_key = "k"', "peers[0].tls_ca", "missing beside tls_key"),
    ('path = "films"', "", "sources[0].path", "needs a file or a folder"),
    ('kind = "replay"', 'kind = "v4l1"', "sources[0].kind", "not one of"),
    ('kind = "replay"', 'kind = "v4l2"', "sources[0].profile", "without a profile"),
    ('kind = "pattern"', 'kind = "serial"', "sources[1].device", "needs it"),
    ('kind = "pattern"', 'kind = "serial"', "protocols[1].source", "not the name of a source"),
    ("bits = 12", 'device = "usb-1"', "sources[1].device", "no meaning where kind is"),
    (PATTERN, GRABBER + 'device = "/dev/video0"', "sources[1].device", "lasting name"),
    (PATTERN, GRABBER + 'profile = "hdmi-usb"', "sources[1].profile", "nor a shipped preset"),
    (PATTERN, SIMULATED + 'faults = ["unplugged"]', "sources[1].faults[0]", "no fault of this"),
    (PATTERN, SIMULATED + 'faults = ["unplug@0"]', "sources[1].faults[0]", "before the first"),
    ("[retention]", PROFILE + 'preset = "pal"', "profiles[0].preset", "shipped profile"),
    ("[retention]", PROFILE + "crop = [1, 2]", "profiles[0]", "crop has 4 numbers"),
    ("[retention]", PROFILE + 'range = "measured"', "profiles[0]", "needs the key measured"),
    ("[retention]", PROFILE + "measured = [1, 2]", "profiles[0]", "measured goes with"),
    ("[retention]", PROFILE + 'pixel_format = "MJPG"', "profiles[0]", "lossy"),
    ("[retention]", PROFILE + 'no_signal = ["x"]', "profiles[0].no_signal[0]", "cannot be read"),
    ("[retention]", PROFILE + 'device = "/dev/video0"', "profiles[0].device", "lasting name"),
    ("rate = 12.5", "rate = -1", "sources[0].rate", "too small"),
    ("rate = 12.5", "rows = 64", "sources[0].rows", "no meaning where kind is"),
    ("bits = 12", "bits = 12\ncolour = true", "sources[1].bits", "8 bits"),
    ("bits = 12", 'bits = 12\npath = "x"', "sources[1].path", "no meaning where kind is"),
    ('name = "pattern"', 'name = "scanner"', "sources[1].name", "already the name"),
    ('source = "scanner"', 'source = "scaner"', "protocols[0].source", "not the name of a source"),
    ('body_part = "HEAD"', 'body_part = "Head"', "protocols[0].body_part", "A-Z"),
    ('body_part = "HEAD"', 'modality = "MR"', "protocols[0].modality", "has this modality"),
    ('body_part = "HEAD"', "multi_frame = true", "protocols[0].multi_frame", "one picture"),
    ('name = "Film"', 'name = "head"', "protocols[1].name", "already the name"),
    ("keep_days = 14", "keep_days = -1", "retention.keep_days", "too small"),
    ("[retention]", "[retension]", "retension", "no such key at the top"),
    ("[listener]", "[[listener]]", "listener", "is a list where a table belongs"),
    ("[[sources]]", "[sources]", "sources", "two brackets"),
]


@pytest.mark.parametrize(("old", "new", "key", "problem"), FAULTS)
def test_one_fault_is_named(tmp_path: Path, old: str, new: str, key: str, problem: str) -> None:
    text = replaced(old, new)
    if key == "sources":
        text = "[sources]\nname = 'x'\n"
    faults = faults_of(tmp_path, text)
    named = [fault for fault in faults if fault.key == key]
    assert named, [fault.key for fault in faults]
    assert problem in str(named[0])
    assert named[0].file == str(tmp_path / "gantry.toml")


def test_all_faults_come_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = VALID
    for old, new in (
        ('"CT_BOX"', '""'),
        ("port = 11112", "port = 0"),
        ('host = "ris.example.org"\n', ""),
        ('source = "pattern"', 'source = "patern"'),
        ("KVP = 120", "KVP = 0"),
        ("keep_days", "keep_dais"),
    ):
        text = text.replace(old, new, 1)
    faults = faults_of(tmp_path, text)
    assert [fault.key for fault in faults] == [
        "station.ae_title",
        "listener.port",
        "peers[0].host",
        "protocols[0].technique.KVP",
        "protocols[1].source",
        "retention.keep_dais",
    ]
    lines = text.splitlines()
    for fault in faults:
        named = fault.key.rpartition(".")[2]
        line = lines[fault.line - 1]
        assert named in line or line == "[[peers]]"
    report = str(ConfigurationError(faults))
    assert report.startswith("The configuration has 6 faults")
    assert all(fault.key in report for fault in faults)


@pytest.mark.parametrize(
    ("old", "new", "meant"),
    [
        ("keep_days", "keepdays", '"keep_days"'),
        ("ae_title", "AE_Title", '"ae_title"'),
        ('"Europe/Berlin"', '"Europe/Berlim"', '"Europe/Berlin"'),
        ('source = "scanner"', 'source = "scaner"', '"scanner"'),
        ('["worklist", "mpps"]', '["worklst", "mpps"]', '"worklist"'),
        ("PixelSpacing", "PixelSpacin", '"PixelSpacing"'),
        ("KVP", "Kvp", '"KVP"'),
    ],
)
def test_what_was_perhaps_meant_is_offered(tmp_path: Path, old: str, new: str, meant: str) -> None:
    suggestions = [fault.suggestion for fault in faults_of(tmp_path, replaced(old, new))]
    assert any(meant in suggestion for suggestion in suggestions), suggestions


def test_a_long_value_is_quoted_short_and_on_one_line(tmp_path: Path) -> None:
    long = "X" * 5000 + r"\n"
    (fault,) = faults_of(tmp_path, replaced('"CT_BOX"', f'"{long}"'))
    assert len(fault.value) == 60
    assert "\n" not in fault.value


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda path: None, "no such file"),
        (lambda path: path.mkdir(), "a folder or a device"),
        (lambda path: path.write_bytes(b"#" * (1024 * 1024 + 1)), "larger than 1 MiB"),
        (lambda path: path.write_bytes(b"[station]\nae_title = '\xff'\n"), "not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_fault(tmp_path: Path, make, problem: str) -> None:
    path = tmp_path / "gantry.toml"
    make(path)
    with pytest.raises(ConfigurationError, match=problem) as caught:
        load(path)
    assert str(path) in str(caught.value)


def test_a_file_of_the_largest_size_is_read(tmp_path: Path) -> None:
    text = VALID + "#" * (1024 * 1024 - len(VALID.encode()))
    assert load_text(tmp_path, text).station.ae_title == "CT_BOX"


@pytest.mark.parametrize(
    ("text", "line", "column", "advice"),
    [
        ("[station]\nae_title = GANTRY\n", 2, 12, "put text in quotes"),
        ("[station]\nae_title 'X'\n", 2, 10, "an equals sign"),
        ('[station]\nae_title = "X\nport = 1\n', 2, 14, "ends with the quote"),
        ("[station]\n[station]\n", 2, 9, "stands in the file twice"),
        ("[station]\nlocation = 'a'\nlocation = 'b'\n", 3, None, "stands in the table twice"),
        ('[station]\nstate_dir = "C:\\data"\n', 2, None, "backslash twice"),
        ("[listener]\nallowed_callers = ['A'\n", 2, None, "a list ends with ]"),
        ("[station", 1, 9, "not closed"),
    ],
)
def test_what_is_not_toml_is_shown_and_explained(
    tmp_path: Path, text: str, line: int, column: int | None, advice: str
) -> None:
    (fault,) = faults_of(tmp_path, text)
    assert fault.line == line
    assert text.splitlines()[line - 1] in fault.problem
    assert advice in fault.suggestion
    if column:
        assert fault.value == f"column {column}"


@pytest.mark.parametrize("text", ["x = " + "[" * 5000, "x = " + "9" * 6000])
def test_absurd_toml_is_refused_calmly(tmp_path: Path, text: str) -> None:
    (fault,) = faults_of(tmp_path, text)
    assert "beyond all use" in fault.problem
