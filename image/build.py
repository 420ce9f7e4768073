"""From package lists to a card that can be flashed, one step after the other."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import click

from firmware.config import template
from image import card, debian, initramfs, manifest, recipe, root

_T = TypeVar("_T")


class LockMismatch(Exception):
    """The mirror gives other versions than the image is pinned to."""


@dataclass(frozen=True, slots=True)
class Made:
    """The files of one image."""

    image: Path
    packed: Path
    manifest: Path
    sbom: Path
    kernel: Path
    ramdisk: Path
    trees: Path


def build(
    variant: recipe.Variant, folder: Path, *, relock: bool = False, pack: bool = True
) -> Made:
    """Make an image.

    Parameters
    ----------
    folder
        Gets ``gantry-VARIANT.img``, its compressed form, manifest, bill of materials and hashes;
        ``VARIANT.work`` beneath it keeps the steps.
    relock
        Take whatever versions the mirror has, and write them down as the new lock.
    pack
        Whether the compressed form is made, which takes the longest after Debian's part.

    Raises
    ------
    LockMismatch
        Naming every package that differs from the lock.
    subprocess.CalledProcessError
        A program failed; its words are on the terminal.
    """
    work = folder / f"{variant.name}.work"
    work.mkdir(parents=True, exist_ok=True)
    steps = _Steps(variant.name)
    base = steps.run("Debian", lambda: _base(variant, work))
    tree = work / "root"
    steps.run("unpacking", lambda: root.unpack(base, tree))
    kernel = root.kernel_of(tree)
    firmware, slot = work / "firmware", work / "slot"
    steps.run("boot files", lambda: root.take_firmware(tree, kernel, firmware, slot))
    commit = steps.run("Python", lambda: root.install_python(tree, work.parent))
    steps.run("system", lambda: root.install_system(tree))
    _share(tree)
    root.clean(tree)
    site = tree / root.SITE
    components = manifest.debian_packages(tree) + manifest.python_packages(site)
    _check_lock(variant, components, relock=relock)
    ramdisk = initramfs.make(tree, kernel, slot / "initrd.img")
    click.echo(f"{variant.name}: not in this kernel: {', '.join(ramdisk.unknown) or 'nothing'}")
    version = next(item.version for item in components if item.name == "gantry")
    bill = manifest.cyclonedx(variant.name, version, components)
    sbom = folder / f"gantry-{variant.name}.cdx.json"
    manifest.write(sbom, bill)
    shutil.copy(sbom, tree / "usr/share/gantry/sbom.cdx.json")
    inside = manifest.manifest(variant.name, commit, kernel, components, {})
    manifest.write(tree / "usr/share/gantry/manifest.json", inside)
    squash = work / "root.squashfs"
    steps.run("squashfs", lambda: root.pack(tree, squash))
    image = folder / f"gantry-{variant.name}.img"
    steps.run("card", lambda: _card(variant, work, firmware, slot, squash, image))
    packed = image.with_name(image.name + ".zst")
    parts = {"root.squashfs": squash, image.name: image}
    if pack:
        steps.run("packing", lambda: _pack(image, packed))
        parts[packed.name] = packed
    described = folder / f"gantry-{variant.name}.manifest.json"
    manifest.write(described, manifest.manifest(variant.name, commit, kernel, components, parts))
    sums = "".join(f"{manifest.sha256(file)}  {name}\n" for name, file in sorted(parts.items()))
    (folder / f"gantry-{variant.name}.sha256").write_text(sums)
    for name, file in sorted(parts.items()):
        click.echo(f"{variant.name}: {name} {file.stat().st_size / card.MIB:.1f} MiB")
    return Made(image, packed, described, sbom, slot / "vmlinuz", ramdisk.file, slot)


def _base(variant: recipe.Variant, work: Path) -> Path:
    """Debian's part; made again only when what it is made of has changed."""
    packages = recipe.packages(variant.lists)
    made_of = (*packages, *recipe.lines(recipe.PACKAGES / "excluded.txt"), *recipe.sources())
    digest = hashlib.sha256("\n".join((*made_of, str(recipe.epoch()))).encode()).hexdigest()
    base, stamp = work / "base.tar", work / "base.made-of"
    if not base.exists() or not stamp.exists() or stamp.read_text() != digest:
        stamp.unlink(missing_ok=True)
        debian.bootstrap(packages, base)
        stamp.write_text(digest)
    return base


def _share(tree: Path) -> None:
    shared = tree / "usr/share/gantry"
    shared.mkdir(parents=True, exist_ok=True)
    shutil.copy(recipe.FOLDER / "default.toml", shared / "gantry.toml")
    (shared / "template.toml").write_text(template(), encoding="utf-8")


def _check_lock(
    variant: recipe.Variant, components: list[manifest.Component], *, relock: bool
) -> None:
    lock = recipe.PACKAGES / f"{variant.name}.lock"
    found = [f"{item.name}={item.version}" for item in components if item.origin == "deb"]
    if relock:
        lock.write_text("\n".join(found) + "\n")
        return
    pinned = recipe.lines(lock) if lock.exists() else []
    if found != pinned:
        gone = sorted(set(pinned) - set(found))
        new = sorted(set(found) - set(pinned))
        raise LockMismatch(
            f"the mirror gives other packages than {lock.name} names.\n"
            f"  pinned: {' '.join(gone) or 'nothing'}\n  found: {' '.join(new) or 'nothing'}\n"
            f"Choose a mirror that still has them (GANTRY_DEBIAN_MIRROR), or take the new ones "
            f"with --relock and commit the lock"
        )


def _card(
    variant: recipe.Variant, work: Path, firmware: Path, slot: Path, squash: Path, image: Path
) -> None:
    boot, boot_fat, data = work / "boot", work / "boot.fat", work / "data.ext4"
    card.boot_folder(boot, slot, firmware, template())
    card.fat(boot, boot_fat)
    card.data(data)
    layout = card.partitions(variant.slot_mib)
    card.assemble(image, layout, (boot_fat, squash, None, data))


def _pack(image: Path, packed: Path) -> None:
    command = ["zstd", "--quiet", "--force", "-19", "-T0", "--no-progress", image, "-o", packed]
    subprocess.run(command, check=True)


class _Steps:
    """Says how long each step took."""

    def __init__(self, name: str) -> None:
        self._name = name

    def run(self, what: str, step: Callable[[], _T]) -> _T:
        started = time.monotonic()
        result = step()
        click.echo(f"{self._name}: {what} took {time.monotonic() - started:.0f} s")
        return result


def require_programs() -> None:
    """End with one readable line when a program is missing."""
    wanted = "mmdebstrap mksquashfs mcopy mkfs.vfat mke2fs sfdisk zstd git"
    missing = [name for name in wanted.split() if not _find(name)]
    if missing:
        sys.exit(f"missing: {', '.join(missing)}; tools/debian-packages image installs them")


def _find(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
