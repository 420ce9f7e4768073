"""Pictures for whoever watches: the newest at most fifteen times a second, one at a time each.

A watcher gets the next picture when it has asked for it, so a slow browser is shown fewer pictures
and never old ones. While nobody watches, nothing is encoded, and no source runs for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Condition, Thread
from typing import Any

from device.ports import Frame
from services import preview
from services.armed_source import LIVE, STARTING, ArmedSource
from services.live.server import Client
from services.live.words import Shown
from services.source_pool import SourcePool

PACE = 1 / 15
"""Seconds between two pictures of one watcher, at least."""

COVER = 0.5
"""Seconds between two words to a watcher that there is no picture."""

STALE = 1.0
"""Seconds after which the newest picture shows no patient any more."""

LARGEST = 4096
"""Pixels of the longest side that anybody may ask for."""

_GLANCE = 0.05

STALE_PICTURE = "stale"
STILLS = "stills"
NOTHING_ARMED = "nothing armed"


@dataclass(slots=True)
class _Watcher:
    client: Client
    width: int
    height: int
    own: ArmedSource | None
    wants: bool = True
    due: float = 0.0
    last: Frame | None = None


class Previews:
    """Shows running sources.

    Parameters
    ----------
    pool
        Where a source that is asked for by its name comes from.
    armed
        The source of the open exam, and its protocol's geometry; None where nothing is armed.
    """

    def __init__(
        self,
        pool: SourcePool,
        armed: Callable[[], tuple[ArmedSource, Mapping[str, Any]] | None],
    ) -> None:
        self._pool = pool
        self._armed = armed
        self._news = Condition()
        self._watchers: dict[int, _Watcher] = {}
        self._closing = False
        self._failure: BaseException | None = None
        self._thread = Thread(target=self._run, name="preview", daemon=True)

    def open(self) -> None:
        """Begin to wait for watchers."""
        self._thread.start()

    def watch(self, client: Client, name: str, width: int, height: int) -> None:
        """Show a source in a box of this size, the armed one where the name is empty.

        Raises
        ------
        NotFound, OSError
            There is no such source, or its settings cannot be used.
        """
        self.unwatch(client)
        own = self._pool.take(name, wait=False) if name else None
        wide, high = (max(1, min(LARGEST, side)) for side in (width, height))
        with self._news:
            self._watchers[client.number] = _Watcher(client, wide, high, own)
            self._news.notify_all()

    def more(self, client: Client) -> None:
        """The watcher has drawn what it got, and wants the next."""
        with self._news:
            watcher = self._watchers.get(client.number)
            if watcher is not None:
                watcher.wants = True
                self._news.notify_all()

    def unwatch(self, client: Client) -> None:
        """Show no more."""
        with self._news:
            watcher = self._watchers.pop(client.number, None)
        if watcher is not None and watcher.own is not None:
            self._pool.give_back(watcher.own)

    def check(self) -> None:
        """Raise the fault of ours that ended the pictures, if one did."""
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        """Show nobody anything any more."""
        with self._news:
            self._closing = True
            watchers = list(self._watchers.values())
            self._news.notify_all()
        self._thread.join()
        for watcher in watchers:
            self.unwatch(watcher.client)

    def _run(self) -> None:
        try:
            while not self._closing:
                self._step()
        except BaseException as error:  # noqa: BLE001 -- raised by check in the main thread
            self._failure = error

    def _step(self) -> None:
        with self._news:
            if self._closing:
                return
            wanting = [watcher for watcher in self._watchers.values() if watcher.wants]
            if not wanting:
                self._news.wait()
                return
            now = time.monotonic()
            due = [watcher for watcher in wanting if watcher.due <= now]
            if not due:
                self._news.wait(min(watcher.due for watcher in wanting) - now)
                return
        encoded: dict[tuple[int, int, int], preview.Picture] = {}
        shown = [self._show(watcher, encoded) for watcher in due]
        if not any(shown):
            self._wait_for_one(due[0])

    def _wait_for_one(self, watcher: _Watcher) -> None:
        source, _ = self._source_of(watcher)
        if source is not None and source.moving:
            source.newer(watcher.last, _GLANCE)
            return
        with self._news:
            self._news.wait(_GLANCE)

    def _source_of(self, watcher: _Watcher) -> tuple[ArmedSource | None, Mapping[str, Any]]:
        if watcher.own is not None:
            return watcher.own, {}
        return self._armed() or (None, {})

    def _show(
        self, watcher: _Watcher, encoded: dict[tuple[int, int, int], preview.Picture]
    ) -> bool:
        """Send the watcher what there is for it; whether anything was."""
        now = time.monotonic()
        source, geometry = self._source_of(watcher)
        frame = source.newest if source is not None and source.state == LIVE else None
        if source is None or frame is None or now - frame.monotonic_ns / 1e9 > STALE:
            self._cover(watcher, source, now)
            return True
        if frame is watcher.last:
            return False
        key = (id(frame), watcher.width, watcher.height)
        if key not in encoded:
            encoded[key] = preview.encode(frame, watcher.width, watcher.height, geometry)
        picture = encoded[key]
        # a source that is a little faster or slower than the pace keeps the pace on average
        watcher.due = max(watcher.due + PACE, now - PACE)
        watcher.last = frame
        self._send(watcher, source, LIVE, frame, picture)
        return True

    def _cover(self, watcher: _Watcher, source: ArmedSource | None, now: float) -> None:
        if source is None:
            state = NOTHING_ARMED
        elif not source.moving and source.state == LIVE:
            state = STILLS
        elif source.state != LIVE:
            state = source.state
        else:
            state = STALE_PICTURE if source.begun else STARTING
        watcher.due = now + COVER
        watcher.last = None
        self._send(watcher, source, state, None, None)

    def _send(
        self,
        watcher: _Watcher,
        source: ArmedSource | None,
        state: str,
        frame: Frame | None,
        picture: preview.Picture | None,
    ) -> None:
        now = time.monotonic_ns()
        header: dict[str, Any] = {
            "push": "preview",
            "source": source.name if source else "",
            "state": state,
            "reason": source.reason if source else "",
            "now_ms": now / 1e6,
        }
        if frame is not None and picture is not None:
            header |= {
                "sequence": frame.sequence,
                "taken_ms": frame.monotonic_ns / 1e6,
                "age_ms": (now - frame.monotonic_ns) / 1e6,
                "width": picture.width,
                "height": picture.height,
            }
        watcher.wants = False
        watcher.client.tell(Shown(header, picture.data if picture else b""))
