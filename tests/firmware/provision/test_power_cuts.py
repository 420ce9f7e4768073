"""Power is cut at every step; the box has its old settings or all of the new ones."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

import pytest

from firmware.config import load
from firmware.provision import Outcome, Places, provision
from tests.firmware.cuts import fast_folder, killed_at
from tests.firmware.provision.cards import NOW, configure, make_places, put
from tests.firmware.provision.test_first_boot import PROFILE, certificate

CONFIGURATION = (
    '[station]\nae_title = "NEW"\n[[peers]]\nname = "pacs"\nae_title = "PACS"\n'
    'host = "192.0.2.1"\nport = 104\nservices = ["store"]\n'
    'tls_certificate = "tls/a.crt"\ntls_key = "tls/a.key"\ntls_ca = "tls/a.crt"\n'
)
MOST_STEPS = 400

memory = pytest.fixture(fast_folder)


def filled(folder: Path, pem: tuple[str, str]) -> Places:
    """A box that shall take a configuration, keys and a profile."""
    places = make_places(folder)
    configure(places, CONFIGURATION)
    put(places, "tls/a.crt", pem[0])
    put(places, "tls/a.key", pem[1])
    put(places, "network/ward.nmconnection", PROFILE)
    return places


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
def test_a_cut_at_any_step_of_provisioning_leaves_old_or_new(memory: Path) -> None:
    pem = certificate(memory, "a")
    seen = set()
    box = memory / "box"
    places = filled(box, pem)
    shutil.copytree(box, memory / "kept")
    for step in itertools.count():
        assert step < MOST_STEPS
        cut = killed_at(step, lambda at=places: provision(at, NOW))
        title = load(places.file).station.ae_title
        seen.add(title)
        if title == "NEW":
            assert (places.config / "tls/a.key").read_text() == pem[1]
            assert (places.network / "ward.nmconnection").read_text() == PROFILE.replace("\r", "")
        # the next start goes through to the end
        if cut:
            assert provision(places, NOW).outcome in (Outcome.APPLIED, Outcome.UNCHANGED)
        assert load(places.file).station.ae_title == "NEW"
        left = {file.name for file in places.card.rglob("*") if file.is_file()}
        assert left - {".gantry-report.txt.part"} == {"gantry.toml", "gantry-report.txt"}
        assert not any(places.staging.iterdir())
        if not cut:
            break
        shutil.rmtree(box)
        shutil.copytree(memory / "kept", box)
    assert seen == {"OLD", "NEW"}


def test_a_cut_at_any_step_of_a_reset_is_gone_on_from(memory: Path) -> None:
    for step in itertools.count():
        assert step < MOST_STEPS
        places = make_places(memory / str(step))
        put(places, "factory-reset.txt", "")
        for name in ("catalog.sqlite-wal", "spool/exam/a.dcm", "spool/exam/b.dcm"):
            file = places.state / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(b"patient" * 1000)
        put_key = places.config / "tls/key"
        put_key.parent.mkdir()
        put_key.write_text("key")
        (places.system / "machine-id").write_text("id")
        cut = killed_at(step, lambda at=places: provision(at, NOW))
        if cut:
            assert provision(places, NOW).outcome in (Outcome.RESET, Outcome.NOTHING)
        for folder in (places.config, places.state, places.system, places.logs):
            assert [file for file in folder.rglob("*") if file.is_file()] == []
        assert not (places.card / "factory-reset.txt").exists()
        assert (places.card / "gantry-report.txt").exists()
        if not cut:
            break
        shutil.rmtree(memory / str(step))
    assert step > 10
