"""Find out which device is meant: the one that is pressed now."""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Collection
from contextlib import ExitStack, closing, suppress

from drivers.errors import SourceTimeout, SourceUnavailable
from drivers.hid.identity import Identity
from drivers.hid.nodes import InputBus, InputNode

_SECOND = 1_000_000_000

_QUIET = 0.25
"""Seconds without a key after which a press or a scan is over."""

_LONGEST = 3.0
"""Seconds that a press or a scan may go on after it was noticed."""


def pair(
    bus: InputBus,
    timeout: float,
    *,
    but_not: Collection[Identity] = (),
    clock: Callable[[], int] = time.monotonic_ns,
) -> Identity:
    """Wait for the first key that goes down on any device, and tell whose it was.

    Every keyboard is grabbed while this waits, so that the key, or the whole text of a scan,
    reaches nobody else; touchscreens and devices that somebody else has grabbed are left alone.
    All are let go of at the end.

    Parameters
    ----------
    bus : InputBus
        All devices.
    timeout : float
        Seconds.
    but_not : collection of Identity
        Devices that are paired already.

    Raises
    ------
    SourceTimeout
        Nothing was pressed.
    SourceUnavailable
        There is no device that could be pressed, or none may be read.
    """
    deadline = clock() + round(timeout * _SECOND)
    with ExitStack() as stack:
        nodes = _grab_all(bus, but_not, stack)
        while (left := deadline - clock()) > 0:
            poll = select.poll()
            for node in nodes:
                poll.register(node.fileno(), select.POLLIN)
            poll.poll(left / 1_000_000)
            for node in tuple(nodes):
                try:
                    if any(key.down for key in node.read().events):
                        _let_it_end(node, clock)
                        return node.info.identity
                except OSError:  # unplugged while we waited
                    nodes.remove(node)
    raise SourceTimeout(
        "pairing", f"nothing was pressed within {timeout:.0f} s", "Begin again, and press it then."
    )


def _let_it_end(node: InputNode, clock: Callable[[], int]) -> None:
    """Keep the rest of the press or scan from whatever has the focus."""
    deadline = clock() + round(_LONGEST * _SECOND)
    poll = select.poll()
    poll.register(node.fileno(), select.POLLIN)
    with suppress(OSError):  # unplugged again: it is known all the same
        while clock() < deadline and poll.poll(_QUIET * 1000):
            node.read()


def _grab_all(bus: InputBus, but_not: Collection[Identity], stack: ExitStack) -> list[InputNode]:
    nodes: list[InputNode] = []
    refusal: OSError | None = None
    for info in bus.nodes():
        known = any(identity.matches(info.identity) for identity in but_not)
        if known or not info.keys or info.absolute:
            continue
        try:
            node = stack.enter_context(closing(bus.open(info)))
            node.grab()
        except SourceUnavailable:
            raise
        except OSError as error:
            refusal = error
            continue
        with suppress(OSError):
            node.read()  # what was pressed before does not count
        nodes.append(node)
    if nodes:
        return nodes
    raise SourceUnavailable(
        "pairing",
        "there is no input device that could be pressed"
        if refusal is None
        else f"no input device can be read ({refusal.strerror})",
        "Plug the pedal or scanner in, and see that the user of the box is in the group input.",
    )
