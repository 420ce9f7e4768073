"""Signed updates of the box, into the slot that does not run.

A bundle brings a whole system. It is written beside the one that runs, started once, and kept only
when the box proves well with it; otherwise the next start is the earlier system's again::

    with opened("https://updates.example.org/gantry-kiosk.update") as stream:
        install(stream, Target.of_box(), guard)
    ...                                     # the box starts anew
    settle(Target.of_box(), healthy)

Debian's kernel cannot ask the Pi's firmware for one start of another configuration ("tryboot"), so
the new system puts the earlier ``config.txt`` back before its services start. What is not covered
is a system that does not come that far: then ``config-proven.txt`` on the card
is renamed to ``config.txt`` on any PC. The Pi's own boot files, which both slots share, are not
updated.
"""

from firmware.update.errors import UpdateRefused
from firmware.update.install import install
from firmware.update.settle import settle
from firmware.update.slots import Target

__all__ = ["Target", "UpdateRefused", "install", "settle"]
