"""The side that an order names."""

from __future__ import annotations

import pytest
from pydicom.dataset import Dataset

from device.side import Side, side_of
from device.worklist import WorklistItem
from tests.device.iod.factories import answer


def item(**texts: str) -> WorklistItem:
    ds = answer(number=1)
    for keyword, value in texts.items():
        setattr(ds, keyword, value)
    return WorklistItem.from_dataset(ds)


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("X-ray of the LEFT hand", Side.LEFT),
        ("Knie rechts", Side.RIGHT),
        ("MRT linkes Knie", Side.LEFT),
        ("genou droit", Side.RIGHT),
        ("mano izquierda", Side.LEFT),
        ("lewa dłoń", Side.LEFT),
        ("правая кисть", Side.RIGHT),
        ("右膝", None),
        ("右側 膝", Side.RIGHT),
        ("اليد اليسرى", Side.LEFT),
        ("hips bilateral", Side.BOTH),
        ("left and right hand", None),
        ("hand", None),
        ("cleft palate, upright", None),
        ("HAND_LEFT", Side.LEFT),
    ],
)
def test_a_side_in_words(text: str, side: Side | None) -> None:
    assert side_of(item(RequestedProcedureDescription=text)) is side


def code(value: str) -> Dataset:
    ds = Dataset()
    ds.CodeValue, ds.CodingSchemeDesignator, ds.CodeMeaning = value, "SCT", "what it means"
    return ds


def test_a_coded_side_counts_before_words() -> None:
    protocol = code("1234")
    context = Dataset()
    context.ValueType = "CODE"
    context.ConceptNameCodeSequence = [code("272741003")]
    context.ConceptCodeSequence = [code("24028007")]
    protocol.ProtocolContextSequence = [context]
    ds = answer(number=1)
    ds.RequestedProcedureDescription = "left hand"
    ds.ScheduledProcedureStepSequence[0].ScheduledProtocolCodeSequence = [protocol]
    assert side_of(WorklistItem.from_dataset(ds)) is Side.RIGHT
