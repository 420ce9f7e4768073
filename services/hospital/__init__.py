"""The simulated hospital around the box: RIS, PACS and film printer.

Part of the product: it serves the demonstration, the tests, and a technician who has no hospital
at hand. It does what the RIS of PS3.2 annex C and an ordinary archive do, keeps everything in one
SQLite database, and misbehaves on demand (:class:`Faults`).
"""

from services.hospital.faults import CommitmentMode, Faults
from services.hospital.hospital import Hospital, run_hospital
from services.hospital.pacs import Pacs
from services.hospital.printer import FilmPrinter
from services.hospital.records import (
    CommitmentEntry,
    MppsException,
    MppsRecord,
    PrintedFilm,
    StoredInstance,
)
from services.hospital.ris import Ris
from services.hospital.schedule import daily_schedule
from services.hospital.store import HospitalStore

__all__ = [
    "CommitmentEntry",
    "CommitmentMode",
    "Faults",
    "FilmPrinter",
    "Hospital",
    "HospitalStore",
    "MppsException",
    "MppsRecord",
    "Pacs",
    "PrintedFilm",
    "Ris",
    "StoredInstance",
    "daily_schedule",
    "run_hospital",
]
