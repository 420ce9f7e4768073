"""Transfers to one USB device: every one bounded in size and time, claimed and released cleanly."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from drivers.errors import DriverError, SourceTimeout, SourceUnavailable

LARGEST_TRANSFER = 1024 * 1024
"""Bytes of one transfer; usbfs has 16 MiB for all transfers of all programs together."""

LONGEST_WAIT = 5.0
"""Seconds that one transfer may take."""

_TO_HOST, _TO_DEVICE = 0xC1, 0x41
"""bmRequestType of a vendor request to an interface (USB 2.0, table 9-2)."""

_GONE = frozenset({errno.ENODEV, errno.ENXIO, errno.ESHUTDOWN})
_REASONS = {
    errno.EACCES: (
        "may not be opened",
        "Install the udev rule of the device, and plug it in again.",
    ),
    errno.EBUSY: ("is used by another program", "Stop the other program."),
}


class TransferFailed(DriverError, OSError):
    """A transfer came to nothing, and the device is still there.

    Attributes
    ----------
    stalled : bool
        The endpoint is halted until :meth:`VendorDevice.clear_halt`.
    """

    stalled = False


class TransferStalled(TransferFailed):
    """The device halted the endpoint."""

    stalled = True


@dataclass(frozen=True, slots=True)
class UsbIdentity:
    """A device that is plugged in.

    ``usb_path`` is the socket, such as ``1-1.2``; ``serial_number`` is empty where the device has
    none or may not be asked.
    """

    vendor_id: int
    product_id: int
    usb_path: str
    serial_number: str = ""
    product: str = ""

    def fits(self, identity: str) -> bool:
        """Whether ``usb:PATH`` or ``serial:NUMBER`` means this device; empty means any."""
        if not identity:
            return True
        return identity in (f"usb:{self.usb_path}", f"serial:{self.serial_number}")


def list_devices(vendor_id: int, product_id: int, backend: Any = None) -> list[UsbIdentity]:
    """The devices of this kind that are plugged in now, in order of their sockets.

    Parameters
    ----------
    vendor_id, product_id : int
        As in the device descriptor.
    backend : object or None
        A pyusb backend; None for the machine's own libusb.

    Raises
    ------
    SourceUnavailable
        libusb is not installed.
    """
    found = [identity for _, identity in _find("USB", vendor_id, product_id, backend)]
    return sorted(found, key=lambda device: device.usb_path)


class VendorDevice:
    """One interface of a USB device, claimed for this process between open and close.

    Parameters
    ----------
    name : str
        Name of the source as configured, for messages.
    vendor_id, product_id : int
        As in the device descriptor.
    identity : str
        ``usb:1-1.2`` for what is in that socket, ``serial:NUMBER``, or empty where only one device
        of the kind is plugged in.
    interface : int
        Number of the interface.
    backend : object or None
        A pyusb backend; None for the machine's own libusb.

    Notes
    -----
    Not for several threads at once. All methods raise :class:`SourceUnavailable` where the device
    is gone, :class:`SourceTimeout` where it did not answer in time, and :class:`TransferFailed`
    where the transfer failed otherwise.
    """

    def __init__(
        self,
        name: str,
        vendor_id: int,
        product_id: int,
        identity: str = "",
        *,
        interface: int = 0,
        backend: Any = None,
    ) -> None:
        self._kind = (vendor_id, product_id)
        self._identity = identity
        self._name = name
        self._label = f"{name} ({identity or f'{vendor_id:04x}:{product_id:04x}'})"
        self._interface = interface
        self._backend = backend
        self._device: Any = None

    def open(self) -> None:
        """Find the device and claim its interface; does nothing where that is done."""
        if self._device is not None:
            return
        device = self._chosen()
        try:
            self._claim(device)
        except OSError as error:
            _dispose(device)
            raise self._failure(error) from error
        self._device = device

    def close(self) -> None:
        """Release the interface; may be called twice, and after the device is gone."""
        device, self._device = self._device, None
        if device is not None:
            _dispose(device)

    def reset(self) -> None:
        """Reset the device at its socket, as if it were plugged in again, and let go of it."""
        device = self._opened()
        with suppress(OSError):  # a device that is gone needs none
            device.reset()
        self.close()

    def packet_bytes(self, endpoint: int) -> int:
        """Largest packet of an endpoint; a transfer that is no multiple of it was a short one."""
        for one in self._device[0][(self._interface, 0)]:
            if one.bEndpointAddress == endpoint:
                return int(one.wMaxPacketSize)
        raise TransferFailed(
            self._label, f"there is no endpoint {endpoint:#04x}", "This is another device."
        )

    def control_in(self, request: int, length: int, timeout: float, value: int = 0) -> bytes:
        """Ask the interface a vendor request; the answer may be shorter than ``length``."""
        return bytes(self._transfer(_TO_HOST, request, value, length, timeout))

    def control_out(self, request: int, timeout: float, value: int = 0, data: bytes = b"") -> None:
        """Tell the interface a vendor request."""
        self._transfer(_TO_DEVICE, request, value, data, timeout)

    def bulk_read(self, endpoint: int, length: int, timeout: float) -> bytes:
        """Up to ``length`` bytes, at most :data:`LARGEST_TRANSFER`; what came when time was up."""
        device = self._opened()
        try:
            data = device.read(endpoint, min(length, LARGEST_TRANSFER), _milliseconds(timeout))
        except OSError as error:
            raise self._failure(error) from error
        return bytes(data)

    def clear_halt(self, endpoint: int) -> None:
        """Let a stalled endpoint go on."""
        device = self._opened()
        try:
            device.clear_halt(endpoint)
        except OSError as error:
            raise self._failure(error) from error

    def _transfer(
        self, kind: int, request: int, value: int, data: int | bytes, timeout: float
    ) -> Any:
        device = self._opened()
        try:
            return device.ctrl_transfer(
                kind, request, value, self._interface, data, _milliseconds(timeout)
            )
        except OSError as error:
            raise self._failure(error) from error

    def _opened(self) -> Any:
        if self._device is None:
            raise SourceUnavailable(self._label, "the device is not open", "Open it first.")
        return self._device

    def _chosen(self) -> Any:
        found = [
            (device, identity)
            for device, identity in _find(self._label, *self._kind, self._backend)
            if identity.fits(self._identity)
        ]
        if len(found) == 1:
            return found[0][0]
        if not found:
            raise SourceUnavailable(
                self._label, "the device is not plugged in", "Plug it in, and look at its power."
            )
        sockets = ", ".join(f"usb:{identity.usb_path}" for _, identity in found)
        raise SourceUnavailable(
            self._label, f"{len(found)} such devices are plugged in", f"Name one: {sockets}."
        )

    def _claim(self, device: Any) -> None:
        import usb.core
        import usb.util

        try:
            device.get_active_configuration()
        except usb.core.USBError as error:
            if error.errno is not None:
                raise
            device.set_configuration()  # nobody configured it yet
        with suppress(NotImplementedError):
            if device.is_kernel_driver_active(self._interface):
                device.detach_kernel_driver(self._interface)
        usb.util.claim_interface(device, self._interface)

    def _failure(self, error: OSError) -> DriverError:
        text = error.strerror or str(error)
        if error.errno == errno.ETIMEDOUT:
            return SourceTimeout(
                self._label, "the device did not answer in time", "Look at its power and cable."
            )
        if error.errno in _GONE:
            return SourceUnavailable(
                self._label, "the device is gone", "Plug it in again; it is found by itself."
            )
        if error.errno in _REASONS:
            reason, advice = _REASONS[error.errno]
            return SourceUnavailable(self._label, f"the device {reason}", advice)
        kind = TransferStalled if error.errno == errno.EPIPE else TransferFailed
        return kind(self._label, f"a transfer failed ({text})", "Look at the cable.")


def _find(
    label: str, vendor_id: int, product_id: int, backend: Any
) -> Iterator[tuple[Any, UsbIdentity]]:
    import usb.core

    try:
        devices = usb.core.find(
            find_all=True, idVendor=vendor_id, idProduct=product_id, backend=backend
        )
        for device in devices:
            yield device, _identity(device)
    except usb.core.NoBackendError as error:
        raise SourceUnavailable(
            label, "libusb is not installed", "Install the Debian package libusb-1.0-0."
        ) from error


def _identity(device: Any) -> UsbIdentity:
    ports = ".".join(str(port) for port in device.port_numbers or ())
    return UsbIdentity(
        vendor_id=device.idVendor,
        product_id=device.idProduct,
        usb_path=f"{device.bus}-{ports}" if ports else f"{device.bus}",
        serial_number=_string(device, "serial_number"),
        product=_string(device, "product"),
    )


def _string(device: Any, which: str) -> str:
    """A string descriptor; empty where there is none, or where this user may not ask for it."""
    try:
        return str(getattr(device, which) or "")
    except (OSError, ValueError):
        return ""


def _dispose(device: Any) -> None:
    import usb.util

    with suppress(OSError):  # of a device that is gone there is nothing to release
        usb.util.dispose_resources(device)


def _milliseconds(timeout: float) -> int:
    """At least one: libusb takes 0 for no limit at all."""
    return max(1, round(min(timeout, LONGEST_WAIT) * 1000))
