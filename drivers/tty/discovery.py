"""Which serial ports there are, and which one is meant.

The number in ``/dev/ttyUSB0`` is the order in which adapters were found, so it is never an
identity: an adapter is known by the USB socket it is in, or by its serial number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from drivers.errors import SourceUnavailable

_NUMBERED = re.compile(r"/dev/tty(USB|ACM)\d+")


@dataclass(frozen=True, slots=True)
class LineDevice:
    """A serial port of the machine.

    ``usb_path`` is such as ``1-1.2`` and, like the ids and the serial number, empty or None for a
    port that is not on USB.
    """

    path: str
    description: str
    usb_path: str = ""
    serial_number: str = ""
    vendor_id: int | None = None
    product_id: int | None = None

    @property
    def identity(self) -> str:
        """What to write into the configuration, so that this port is found again."""
        if self.usb_path:
            return f"usb:{self.usb_path}"
        return self.path


def list_lines() -> list[LineDevice]:
    """The serial ports that are there now, in order of their paths."""
    from serial.tools.list_ports import comports

    return sorted((_device(port) for port in comports()), key=lambda line: line.path)


def resolve(
    name: str, identity: str, lines: Callable[[], Iterable[LineDevice]] = list_lines
) -> str:
    """The path that a configured port has now.

    Parameters
    ----------
    name : str
        Name of the source, for messages.
    identity : str
        ``usb:1-1.2`` for what is in that socket; ``serial:A50285BI`` for the adapter of that
        serial number; or a path that stays the same, such as ``/dev/ttyAMA0`` or one under
        ``/dev/serial``.
    lines : callable
        Gives the ports that there are.

    Raises
    ------
    SourceUnavailable
        It is not plugged in, or two ports fit, or the path is one that changes.
    """
    kind, _, what = identity.partition(":")
    if kind not in ("usb", "serial") or not what:
        return _fixed_path(name, identity)
    found = [line for line in lines() if _fits(line, kind, what)]
    if len(found) == 1:
        return found[0].path
    device = f"{name} ({identity})"
    if not found:
        raise SourceUnavailable(device, "no such port is plugged in", "Plug the adapter in.")
    paths = ", ".join(line.identity for line in found)
    raise SourceUnavailable(device, f"two ports fit: {paths}", "Name one of them.")


def _fixed_path(name: str, identity: str) -> str:
    if _NUMBERED.fullmatch(identity):
        raise SourceUnavailable(
            f"{name} ({identity})",
            "this number changes with every plug",
            "Name the adapter by usb:PATH or serial:NUMBER; 'gantry devices' shows both.",
        )
    return identity


def _fits(line: LineDevice, kind: str, what: str) -> bool:
    if kind == "serial":
        return line.serial_number == what
    return what in (line.usb_path, line.usb_path.partition(":")[0])


def _device(port: Any) -> LineDevice:
    return LineDevice(
        path=port.device,
        description=port.description or "",
        usb_path=port.location or "",
        serial_number=port.serial_number or "",
        vendor_id=port.vid,
        product_id=port.pid,
    )
