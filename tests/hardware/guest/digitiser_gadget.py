"""The simulated digitiser as a device on the kernel's own USB bus (dummy_hcd and FunctionFS).

What `drivers.usb.sim_digitiser` says goes over real endpoints to libusb; only the cable is missing.
"""

from __future__ import annotations

import errno
import os
import signal
import struct
import subprocess
import threading
from pathlib import Path
from types import FrameType

import usb.core

from drivers.usb.digitiser_protocol import BULK_IN, PACKET_BYTES, PRODUCT_ID, VENDOR_ID, Request
from drivers.usb.sim_digitiser import SimulatedDigitiser

SERIAL_NUMBER = "SIM0001"
ROWS, COLUMNS, RATE = 64, 96, 20.0

_CONFIGURED = Path("/sys/kernel/config/usb_gadget/digitiser")
_FUNCTION = Path("/run/digitiser")
_TRANSFER = 64 * 1024
# linux/usb/functionfs.h
_DESCRIPTORS, _STRINGS, _FULL_AND_HIGH_SPEED = 3, 2, 3
_EVENT = struct.Struct("<BBHHHB3x")
_ENABLE, _SETUP = 2, 4
_EXPECTED = (errno.EIDRM, errno.EL2HLT)
"""The host gave a request up for the next one; a request was stalled."""


class Restarted(Exception):
    """The host said START: what was on its way is thrown away."""


def main() -> None:
    _configure()
    control = os.open(_FUNCTION / "ep0", os.O_RDWR)
    os.write(control, _descriptors())
    os.write(control, struct.pack("<IIII", _STRINGS, 16, 0, 0))
    gadget = Gadget(control)
    signal.signal(signal.SIGUSR1, gadget.restart)
    (_CONFIGURED / "UDC").write_text(next(Path("/sys/class/udc").iterdir()).name)
    threading.Thread(target=gadget.answer, daemon=True).start()
    gadget.send()


class Gadget:
    """One thread answers requests, the main one sends frames."""

    def __init__(self, control: int) -> None:
        self._control = control
        self._device = SimulatedDigitiser(ROWS, COLUMNS, RATE, serial_number=SERIAL_NUMBER)
        self._bulk = os.open(_FUNCTION / "ep1", os.O_RDWR)
        self._ready = threading.Event()

    def restart(self, _number: int, _frame: FrameType | None) -> None:
        raise Restarted

    def answer(self) -> None:
        """Answer the host's requests for ever."""
        while True:
            try:
                self._hear()
            except OSError as error:
                if error.errno not in _EXPECTED:
                    raise

    def send(self) -> None:
        """Send frames for ever, as the host reads them."""
        never = threading.Event()
        while True:
            try:
                self._ready.wait()
                os.write(self._bulk, self._device.bulk_in(_TRANSFER, 0.2, never))
            except (Restarted, usb.core.USBTimeoutError):
                continue

    def _hear(self) -> None:
        data = os.read(self._control, 4 * _EVENT.size)
        for kind, request, value, _index, length, event in _EVENT.iter_unpack(data):
            if event == _ENABLE:
                self._ready.set()
            if event == _SETUP:
                self._request(bool(kind & 0x80), request, value, length)

    def _request(self, to_host: bool, request: int, value: int, length: int) -> None:
        if request == Request.START:
            self._ready.clear()
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)
        try:
            reply = self._device.control(to_host, request, value)
        except usb.core.USBError:
            # the wrong direction is how FunctionFS is told to stall
            reply, to_host = b"", not to_host
        if request == Request.START:
            self._ready.set()
        if to_host:
            os.write(self._control, reply[:length])
        else:
            os.read(self._control, 0)


def _configure() -> None:
    for driver in ("dummy_hcd", "libcomposite", "usb_f_fs"):
        subprocess.run(["modprobe", driver], check=True)
    texts = _CONFIGURED / "strings" / "0x409"
    texts.mkdir(parents=True)
    (_CONFIGURED / "idVendor").write_text(f"{VENDOR_ID:#06x}")
    (_CONFIGURED / "idProduct").write_text(f"{PRODUCT_ID:#06x}")
    (texts / "serialnumber").write_text(SERIAL_NUMBER)
    (texts / "product").write_text(SimulatedDigitiser.product)
    configuration = _CONFIGURED / "configs" / "c.1"
    configuration.mkdir(parents=True)
    function = _CONFIGURED / "functions" / "ffs.digitiser"
    function.mkdir(parents=True)
    (configuration / function.name).symlink_to(function)
    _FUNCTION.mkdir()
    subprocess.run(["mount", "-t", "functionfs", "digitiser", _FUNCTION], check=True)


def _descriptors() -> bytes:
    interface = struct.pack("<9B", 9, 4, 0, 0, 1, 0xFF, 0, 0, 0)
    speeds = b"".join(
        interface + struct.pack("<BBBBHB", 7, 5, BULK_IN, 2, packet, 0)
        for packet in (64, PACKET_BYTES)
    )
    head = struct.pack("<IIIII", _DESCRIPTORS, 20 + len(speeds), _FULL_AND_HIGH_SPEED, 2, 2)
    return head + speeds


if __name__ == "__main__":
    main()
