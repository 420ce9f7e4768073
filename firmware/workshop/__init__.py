"""What a technician does on the box: configuration, network, time, peers, sources, hands, support.

::

    workshop = make_workshop(configuration, box)
"""

from __future__ import annotations

from firmware.config import Configuration
from firmware.workshop.clock import TimeOfDay
from firmware.workshop.configuration import Configurations
from firmware.workshop.hands import Hands
from firmware.workshop.network import Network
from firmware.workshop.peer_tests import PeerTests
from firmware.workshop.sources import Sources
from firmware.workshop.storage import Storage
from firmware.workshop.support import Support
from services.box import Box
from services.console.workshop import Workshop

__all__ = ["make_workshop"]


def make_workshop(configuration: Configuration, box: Box) -> Workshop:
    """The workshop of this box; nothing is opened or asked yet."""
    clock = TimeOfDay(box.clock.now)
    sources = Sources(configuration, box)
    return Workshop(
        configuration=Configurations(configuration.file, box.state_dir, box.clock.now),
        network=Network(),
        clock=clock,
        peers=PeerTests(box),
        sources=sources,
        hands=Hands(configuration),
        storage=Storage(box),
        support=Support(box, configuration.file, clock, sources),
    )
