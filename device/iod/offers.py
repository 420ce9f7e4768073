"""One object in the making: what every source offers for it, until the tables are filled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from device.iod.assemble import add_file_meta, assemble
from device.iod.context import BuiltObject, ObjectContext
from device.iod.groups import keep_together
from device.iod.supply import (
    cleared,
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
from device.provenance import LONGEST_RAW, Origin, Source, by_source, plain

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
    """Cleared values per source; builders adjust all but those of worklist and station."""

    iod: Iod
    native: dict[str, Any]
    beside: dict[Source, dict[str, Any]]
    preset: dict[str, Any]
    worklist: Mapping[str, Any]
    station: Mapping[str, Any]
    generated: dict[str, Any]

    @property
    def describing(self) -> tuple[dict[str, Any], ...]:
        """What describes the picture, in order of precedence: the protocol comes last."""
        return (self.native, *self.beside.values(), self.preset)

    def withdraw(self, *keywords: str) -> None:
        """Take attributes out of whatever describes the picture."""
        for values in self.describing:
            for keyword in keywords:
                values.pop(keyword, None)

    def withdraw_grey(self) -> None:
        """Take out what colour pixels cannot have."""
        self.withdraw(*_GREY_ONLY)

    def offered(self, keyword: str) -> Any:
        """The value that will be taken from whatever describes the picture, else None."""
        return next((values[keyword] for values in self.describing if keyword in values), None)


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
    beside = {
        source: cleared({keyword: values[keyword] for keyword in values.keys() & iod.beside})
        for source, values in by_source(context.contributions).items()
    }
    station = station_values(context.station)
    generated = generated_values(context, worklist)
    offers = Offers(iod, native, beside, preset, worklist, station, generated)
    keep_together(offers.describing, rescale_required=iod is CT)
    beside[Source.OPERATOR] |= operator_values(context.exam)
    for values in (*offers.describing, station):
        require_encodable(values, context.exam.character_set)
    _say_losses(offers, context.dropped_frames)
    return offers


def loss_remark(dropped: int) -> str:
    """What Image Comments says of lost frames."""
    return f"{dropped} frame{'s' if dropped > 1 else ''} lost during this acquisition"


def _say_losses(offers: Offers, dropped: int) -> None:
    if dropped < 1:
        return
    said = offers.offered("ImageComments")
    loss = loss_remark(dropped)
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
        **offers.beside,
        Source.PRESET: offers.preset,
        Source.WORKLIST: offers.worklist,
        Source.STATION: offers.station,
        Source.GENERATED: offers.generated,
    }
    dataset, provenance = assemble(offers.iod, supply, also_required)
    add_file_meta(dataset, context.station.ae_title)
    return BuiltObject(dataset, provenance, kind, _origins(context, offers, provenance))


def _origins(
    context: ObjectContext, offers: Offers, provenance: Mapping[str, str]
) -> tuple[Origin, ...]:
    """What the catalog keeps of the values that describe the picture."""
    beside = {(one.source, one.keyword): one for one in context.contributions}
    told = []
    for row in offers.iod.rows:
        if row.keyword not in offers.iod.beside:
            continue
        source, raw, confirmed_by = Source(provenance[row.keyword]), "", ""
        one = beside.get((source, row.keyword))
        if one is not None:
            raw, confirmed_by = one.raw or plain(one.value), one.confirmed_by
        elif source in (Source.NATIVE, Source.PRESET):
            raw = plain(offers.offered(row.keyword))
        elif row.type[0] != "2":
            continue
        told.append(Origin(row.keyword, source, raw[:LONGEST_RAW], confirmed_by))
    return tuple(told)


def _check_padding(offers: Offers) -> None:
    """Pixel Padding Value must be a possible sample of these pixels (PS3.3 C.7.5.1.1.2)."""
    padding = offers.native.get("PixelPaddingValue")
    if padding is None:
        return
    signed, bits = offers.native["PixelRepresentation"], offers.native["BitsAllocated"]
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    if not low <= padding <= high:
        del offers.native["PixelPaddingValue"]
