"""Which of the box's ports other machines may reach: those that the configuration names."""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import ip_address

from firmware.config import Configuration

_SET = "inet gantry open_tcp"
"""The set that the box's standing rules accept connections to (``nftables.conf`` of the image)."""


def open_ports(configuration: Configuration) -> tuple[int, ...]:
    """TCP ports on which a service listens for other machines, in order."""
    ports = set()
    if not ip_address(configuration.listener.bind).is_loopback:
        ports.add(configuration.listener.port)
    films = configuration.film_reception
    if films.enabled and not ip_address(films.bind).is_loopback:
        ports.add(films.port)
    if configuration.console.networked:
        ports.add(configuration.console.network_port)
    return tuple(sorted(ports))


def rules(ports: Collection[int]) -> str:
    """What nft(8) reads: these ports are open from now on, and no others, in one step."""
    lines = [f"flush set {_SET}"]
    if ports:
        lines.append(f"add element {_SET} {{ {', '.join(map(str, sorted(ports)))} }}")
    return "\n".join(lines) + "\n"
