"""An update that is made of a built image is one that a box takes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from firmware.update import install
from image import recipe, update
from tests.firmware.update.cards import NEW, Card, make_key
from tests.firmware.update.test_update import IDLE


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
def test_a_box_takes_what_the_builder_makes(tmp_path: Path) -> None:
    work = tmp_path / "headless.work"
    (work / "slot").mkdir(parents=True)
    (work / "root.squashfs").write_bytes(NEW)
    for name in ("vmlinuz", "initrd.img", "bcm2711-rpi-4-b.dtb"):
        (work / "slot" / name).write_bytes(name.encode())
    (tmp_path / "gantry-headless.manifest.json").write_text(json.dumps({"version": "9.0"}))
    made = update.make(recipe.VARIANTS["headless"], tmp_path, make_key(tmp_path, "maker"))
    card = Card.flashed(tmp_path / "card", tmp_path / "maker.pem")
    with made.open("rb") as stream:
        assert install(stream, card.target("A"), IDLE).variant == "headless"
    assert card.start() == "B"
    assert "gantry.slot=B" in (card.boot / "B/cmdline.txt").read_text()
    assert (card.boot / "B/initrd.img").read_bytes() == b"initrd.img"
