"""How far a long object has got on its way, kept so that a screen can show it."""

from __future__ import annotations

import time
from types import TracebackType

from services.box import Box

SECONDS = 1.0
"""Between two notes; an object that is gone sooner is never noted."""


class Meter:
    """Notes the bytes of one delivery that have left, once a second, while the block lasts."""

    def __init__(self, box: Box, delivery_id: int) -> None:
        self._box = box
        self._delivery_id = delivery_id
        self._next = time.monotonic() + SECONDS
        self._noted = False

    def __enter__(self) -> Meter:
        return self

    def __call__(self, sent: int) -> None:
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + SECONDS
        self._noted = True
        with self._box.catalog.writing() as db:
            db.conn.execute(
                "INSERT OR REPLACE INTO delivery_progress (delivery_id, sent, at) VALUES (?, ?, ?)",
                [self._delivery_id, sent, self._box.wall()],
            )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._noted:
            return
        with self._box.catalog.writing() as db:
            db.conn.execute(
                "DELETE FROM delivery_progress WHERE delivery_id = ?", [self._delivery_id]
            )
