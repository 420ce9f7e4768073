"""A USB bus that is not there, as a backend of pyusb: what is plugged in is simulated."""

from __future__ import annotations

import errno
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Event, Lock
from types import SimpleNamespace
from typing import Any, Protocol

import usb.backend
import usb.core

_GET_DESCRIPTOR = 6
_STRING_DESCRIPTOR = 3
_STANDARD_TO_HOST = 0x80
_ENGLISH = 0x0409


class SimulatedUsbDevice(Protocol):
    """One interface with one bulk endpoint to the host.

    Both transfers raise ``usb.core.USBError`` as libusb does. ``unplugged`` ends their waiting.
    """

    vendor_id: int
    product_id: int
    product: str
    serial_number: str
    endpoint: int
    packet_bytes: int

    def control(self, to_host: bool, request: int, value: int) -> bytes: ...

    def bulk_in(self, length: int, timeout: float, unplugged: Event) -> bytes: ...

    def clear_halt(self) -> None: ...

    def reset(self) -> None: ...


@dataclass(eq=False, slots=True)
class _Plugged:
    """A device in a socket; a device that is plugged in again is another one to the bus."""

    device: SimulatedUsbDevice
    port: int
    address: int
    gone: Event = field(default_factory=Event)
    claimed_by: object | None = None


@dataclass(eq=False, slots=True)
class _Handle:
    plugged: _Plugged


def usb_error(number: int, text: str) -> usb.core.USBError:
    """An error as libusb's backend raises it."""
    kind = usb.core.USBTimeoutError if number == errno.ETIMEDOUT else usb.core.USBError
    return kind(text, None, number)


class SimulatedBus(usb.backend.IBackend):  # type: ignore[misc]
    """Hand it to a driver as its backend, and plug devices into it."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = Lock()
        self._sockets: dict[int, _Plugged] = {}
        self._addresses = 0

    def plug(self, device: SimulatedUsbDevice, port: int = 1) -> None:
        """Put a device into a socket of bus 1, where it gets its power and begins anew."""
        device.reset()
        with self._lock:
            self._addresses += 1
            self._sockets[port] = _Plugged(device, port, self._addresses)

    def unplug(self, port: int = 1) -> None:
        """Pull what is in a socket; does nothing where it is empty."""
        with self._lock:
            plugged = self._sockets.pop(port, None)
        if plugged is not None:
            plugged.gone.set()

    @property
    def claimed(self) -> int:
        """How many interfaces are claimed."""
        with self._lock:
            return sum(one.claimed_by is not None for one in self._sockets.values())

    def enumerate_devices(self) -> Iterator[_Plugged]:
        with self._lock:
            return iter(list(self._sockets.values()))

    def get_parent(self, _dev: _Plugged) -> None:
        return None

    def get_device_descriptor(self, dev: _Plugged) -> Any:
        return SimpleNamespace(
            bLength=18, bDescriptorType=1, bcdUSB=0x0200, bDeviceClass=0xFF, bDeviceSubClass=0,
            bDeviceProtocol=0, bMaxPacketSize0=64, idVendor=dev.device.vendor_id,
            idProduct=dev.device.product_id, bcdDevice=0x0100, iManufacturer=0, iProduct=1,
            iSerialNumber=2, bNumConfigurations=1, bus=1, address=dev.address,
            port_number=dev.port, port_numbers=(dev.port,), speed=3,
        )  # fmt: skip

    def get_configuration_descriptor(self, _dev: _Plugged, config: int) -> Any:
        if config:
            raise IndexError(config)
        return SimpleNamespace(
            bLength=9, bDescriptorType=2, wTotalLength=25, bNumInterfaces=1, bConfigurationValue=1,
            iConfiguration=0, bmAttributes=0x80, bMaxPower=250, extra_descriptors=[],
        )  # fmt: skip

    def get_interface_descriptor(self, _dev: _Plugged, intf: int, alt: int, _config: int) -> Any:
        if intf or alt:
            raise IndexError(intf)
        return SimpleNamespace(
            bLength=9, bDescriptorType=4, bInterfaceNumber=0, bAlternateSetting=0, bNumEndpoints=1,
            bInterfaceClass=0xFF, bInterfaceSubClass=0, bInterfaceProtocol=0, iInterface=0,
            extra_descriptors=[],
        )  # fmt: skip

    def get_endpoint_descriptor(
        self, dev: _Plugged, ep: int, _intf: int, _alt: int, _config: int
    ) -> Any:
        if ep:
            raise IndexError(ep)
        return SimpleNamespace(
            bLength=7, bDescriptorType=5, bEndpointAddress=dev.device.endpoint, bmAttributes=2,
            wMaxPacketSize=dev.device.packet_bytes, bInterval=0, bRefresh=0, bSynchAddress=0,
            extra_descriptors=[],
        )  # fmt: skip

    def open_device(self, dev: _Plugged) -> _Handle:
        self._require(dev)
        return _Handle(dev)

    def close_device(self, dev_handle: _Handle) -> None:
        self._let_go(dev_handle)

    def set_configuration(self, dev_handle: _Handle, _config_value: int) -> None:
        self._require(dev_handle.plugged)

    def get_configuration(self, dev_handle: _Handle) -> int:
        self._require(dev_handle.plugged)
        return 1

    def claim_interface(self, dev_handle: _Handle, _intf: int) -> None:
        self._require(dev_handle.plugged)
        with self._lock:
            if dev_handle.plugged.claimed_by not in (None, dev_handle):
                raise usb_error(errno.EBUSY, "Resource busy")
            dev_handle.plugged.claimed_by = dev_handle

    def release_interface(self, dev_handle: _Handle, _intf: int) -> None:
        self._require(dev_handle.plugged)
        self._let_go(dev_handle)

    def is_kernel_driver_active(self, dev_handle: _Handle, _intf: int) -> bool:
        self._require(dev_handle.plugged)
        return False

    def reset_device(self, dev_handle: _Handle) -> None:
        self._require(dev_handle.plugged)
        dev_handle.plugged.device.reset()

    def clear_halt(self, dev_handle: _Handle, _ep: int) -> None:
        self._require(dev_handle.plugged)
        dev_handle.plugged.device.clear_halt()

    def bulk_read(
        self, dev_handle: _Handle, _ep: int, _intf: int, buff: array[int], timeout: int
    ) -> int:
        plugged = dev_handle.plugged
        self._require(plugged)
        data = plugged.device.bulk_in(len(buff), timeout / 1000, plugged.gone)
        self._require(plugged)
        memoryview(buff)[: len(data)] = data
        return len(data)

    def ctrl_transfer(
        self,
        dev_handle: _Handle,
        bmRequestType: int,  # noqa: N803, these names are pyusb's
        bRequest: int,  # noqa: N803
        wValue: int,  # noqa: N803
        wIndex: int,  # noqa: N803, ARG002
        data: array[int],
        timeout: int,  # noqa: ARG002
    ) -> int:
        device = dev_handle.plugged.device
        self._require(dev_handle.plugged)
        to_host = bool(bmRequestType & 0x80)
        if (bmRequestType, bRequest) == (_STANDARD_TO_HOST, _GET_DESCRIPTOR):
            answer = _string_descriptor(device, wValue)
        else:
            answer = device.control(to_host, bRequest, wValue)
        if not to_host:
            return len(data)
        answer = answer[: len(data)]
        memoryview(data)[: len(answer)] = answer
        return len(answer)

    def _require(self, plugged: _Plugged) -> None:
        if plugged.gone.is_set():
            raise usb_error(errno.ENODEV, "No such device (it may have been disconnected)")

    def _let_go(self, handle: _Handle) -> None:
        with self._lock:
            if handle.plugged.claimed_by is handle:
                handle.plugged.claimed_by = None


def _string_descriptor(device: SimulatedUsbDevice, value: int) -> bytes:
    kind, index = value >> 8, value & 0xFF
    if kind != _STRING_DESCRIPTOR:
        raise usb_error(errno.EPIPE, "Pipe error")
    texts = {1: device.product, 2: device.serial_number}
    body = texts[index].encode("utf-16-le") if index else _ENGLISH.to_bytes(2, "little")
    return bytes([2 + len(body), _STRING_DESCRIPTOR]) + body
