"""From the file to what the firmware works with."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from device.protocol import ObjectKind
from firmware.config import defaults
from services.dicom.peers import Service, Timeouts
from tests.firmware.config.documents import VALID, load_text, replaced


def test_every_table_arrives_typed(tmp_path: Path) -> None:
    configuration = load_text(tmp_path, VALID)
    assert configuration.file == tmp_path / "gantry.toml"
    assert configuration.station.ae_title == "CT_BOX"
    assert configuration.station.character_set == ("", "ISO 2022 IR 87")
    assert configuration.timezone == ZoneInfo("Europe/Berlin")
    assert configuration.state_dir == tmp_path / "state"
    assert configuration.listener.port == 11112
    assert configuration.listener.allowed_callers == ("ARCHIVE",)
    assert configuration.console.bind == "127.0.0.1"
    assert (configuration.retention.keep_days, configuration.retention.high_water_percent) == (
        14,
        80,
    )
    ris, archive = configuration.peers
    assert ris.services == {Service.WORKLIST, Service.MPPS}
    assert (ris.assume_character_set, ris.commitment_required) == ("ISO_IR 100", False)
    assert archive.commitment_required
    assert archive.timeouts == Timeouts(10.0, 15.0, 30.0)
    assert archive.tls is None
    scanner, pattern = configuration.sources
    assert (scanner.path, scanner.rate, scanner.loop) == (str(tmp_path / "films"), 12.5, True)
    assert (pattern.kind, pattern.bits, pattern.rate) == ("pattern", 12, None)


def test_protocols_carry_only_what_the_site_gave(tmp_path: Path) -> None:
    head, film = load_text(tmp_path, VALID).protocols
    assert (head.object, head.modality, head.body_part) == (ObjectKind.CT, "CT", "HEAD")
    assert head.geometry == {
        "PixelSpacing": [0.5, 0.5],
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "ImagePositionPatient": [-125.0, -125.0, 0.0],
    }
    assert head.technique["RescaleIntercept"] == -1024
    assert head.technique["ImageType"] == ["ORIGINAL", "PRIMARY", "AXIAL"]
    assert (film.object, film.modality, film.multi_frame) == (ObjectKind.SC, "CT", True)
    assert film.geometry == film.technique == {}


def test_the_listener_has_the_box_port_unless_set(tmp_path: Path) -> None:
    assert load_text(tmp_path, "").listener.port == 4006


def test_a_configuration_cannot_be_changed(tmp_path: Path) -> None:
    configuration = load_text(tmp_path, VALID)
    with pytest.raises(dataclasses.FrozenInstanceError):
        configuration.timezone = ZoneInfo("UTC")
    with pytest.raises(AttributeError):
        configuration.listener.port = 1


def test_tls_files_begin_at_the_folder_of_the_file(tmp_path: Path) -> None:
    keys = 'name = "ris"\ntls_certificate = "a.crt"\ntls_key = "/b.key"\ntls_ca = "c.crt"'
    tls = load_text(tmp_path, replaced('name = "ris"', keys)).peers[0].tls
    assert (tls.certificate, tls.key) == (tmp_path / "a.crt", Path("/b.key"))


@pytest.mark.parametrize(
    ("spelt", "terms"),
    [
        ('"ISO_IR 192"', ("ISO_IR 192",)),
        (r'"\\ISO 2022 IR 87"', ("", "ISO 2022 IR 87")),
        ('["ISO 2022 IR 6", "ISO 2022 IR 149"]', ("ISO 2022 IR 6", "ISO 2022 IR 149")),
        ('"GB18030"', ("GB18030",)),
    ],
)
def test_character_sets_are_text_or_lists(
    tmp_path: Path, spelt: str, terms: tuple[str, ...]
) -> None:
    text = f"[station]\ncharacter_set = {spelt}\n"
    assert load_text(tmp_path, text).station.character_set == terms


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    assert load_text(tmp_path, "\ufeff" + VALID).station.ae_title == "CT_BOX"


def test_without_a_file_a_laptop_gets_a_test_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    configuration = defaults()
    assert configuration.file is None
    assert configuration.station.ae_title == "GANTRY"
    assert configuration.state_dir == tmp_path / "gantry"
    assert configuration.peers == ()
    names = {source.name for source in configuration.sources}
    assert {protocol.source for protocol in configuration.protocols} <= names
    assert {source.kind for source in configuration.sources} == {"pattern"}


def test_state_goes_to_the_home_folder_where_no_other_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert defaults().state_dir == tmp_path / ".local" / "state" / "gantry"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('path = "films"', 'path = "nowhere"', "sources[0].path: "),
        ('allowed_callers = ["ARCHIVE"]', 'allowed_callers = ["X"]', "ARCHIVE is not among"),
        ('services = ["worklist", "mpps"]', 'services = ["mpps"]', "no peer offers worklist"),
        ('commitment = "required"', 'commitment = "none"', "no promise is asked for"),
        ("PixelSpacing = [0.5, 0.5]", "", "protocols[0]: CT needs PixelSpacing,"),
        ("RescaleSlope = 1", "", "protocols[0]: CT needs RescaleSlope,"),
        ("KVP = 120", 'EchoTime = "3"', "protocols[0].technique.EchoTime: CT Image has no place"),
    ],
)
def test_what_works_but_perhaps_not_as_hoped_is_a_warning(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    (tmp_path / "films").mkdir()
    assert load_text(tmp_path, VALID).warnings == ()
    warnings = load_text(tmp_path, replaced(old, new)).warnings
    assert any(said in warning for warning in warnings), warnings
