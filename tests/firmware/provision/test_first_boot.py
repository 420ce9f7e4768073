"""A technician fills a card on a PC; the box takes all of it, or nothing and says why."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from firmware.assembly import open_box
from firmware.config import load, template
from firmware.provision import Outcome, provision
from firmware.workshop import make_workshop
from services.catalog import Catalog
from services.catalog import people as register
from tests.firmware.provision.cards import (
    NEW,
    NOW,
    OLD,
    WITH_PAGE,
    configure,
    make_places,
    put,
    report,
)

PROFILE = "[connection]\r\nid=ward\r\ntype=ethernet\r\n[ipv4]\r\nmethod=auto\r\n"

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")


def test_an_empty_card_and_the_template_as_flashed_change_nothing(tmp_path: Path) -> None:
    places = make_places(tmp_path)
    assert provision(places, NOW).outcome is Outcome.NOTHING
    put(places, "gantry.toml", template().replace("\n", "\r\n"))
    assert provision(places, NOW).outcome is Outcome.NOTHING
    assert places.file.read_text().startswith(OLD)
    assert [file.name for file in places.card.iterdir()] == ["gantry.toml"]


def test_a_file_of_a_windows_editor_is_taken(tmp_path: Path) -> None:
    places = make_places(tmp_path)
    configure(places, "\ufeff" + NEW)
    assert provision(places, NOW).outcome is Outcome.APPLIED
    taken = load(places.file)
    assert (taken.station.ae_title, taken.station.station_name) == ("NEW", "Röntgen 2")
    assert b"\r" not in places.file.read_bytes()
    text = report(places)
    assert text.startswith("The box has taken this card's settings.\r\n")
    assert "\n" not in text.replace("\r\n", "")
    versions = sorted((places.state / "configurations").glob("*.toml"))
    assert [OLD in versions[0].read_text(), "NEW" in versions[-1].read_text()] == [True, True]


def test_the_same_file_is_not_taken_twice_over_what_was_set_at_the_screen(tmp_path: Path) -> None:
    places = make_places(tmp_path)
    configure(places, NEW)
    provision(places, NOW)
    at_screen = places.file.read_text().replace('"NEW"', '"SCREEN"')
    places.file.write_text(at_screen)
    assert provision(places, NOW).outcome is Outcome.UNCHANGED
    assert places.file.read_text() == at_screen
    configure(places, NEW.replace("NEW", "NEWER"))
    assert provision(places, NOW).outcome is Outcome.APPLIED
    assert load(places.file).station.ae_title == "NEWER"
    put(places, "gantry.toml", "broken")
    assert provision(places, NOW).outcome is Outcome.REFUSED
    configure(places, NEW.replace("NEW", "NEWER"))
    assert provision(places, NOW).outcome is Outcome.UNCHANGED
    assert "NOTHING" not in report(places), "the fault is gone"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'[station]\nae_title = "FAR TOO LONG FOR AN AE TITLE"\n', "ae_title"),
        (b'[station]\nae_titel = "X"\n', "ae_titel"),
        (b"[station\n", "not TOML"),
        ('[station]\nstation_name = "Röntgen"\n'.encode("latin-1"), "line 2"),
        ('[station]\nstation_name = "X"\n'.encode("utf-16"), "UTF-8"),
        (b"# " + b"x" * 1_100_000, "1 MiB"),
        (WITH_PAGE.encode() + b'[[peers]]\nname = "x"\n', "peers[0]"),
    ],
)
def test_of_a_file_with_faults_nothing_is_taken_and_the_report_says_why(
    tmp_path: Path, content: bytes, said: str
) -> None:
    places = make_places(tmp_path)
    before = places.file.read_bytes()
    (places.card / "gantry.toml").write_bytes(content)
    key = put(places, "network/ward.nmconnection", PROFILE)
    result = provision(places, NOW)
    assert result.outcome is Outcome.REFUSED
    assert said in report(places)
    assert str(tmp_path) not in report(places)
    assert places.file.read_bytes() == before
    assert not places.network.exists()
    assert key.exists()
    assert "network/ward.nmconnection" in report(places), "that it is still on the card"
    kept = json.loads(places.result.read_text())
    assert kept["outcome"] == "refused"
    # once more: the same, and no needless write to the card
    written = (places.card / "gantry-report.txt").stat().st_mtime_ns
    assert provision(places, NOW.replace(hour=9)).outcome is Outcome.REFUSED
    assert (places.card / "gantry-report.txt").stat().st_mtime_ns == written


def test_a_name_that_windows_made_of_it_is_explained(tmp_path: Path) -> None:
    places = make_places(tmp_path)
    put(places, "gantry.toml.txt", NEW)
    assert provision(places, NOW).outcome is Outcome.REFUSED
    assert "Name the file gantry.toml" in report(places)


def certificate(folder: Path, name: str) -> tuple[str, str]:
    """PEM texts of a certificate and its key."""
    key, crt = folder / f"{name}.key", folder / f"{name}.crt"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-noenc", "-subj", f"/CN={name}", "-keyout", str(key), "-out", str(crt)]
    subprocess.run(command, check=True, capture_output=True)
    return crt.read_text(), key.read_text()


@needs_openssl
def test_keys_are_taken_and_overwritten_on_the_card(tmp_path: Path) -> None:
    places = make_places(tmp_path)
    crt, key = certificate(tmp_path, "page")
    configure(places, WITH_PAGE)
    put(places, "tls/page.crt", crt)
    on_card = put(places, "tls/page.key", key)
    put(places, "network/ward.nmconnection", PROFILE)
    # a second name of the same blocks shows what is left of them
    blocks = tmp_path / "blocks"
    blocks.hardlink_to(on_card)
    assert provision(places, NOW).outcome is Outcome.APPLIED
    assert set(blocks.read_bytes()) == {0}
    assert not (places.card / "tls").exists()
    assert not (places.card / "network").exists()
    assert (places.config / "tls/page.key").read_text() == key
    assert stat.S_IMODE((places.config / "tls/page.key").stat().st_mode) == 0o640
    profile = places.network / "ward.nmconnection"
    assert stat.S_IMODE(profile.stat().st_mode) == 0o600
    assert profile.read_text() == PROFILE.replace("\r\n", "\n")
    # later the file alone comes again, changed: the keys are on the box already
    configure(places, WITH_PAGE.replace("NEW", "NEWER"))
    assert provision(places, NOW).outcome is Outcome.APPLIED
    assert (places.config / "tls/page.key").read_text() == key


@needs_openssl
def test_a_key_of_another_certificate_is_refused(tmp_path: Path) -> None:
    places = make_places(tmp_path)
    configure(places, WITH_PAGE)
    put(places, "tls/page.crt", certificate(tmp_path, "page")[0])
    put(places, "tls/page.key", certificate(tmp_path, "other")[1])
    assert provision(places, NOW).outcome is Outcome.REFUSED
    assert "keys of the console's page" in report(places)
    assert not (places.config / "tls").exists()


@needs_openssl
def test_a_page_without_a_certificate_gets_one_made_on_the_box(tmp_path: Path) -> None:
    places = make_places(tmp_path)
    configure(places, WITH_PAGE)
    assert provision(places, NOW).outcome is Outcome.APPLIED
    digest = ("-fingerprint", "-sha256")
    shown = subprocess.run(
        ["openssl", "x509", "-in", places.config / "tls/page.crt", "-noout", *digest],
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.partition("=")[2].strip() in report(places)
    made = (places.config / "tls/page.key").read_bytes()
    configure(places, WITH_PAGE.replace("NEW", "NEWER"))
    provision(places, NOW)
    assert (places.config / "tls/page.key").read_bytes() == made


def test_a_named_file_that_is_nowhere_is_a_fault(tmp_path: Path) -> None:
    places = make_places(tmp_path)
    configure(
        places,
        '[station]\nae_title = "NEW"\n[[peers]]\nname = "pacs"\nae_title = "PACS"\n'
        'host = "192.0.2.1"\nport = 104\nservices = ["store"]\n'
        'tls_certificate = "tls/a.crt"\ntls_key = "tls/a.key"\ntls_ca = "tls/ca.crt"\n',
    )
    assert provision(places, NOW).outcome is Outcome.REFUSED
    assert report(places).count("neither on the card nor on the box") == 3


def test_people_are_entered_and_their_pins_leave_the_card(tmp_path: Path) -> None:
    places = make_places(tmp_path)
    text = '[[people]]\nname = "Ada"\nrole = "technician"\npin = "471147"\n'
    put(places, "people.toml", text)
    assert provision(places, NOW).outcome is Outcome.APPLIED
    assert "471147" not in report(places)
    assert not (places.card / "people.toml").exists()
    with Catalog(places.state / "catalog.sqlite") as catalog:
        assert register.recognise(catalog, "Ada", "471147", at=0).role == "technician"
    put(places, "people.toml", text.replace("471147", "11112222"))
    provision(places, NOW)
    with Catalog(places.state / "catalog.sqlite") as catalog:
        assert register.recognise(catalog, "Ada", "11112222", at=0).name == "Ada"


def test_a_pin_that_is_refused_is_not_told_to_whoever_reads_the_report(tmp_path: Path) -> None:
    places = make_places(tmp_path)
    put(places, "people.toml", '[[people]]\nname = "Ada"\nrole = "technician"\npin = "secret"\n')
    assert provision(places, NOW).outcome is Outcome.REFUSED
    assert "people[0]" in report(places)
    assert "secret" not in report(places)


def test_a_link_on_the_card_leads_nowhere(tmp_path: Path) -> None:
    places = make_places(tmp_path)
    secret = tmp_path / "shadow"
    secret.write_text("not yours")
    configure(places, WITH_PAGE)
    (places.card / "tls").mkdir()
    (places.card / "tls/page.crt").symlink_to(secret)
    provision(places, NOW)
    assert secret.read_text() == "not yours"
    assert "not yours" not in "".join(
        file.read_text() for file in places.config.rglob("*") if file.is_file()
    )


def test_the_technicians_screen_shows_the_faults_too(tmp_path: Path) -> None:
    places = make_places(tmp_path)
    put(places, "gantry.toml", '[station]\nae_titel = "X"\n')
    provision(places, NOW)
    configuration = load(places.file)
    box = open_box(configuration)
    lines = list(make_workshop(configuration, box).support.self_test())
    box.catalog.close()
    assert ["ae_titel" in line.said for line in lines if line.what == "card"] == [True]
