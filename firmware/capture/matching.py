"""Which device is which configured source."""

from __future__ import annotations

from typing import Any

from firmware.capture.inventory import NO_DEVICE, Device, list_devices
from firmware.config import Configuration, SourceSettings

_KINDS = {"v4l2": "video", "usb": "usb", "serial": "serial", "simulated": "simulated"}


def devices_and_sources(configuration: Configuration) -> list[dict[str, Any]]:
    """Every device, and every configured one that is missing.

    Each row is a device as JSON has it, with ``source``: the name of the configured source that it
    is, or empty.
    """
    there = list_devices()
    grabbers = {device.identity.partition("#")[0] for device in there if device.kind == "video"}
    alone = len(grabbers) == 1
    sources = [source for source in configuration.sources if source.kind in _KINDS]
    rows = []
    for device in there:
        meant = (each for each in sources if _means(each, configuration, device, alone=alone))
        source = next(meant, None)
        rows.append({**device.as_json(), "source": source.name if source else ""})
    found = {row["source"] for row in rows}
    for source in sources:
        if source.name not in found:
            rows.append(_missing(source, configuration))
    return rows


def _wanted(source: SourceSettings, configuration: Configuration) -> str:
    """The identity that the configuration gives, by the source or by its profile."""
    if source.device:
        return source.device
    profiles = {profile.name: profile.device for profile in configuration.profiles}
    return profiles.get(source.profile, "")


def _means(
    source: SourceSettings, configuration: Configuration, device: Device, *, alone: bool
) -> bool:
    """Whether a source is this device; a grabber that stands ``alone`` needs no name."""
    if _KINDS[source.kind] != device.kind:
        return False
    wanted = _wanted(source, configuration)
    if not wanted:
        return device.detail == "digitiser" if source.kind == "usb" else alone
    names = {device.identity, device.node}
    if device.serial_number:
        names |= {device.serial_number, f"serial:{device.serial_number}"}
    return wanted in names


def _missing(source: SourceSettings, configuration: Configuration) -> dict[str, Any]:
    simulated = source.kind == "simulated"
    device = Device(
        kind=_KINDS[source.kind],
        identity=_wanted(source, configuration) or source.model or source.kind,
        state="present" if simulated else NO_DEVICE,
        detail="" if simulated else "not plugged in",
    )
    return {**device.as_json(), "source": source.name}
