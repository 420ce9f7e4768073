"""One object in the making: what every source offers for it, until the tables are filled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from device.iod.assemble import add_file_meta, assemble
from device.iod.context import BuiltObject, ObjectContext
from device.iod.groups import keep_together
from device.iod.modules import Source
from device.iod.supply import (
    generated_values,
    native_values,
    operator_values,
    preset_values,
    require_encodable,
    station_values,
    worklist_values,
)
from device.iod.tables import CT, Iod
from device.protocol import ObjectKind

_GREY_ONLY = (
    "WindowCenter",
    "WindowWidth",
    "WindowCenterWidthExplanation",
    "RescaleIntercept",
    "RescaleSlope",
    "RescaleType",
    "PixelPaddingValue",
)


@dataclass(slots=True)
class Offers:
    """Cleared values per source; builders adjust ``native``, ``preset`` and ``generated``."""

    iod: Iod
    native: dict[str, Any]
    preset: dict[str, Any]
    worklist: Mapping[str, Any]
    station: Mapping[str, Any]
    operator: Mapping[str, Any]
    generated: dict[str, Any]

    def withdraw(self, *keywords: str) -> None:
        """Take attributes out of what the frame and the protocol offer."""
        for keyword in keywords:
            self.native.pop(keyword, None)
            self.preset.pop(keyword, None)

    def withdraw_grey(self) -> None:
        """Take out what colour pixels cannot have."""
        self.withdraw(*_GREY_ONLY)

    def offered(self, keyword: str) -> Any:
        """The frame's value, else the protocol's, else None."""
        return self.native.get(keyword, self.preset.get(keyword))


def gather(context: ObjectContext, iod: Iod, attributes: Mapping[str, Any]) -> Offers:
    """Ask every source for what the IOD has a place for.

    Raises
    ------
    CharacterSetError
        A text does not fit the exam's character set.
    InvalidIdentity
        The patient or the accession number cannot be written.
    """
    worklist = worklist_values(context.exam)
    native = native_values(attributes, iod.native)
    preset = preset_values(context.series, context.protocol, iod.preset)
    keep_together(native, preset, rescale_required=iod is CT)
    station = station_values(context.station)
    operator = operator_values(context.exam)
    for values in (native, preset, station, operator):
        require_encodable(values, context.exam.character_set)
    generated = generated_values(context, worklist)
    offers = Offers(iod, native, preset, worklist, station, operator, generated)
    _say_losses(offers, context.dropped_frames)
    return offers


def _say_losses(offers: Offers, dropped: int) -> None:
    if dropped < 1:
        return
    said = offers.offered("ImageComments")
    loss = f"{dropped} frame{'s' if dropped > 1 else ''} lost during this acquisition"
    offers.generated["ImageComments"] = f"{said}\n{loss}" if said else loss


def finish(
    context: ObjectContext,
    offers: Offers,
    kind: ObjectKind,
    also_required: frozenset[str] = frozenset(),
) -> BuiltObject:
    """Fill the tables and add the file meta information.

    Raises
    ------
    IncompleteDescription
        See :func:`device.iod.assemble.assemble`.
    """
    _check_padding(offers)
    supply = {
        Source.NATIVE: offers.native,
        Source.PRESET: offers.preset,
        Source.WORKLIST: offers.worklist,
        Source.STATION: offers.station,
        Source.OPERATOR: offers.operator,
        Source.GENERATED: offers.generated,
    }
    dataset, provenance = assemble(offers.iod, supply, also_required)
    add_file_meta(dataset, context.station.ae_title)
    return BuiltObject(dataset, provenance, kind)


def _check_padding(offers: Offers) -> None:
    """Pixel Padding Value must be a possible sample of these pixels (PS3.3 C.7.5.1.1.2)."""
    padding = offers.native.get("PixelPaddingValue")
    if padding is None:
        return
    signed, bits = offers.native["PixelRepresentation"], offers.native["BitsAllocated"]
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    if not low <= padding <= high:
        del offers.native["PixelPaddingValue"]
