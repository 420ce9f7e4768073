"""A port is known by its socket or its serial number."""

from __future__ import annotations

import pytest

from drivers.errors import SourceUnavailable
from drivers.tty.discovery import LineDevice, list_lines, resolve

LINES = [
    LineDevice("/dev/ttyAMA0", "ttyAMA0"),
    LineDevice("/dev/ttyUSB0", "FT232R", "1-1.2", "A50285BI", 0x0403, 0x6001),
    LineDevice("/dev/ttyUSB1", "Dual", "1-1.3:1.0", "X1", 0x0403, 0x6010),
    LineDevice("/dev/ttyUSB2", "Dual", "1-1.3:1.1", "X1", 0x0403, 0x6010),
]


@pytest.mark.parametrize(
    ("identity", "path"),
    [
        ("usb:1-1.2", "/dev/ttyUSB0"),
        ("usb:1-1.3:1.1", "/dev/ttyUSB2"),
        ("serial:A50285BI", "/dev/ttyUSB0"),
        ("/dev/ttyAMA0", "/dev/ttyAMA0"),
        ("/dev/serial/by-path/platform-usb-0:1.2:1.0-port0",) * 2,
    ],
)
def test_an_identity_leads_to_the_port_that_it_has_now(identity: str, path: str) -> None:
    assert resolve("generator", identity, lambda: LINES) == path


@pytest.mark.parametrize(
    ("identity", "told"),
    [
        ("usb:1-1.4", "no such port is plugged in"),
        ("serial:nobody", "no such port is plugged in"),
        ("serial:X1", "two ports fit: usb:1-1.3:1.0, usb:1-1.3:1.1"),
        ("usb:1-1.3", "two ports fit"),
        ("/dev/ttyUSB0", "changes with every plug"),
        ("/dev/ttyACM3", "changes with every plug"),
    ],
)
def test_what_leads_nowhere_says_what_to_do(identity: str, told: str) -> None:
    with pytest.raises(SourceUnavailable, match=told) as caught:
        resolve("generator", identity, lambda: LINES)
    assert caught.value.advice


def test_every_listed_port_offers_an_identity_that_finds_it() -> None:
    for line in LINES:
        assert resolve("any", line.identity, lambda: LINES) == line.path


def test_the_ports_of_this_machine_can_be_listed() -> None:
    assert all(line.path.startswith("/dev/") for line in list_lines())
