"""Input devices without hardware, with hands that press, scan, plug and unplug."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import count
from threading import Lock

from drivers.hid.identity import Identity
from drivers.hid.key_text import CONTROL, GROUP_SEPARATOR, PLAIN, SHIFTED
from drivers.hid.nodes import InputNode, KeyEvent, Keys, NodeInfo

_ENTER = 28
_LEFT_SHIFT = 42
_LEFT_CONTROL = 29
_RIGHT_BRACKET = 27


class SimulatedBus:
    """The input devices of a machine that has none.

    Keys of a device that nobody has grabbed go to :attr:`desktop`, as they would go into whatever
    has the focus.

    Parameters
    ----------
    clock : callable
        Monotonic nanoseconds.
    buffer : int
        Keys that the kernel keeps for a slow reader before it throws all of them away.
    """

    def __init__(self, clock: Callable[[], int] = time.monotonic_ns, buffer: int = 1024) -> None:
        self._clock = clock
        self._buffer = buffer
        self._typed: dict[Identity, int] = {}
        self._lock = Lock()
        self._numbers = count()
        self._nodes: dict[str, _Plugged] = {}
        self.desktop: list[int] = []
        """Codes of the keys that went down where nobody had grabbed the device."""
        self.held_elsewhere: set[Identity] = set()
        """Devices that another program has grabbed."""
        self.forbidden: set[Identity] = set()
        """Devices that this user may not read."""

    def nodes(self) -> list[NodeInfo]:
        with self._lock:
            return [plugged.info for plugged in self._nodes.values()]

    def open(self, node: NodeInfo) -> InputNode:
        with self._lock:
            plugged = self._nodes.get(node.path)
            if plugged is None or plugged.info != node:
                raise OSError(errno.ENODEV, os.strerror(errno.ENODEV), node.path)
            if node.identity in self.forbidden:
                raise OSError(errno.EACCES, os.strerror(errno.EACCES), node.path)
            return _SimulatedNode(plugged, self._buffer, node.identity in self.held_elsewhere)

    def plug(
        self, identity: Identity, interfaces: int = 1, *, name: str = "", absolute: bool = False
    ) -> None:
        """Plug a device in; every time its nodes get new numbers."""
        with self._lock:
            for _ in range(interfaces):
                path = f"/dev/input/event{next(self._numbers)}"
                info = NodeInfo(path, identity, name or "Simulated", True, absolute)
                self._nodes[path] = _Plugged(info, self.desktop)

    def unplug(self, identity: Identity) -> None:
        """Unplug a device; its open nodes then answer ENODEV."""
        for plugged in self._of(identity):
            with self._lock:
                del self._nodes[plugged.info.path]
            plugged.unplug()

    def key(
        self,
        identity: Identity,
        code: int,
        down: bool,
        *,
        interface: int = 0,
        at: int | None = None,
    ) -> None:
        """Move one key."""
        moment = self._clock() if at is None else at
        self._of(identity)[interface].put(KeyEvent(code, down, moment))

    def tap(self, identity: Identity, code: int, *, interface: int = 0) -> None:
        """Press a key and let it go."""
        self.key(identity, code, True, interface=interface)
        self.key(identity, code, False, interface=interface)

    def scan(self, identity: Identity, text: str, *, gap_ms: float = 2.0) -> None:
        """Type a text and Enter as a scanner does, one character every ``gap_ms`` milliseconds."""
        at = max(self._clock(), self._typed.get(identity, 0))
        for char in text:
            for event in _strokes(char, at):
                self.key(identity, event.code, event.down, at=event.monotonic_ns)
            at += round(gap_ms * 1_000_000)
        self.key(identity, _ENTER, True, at=at)
        self.key(identity, _ENTER, False, at=at)
        self._typed[identity] = at

    def _of(self, identity: Identity) -> Sequence[_Plugged]:
        with self._lock:
            return [each for each in self._nodes.values() if each.info.identity == identity]


def _strokes(char: str, at: int) -> list[KeyEvent]:
    """The keys that type one character."""
    if char == GROUP_SEPARATOR:
        modifier, code = _LEFT_CONTROL, _RIGHT_BRACKET
    elif code := next((key for key, typed in PLAIN.items() if typed == char), 0):
        return [KeyEvent(code, True, at), KeyEvent(code, False, at)]
    else:
        modifier = _LEFT_SHIFT
        code = next(key for key, typed in SHIFTED.items() if typed == char)
    held = [KeyEvent(code, True, at), KeyEvent(code, False, at)]
    return [KeyEvent(modifier, True, at), *held, KeyEvent(modifier, False, at)]


class _Plugged:
    """One node as the kernel has it."""

    def __init__(self, info: NodeInfo, desktop: list[int]) -> None:
        self.info = info
        self._desktop = desktop
        self._lock = Lock()
        self._readers: list[_SimulatedNode] = []
        self._grabber: _SimulatedNode | None = None
        self.there = True

    def put(self, event: KeyEvent) -> None:
        with self._lock:
            grabber = self._grabber
            readers = [grabber] if grabber is not None else list(self._readers)
            if grabber is None and event.down and event.code not in CONTROL:
                self._desktop.append(event.code)
            for reader in readers:
                reader.receive(event)

    def unplug(self) -> None:
        with self._lock:
            self.there = False
            for reader in self._readers:
                reader.wake()

    def attach(self, reader: _SimulatedNode) -> None:
        with self._lock:
            self._readers.append(reader)

    def grab(self, reader: _SimulatedNode) -> None:
        with self._lock:
            if self._grabber not in (None, reader):
                raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), self.info.path)
            self._grabber = reader

    def detach(self, reader: _SimulatedNode) -> None:
        with self._lock:
            self._readers.remove(reader)
            if self._grabber is reader:
                self._grabber = None


class _SimulatedNode:
    """One open file on a node; a pipe makes it selectable."""

    def __init__(self, plugged: _Plugged, buffer: int, held_elsewhere: bool) -> None:
        self._plugged = plugged
        self._buffer = buffer
        self._held_elsewhere = held_elsewhere
        self._lock = Lock()
        self._waiting: list[KeyEvent] = []
        self._lost = False
        self._closed = False
        self._out, self._in = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        plugged.attach(self)

    @property
    def info(self) -> NodeInfo:
        return self._plugged.info

    def fileno(self) -> int:
        return self._out

    def grab(self) -> None:
        self._check()
        if self._held_elsewhere:
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), self.info.path)
        self._plugged.grab(self)

    def read(self) -> Keys:
        with self._lock:
            if self._plugged.there:
                with suppress(BlockingIOError):
                    os.read(self._out, 4096)
            events, self._waiting = tuple(self._waiting), []
            lost, self._lost = self._lost, False
        if not events and not lost:
            self._check()
        return Keys(events, lost)

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._plugged.detach(self)
        os.close(self._out)
        os.close(self._in)

    def receive(self, event: KeyEvent) -> None:
        with self._lock:
            if len(self._waiting) == self._buffer:
                self._waiting.clear()
                self._lost = True
            self._waiting.append(event)
        self.wake()

    def wake(self) -> None:
        with suppress(BlockingIOError):  # a full pipe wakes as well
            os.write(self._in, b"\0")

    def _check(self) -> None:
        if not self._plugged.there:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV), self.info.path)
