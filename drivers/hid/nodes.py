"""What the kernel shows of an input device, and what is asked of it, by shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from drivers.hid.identity import Identity


@dataclass(frozen=True, slots=True)
class NodeInfo:
    """One event node; a device has one for each of its interfaces.

    Attributes
    ----------
    path : str
        Device node, valid until the device is unplugged.
    identity : Identity
        What it belongs to.
    name : str
        As the device calls itself.
    keys : bool
        Whether it has keys or buttons.
    absolute : bool
        Whether it has absolute axes: a touchscreen or a tablet.
    """

    path: str
    identity: Identity
    name: str
    keys: bool
    absolute: bool


@dataclass(frozen=True, slots=True)
class KeyEvent:
    """A key (``KEY_*`` or ``BTN_*`` code of the kernel) that went down or up; never a repeat."""

    code: int
    down: bool
    monotonic_ns: int


@dataclass(frozen=True, slots=True)
class Keys:
    """What was read at once.

    Attributes
    ----------
    events : tuple of KeyEvent
        In order of time.
    lost : bool
        Keys were lost before these: the kernel threw them away, or an interface went.
    gone : bool
        The device was unplugged after these: what comes next is a new beginning.
    """

    events: tuple[KeyEvent, ...] = ()
    lost: bool = False
    gone: bool = False


class InputNode(Protocol):
    """An open event node. Every call raises ``OSError`` with ``ENODEV`` once it is unplugged."""

    @property
    def info(self) -> NodeInfo: ...

    def fileno(self) -> int: ...

    def grab(self) -> None:
        """Take the keys for us alone; ``OSError`` with ``EBUSY`` where somebody else did."""
        ...

    def read(self) -> Keys:
        """What has come since; does not wait."""
        ...

    def close(self) -> None:
        """Let go of keys and node; may be called twice and after an unplug."""
        ...


class InputBus(Protocol):
    """All input devices of the machine."""

    def nodes(self) -> list[NodeInfo]: ...

    def open(self, node: NodeInfo) -> InputNode:
        """Open a node.

        Raises
        ------
        OSError
            ``ENODEV`` where it is gone or another device has its place meanwhile, ``EACCES``
            where it may not be read.
        """
        ...
