"""How contacts bounce: times of their edges, in the form in which a logic analyser gives them.

They are modelled on kinds of switches, not measured on particular ones; a recording of a site's own
pedal has the same form and can be put beside them.

Each trace is one movement of the contact: microseconds since its first edge, and whether the
contact is closed from then on. The last edge is the level at which it rests.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

Trace = tuple[tuple[int, bool], ...]

_MICROSWITCH: Trace = (
    (0, True), (38, False), (61, True), (212, False), (240, True), (655, False), (671, True),
    (1190, False), (1202, True),
)  # fmt: skip
_HEAVY_PEDAL: Trace = (
    (0, True), (110, False), (430, True), (790, False), (1320, True), (1410, False), (2260, True),
    (2980, False), (3105, True), (4610, False), (4680, True),
)  # fmt: skip
_REED: Trace = ((0, True), (9, False), (15, True), (31, False), (34, True))
_RELAY: Trace = (
    (0, True), (180, False), (395, True), (1010, False), (1180, True), (2440, False), (2495, True),
)  # fmt: skip
_OPENING: Trace = (
    (0, False), (21, True), (48, False), (350, True), (372, False), (900, True), (906, False),
)  # fmt: skip
_SLOW_OPENING: Trace = (
    (0, False), (140, True), (820, False), (1700, True), (2050, False), (3900, True), (4200, False),
    (6100, True), (6150, False),
)  # fmt: skip
_SPIKE: Trace = ((0, True), (4, False))
_SPIKES: Trace = (
    (0, True), (3, False), (10_020, True), (10_024, False), (20_015, True), (20_018, False),
)  # fmt: skip

CLOSING: Mapping[str, Trace] = MappingProxyType(
    {
        "microswitch": _MICROSWITCH,
        "heavy pedal": _HEAVY_PEDAL,
        "reed": _REED,
        "relay": _RELAY,
        "opto-coupler": ((0, True),),
    }
)
"""Movements that end closed."""

OPENING: Mapping[str, Trace] = MappingProxyType(
    {
        "microswitch": _OPENING,
        "heavy pedal": _SLOW_OPENING,
        "reed": ((0, False), (12, True), (19, False)),
        "relay": _OPENING,
        "opto-coupler": ((0, False),),
    }
)
"""Movements that end open; the same names as in :data:`CLOSING`."""

DISTURBANCE: Mapping[str, Trace] = MappingProxyType({"spike": _SPIKE, "mains spikes": _SPIKES})
"""What a cable picks up while the contact rests open."""
