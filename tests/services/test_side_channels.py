"""What a side channel says goes with the next picture of the same patient, or nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from device.exam import Exam
from device.provenance import Source
from drivers.readings import Reading
from services import exam_view
from services.acquisition import Acquisition
from services.box import Box
from services.errors import IdentityMismatch
from services.side_channels import SideChannel, listening
from tests.device.iod.factories import grey
from tests.services.boxes import begin, make_box
from tests.services.sources import Script
from tests.services.test_provenance import CT

SECOND = 1_000_000_000


@dataclass
class Generator:
    """A line that has said all that it will."""

    said: list[Reading]
    name: str = "generator"
    log: list[str] = field(default_factory=list)

    def open(self) -> None:
        self.log.append("open")

    def readings(self, timeout: float) -> list[Reading]:
        said, self.said = self.said, []
        return said

    def close(self) -> None:
        self.log.append("close")


def reading(keyword: str, value: str | float, at: float) -> Reading:
    return Reading("generator", keyword, value, "", f"raw {value}", round(at * SECOND))


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = make_box(tmp_path)
    with made.catalog:
        yield made


@pytest.fixture
def exam(box: Box) -> Exam:
    return begin(box)


def test_a_reading_goes_with_the_next_picture_alone(box: Box, exam: Exam) -> None:
    line = Generator([reading("KVP", 80, 9.5), reading("Exposure", 12, 2.0)])
    source = Script([grey(sequence=n, monotonic_ns=n * 10 * SECOND) for n in (1, 2)])

    with listening([SideChannel(line, Source.SERIAL, 5.0)], exam) as says:
        Acquisition(box, exam.exam_id, CT, beside=says).run(source)

    first, second = exam_view.exam_in_detail(box, exam)["images"]
    said = {row["keyword"]: row for row in first["contributed"]}
    assert (said["KVP"]["source"], said["KVP"]["raw"]) == ("serial", "raw 80")
    assert "Exposure" not in said, "said too long before"
    assert second["provenance"]["KVP"] == "preset"
    assert line.log == ["open", "close"]


def test_a_printed_value_counts_as_printed(exam: Exam) -> None:
    line = Generator([reading("SliceLocation", 12.5, 1.0)])

    with listening([SideChannel(line, Source.PRINT, 5.0)], exam) as says:
        (one,) = says(grey(monotonic_ns=2 * SECOND))

    assert (one.keyword, one.value, one.source) == ("SliceLocation", 12.5, Source.PRINT)


@pytest.mark.parametrize(("keyword", "value"), [("PatientID", "4711"), ("PatientName", "SMITH J")])
def test_another_patient_stops_the_taking_and_is_not_named(
    box: Box, exam: Exam, keyword: str, value: str
) -> None:
    line = Generator([reading(keyword, value, 1.0)])

    with (
        listening([SideChannel(line, Source.SERIAL, 5.0)], exam) as says,
        pytest.raises(IdentityMismatch, match=keyword) as refusal,
    ):
        Acquisition(box, exam.exam_id, CT, beside=says).run(Script([grey()]))

    assert value not in str(refusal.value)
    assert list(box.spool.files()) == []
    assert line.log == ["open", "close"]


@pytest.mark.parametrize("name", ["DOE JANE", "DOE, JANE", "Jane Doe-Miller", "DOE J", "?"])
def test_the_same_patient_goes_on(exam: Exam, name: str) -> None:
    line = Generator([reading("PatientID", "PID-1", 1.0), reading("PatientName", name, 1.0)])

    with listening([SideChannel(line, Source.SERIAL, 5.0)], exam) as says:
        assert says(grey(monotonic_ns=2 * SECOND)) == ()
