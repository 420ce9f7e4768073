"""What a picture of a screen may and may not say, however well it is described.

A console shows grey that went through window, zoom and text. Nothing leads back from it to
Hounsfield units or to the scanner's stored values, so a captured picture is a derived one whose
samples mean themselves (PS3.3 C.8.2.1.1.2, C.11.1.1.2).
"""

from __future__ import annotations

from typing import Final

from device.iod.context import ObjectContext
from device.iod.offers import Offers
from device.protocol import ObjectKind
from device.provenance import Source

_RESCALE: Final = ("RescaleIntercept", "RescaleSlope", "RescaleType")
_WINDOW: Final = ("WindowCenter", "WindowWidth", "WindowCenterWidthExplanation")
_HOW_CALIBRATED: Final = "PixelSpacingCalibrationDescription"
_LONGEST_DERIVATION: Final = 1024


def as_captured(context: ObjectContext, offers: Offers) -> None:
    """Make the description of a CT or MR image that of a captured one.

    Image Type becomes DERIVED\\SECONDARY and keeps its third value; slope 1 and intercept 0 stand
    in US, unspecified units; a window that was meant for other units is left out. How a spacing was
    calibrated has no place of its own in these IODs and goes into Derivation Description.
    """
    for values in offers.describing:
        if "ImageType" in values:
            values["ImageType"] = ["DERIVED", "SECONDARY", *values["ImageType"][2:]]
    forget_scale(offers)
    if context.protocol.object is ObjectKind.MR:
        offers.generated["ImageType"] = ["DERIVED", "SECONDARY", "OTHER"]
    else:
        offers.generated |= {
            "RescaleIntercept": "0",
            "RescaleSlope": "1",
            "RescaleType": "US",
        }
    _tell(context, offers)


def forget_scale(offers: Offers) -> None:
    """Take out a rescale of captured samples, and the window that counts in its units."""
    slope, intercept = offers.offered("RescaleSlope"), offers.offered("RescaleIntercept")
    if float(slope or 1) != 1 or float(intercept or 0) != 0 or offers.offered("RescaleType"):
        offers.withdraw(*_WINDOW)
    offers.withdraw(*_RESCALE)


def _tell(context: ObjectContext, offers: Offers) -> None:
    parts = [offers.offered("DerivationDescription") or "Captured from the scanner's screen"]
    spacing = offers.offered("PixelSpacing")
    if spacing is not None and spacing is offers.beside[Source.CALIBRATED].get("PixelSpacing"):
        parts += [
            str(one.value)
            for one in context.contributions
            if (one.source, one.keyword) == (Source.CALIBRATED, _HOW_CALIBRATED)
        ]
    offers.generated["DerivationDescription"] = "; ".join(parts)[:_LONGEST_DERIVATION]
