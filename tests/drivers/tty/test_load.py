"""Driver files: the shipped ones are sound, and a wrong one is told all its faults at once."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.tty.interpret import Interpreter
from drivers.tty.load import find_model, parse_model, shipped_models
from drivers.tty.tables import DriverFileInvalid
from tests.drivers.tty.models import DELIMITED, DOSE, NO_CHECK, dose_meter

GOOD = DOSE.format(framing=DELIMITED, checksum=NO_CHECK, example="D80")


def faults_of(text: str) -> tuple[str, ...]:
    with pytest.raises(DriverFileInvalid) as caught:
        parse_model(text.encode(), "dose.toml")
    return caught.value.faults


def test_the_shipped_files_are_the_promised_ones_and_sound() -> None:
    assert shipped_models() == (
        "barcode-scanner",
        "console-printer",
        "laser-camera",
        "patient-header",
        "xray-generator",
    )
    for name in shipped_models():
        model = find_model(name)
        assert not model.transmit, f"{name} would write to a medical device"
        assert all(message.examples for message in model.messages)


def test_what_a_shipped_example_says() -> None:
    model = find_model("xray-generator")
    heard = Interpreter("generator", model).hear(model.messages[0].examples[0].encode(), 7)
    assert {reading.keyword: reading.value for reading in heard.readings} == {
        "KVP": 81.0,
        "XRayTubeCurrent": 200,
        "ExposureTime": 125,
        "Exposure": 25,
        "ExposureInuAs": 25000,
    }
    assert heard.events[0].gesture == "expose"
    assert heard.events[0].monotonic_ns == 7


def test_a_file_of_the_site_is_found_by_its_path(tmp_path: Path) -> None:
    file = tmp_path / "dose.toml"
    file.write_text(GOOD)
    assert find_model(str(file)).name == "dose meter"


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(DriverFileInvalid, match="laser-camera"):
        find_model("lazer-camera")
    with pytest.raises(DriverFileInvalid, match="cannot be read"):
        find_model("/nowhere/at/all.toml")


def test_all_faults_are_told_at_once() -> None:
    text = """
name = ""
colour = "red"
silence_seconds = -1
encoding = "klingon"

[line]
baud = 5
parity = "mark"
data_bit = 7

[framing]
kind = "delimited"

[checksum]
kind = "sum8"
after_end = false

[reply]
good = "\\u0006"

[[messages]]
name = "a"
pattern = "(("

[[messages.fields]]
keyword = "KiloVolt"
group = "kv"

[[messages]]
name = "a"
pattern = "x"
examples = ["x"]

[[messages.fields]]
keyword = "KVP"
columns = [5, 2]
"""
    faults = faults_of(text)
    for expected in (
        "name: is a text that is not empty",
        "colour: no such key",
        "silence_seconds: is a number from 0.1",
        "encoding: is not a character encoding",
        "line.baud: is a whole number from 50",
        "line.parity: is one of none, even, odd",
        "line.data_bit: there is no such key; is it data_bits?",
        "framing.start: is missing",
        "framing.ends: is needed",
        "checksum.hexadecimal: a check before the end is hexadecimal",
        "reply: needs transmit = true",
        "messages[1].pattern: is no regular expression",
        "messages[1].examples: at least one is needed",
        "messages[1].fields[1].keyword: 'KiloVolt' is no DICOM keyword",
        "messages[1].fields[1].group: the pattern has no group 'kv'",
        "messages[2].fields[1].columns: is a list of two numbers",
        "messages[2].fields[1].plausible: is needed for a number such as KVP",
        "messages: 'a' is there twice",
    ):
        assert any(fault.startswith(expected) for fault in faults), (expected, faults)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('examples = ["D80"]', 'examples = ["E80"]', "'E80' is none of the messages"),
        ('examples = ["D80"]', 'examples = ["D800"]', "'D800' gives no value for KVP"),
        ('examples = ["D80"]', 'examples = ["D\\u000380"]', "does not come through the framing"),
        ('examples = ["D80"]', 'examples = ["D\\u00e4"]', "cannot be written in ascii"),
        ('keyword = "KVP"', 'keyword = "PixelSpacing"', "has 2 values, a field has one"),
        ('keyword = "KVP"', 'keyword = "PixelData"', "cannot be read from a line of text"),
        ('keyword = "KVP"', 'keyword = "PatientID"', "is no number"),
        ("plausible = [20, 160]", "plausible = [160, 20]", "the smaller first"),
        ("baud = 9600", 'baud = 9600\nflow = "xon-xoff"', "needs transmit = true"),
        ('gesture = "expose"', 'gesture = "stamp"', "is one of press"),
        ("[line]\nbaud = 9600", "", "line: is missing"),
    ],
)
def test_one_fault(old: str, new: str, fault: str) -> None:
    assert old in GOOD
    assert any(fault in told for told in faults_of(GOOD.replace(old, new)))


def test_the_report_names_the_file_and_survives_a_process_border() -> None:
    with pytest.raises(DriverFileInvalid, match=r"dose.toml: .*baud.*Correct the") as it:
        parse_model(GOOD.replace("baud = 9600", "baud = 1").encode(), "dose.toml")
    copy = pickle.loads(pickle.dumps(it.value))
    assert (copy.faults, str(copy)) == (it.value.faults, str(it.value))


@given(st.binary(max_size=200))
def test_no_file_breaks_the_reader(content: bytes) -> None:
    with pytest.raises(DriverFileInvalid):
        parse_model(content, "noise.toml")


@given(st.sampled_from(GOOD.splitlines()), st.sampled_from(["", "x = 1", "name = 3", "[line]"]))
def test_a_damaged_file_is_read_or_refused(line: str, instead: str) -> None:
    changed = GOOD.replace(line, instead, 1)
    if changed == GOOD:
        return
    try:
        model = parse_model(changed.encode(), "dose.toml")
    except DriverFileInvalid:
        return
    assert model.messages
    assert all(field.plausible for field in model.messages[0].fields)


def test_a_reply_is_only_for_a_file_that_transmits() -> None:
    reply = '[reply]\ngood = "\\u0006"\nbad = "\\u0015"\n'
    allowed = dose_meter(DELIMITED, reply, extra="transmit = true\n")
    assert allowed.reply is not None
    assert any("transmit" in fault for fault in faults_of(GOOD.replace("[line]", reply + "[line]")))
