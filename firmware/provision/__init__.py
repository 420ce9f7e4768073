"""What a technician puts on the card's boot partition becomes the box's own.

At every start, before any service, the box looks at ``gantry.toml`` on that partition and at what
lies beside it::

    outcome = provision(Places.of_box(card), box_now())

A file that is new and sound is applied together with the keys, certificates, network profiles and
people beside it: all of it or nothing, whenever the power is cut. What opens something is then
overwritten and removed from the card. A file with faults changes nothing. Either way a report that
any PC opens lies beside it.
"""

from firmware.provision.first_boot import Outcome, Result, provision
from firmware.provision.places import Places

__all__ = ["Outcome", "Places", "Result", "provision"]
