"""From a file that an old scanner wrote to a full CT or MR image, through a watched folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread

from device.exam import Exam
from device.protocol import ObjectKind, Protocol
from drivers.native.folder import FolderSource
from services import exam_view
from services.acquisition import Acquisition, Summary
from services.box import Box
from services.errors import StorageFull
from tests.device.iod.test_validators import complaints
from tests.drivers.native import acr, par
from tests.services.boxes import begin, make_box

SETTLE = 0.05
MINE = acr.of("PID-1", "DOE^JANE")
PIXELS = (np.arange(64 * 64, dtype=np.uint16) % 4096).reshape(64, 64)
MR = Protocol(
    name="Brain",
    source="scanner",
    object=ObjectKind.MR,
    modality="MR",
    body_part="BRAIN",
    burned_in_annotation=False,
)
CT = Protocol(
    name="Head",
    source="scanner",
    object=ObjectKind.CT,
    modality="CT",
    body_part="HEAD",
    burned_in_annotation=False,
    geometry={
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "ImagePositionPatient": [-16, -16, 0],
        "SpacingBetweenSlices": 5,
    },
    technique={"ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"], "RescaleType": "HU"},
)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = make_box(tmp_path / "box")
    with made.catalog:
        yield made


@pytest.fixture
def exam(box: Box) -> Exam:
    return begin(box)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "in"
    made.mkdir()
    return made


def acquire(box: Box, exam: Exam, protocol: Protocol, folder: Path, frames: int) -> Summary:
    source = FolderSource("scanner", folder, SETTLE)
    return Acquisition(box, exam.exam_id, protocol).run(source, frames=frames)


def stored(box: Box, summary: Summary) -> list[Dataset]:
    return [dcmread(box.spool.absolute(one.path)) for one in summary.instances]


def test_a_par_rec_pair_becomes_original_mr_images(box: Box, exam: Exam, folder: Path) -> None:
    places = ["1.0 -4.0 3.0", "1.0 4.0 3.0"]
    par.write(
        folder / "scan.PAR",
        [{"image offcentre": place} for place in places],
        general={"Patient name": "DOE JANE"},
    )

    summary = acquire(box, exam, MR, folder, 2)

    first, second = stored(box, summary)
    assert summary.refused == ""
    assert [one.object for one in summary.instances] == ["MR", "MR"]
    assert list(first.ImageType) == ["ORIGINAL", "PRIMARY", "OTHER"]
    assert (first.ScanningSequence, first.SequenceVariant) == ("SE", "SK")
    assert float(second.ImagePositionPatient[2]) - float(first.ImagePositionPatient[2]) == 8
    assert (float(first.RescaleSlope), first.RescaleType) == (1.29035, "US")
    assert np.array_equal(first.pixel_array, par.picture(0))
    assert sorted(file.name for file in (folder / "done").iterdir()) == ["scan.PAR", "scan.REC"]
    shown = exam_view.exam_in_detail(box, exam)["images"][0]["contributed"]
    said = {row["keyword"]: (row["source"], row["raw"]) for row in shown}
    assert said["RepetitionTime"] == ("native", "600.0")
    assert said["PixelSpacing"] == ("native", "2.5\\1.5")


def test_acr_nema_with_a_configured_stack_becomes_ct_in_hounsfield_units(
    box: Box, exam: Exam, folder: Path
) -> None:
    for number in (1, 2):
        acr.write(folder / f"slice{number}", PIXELS, more=MINE)

    summary = acquire(box, exam, CT, folder, 2)

    first, second = stored(box, summary)
    assert [one.object for one in summary.instances] == ["CT", "CT"]
    assert (float(first.RescaleIntercept), first.RescaleType) == (-1024, "HU")
    assert list(first.ImageType) == ["ORIGINAL", "PRIMARY", "AXIAL"]
    assert [float(part) for part in second.ImagePositionPatient] == [-16, -16, 5]
    assert float(first.KVP) == 120


def test_acr_nema_alone_places_no_slice(box: Box, exam: Exam, folder: Path) -> None:
    acr.write(folder / "slice1", PIXELS, more=MINE)
    bare = Protocol(name="Head", source="scanner", object=ObjectKind.CT, modality="CT")

    summary = acquire(box, exam, bare, folder, 1)

    assert [one.object for one in summary.instances] == ["SC"]
    assert {"ImageOrientationPatient", "ImagePositionPatient"} <= set(summary.fallback)


def test_a_file_whose_image_was_not_stored_stays(
    box: Box, exam: Exam, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    acr.write(folder / "slice1", PIXELS, more=MINE)

    def full(*_: object) -> Path:
        raise StorageFull("the card is full")

    with monkeypatch.context() as broken:
        broken.setattr(box.spool, "write", full)
        with pytest.raises(StorageFull):
            acquire(box, exam, CT, folder, 1)
    assert (folder / "slice1").exists()

    assert acquire(box, exam, CT, folder, 1).frames == 1
    assert (folder / "done" / "slice1").exists()


@pytest.mark.peer
def test_dciodvfy_accepts_them(box: Box, exam: Exam, folder: Path) -> None:
    par.write(folder / "scan.PAR", [{}], general={"Patient name": "DOE JANE"})
    acr.write(folder / "slice1", PIXELS, more=MINE)
    (folder / "mr").mkdir()
    for name in ("scan.PAR", "scan.REC"):
        (folder / name).rename(folder / "mr" / name)

    mr = acquire(box, exam, MR, folder / "mr", 1)
    ct = acquire(box, exam, CT, folder, 1)

    for summary, kind in ((mr, "MR"), (ct, "CT")):
        (instance,) = summary.instances
        assert instance.object == kind
        assert complaints(box.spool.absolute(instance.path)) == ([], [])


def test_a_file_of_another_patient_is_not_taken(box: Box, exam: Exam, folder: Path) -> None:
    acr.write(folder / "slice1", PIXELS, more={(0x0010, 0x0020): "SOMEBODY-ELSE"})
    acr.write(folder / "slice2", PIXELS, more=MINE)

    summary = acquire(box, exam, CT, folder, 1)

    assert summary.frames == 1
    assert (folder / "slice1").exists()
    assert (folder / "done" / "slice2").exists()
