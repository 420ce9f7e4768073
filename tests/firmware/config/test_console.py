"""The console in the configuration: nobody on the network sees it without TLS."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from firmware.console_service import console_options
from services.console.options import Options
from tests.firmware.config.documents import VALID, faults_of, load_text

TLS = 'tls_certificate = "tls/box.crt"\ntls_key = "tls/box.key"\n'


def test_without_a_word_only_the_boxs_own_screen_is_served(tmp_path: Path) -> None:
    console = load_text(tmp_path, VALID).console
    assert not console.networked
    assert console.page == "http://127.0.0.1:8080/"
    told = console_options(console)
    assert (told.language, told.theme, told.hand) == ("en", "dark", "right")
    assert told == replace(Options(), host_names=told.host_names), "one set of defaults"


@pytest.mark.parametrize("bind", ["0.0.0.0", "192.0.2.7", "::", "fe80::1"])
@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ("", {"console.tls_certificate", "console.tls_key"}),
        ('tls_certificate = "a"\n', {"console.tls_key"}),
        ('tls_key = "a"\n', {"console.tls_certificate"}),
    ],
)
def test_other_machines_are_served_over_tls_or_not_at_all(
    tmp_path: Path, bind: str, given: str, missing: set[str]
) -> None:
    faults = faults_of(tmp_path, f'{VALID}\n[console]\nbind = "{bind}"\n{given}')
    assert {fault.key for fault in faults} == missing
    assert all("TLS" in fault.problem for fault in faults)
    assert all(fault.line for fault in faults), "the technician is led to the table"


@pytest.mark.parametrize("bind", ["0.0.0.0", "::"])
def test_with_a_certificate_both_are_served(tmp_path: Path, bind: str) -> None:
    text = f'{VALID}\n[console]\nbind = "{bind}"\nport = 9090\n{TLS}'
    console = load_text(tmp_path, text).console
    assert console.networked
    assert console.screen_bind == "127.0.0.1"
    assert console.page == "http://127.0.0.1:9090/"
    assert console.tls_certificate == str(tmp_path / "tls" / "box.crt"), "beside the file"


def test_a_certificate_that_is_not_there_is_told(tmp_path: Path) -> None:
    warnings = load_text(tmp_path, f'{VALID}\n[console]\nbind = "::"\n{TLS}').warnings
    assert [each for each in warnings if each.startswith("console.tls_")] == [
        "console.tls_certificate: tls/box.crt is not there at present",
        "console.tls_key: tls/box.key is not there at present",
    ]


def test_half_a_certificate_is_a_fault_on_loopback_as_well(tmp_path: Path) -> None:
    (fault,) = faults_of(tmp_path, f'{VALID}\n[console]\ntls_key = "a"\n')
    assert fault.key == "console.tls_certificate"


def test_both_pages_cannot_have_one_port(tmp_path: Path) -> None:
    text = f'{VALID}\n[console]\nbind = "0.0.0.0"\nport = 8443\n{TLS}'
    (fault,) = faults_of(tmp_path, text)
    assert fault.key == "console.network_port"


@pytest.mark.parametrize(
    "line",
    [
        'language = "tlh"',
        'theme = "pink"',
        'hand = "both"',
        'name_representation = "roman"',
        "panel_width_mm = 5",
        "sign_out_minutes = 0",
        'host_names = ["a b"]',
        "ask_again_hours = 0",
        'emergency_prefix = ""',
    ],
)
def test_what_the_console_cannot_be_is_explained(tmp_path: Path, line: str) -> None:
    (fault,) = faults_of(tmp_path, f"{VALID}\n[console]\n{line}\n")
    assert fault.key.startswith(f"console.{line.split(' ')[0]}")
    assert fault.allowed or fault.problem
