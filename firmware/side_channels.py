"""The configured side channels, ready to be listened to."""

from __future__ import annotations

from device.provenance import Source
from firmware.assembly import make_side_channel
from firmware.config import Configuration
from firmware.config.capture import SIDE_CHANNELS
from services.side_channels import SideChannel


def side_channels(configuration: Configuration) -> tuple[SideChannel, ...]:
    """Every side channel, not opened yet; those that carry a printer's stream count as print.

    Raises
    ------
    DriverFileInvalid
        With all that is wrong with a driver file.
    """
    lines = [source for source in configuration.sources if source.kind in SIDE_CHANNELS]
    if not lines:
        return ()
    # imported here, so that a box without serial lines does not load their library
    from drivers.tty.load import find_model

    return tuple(
        SideChannel(
            make_side_channel(configuration, settings.name),
            Source.PRINT if find_model(settings.driver).framing.printer_codes else Source.SERIAL,
            settings.window,
        )
        for settings in lines
    )
