"""RIS, PACS and film printer together, as ``gantry hospital`` and ``gantry demo`` run them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Self

from services.hospital.pacs import Pacs, Targets
from services.hospital.printer import FilmPrinter
from services.hospital.ris import Ris
from services.hospital.schedule import daily_schedule, started_steps
from services.hospital.store import HospitalStore


class Hospital:
    """A hospital in a folder: ``hospital.db``, ``pacs/`` and ``films/``.

    Parameters
    ----------
    folder : Path
        Made when absent; a hospital that was there before goes on where it stopped.
    bind : str
        Address that all three listen on.
    ris_port, pacs_port, printer_port : int
        Ports, 0 for any free one.
    commitment_targets : mapping of str to (str, int), optional
        Where modalities listen for commitment reports, and where C-MOVE may send to.
    """

    def __init__(
        self,
        folder: Path,
        bind: str = "127.0.0.1",
        ris_port: int = 0,
        pacs_port: int = 0,
        printer_port: int = 0,
        commitment_targets: Targets | None = None,
    ) -> None:
        self.folder = folder
        self.store = HospitalStore(folder / "hospital.db")
        self.ris = Ris(self.store, bind=bind, port=ris_port)
        self.pacs = Pacs(
            self.store,
            folder / "pacs",
            bind=bind,
            port=pacs_port,
            commitment_targets=commitment_targets,
        )
        self.printer = FilmPrinter(self.store, folder / "films", bind=bind, port=printer_port)

    def start(self) -> None:
        """Listen with all three, or with none when a port is taken (OSError)."""
        with ExitStack() as undo:
            for entity in (self.ris, self.pacs, self.printer):
                entity.start()
                undo.callback(entity.stop)
            undo.pop_all()

    def stop(self) -> None:
        """Stop all three; :attr:`store` can still be read."""
        for entity in (self.ris, self.pacs, self.printer):
            entity.stop()

    def load_schedule(self, today: date, station_ae_title: str = "GANTRY") -> int:
        """Schedule the day's twelve examinations, once; returns how many were new."""
        known = self.store.schedule.states()
        items = [
            item
            for item in daily_schedule(today, station_ae_title)
            if item.ScheduledProcedureStepSequence[0].ScheduledProcedureStepID not in known
        ]
        self.store.add_worklist_items(items)
        if items:
            self.store.schedule.mark_started(started_steps(today))
        return len(items)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        self.store.close()


def run_hospital(
    folder: Path,
    bind: str,
    ris_port: int,
    pacs_port: int,
    printer_port: int,
    box_ae: str,
    box_address: tuple[str, int],
    stop_event: threading.Event,
    announce: Callable[[str], None],
) -> None:
    """Run a hospital with today's schedule until told to stop.

    Parameters
    ----------
    box_ae, box_address : str, (str, int)
        The modality: the station of the schedule, and where commitment is reported to.
    stop_event : threading.Event
        Ends the hospital when set.
    announce : callable
        Takes one line of text for each thing the person at the terminal should know.

    Raises
    ------
    OSError
        When a port is taken.
    """
    targets = {box_ae: box_address}
    with Hospital(folder, bind, ris_port, pacs_port, printer_port, targets) as hospital:
        scheduled = hospital.load_schedule(date.today(), box_ae)  # noqa: DTZ011 - local calendar
        announce(f"{scheduled} examinations scheduled for today at station {box_ae}")
        for entity, what in (
            (hospital.ris, "worklist and MPPS"),
            (hospital.pacs, "storage, commitment and query/retrieve"),
            (hospital.printer, "film"),
        ):
            announce(f"{entity.ae_title}: {what} at {bind}:{entity.port}")
        announce(f"database {hospital.store.path}")
        # with a time-out, so that signals are handled whichever thread they were given to
        while not stop_event.wait(0.2):
            pass
    announce("hospital stopped")
