"""Simulated hands: they press the panel and the pedal, and hold bracelets before the scanner."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Collection

import click

from drivers.hid.identity import Identity
from drivers.hid.pedal import HidPedal
from drivers.hid.sim import SimulatedBus
from drivers.hid.wedge import WedgeScanner
from drivers.panel.contacts import Contact, Contacts
from drivers.panel.sim import SimulatedGpio
from drivers.triggers import EventSource

_PEDAL = Identity(0x3553, 0xB001, port="usb-simulated-1")
_SCANNER = Identity(0x05E0, 0x1200, port="usb-simulated-2")
_KEY_B = 48
_PIN = 17
_TEXT = "SIM-0001"

_HELD = (0.15, 1.2)
"""Seconds that it is held down: a short press, then a long one."""

_LISTEN = 0.4


def run_switch(name: str, faults: Collection[str], interval: float, stop: threading.Event) -> None:
    """Do something to the device every so many seconds, and print the events that come of it."""
    if name == "panel":
        _run_panel("bounce" in faults, interval, stop)
    elif name == "pedal":
        _run_pedal("unplug" in faults, interval, stop)
    else:
        _run_scanner("unplug" in faults, interval, stop)


def _run_panel(bounces: bool, interval: float, stop: threading.Event) -> None:
    gpio = SimulatedGpio()
    gpio.setmode(gpio.BCM)
    source = Contacts("panel", gpio, (Contact("panel", _PIN),))
    kind = "heavy pedal" if bounces else "microswitch"
    source.open()
    try:
        for seconds in itertools.cycle(_HELD):
            if stop.wait(interval):
                return
            gpio.press(_PIN, kind)
            stop.wait(seconds)
            gpio.release(_PIN, kind)
            _print(source)
    finally:
        source.close()


def _run_pedal(unplugs: bool, interval: float, stop: threading.Event) -> None:
    bus = SimulatedBus()
    bus.plug(_PEDAL, name="Simulated pedal")
    source = HidPedal("pedal", bus, _PEDAL)
    source.open()
    try:
        for seconds in itertools.cycle(_HELD):
            if stop.wait(interval):
                return
            bus.key(_PEDAL, _KEY_B, True)
            stop.wait(seconds)
            bus.key(_PEDAL, _KEY_B, False)
            _print(source)
            if unplugs:
                _replug(bus, _PEDAL, source, stop)
    finally:
        source.close()


def _run_scanner(unplugs: bool, interval: float, stop: threading.Event) -> None:
    bus = SimulatedBus()
    bus.plug(_SCANNER, name="Simulated scanner")
    source = WedgeScanner("scanner", bus, _SCANNER)
    source.open()
    try:
        while not stop.wait(interval):
            bus.scan(_SCANNER, _TEXT)
            _print(source)
            if unplugs:
                _replug(bus, _SCANNER, source, stop)
    finally:
        source.close()


def _replug(
    bus: SimulatedBus, identity: Identity, source: EventSource, stop: threading.Event
) -> None:
    bus.unplug(identity)
    _print(source)
    click.echo(f"{source.name}  {source.state}")
    stop.wait(1.0)
    bus.plug(identity)
    _print(source)
    click.echo(f"{source.name}  {source.state}")


def _print(source: EventSource) -> None:
    for _ in range(2):
        try:
            events = source.events(_LISTEN)
        except OSError as error:
            click.echo(f"{source.name}  {error}")
            return
        for event in events:
            # what a scanner reads may be a patient; this one reads an invented number
            text = f"  {event.text}" if event.text else ""
            click.echo(f"{event.source}  {event.gesture}{text}")
