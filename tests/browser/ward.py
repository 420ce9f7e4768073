"""A whole box beside a simulated hospital, as a page in a browser meets it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import httpx

from services.hospital import Hospital
from tests.end_to_end.cli import Gantry, Service, answers, until
from tests.end_to_end.settings import Settings
from tests.peers.process import free_port

CONSOLE_SECONDS = 60.0


@dataclass
class Ward:
    """A box with a simulated grabber, its services, and the hospital around it.

    ``hospital`` runs in this process, the box's services run in processes of their own.
    """

    gantry: Gantry
    hospital: Hospital
    port: int
    service: Service

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def api(self, path: str) -> Any:
        """What the box answers to a plain GET."""
        answer = httpx.get(f"{self.url}{path}", timeout=10)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    @contextmanager
    def network_down(self) -> Iterator[None]:
        """RIS and PACS are switched off for the time of the block."""
        self.hospital.ris.stop()
        self.hospital.pacs.stop()
        try:
            yield
        finally:
            self.hospital.ris.start()
            self.hospital.pacs.start()

    def kill(self, name: str) -> None:
        """Kill one service with signal 9; the supervisor starts it again."""
        before = self.service.process_ids(name)
        os.kill(before[-1], signal.SIGKILL)
        until(
            lambda: len(self.service.process_ids(name)) > len(before),
            CONSOLE_SECONDS,
            lambda: f"{name} was not started again:\n{self.service.text()}",
        )

    def wait_for_console(self) -> None:
        """Until the page is served."""
        until(lambda: answers(self.port), CONSOLE_SECONDS, self.service.text)

    def committed(self, exam: str, seconds: float = 60.0) -> None:
        """Until every image of the exam is committed."""

        def done() -> bool:
            found = self.api(f"/api/exams/{exam}")
            return bool(found["images"]) and found["committed"] == found["acquired"]

        until(done, seconds, lambda: str(self.api(f"/api/exams/{exam}")))


def ward_settings(hospital: Hospital, *, faults: list[str] | None = None) -> Settings:
    """RIS, archive with commitment, a grabber and three protocols."""
    settings = Settings(ae_title="GANTRY", modality="ES")
    settings.peer("ris", "RIS", hospital.ris.port, "worklist", "mpps")
    settings.peer(
        "pacs", "PACS", hospital.pacs.port, "store", "commit", "query", commitment="required"
    )
    settings.table(
        "sources", name="grabber", kind="simulated", model="grabber", faults=faults or []
    )
    settings.table("sources", name="second", kind="simulated", model="grabber")
    settings.table("sources", name="pattern", kind="pattern", rate=15)
    for name, source, modality in (
        ("Endoscopy", "grabber", "ES"),
        ("Second camera", "second", "ES"),
        ("Test picture", "pattern", "OT"),
    ):
        settings.protocol(name, "SC", source=source, modality=modality, series_description=name)
    # the wristbands of this hospital: five signs of the ID, a bar, the birth date
    settings.table("code_rules", gives="patient_id", mask="$$$$$*...")
    settings.table("code_rules", gives="birth_date", mask="******$$$$$$$$")
    return settings


@contextmanager
def running_ward(
    folder: Path, *, faults: list[str] | None = None, extra: tuple[str, ...] = ()
) -> Iterator[Ward]:
    """Hospital and box for the time of the block.

    Parameters
    ----------
    faults
        What goes wrong with the grabber, as in the configuration.
    extra
        Further tables of ``gantry.toml``, as text.
    """
    listener = free_port()
    with ExitStack() as undo:
        hospital = Hospital(
            folder / "hospital", commitment_targets={"GANTRY": ("127.0.0.1", listener)}
        )
        undo.enter_context(hospital)
        hospital.load_schedule(date.today(), "GANTRY")  # noqa: DTZ011 - local calendar
        settings = ward_settings(hospital, faults=faults)
        settings.listener = listener
        settings.tables += list(extra)
        gantry = settings.write(folder / "box")
        service = undo.enter_context(
            gantry.running("run", ready=lambda: answers(settings.console) and answers(listener))
        )
        yield Ward(gantry, hospital, settings.console, service)
