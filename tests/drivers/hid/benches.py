"""Input devices with somebody's foot on them: simulated, or made by the kernel's uinput."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from drivers.hid.identity import Identity
from drivers.hid.kernel import EvdevBus
from drivers.hid.nodes import InputBus
from drivers.hid.sim import SimulatedBus

PEDAL = Identity(0x3553, 0xB001, "", "usb-test-1.3")
SCANNER = Identity(0x0C2E, 0x0B61, "", "usb-test-1.4")
KEYBOARD = Identity(0x046D, 0xC31C, "", "usb-test-1.2")
KEY_A, KEY_B, KEY_ENTER = 30, 48, 28


class Bench(Protocol):
    """What the test may do from outside."""

    bus: InputBus

    def plug(self, identity: Identity) -> None: ...

    def unplug(self, identity: Identity) -> None: ...

    def key(self, identity: Identity, code: int, down: bool) -> None: ...


class SimulatedBench:
    def __init__(self) -> None:
        self.simulated = SimulatedBus()
        self.bus: InputBus = self.simulated

    def plug(self, identity: Identity) -> None:
        self.simulated.plug(identity)

    def unplug(self, identity: Identity) -> None:
        self.simulated.unplug(identity)

    def key(self, identity: Identity, code: int, down: bool) -> None:
        self.simulated.key(identity, code, down)


class KernelBench:
    """Devices made by uinput; the kernel announces each within moments."""

    def __init__(self) -> None:
        self.bus: InputBus = EvdevBus()
        self._made: dict[Identity, Any] = {}

    def plug(self, identity: Identity) -> None:
        import evdev

        self._made[identity] = evdev.UInput(
            {1: list(range(1, 112))},
            name="gantry test",
            vendor=identity.vendor,
            product=identity.product,
            phys=identity.port,
        )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if any(identity.matches(node.identity) for node in self.bus.nodes()):
                return
            time.sleep(0.01)
        raise AssertionError("the kernel does not show the device")

    def unplug(self, identity: Identity) -> None:
        self._made.pop(identity).close()

    def key(self, identity: Identity, code: int, down: bool) -> None:
        device = self._made[identity]
        device.write(1, code, int(down))
        device.syn()

    def close(self) -> None:
        for device in self._made.values():
            device.close()


def names() -> list[str]:
    return ["simulated", "kernel"] if os.access("/dev/uinput", os.W_OK) else ["simulated"]


@contextmanager
def bench(name: str) -> Iterator[Bench]:
    if name == "simulated":
        yield SimulatedBench()
        return
    made = KernelBench()
    try:
        yield made
    finally:
        made.close()
