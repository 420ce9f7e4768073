"""Who said what of a picture is kept with it, and shown; old catalogs learn to keep it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from sqlite_utils import Database

from device.exam import Exam
from device.ports import Frame
from device.protocol import ObjectKind, Protocol
from device.provenance import Contribution, Source
from services import exam_view
from services.acquisition import Acquisition
from services.box import Box
from services.catalog import Catalog
from services.catalog.schema import VERSIONS, migrations
from tests.device.iod.factories import CT_TECHNIQUE, GEOMETRY
from tests.services.boxes import STATION, begin, make_box
from tests.services.sources import Script, pictures

CT = Protocol(
    name="Head",
    source="grabber",
    object=ObjectKind.CT,
    modality="CT",
    body_part="HEAD",
    geometry=GEOMETRY,
    technique=CT_TECHNIQUE,
)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = make_box(tmp_path)
    with made.catalog:
        yield made


@pytest.fixture
def exam(box: Box) -> Exam:
    return begin(box)


def shown(box: Box, exam: Exam) -> list[dict[str, Any]]:
    return list(exam_view.exam_in_detail(box, exam)["images"])


def test_raw_words_and_whoever_stands_for_them_are_kept_and_shown(box: Box, exam: Exam) -> None:
    def beside(frame: Frame) -> tuple[Contribution, ...]:
        return (
            Contribution("KVP", 100 + frame.sequence, Source.SERIAL, f"KV={frame.sequence}"),
            Contribution("SliceThickness", 2, Source.OPERATOR, "2 mm", "Rad^Tech"),
        )

    Acquisition(box, exam.exam_id, CT, beside=beside).run(Script(pictures(2)))

    first, second = shown(box, exam)
    said = {row["keyword"]: row for row in second["contributed"]}
    assert said["KVP"] == {
        "keyword": "KVP",
        "source": "serial",
        "raw": "KV=2",
        "confirmed_by": "",
    }
    assert said["SliceThickness"]["confirmed_by"] == "Rad^Tech"
    assert said["PixelSpacing"]["source"] == "preset"
    assert {row["raw"] for row in first["contributed"] if row["keyword"] == "KVP"} == {"KV=1"}
    assert second["provenance"]["KVP"] == "serial"
    assert second["provenance"]["PatientID"] == "worklist"
    assert "PatientID" not in said


def test_a_captured_picture_becomes_a_capture_and_the_summary_says_why(
    box: Box, exam: Exam
) -> None:
    source = Script(pictures(1, native=False))

    summary = Acquisition(box, exam.exam_id, CT).run(source)

    (instance,) = summary.instances
    assert instance.object == "SC"
    assert "not made of captured pictures" in summary.refused
    ds = dcmread(box.spool.absolute(instance.path))
    assert "RescaleType" not in ds


def test_a_site_that_allows_it_gets_a_derived_ct(tmp_path: Path) -> None:
    box = make_box(tmp_path, station=replace(STATION, ct_mr_from_capture=True))
    exam = begin(box)

    summary = Acquisition(box, exam.exam_id, CT).run(Script(pictures(2, native=False)))

    assert [instance.object for instance in summary.instances] == ["CT", "SC"]
    assert summary.fallback == ("ImagePositionPatient",)
    ds = dcmread(box.spool.absolute(summary.instances[0].path))
    assert list(ds.ImageType) == ["DERIVED", "SECONDARY", "AXIAL"]


def test_a_source_that_keeps_its_material_is_told_what_is_durable(box: Box, exam: Exam) -> None:
    durable: list[tuple[int, int]] = []

    class Keeping(Script):
        def acknowledge(self, sequence: int) -> None:
            files = len(list(box.spool.files()))
            durable.append((sequence, files))

    Acquisition(box, exam.exam_id, CT).run(Keeping(pictures(3)))

    assert durable == [(1, 1), (2, 2), (3, 3)]


def test_a_catalog_of_the_first_version_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    old = Database(path)
    migrations.apply(old, stop_before="0002_provenance")
    old.conn.execute(
        "INSERT INTO peer_state (peer, last_error) VALUES ('pacs', 'kept from before')"
    )
    old.conn.commit()
    assert "attribute_origin" not in old.table_names()
    old.close()

    with Catalog(path) as catalog:
        names = [row["name"] for row in catalog.rows("SELECT name FROM _sqlite_migrations")]
        assert names == list(VERSIONS)
        assert catalog.row("SELECT last_error FROM peer_state") == {
            "last_error": "kept from before"
        }
        assert catalog.rows("SELECT * FROM attribute_origin") == []
