"""How full the box is, of what, and how many exams still go in."""

from __future__ import annotations

from typing import Any

from services.box import Box
from services.outbox import operator


class Storage:
    """Satisfies :class:`services.console.workshop.StorageDesk`."""

    def __init__(self, box: Box) -> None:
        self._box = box

    def state(self) -> dict[str, Any]:
        """Use of the disk, what is kept, and what is still owed to whom."""
        box = self._box
        usage = box.spool.usage()
        kept = box.catalog.row(
            "SELECT count(*) AS images, coalesce(sum(size), 0) AS bytes,"
            " count(DISTINCT exam_id) AS exams, min(acquired) AS oldest"
            " FROM instance WHERE removed IS NULL AND missing IS NULL"
        )
        states = box.catalog.rows("SELECT state, count(*) AS exams FROM exam GROUP BY state")
        assert kept is not None, "an aggregate has one row"
        return {
            "used": usage.used,
            "free": usage.free,
            "percent": round(usage.percent, 1),
            "high_water_percent": box.retention.high_water_percent,
            "keep_days": box.retention.keep_days,
            "images": kept["images"],
            "image_bytes": kept["bytes"],
            "exams": kept["exams"],
            "oldest": kept["oldest"] or "",
            "exams_left": _exams_left(usage.free, usage.used, box, kept),
            "exam_states": {row["state"]: row["exams"] for row in states},
            "owed": {
                peer.name: sum(operator.owed(box.catalog, peer.name).values()) for peer in box.peers
            },
        }


def _exams_left(free: int, used: int, box: Box, kept: Any) -> int | None:
    """Exams of the usual size until the mark; None where there was none yet to judge by."""
    if not kept["exams"] or not kept["bytes"]:
        return None
    room = (used + free) * box.retention.high_water_percent / 100.0 - used
    return max(0, int(room / (kept["bytes"] / kept["exams"])))
