"""What other processes do to the outbox in the tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from services.catalog import Catalog
from services.outbox import queue
from services.outbox.model import Kind
from services.outbox.owner import this_process


def claim_everything(path: Path, start: Any, taken: Any, now: float) -> None:
    """Claim until nothing is left, and report what was claimed."""
    owner = this_process("worker")
    with Catalog(path) as catalog:
        start.wait()
        while claimed := queue.claim(catalog, "pacs", [Kind.STORE], owner, at=now, limit=3):
            taken.put([delivery.id for delivery in claimed])
    taken.put(None)


def claim_and_stay(path: Path, claimed: Any, never: Any, now: float) -> None:
    """Claim two deliveries and be busy with them."""
    with Catalog(path) as catalog:
        found = queue.claim(catalog, "pacs", [Kind.STORE], this_process("worker"), at=now, limit=2)
        claimed.put([delivery.id for delivery in found])
    never.wait()
