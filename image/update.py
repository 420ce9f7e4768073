"""A signed update of an image that was built: the way onto boxes that are in use."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from firmware.update.bundle import SLOT, make_bundle
from image import card, recipe
from services.catalog.schema import COMPATIBILITY


def make(variant: recipe.Variant, folder: Path, private_key: Path) -> Path:
    """Make ``gantry-VARIANT.update`` beside the image, from the steps that its build left.

    Parameters
    ----------
    folder
        Where :func:`image.build.build` put the image.
    private_key
        Ed25519, PEM; the box's image holds the public one in ``usr/share/gantry/update-keys``.

    Raises
    ------
    FileNotFoundError
        The image was not built there.
    """
    work = folder / f"{variant.name}.work"
    told = json.loads((folder / f"gantry-{variant.name}.manifest.json").read_text("utf-8"))
    boot = work / "update-boot"
    shutil.rmtree(boot, ignore_errors=True)
    shutil.copytree(work / "slot", boot)
    (boot / "config.txt").write_text(card.boot_configuration(SLOT))
    (boot / "cmdline.txt").write_text(card.command_line(SLOT))
    output = folder / f"gantry-{variant.name}.update"
    make_bundle(
        output,
        private_key,
        work / "root.squashfs",
        boot,
        variant=variant.name,
        version=told["version"],
        compatibility=COMPATIBILITY,
    )
    return output
