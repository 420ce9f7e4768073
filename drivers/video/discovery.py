"""Which grabbers are plugged in, and which of them is the one that a profile names.

``/dev/video0`` is whatever was found first after this start. A device is known by the port that it
hangs on, or by its own serial number where it has one (many cheap grabbers share one).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from drivers.errors import SourceUnavailable
from drivers.video.device import Identity
from drivers.video.v4l2 import V4L2Device


@dataclass(frozen=True, slots=True)
class Roots:
    """Where the kernel shows its devices; tests have their own."""

    sysfs: Path = Path("/sys")
    nodes: Path = Path("/dev")


SYSTEM = Roots()


def list_devices(roots: Roots = SYSTEM) -> list[Identity]:
    """Every video node that is there now, in order of path and index."""
    folder = roots.sysfs / "class" / "video4linux"
    found = []
    for entry in sorted(folder.glob("video*")) if folder.is_dir() else []:
        identity = _identify(entry, roots)
        if identity is not None:
            found.append(identity)
    return sorted(found, key=lambda one: (one.path, one.index))


def find(device: str, roots: Roots = SYSTEM) -> Identity:
    """The node that a profile means.

    Parameters
    ----------
    device : str
        Bus path or serial number, followed by ``#`` and the index where it is not the first node.
    roots : Roots
        Where to look.

    Raises
    ------
    SourceUnavailable
        It is not plugged in, or several have the same serial number.
    """
    name, _, index = device.partition("#")
    there = list_devices(roots)
    matching = [one for one in there if name and name in (one.path, one.serial)]
    paths = sorted({one.path for one in matching})
    if len(paths) > 1:
        raise SourceUnavailable(
            device,
            f"{len(paths)} devices have this serial number",
            f"Name it by its path instead: {', '.join(paths)}.",
        )
    wanted = int(index) if index.isdigit() else min((one.index for one in matching), default=0)
    for one in matching:
        if one.index == wanted:
            return one
    others = ", ".join(sorted({one.path for one in there})) or "none"
    raise SourceUnavailable(
        device,
        "the device is not plugged in",
        f"Plug it in, or name another in the profile; there is: {others}.",
    )


def factory(device: str, roots: Roots = SYSTEM) -> Callable[[], V4L2Device]:
    """What :class:`drivers.video.source.VideoSource` finds its device with, each time anew."""
    return partial(_find_and_make, device, roots)


def _find_and_make(device: str, roots: Roots) -> V4L2Device:
    return V4L2Device(find(device, roots))


def _identify(entry: Path, roots: Roots) -> Identity | None:
    """None where the device went away while we looked."""
    try:
        parent = (entry / "device").resolve(strict=True)
    except OSError:
        return None
    subsystem = _link_name(parent / "subsystem")
    usb = _usb_device(parent)
    return Identity(
        path=_usb_path(usb) if usb else f"{subsystem or 'bus'}-{parent.name}",
        serial=_read(usb / "serial") if usb else "",
        vendor=_read(usb / "idVendor") if usb else "",
        product=_read(usb / "idProduct") if usb else "",
        index=int(_read(entry / "index") or "0"),
        card=_read(entry / "name"),
        driver=_link_name(parent / "driver"),
        node=str(roots.nodes / entry.name),
    )


def _usb_device(parent: Path) -> Path | None:
    """The USB device that an interface belongs to."""
    for folder in (parent, *parent.parents):
        if (folder / "idVendor").is_file():
            return folder
    return None


def _usb_path(device: Path) -> str:
    """Controller and port, as the kernel's ``usb_make_path`` puts them together."""
    port = device.name.partition("-")[2] or "0"
    root = next((folder for folder in device.parents if folder.name.startswith("usb")), None)
    controller = root.parent.name if root is not None else "bus"
    return f"usb-{controller}-{port}"


def _link_name(link: Path) -> str:
    try:
        return link.readlink().name
    except OSError:
        return ""


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8", "replace").strip()
    except OSError:
        return ""
