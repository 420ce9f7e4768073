"""What the text of a message becomes, and what never becomes a value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.tty.interpret import Interpreter
from drivers.tty.load import find_model, parse_model
from tests.drivers.tty.models import DELIMITED, dose_meter

HEADER = find_model("patient-header")
DOSE = dose_meter(DELIMITED)


def values(name: str, payload: bytes) -> dict[str, object]:
    heard = Interpreter("side", find_model(name)).hear(payload, 0)
    return {reading.keyword: reading.value for reading in heard.readings}


def test_fixed_columns_names_dates_and_words() -> None:
    line = "PAT4711        DOE, JANE                     12.03.1950W"
    assert values("patient-header", line.encode()) == {
        "PatientID": "4711",
        "PatientName": "DOE^JANE",
        "PatientBirthDate": "19500312",
        "PatientSex": "F",
    }


def test_what_is_left_blank_or_cannot_be_true_has_no_value() -> None:
    line = "PAT            DOE, JANE                     31.02.1950X"
    heard = Interpreter("side", HEADER).hear(line.encode(), 0)
    assert [reading.value for reading in heard.readings] == [None, "DOE^JANE", None, None]
    assert heard.implausible == 2
    assert heard.readings[2].raw == "31.02.1950"


def test_a_line_of_a_printout_gives_what_it_says_and_others_are_passed_over() -> None:
    assert values("console-printer", b"  SLICE THICKNESS   5.0 MM ") == {"SliceThickness": 5.0}
    assert values("console-printer", b"GANTRY TILT: - 12.5") == {"GantryDetectorTilt": -12.5}
    assert values("console-printer", b"KV 120 MA 250") == {
        "KVP": 120.0,
        "XRayTubeCurrent": 250,
        "ExposureTime": None,
    }
    assert values("console-printer", b"*** HAVE A NICE DAY ***") == {}


def test_a_film_command_and_a_scanned_code_are_events() -> None:
    camera = Interpreter("camera", find_model("laser-camera"))
    assert camera.hear(b"AQU 7", 5).events[0].gesture == "expose"
    assert camera.hear(b"PRI 1", 5).events[0].text == "PRI"
    assert camera.hear(b"CLR", 5).events == ()
    scanner = Interpreter("scanner", find_model("barcode-scanner"))
    (event,) = scanner.hear(b"]d28018401234567890123456\x1d10LOT7", 5).events
    assert (event.gesture, event.text) == ("scan", "]d28018401234567890123456\x1d10LOT7")


@given(st.binary(max_size=40))
def test_whatever_comes_a_number_is_within_its_plausible_range(payload: bytes) -> None:
    heard = Interpreter("dose", DOSE).hear(payload, 0)
    for reading in heard.readings if heard else ():
        assert reading.value is None or 20 <= reading.value <= 160


@given(st.text(max_size=80))
def test_text_is_never_more_than_its_representation_allows(text: str) -> None:
    line = f"PAT{text[:12]:12}{text[:30]:30}12.03.1950F"
    heard = Interpreter("side", HEADER).hear(line.encode("latin-1", "replace"), 0)
    for reading in heard.readings:
        assert reading.value is None or (
            isinstance(reading.value, str)
            and 0 < len(reading.value) <= 64
            and reading.value.isprintable() | ("\xad" in reading.value) | ("\xa0" in reading.value)
            and "\\" not in reading.value
        )


@pytest.mark.parametrize("payload", [b"D\xff80", b"X80", b"D", b""])
def test_what_a_closed_device_cannot_have_said_is_damage(payload: bytes) -> None:
    assert Interpreter("dose", DOSE).hear(payload, 0) is None


@pytest.mark.parametrize("payload", [b"D19.9", b"D160.1", b"D1.2.3", b"D."])
def test_numbers_that_cannot_be_true_are_dropped_and_counted(payload: bytes) -> None:
    heard = Interpreter("dose", DOSE).hear(payload, 0)
    assert heard.readings[0].value is None
    assert heard.implausible == 1


def test_a_scale_is_exact_and_a_comma_is_read_where_the_file_says_so() -> None:
    text = """
name = "x"
decimal_comma = true
[line]
baud = 9600
[framing]
kind = "terminated"
ends = ["\\n"]
[[messages]]
name = "m"
pattern = '(?P<v>[0-9,]+)'
examples = ["1,1"]
[[messages.fields]]
keyword = "SliceThickness"
group = "v"
scale = 0.1
plausible = [0.01, 100]
"""
    model = parse_model(text.encode(), "x.toml")
    heard = Interpreter("x", model).hear(b"81,2", 0)
    assert heard.readings[0].value == 8.12


def test_neither_value_nor_raw_text_is_in_a_representation() -> None:
    line = "PAT4711        DOE, JANE                     12.03.1950W"
    heard = Interpreter("side", HEADER).hear(line.encode(), 0)
    assert "DOE" not in repr(heard)
    assert "4711" not in repr(heard)
