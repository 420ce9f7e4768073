"""The ``[[printers]]`` tables: what they become, and which faults are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from device.film import LutShape
from firmware.config import ConfigurationError
from services.printing import profile as profiles
from services.printing.printers import PrinterKind
from tests.firmware.config.documents import load_text

FILM = """
[[printers]]
name = "film"
kind = "dicom"
profile = "generic-grey-12"
ae_title = "FILM"
host = "192.0.2.20"
port = 1104
"""


def test_a_printer_has_its_profile_and_what_the_site_knows_better(tmp_path: Path) -> None:
    more = 'film_sizes = ["8INX10IN"]\nformats = ["2x3"]\nbit_depth = 8\npresentation_lut = []\n'
    (printer,) = load_text(tmp_path, FILM + more).printers
    assert (printer.kind, printer.peer.ae_title, printer.peer.port) == (
        PrinterKind.DICOM, "FILM", 1104,
    )  # fmt: skip
    profile = printer.profile
    assert profile.film_sizes == ("8INX10IN",)
    assert profile.formats == ("STANDARD\\2,3",)
    assert (profile.bits, profile.lut_shapes) == (8, ())
    assert profile.max_density == 310


def test_without_more_the_profile_counts(tmp_path: Path) -> None:
    (printer,) = load_text(tmp_path, FILM).printers
    assert printer.profile.lut_shapes == (LutShape.IDENTITY, LutShape.LIN_OD)
    assert printer.profile.bits == 12


def test_a_queue_is_the_printers_own_name_unless_given(tmp_path: Path) -> None:
    text = '[[printers]]\nname = "paper"\nkind = "cups"\nprofile = "generic-colour"\n'
    (printer,) = load_text(tmp_path, text).printers
    assert (printer.kind, printer.queue) == (PrinterKind.CUPS, "paper")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (FILM.replace('"generic-grey-12"', '"generic-gray-12"'), "generic-grey-12"),
        (FILM.replace('host = "192.0.2.20"', ""), "host"),
        (FILM + 'film_sizes = ["9INX9IN"]', "Film Size ID"),
        (FILM + 'formats = ["many"]', "layout"),
        (FILM + "bit_depth = 10", "bit_depth"),
        (FILM + 'queue = "film"', "queue"),
        (FILM + FILM, "already the name"),
    ],
)
def test_faults_are_told_with_what_would_be_right(tmp_path: Path, text: str, word: str) -> None:
    with pytest.raises(ConfigurationError, match=word):
        load_text(tmp_path, text)


def test_a_printer_is_not_called_as_a_peer_is(tmp_path: Path) -> None:
    peer = '[[peers]]\nname = "Film"\nae_title = "A"\nhost = "h"\nport = 1\nservices = ["store"]\n'
    with pytest.raises(ConfigurationError, match="name of a peer"):
        load_text(tmp_path, peer + FILM)


@pytest.mark.parametrize("name", profiles.names())
def test_every_profile_that_is_shipped_can_be_loaded(name: str) -> None:
    assert profiles.load_profile(name).name == name
