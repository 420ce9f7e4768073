"""What goes into an image: suite, variants, package lists, sizes, dates."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
FOLDER = Path(__file__).parent
PACKAGES = FOLDER / "packages"

SUITE = "trixie"
PYTHON = "3.13"
ARCHITECTURE = "arm64"
COMPONENTS = "main non-free-firmware"
MIRROR = os.environ.get("GANTRY_DEBIAN_MIRROR", "http://deb.debian.org/debian")
SECURITY_MIRROR = os.environ.get(
    "GANTRY_DEBIAN_SECURITY_MIRROR", "http://deb.debian.org/debian-security"
)
EPOCH = 1_760_000_000
"""Unix seconds that every file of an image carries unless SOURCE_DATE_EPOCH says otherwise."""


def epoch() -> int:
    """Seconds of SOURCE_DATE_EPOCH, else of the recipe."""
    return int(os.environ.get("SOURCE_DATE_EPOCH", EPOCH))


@dataclass(frozen=True, slots=True)
class Variant:
    """One kind of image.

    Parameters
    ----------
    name
        As in the file's name.
    lists
        Package lists that make it up.
    slot_mib
        Size of each root slot; an update must fit into it for the life of the card.
    """

    name: str
    lists: tuple[str, ...]
    slot_mib: int


VARIANTS = {
    "headless": Variant("headless", ("headless",), 768),
    "kiosk": Variant("kiosk", ("headless", "kiosk"), 1280),
}


def lines(path: Path) -> list[str]:
    """The lines of a list, without its comments."""
    read = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [line for line in read if line and not line.startswith("#")]


def packages(names: tuple[str, ...]) -> list[str]:
    """The packages of these lists, sorted."""
    return sorted({line for name in names for line in lines(PACKAGES / f"{name}.txt")})


def sources() -> list[str]:
    """The APT sources that an image is made from; none of them is kept in it."""
    return [
        f"deb {MIRROR} {SUITE} {COMPONENTS}",
        f"deb {MIRROR} {SUITE}-updates {COMPONENTS}",
        f"deb {SECURITY_MIRROR} {SUITE}-security {COMPONENTS}",
        f"deb {MIRROR} {SUITE}-backports {COMPONENTS}",
    ]
