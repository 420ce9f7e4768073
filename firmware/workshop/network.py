"""Addresses of the box: shown from the kernel, changed through NetworkManager.

A change is made inside a checkpoint that NetworkManager itself undoes after a minute: also where
this program, or the browser that asked for it, is gone by then.
"""

from __future__ import annotations

import ipaddress
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import Any

from firmware.workshop.commands import ask, there
from services.console.workshop import Interface, NetworkChange, NetworkState, WorkshopRefusal

ROLL_BACK_SECONDS = 60

_MANAGER = "org.freedesktop.NetworkManager"
_OBJECT = "/org/freedesktop/NetworkManager"
_FLAGS = "7"
"""Of a checkpoint: forget older ones, delete new connections, disconnect new devices."""

_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,15}")
_VLAN = re.compile(r"\.(\d{1,4})$")


class Network:
    """Satisfies :class:`services.console.workshop.NetworkDesk`."""

    def __init__(self, sysfs: Path = Path("/sys"), etc: Path = Path("/etc")) -> None:
        self._sysfs = sysfs
        self._etc = etc
        self._lock = Lock()
        self._checkpoint = ""
        self._deadline = 0.0

    def state(self) -> NetworkState:
        """How the box is connected at this moment."""
        said = ask("ip", "-j", "route", "show", "default")
        routes = _rows(said.out)
        gateways = tuple(str(row["gateway"]) for row in routes if "gateway" in row)
        left = self._deadline - time.monotonic() if self._checkpoint else 0.0
        if left <= 0:
            self._checkpoint = ""
        return NetworkState(
            interfaces=tuple(self._interfaces()),
            gateways=gateways,
            dns=self._dns(),
            settable=_why_not(),
            seconds_to_roll_back=left if left > 0 else None,
        )

    def change(self, change: NetworkChange) -> NetworkState:
        """Take other addresses; they hold for a minute, for good once they are confirmed.

        Raises
        ------
        WorkshopRefusal
            ``G-5201`` where this machine's network cannot be changed from here, ``G-5202`` where
            an address is none, ``G-5203`` where NetworkManager refuses: all is as it was.
        """
        reason = _why_not()
        if reason:
            raise WorkshopRefusal("G-5201", said=reason)
        settings = _settings(change)
        with self._lock:
            self._undo_if_open()
            self._checkpoint = _create_checkpoint()
            self._deadline = time.monotonic() + ROLL_BACK_SECONDS
            try:
                _apply(change, settings)
            except WorkshopRefusal:
                self._undo_if_open()
                raise
        return self.state()

    def confirm(self) -> NetworkState:
        """Keep what was changed.

        Raises
        ------
        WorkshopRefusal
            ``G-5204`` where there is nothing to confirm any more.
        """
        with self._lock:
            if not self._checkpoint or time.monotonic() >= self._deadline:
                self._checkpoint = ""
                raise WorkshopRefusal("G-5204")
            said = _call("CheckpointDestroy", "o", self._checkpoint)
            if not said.good:
                raise WorkshopRefusal("G-5203", said=said.words)
            self._checkpoint = ""
        return self.state()

    def undo(self) -> NetworkState:
        """Go back at once."""
        with self._lock:
            self._undo_if_open()
        return self.state()

    def _undo_if_open(self) -> None:
        if self._checkpoint:
            _call("CheckpointRollback", "o", self._checkpoint)
        self._checkpoint = ""

    def _interfaces(self) -> Iterator[Interface]:
        methods = _methods()
        for row in _rows(ask("ip", "-j", "address").out):
            name = str(row.get("ifname", ""))
            if not name or name == "lo":
                continue
            addresses = tuple(
                f"{each['local']}/{each['prefixlen']}"
                for each in row.get("addr_info", ())
                if each.get("scope") == "global"
            )
            folder = self._sysfs / "class" / "net" / name
            tagged = _VLAN.search(name)
            yield Interface(
                name=name,
                mac=str(row.get("address", "")),
                link=_read(folder / "carrier") == "1",
                speed_mbit=_speed(_read(folder / "speed")),
                addresses=addresses,
                vlan=int(tagged[1]) if tagged else None,
                method=methods.get(name, ""),
            )

    def _dns(self) -> tuple[str, ...]:
        lines = _read(self._etc / "resolv.conf").splitlines()
        words = [line.split() for line in lines]
        return tuple(each[1] for each in words if len(each) > 1 and each[0] == "nameserver")


def _why_not() -> str:
    if not there("nmcli"):
        return "NetworkManager (nmcli) is not installed on this machine"
    if not there("busctl"):
        return "busctl is not installed on this machine"
    running = ask("nmcli", "-t", "-f", "RUNNING", "general")
    return "" if running.out.strip() == "running" else "NetworkManager does not run on this machine"


def _settings(change: NetworkChange) -> list[str]:
    """Arguments for nmcli, of a change that was checked."""
    if not _NAME.fullmatch(change.interface) or change.interface.startswith("-"):
        raise WorkshopRefusal("G-5202", value=change.interface)
    if not 0 <= change.vlan <= 4094:
        raise WorkshopRefusal("G-5202", value=change.vlan)
    if change.method == "dhcp":
        return ["ipv4.method", "auto", "ipv4.addresses", "", "ipv4.gateway", "", "ipv4.dns", ""]
    if change.method != "static":
        raise WorkshopRefusal("G-5202", value=change.method)
    try:
        address = ipaddress.IPv4Interface(change.address)
    except ValueError as error:
        raise WorkshopRefusal("G-5202", value=change.address) from error
    if "/" not in change.address or address.ip in _unusable(address):
        raise WorkshopRefusal("G-5202", value=change.address)
    gateway = _address(change.gateway) if change.gateway else ""
    if gateway and ipaddress.IPv4Address(gateway) not in address.network:
        raise WorkshopRefusal("G-5202", value=change.gateway)
    dns = ",".join(_address(each) for each in change.dns)
    return [
        "ipv4.method", "manual",
        "ipv4.addresses", str(address),
        "ipv4.gateway", gateway,
        "ipv4.dns", dns,
    ]  # fmt: skip


def _unusable(address: ipaddress.IPv4Interface) -> tuple[ipaddress.IPv4Address, ...]:
    """Addresses of a network that no machine has."""
    network = address.network
    if network.prefixlen >= 31:
        return ()
    return (network.network_address, network.broadcast_address)


def _address(text: str) -> str:
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError as error:
        raise WorkshopRefusal("G-5202", value=text) from error


def _apply(change: NetworkChange, settings: list[str]) -> None:
    connection = f"gantry-{change.interface}"
    device = change.interface
    kind = ["type", "ethernet", "ifname", device]
    if change.vlan:
        connection = f"{connection}.{change.vlan}"
        name = f"{device}.{change.vlan}"
        kind = ["type", "vlan", "ifname", name, "dev", device, "id", str(change.vlan)]
    if ask("nmcli", "connection", "show", connection).good:
        _do("connection", "modify", connection, *settings)
    else:
        head = [*kind, "con-name", connection, "connection.autoconnect-priority", "100"]
        _do("connection", "add", *head, *settings)
    _do("--wait", "20", "connection", "up", connection)


def _do(*arguments: str) -> None:
    said = ask("nmcli", *arguments, patience=30)
    if not said.good:
        raise WorkshopRefusal("G-5203", said=said.words)


def _create_checkpoint() -> str:
    said = _call("CheckpointCreate", "aouu", "0", str(ROLL_BACK_SECONDS), _FLAGS)
    found = re.search(r'"(/[^"]+)"', said.out)
    if not said.good or found is None:
        raise WorkshopRefusal("G-5203", said=said.words)
    return found[1]


def _call(method: str, *arguments: str) -> Any:
    return ask("busctl", "call", _MANAGER, _OBJECT, _MANAGER, method, *arguments)


def _methods() -> dict[str, str]:
    """``dhcp`` or ``static`` of each device that NetworkManager looks after."""
    told: dict[str, str] = {}
    listed = ask("nmcli", "-t", "-f", "UUID,DEVICE", "connection", "show", "--active")
    for line in listed.out.splitlines():
        uuid, _, device = line.partition(":")
        if not device:
            continue
        said = ask("nmcli", "-g", "ipv4.method", "connection", "show", uuid)
        words = {"auto": "dhcp", "manual": "static"}
        told[device] = words.get(said.out.strip(), said.out.strip())
    return told


def _rows(text: str) -> list[dict[str, Any]]:
    try:
        rows = json.loads(text or "[]")
    except ValueError:
        return []
    return [row for row in rows if isinstance(row, dict)]


def _speed(text: str) -> int | None:
    return int(text) if text.isdigit() and int(text) > 0 else None


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8", "replace").strip()
    except OSError:
        return ""
