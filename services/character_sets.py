"""The Specific Character Set of an exam: one that holds every text its objects will carry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict

from pydicom.dataset import Dataset

from device import charset
from device.charset import CharacterSet
from device.protocol import Protocol
from device.station import Station
from device.worklist import WorklistItem


def for_exam(
    items: Sequence[WorklistItem],
    operators_name: str,
    station: Station,
    *,
    preferred: CharacterSet,
    more: Iterable[str] = (),
) -> CharacterSet:
    """The first of ``preferred``, the station's own and UTF-8 that loses nothing.

    Parameters
    ----------
    more
        Further texts, such as those of the protocol.

    Raises
    ------
    CharacterSetError
        When no character set holds the texts.
    """
    texts = [operators_name, *more]
    texts += [text for text in asdict(station).values() if isinstance(text, str)]
    for item in items:
        texts += [item.patient_name, item.patient_id, *_texts(item.dataset)]
    return charset.choose(texts, preferred, station.character_set)


def of_protocol(protocol: Protocol) -> list[str]:
    """Every text that the protocol brings into an object."""
    values = [*protocol.geometry.values(), *protocol.technique.values()]
    flat = [part for value in values for part in (value if isinstance(value, list) else [value])]
    texts = [protocol.name, protocol.series_description, protocol.body_part]
    return texts + [value for value in flat if isinstance(value, str)]


def _texts(dataset: Dataset) -> list[str]:
    """Every text in a data set, nested ones included."""
    return [
        str(value)
        for element in dataset.iterall()
        if element.VR in ("PN", "LO", "SH", "ST", "LT", "UT", "UC")
        for value in ([element.value] if element.VM <= 1 else element.value)
        if value
    ]
