"""One paired device, grabbed with all its interfaces for as long as it is plugged in."""

from __future__ import annotations

import errno
import select
import time
from collections.abc import Callable
from contextlib import suppress

from drivers.hid.identity import Identity
from drivers.hid.nodes import InputBus, InputNode, KeyEvent, Keys, NodeInfo
from drivers.triggers import TriggerState

_SECOND = 1_000_000_000

LOOK_EVERY_NS = _SECOND
"""How often the device is looked for, in nanoseconds; its interfaces do not come all at once."""

_GONE = (errno.ENODEV, errno.ENOENT, errno.ENXIO)
_STATES = {
    errno.EBUSY: TriggerState.BUSY,
    errno.EACCES: TriggerState.DENIED,
    errno.EPERM: TriggerState.DENIED,
}


class GrabbedDevice:
    """Reads the keys of a device and hides them from everybody else.

    The device may come and go; the state says which. A node that is gone is let go of at once: one
    kept open would be readable for ever. One thread opens, reads and closes.

    Parameters
    ----------
    bus : InputBus
        All devices.
    identity : Identity
        The paired one.
    clock : callable
        Monotonic nanoseconds.
    """

    def __init__(
        self, bus: InputBus, identity: Identity, clock: Callable[[], int] = time.monotonic_ns
    ) -> None:
        self._bus = bus
        self._identity = identity
        self._clock = clock
        self._nodes: dict[str, InputNode] = {}
        self._trouble: TriggerState | None = None
        self._looked: int | None = None

    @property
    def state(self) -> TriggerState:
        """Live, no device, in use elsewhere or no access."""
        if self._trouble is not None:
            return self._trouble
        return TriggerState.LIVE if self._nodes else TriggerState.NO_DEVICE

    def open(self) -> None:
        """Look for the device; it need not be there yet.

        Raises
        ------
        OSError
            It cannot be used for another reason than those that the state names.
        """
        self._looked = self._clock()
        self._trouble = None
        for info in self._wanted():
            if info.path not in self._nodes:
                self._take(info)

    def read(self, seconds: float) -> Keys:
        """Keys in order of time; empty after ``seconds``, or earlier where the device changed."""
        self._look_again()
        wait = min(seconds * _SECOND, self._until_look())
        poll = select.poll()
        for node in self._nodes.values():
            poll.register(node.fileno(), select.POLLIN)
        if not poll.poll(max(0.0, wait / 1_000_000)):
            return Keys()
        events: list[KeyEvent] = []
        lost = False
        for path, node in tuple(self._nodes.items()):
            keys = self._read(path, node)
            events += keys.events
            lost |= keys.lost
        ordered = sorted(events, key=lambda event: event.monotonic_ns)
        return Keys(tuple(ordered), lost, gone=not self._nodes)

    def close(self) -> None:
        """Let go of it; may be called twice."""
        for path in tuple(self._nodes):
            self._drop(path)
        self._looked = None
        self._trouble = None

    def _look_again(self) -> None:
        if self._looked is None or self._until_look() <= 0:
            self.open()

    def _until_look(self) -> int:
        """Nanoseconds until the device is looked for again."""
        looked = self._looked if self._looked is not None else self._clock()
        return looked + LOOK_EVERY_NS - self._clock()

    def _wanted(self) -> list[NodeInfo]:
        """Nodes with keys of the paired device; of two twins the one at the paired port."""
        found = [
            node
            for node in self._bus.nodes()
            if node.keys and self._identity.matches(node.identity)
        ]
        if len({node.identity.port for node in found}) < 2:
            return found
        return [node for node in found if node.identity.port == self._identity.port]

    def _take(self, info: NodeInfo) -> None:
        try:
            node = self._bus.open(info)
            try:
                node.grab()
            except BaseException:
                node.close()
                raise
        except OSError as error:
            if error.errno in _STATES:
                self._trouble = _STATES[error.errno]
            elif error.errno not in _GONE:
                raise
            return
        self._nodes[info.path] = node

    def _read(self, path: str, node: InputNode) -> Keys:
        try:
            return node.read()
        except OSError as error:
            if error.errno not in _GONE:
                raise
            self._drop(path)
            return Keys(lost=True)

    def _drop(self, path: str) -> None:
        with suppress(OSError):  # it may be unplugged already
            self._nodes.pop(path).close()
