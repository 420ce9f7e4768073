"""Which device it is: never by ``/dev/input/eventN``, whose number changes with every plug."""

from __future__ import annotations

import re
from dataclasses import dataclass

_WRITTEN = re.compile(r"([0-9a-fA-F]{4}):([0-9a-fA-F]{4})(?::(.*))?@(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Identity:
    """A paired device.

    Attributes
    ----------
    vendor, product : int
        USB identifiers, 16 bits.
    serial : str
        Serial number, empty where the device has none; most pedals do not.
    port : str
        Where it is plugged in, as the kernel names it, such as ``usb-0000:01:00.0-1.3``.
    """

    vendor: int
    product: int
    serial: str = ""
    port: str = ""

    def __str__(self) -> str:
        """As written in the configuration: ``3553:b001@usb-0000:01:00.0-1.3``.

        A serial number stands before the ``@`` after a further colon.
        """
        serial = f":{self.serial}" if self.serial else ""
        return f"{self.vendor:04x}:{self.product:04x}{serial}@{self.port}"

    @classmethod
    def parse(cls, written: str) -> Identity:
        """Read what :meth:`__str__` wrote.

        Raises
        ------
        ValueError
            Saying how an identity is written.
        """
        parts = _WRITTEN.fullmatch(written)
        if parts is None:
            raise ValueError(
                f"{written!r} names no device: write vendor:product@port or "
                f"vendor:product:serial@port, such as 3553:b001@usb-0000:01:00.0-1.3"
            )
        serial, at, port = (parts[3] or ""), "@", parts[4]
        if at in port:
            # a serial number may hold the sign, a port never does
            more, _, port = port.rpartition(at)
            serial = f"{serial}{at}{more}"
        return cls(int(parts[1], 16), int(parts[2], 16), serial, port)

    def matches(self, found: Identity) -> bool:
        """Whether ``found`` may be the device that was paired.

        One with a serial number is known by it on any port; one without is known by its port.
        """
        if (self.vendor, self.product) != (found.vendor, found.product):
            return False
        if self.serial:
            return found.serial == self.serial
        return found.port == self.port
