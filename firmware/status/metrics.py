"""The same as Prometheus reads it; names begin with ``gantry_``, units are base units."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from firmware.status.model import Status

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_READABLE = 0o644


def render(status: Status) -> bytes:
    """Prometheus's text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected(status))
    return generate_latest(registry)


def write(status: Status, file: Path) -> None:
    """For the textfile collector of node_exporter, which must never see half of it."""
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    temporary.write_bytes(render(status))
    temporary.chmod(_READABLE)
    temporary.replace(file)


class _Collected(Collector):
    def __init__(self, status: Status) -> None:
        self._status = status

    def collect(self) -> Iterator[Metric]:
        status = self._status
        yield InfoMetricFamily(
            "gantry",
            "What runs here.",
            value={
                "station": status.station,
                "version": status.software_version,
                "slot": status.machine.slot,
                "kernel": status.machine.kernel,
                "model": status.machine.model,
                "update": status.update,
            },
        )
        yield _one("gantry_verdict", "0 good, 1 warning, 2 fault.", status.verdict)
        yield _one("gantry_exams_open", "Exams in progress.", status.exams_open)
        yield from self._machine()
        yield from self._clock()
        yield from self._processes()
        yield from self._peers()
        yield from self._queue()
        signal = GaugeMetricFamily(
            "gantry_source_state",
            "1 for the state that a source is in.",
            labels=["source", "state"],
        )
        for each in status.signals:
            signal.add_metric([each.source, each.state], 1)
        yield signal
        yield _one(
            "gantry_card_refused",
            "1 where the settings on the card had faults.",
            status.card == "refused",
        )

    def _machine(self) -> Iterator[Metric]:
        machine, disk = self._status.machine, self._status.disk
        yield _one("gantry_disk_used_bytes", "Used where the pictures lie.", disk.used)
        yield _one("gantry_disk_free_bytes", "Free where the pictures lie.", disk.free)
        yield _one(
            "gantry_disk_high_water_ratio",
            "From here on no new exams.",
            disk.high_water_percent / 100.0,
        )
        told: tuple[tuple[str, str, float | None], ...] = (
            ("gantry_temperature_celsius", "Of the processor.", machine.temperature),
            ("gantry_under_voltage", "1 while the supply is too weak.", machine.under_voltage),
            ("gantry_uptime_seconds", "Since the start.", machine.uptime),
            ("gantry_memory_available_bytes", "Free for programs.", machine.memory_available),
            ("gantry_memory_total_bytes", "All of it.", machine.memory_total),
        )
        for name, help_text, value in told:
            # what a machine does not tell is absent, not zero
            if value is not None:
                yield _one(name, help_text, value)

    def _clock(self) -> Iterator[Metric]:
        clock = self._status.clock
        yield _one(
            "gantry_clock_synchronised",
            "1 while a time server disciplines the clock.",
            clock.trust == "synchronised",
        )
        if clock.offset_ms is not None:
            yield _one(
                "gantry_clock_offset_seconds", "From the time server.", clock.offset_ms / 1000.0
            )

    def _processes(self) -> Iterator[Metric]:
        runs = GaugeMetricFamily(
            "gantry_service_up", "1 while the service runs.", labels=["service"]
        )
        restarts = GaugeMetricFamily(
            "gantry_service_restarts", "Since the start of the box.", labels=["service"]
        )
        for each in self._status.services:
            runs.add_metric([each.name], each.runs)
            if each.restarts is not None:
                restarts.add_metric([each.name], each.restarts)
        yield runs
        yield restarts

    def _peers(self) -> Iterator[Metric]:
        reached = GaugeMetricFamily(
            "gantry_peer_up", "0 after a contact that failed.", labels=["peer"]
        )
        contact = GaugeMetricFamily(
            "gantry_peer_last_contact_seconds",
            "Since the peer answered last; absent where it never did.",
            labels=["peer"],
        )
        owed = GaugeMetricFamily(
            "gantry_peer_owed_deliveries", "What the peer has not got yet.", labels=["peer"]
        )
        for each in self._status.peers:
            reached.add_metric([each.name], not each.fault)
            owed.add_metric([each.name], each.owed)
            if each.seconds_ago is not None:
                contact.add_metric([each.name], each.seconds_ago)
        yield from (reached, contact, owed)

    def _queue(self) -> Iterator[Metric]:
        count = GaugeMetricFamily(
            "gantry_queue_deliveries", "Deliveries that are owed.", labels=["state"]
        )
        oldest = GaugeMetricFamily(
            "gantry_queue_oldest_seconds", "Age of the oldest of them.", labels=["state"]
        )
        for each in self._status.queue:
            count.add_metric([each.state], each.count)
            oldest.add_metric([each.state], each.oldest)
        yield from (count, oldest)


def _one(name: str, help_text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, help_text, value=float(value))
