"""Every device that can give the box something: pictures, values or events; nothing is started.

Each is named by what stays the same when it is unplugged and the machine restarted, as the
configuration takes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

PRESENT = "present"
NO_DEVICE = "no device"

SYSFS = Path("/sys")

_INPUT_STATES = MappingProxyType(
    {
        "off": "no signal",
        "no signal": "no signal",
        "unlocked": "no signal",
        "protected": "protected content",
        "good": PRESENT,
    }
)


@dataclass(frozen=True, slots=True)
class Device:
    """One device.

    Attributes
    ----------
    kind : str
        ``video``, ``serial``, ``usb``, ``gpio`` or ``hid``.
    identity : str
        For the configuration; where it hangs, or what it is.
    state : str
        ``present`` where nothing more can be known without taking a picture.
    name : str
        What it calls itself.
    node : str
        Where it is at this moment; changes with every plug.
    serial_number : str
        Another identity, where it has one.
    detail : str
        What a technician may want to know.
    """

    kind: str
    identity: str
    state: str
    name: str = ""
    node: str = ""
    serial_number: str = ""
    detail: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def list_devices(sysfs: Path = SYSFS) -> list[Device]:
    """Every device that is there now, by kind and identity."""
    found: list[Device] = []
    lists: tuple[Callable[[Path], Iterator[Device]], ...] = (
        _video,
        _serial,
        _usb,
        _gpio,
        _hid,
    )
    for each in lists:
        found.extend(sorted(each(sysfs), key=lambda device: device.identity))
    return found


def _video(sysfs: Path) -> Iterator[Device]:
    from drivers.video.discovery import Roots
    from drivers.video.discovery import list_devices as list_grabbers

    for one in list_grabbers(Roots(sysfs=sysfs)):
        state, detail = _input_state(one.node)
        yield Device(
            kind="video",
            identity=one.path + (f"#{one.index}" if one.index else ""),
            state=state,
            name=one.card,
            node=one.node,
            serial_number=one.serial,
            detail=detail or one.driver,
        )


def _input_state(node: str) -> tuple[str, str]:
    """What the device itself says of its input; asking disturbs nobody who takes pictures."""
    from drivers.errors import DriverError
    from drivers.video.device import Identity
    from drivers.video.v4l2 import V4L2Device

    device = V4L2Device(Identity(path=node, node=node))
    try:
        device.open()
        current = device.current_input()
    except (DriverError, OSError) as error:
        return PRESENT, error.reason if isinstance(error, DriverError) else str(error)
    finally:
        device.close()
    return _INPUT_STATES.get(current.status.value, PRESENT) if current else PRESENT, ""


def _serial(_: Path) -> Iterator[Device]:
    from drivers.tty.discovery import list_lines

    for line in list_lines():
        yield Device(
            kind="serial",
            identity=line.identity,
            state=PRESENT,
            name=line.description,
            node=line.path,
            serial_number=line.serial_number,
        )


def _usb(sysfs: Path) -> Iterator[Device]:
    from drivers.usb.digitiser_protocol import PRODUCT_ID, VENDOR_ID

    digitiser = f"{VENDOR_ID:04x}:{PRODUCT_ID:04x}"
    folder = sysfs / "bus" / "usb" / "devices"
    for entry in folder.iterdir() if folder.is_dir() else ():
        numbers = f"{_read(entry / 'idVendor')}:{_read(entry / 'idProduct')}"
        # hubs (class 09) and interfaces, which have no vendor, are no devices of anybody
        if numbers == ":" or _read(entry / "bDeviceClass") == "09":
            continue
        yield Device(
            kind="usb",
            identity=f"usb:{entry.name}",
            state=PRESENT,
            name=" ".join(filter(None, (_read(entry / "manufacturer"), _read(entry / "product")))),
            node=entry.name,
            serial_number=_read(entry / "serial"),
            detail="digitiser" if numbers == digitiser else numbers,
        )


def _gpio(sysfs: Path) -> Iterator[Device]:
    folder = sysfs / "bus" / "gpio" / "devices"
    for entry in folder.glob("gpiochip*") if folder.is_dir() else ():
        try:
            chip = entry.resolve(strict=True)
        except OSError:
            continue
        label = _read(chip / "label") or chip.parent.name
        yield Device(
            kind="gpio", identity=chip.parent.name, state=PRESENT, name=label, node=entry.name
        )


def _hid(sysfs: Path) -> Iterator[Device]:
    from drivers.hid.sysfs import list_nodes

    told: set[str] = set()
    for node in list_nodes(sysfs / "class" / "input"):
        identity = str(node.identity)
        # a device has a node for each interface; one without keys can be neither pedal nor scanner
        if not node.keys or identity in told:
            continue
        told.add(identity)
        yield Device(
            kind="hid",
            identity=identity,
            state=PRESENT,
            name=node.name,
            node=node.path,
            serial_number=node.identity.serial,
            detail="",
        )


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8", "replace").strip()
    except OSError:
        return ""
