"""A card with two slots, as files, and the Pi's firmware and our ramdisk, as they start it."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from firmware.update import Target
from firmware.update.bundle import make_bundle
from firmware.update.slots import CONFIG, PROVEN

SLOT_BYTES = 3 * 1024 * 1024
OLD = b"old system" * 1000
NEW = b"new system" * 200_000
COMPATIBILITY = 1


def make_key(folder: Path, name: str) -> Path:
    """An Ed25519 key; the public one lies beside it as ``name.pem``."""
    key = folder / f"{name}.key"
    for command in (
        ["genpkey", "-algorithm", "ed25519", "-out", key],
        ["pkey", "-in", key, "-pubout", "-out", folder / f"{name}.pem"],
    ):
        subprocess.run(["openssl", *command], check=True, capture_output=True)
    return key


def make_update(
    folder: Path,
    key: Path,
    *,
    version: str = "9.0",
    system: bytes = NEW,
    compatibility: int = COMPATIBILITY,
) -> Path:
    """A bundle of a small system."""
    boot = folder / f"boot-{version}"
    boot.mkdir(exist_ok=True)
    (boot / "vmlinuz").write_bytes(b"kernel " + version.encode())
    (boot / "cmdline.txt").write_text("gantry.slot=@SLOT@ quiet\n")
    (boot / "config.txt").write_text("os_prefix=@SLOT@/\nkernel=vmlinuz\n")
    squash = folder / "root.squashfs"
    squash.write_bytes(system)
    made = folder / f"{version}.update"
    make_bundle(
        made,
        key,
        squash,
        boot,
        variant="kiosk",
        version=version,
        compatibility=compatibility,
    )
    return made


@dataclass(frozen=True)
class Card:
    """Boot partition, slots and data of one card below a folder."""

    folder: Path

    @classmethod
    def flashed(cls, folder: Path, public_key: Path) -> Card:
        """As it comes from the builder: slot A filled, slot B empty."""
        card = cls(folder)
        (card.boot / "A").mkdir(parents=True)
        (card.boot / "B").mkdir()
        for place in (card.boot / CONFIG, card.boot / "A" / CONFIG):
            place.write_text("os_prefix=A/\nkernel=vmlinuz\n")
        (card.boot / "A/vmlinuz").write_bytes(b"kernel old")
        for slot in "AB":
            card.device(slot).write_bytes(OLD.ljust(SLOT_BYTES, b"\0") if slot == "A" else b"\0")
            with card.device(slot).open("r+b") as file:
                file.truncate(SLOT_BYTES)
        keys = card.root / "usr/share/gantry/update-keys"
        keys.mkdir(parents=True)
        (keys / public_key.name).write_bytes(public_key.read_bytes())
        return card

    @property
    def boot(self) -> Path:
        return self.folder / "boot"

    @property
    def root(self) -> Path:
        return self.folder / "root"

    def device(self, slot: str) -> Path:
        return self.folder / f"slot-{slot}"

    def target(self, running: str) -> Target:
        """What an update that runs in this slot deals with."""
        other = "B" if running == "A" else "A"
        return Target(self.boot, running, self.device(other), self.root)

    def configured(self) -> str:
        """The slot that the Pi's firmware takes."""
        return (self.boot / CONFIG).read_text().partition("os_prefix=")[2][0]

    def start(self) -> str:
        """Power on: firmware and ramdisk; the slot whose system runs then."""
        slot = self.configured()
        assert (self.boot / slot / "vmlinuz").is_file(), "the firmware finds no kernel"
        proven = self.boot / PROVEN
        if proven.exists():
            proven.replace(self.boot / CONFIG)
        return slot

    def system(self, slot: str) -> bytes:
        return self.device(slot).read_bytes().rstrip(b"\0")

    def kernel(self, slot: str) -> bytes:
        return (self.boot / slot / "vmlinuz").read_bytes()
