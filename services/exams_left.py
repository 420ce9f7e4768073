"""How many exams still fit, judged by those before: what an operator can do something with."""

from __future__ import annotations

from services.box import Box

OF_LATE = 50
"""Exams that the average is taken of."""

_SIZES = """
    SELECT sum(size) AS bytes FROM (
        SELECT exam_id FROM exam WHERE state != 'IN PROGRESS' ORDER BY number DESC LIMIT ?
    ) JOIN instance USING (exam_id) GROUP BY exam_id
"""


def exams_left(box: Box) -> int | None:
    """Exams of the usual size until the box begins no further one; None without any to judge by."""
    sizes = [int(row["bytes"]) for row in box.catalog.rows(_SIZES, [OF_LATE]) if row["bytes"]]
    if not sizes:
        return None
    usage = box.spool.usage()
    limit = min(100, box.retention.high_water_percent)
    room = (usage.used + usage.free) * limit / 100 - usage.used
    return max(0, int(room // (sum(sizes) / len(sizes))))
