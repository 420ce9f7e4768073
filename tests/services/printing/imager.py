"""The simulated film printer as the tests use it."""

from __future__ import annotations

from typing import Any

from services.dicom.peers import Peer, Service, Timeouts
from services.printing.printers import Printer, PrinterKind
from services.printing.profile import load_profile


def imager_printer(port: int, name: str = "imager", **profile: Any) -> Printer:
    """A 12-bit printer of low resolution on loopback."""
    peer = Peer(
        name, "FILM", "127.0.0.1", port, frozenset({Service.PRINT}),
        timeouts=Timeouts(connect=2.0, acse=5.0, dimse=5.0),
    )  # fmt: skip
    wishes: dict[str, Any] = {"dpi": 40.0, "annotation_format": "COMBINED", "annotations": 2}
    made = load_profile("generic-grey-12", **(wishes | profile))
    return Printer(name, PrinterKind.DICOM, peer, made, job_wait=5.0)
