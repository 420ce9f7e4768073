"""The worklist as the technician asks for it."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from device.worklist import QueryKeys, WorklistItem
from services.catalog import Catalog
from services.catalog import worklist as cache
from tests.device.iod.factories import answer
from tests.end_to_end.cli import Gantry
from tests.end_to_end.settings import Settings


def received(gantry: Gantry, *items: WorklistItem, at: float = 1.0) -> None:
    """The RIS has sent these, long ago unless said otherwise."""
    gantry.state.mkdir(exist_ok=True)
    with Catalog(gantry.state / "catalog.sqlite") as catalog:
        cache.replace(catalog, "ris", QueryKeys(), items, truncated=False, at=at)


# at any moment it is another day at one of them than at the machine that runs this
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12"])
def test_today_is_the_hospitals_day(tmp_path: Path, zone: str) -> None:
    gantry = Settings().write(tmp_path)
    text = gantry.config.read_text()
    gantry.config.write_text(text.replace("[station]\n", f'[station]\ntimezone = "{zone}"\n'))
    today = datetime.now(ZoneInfo(zone)).date()
    items = []
    for number, day in enumerate((today - timedelta(days=1), today, today + timedelta(days=1))):
        ds = answer(number=number)
        ds.ScheduledProcedureStepSequence[0].ScheduledProcedureStepStartDate = f"{day:%Y%m%d}"
        items.append(WorklistItem.from_dataset(ds))
    received(gantry, *items)
    for asked in ("today", "today..today"):
        listed = gantry("worklist", "--cached", "--json", "--date", asked).good().json()
        assert [entry["start_date"] for entry in listed] == [f"{today:%Y%m%d}"]


def test_a_name_in_ideographs_alone_is_shown_everywhere(tmp_path: Path) -> None:
    gantry = Settings().write(tmp_path)
    item = WorklistItem.from_dataset(answer(name="=山田^太郎=やまだ^たろう"))
    received(gantry, item)
    assert "山田^太郎" in gantry("worklist", "--cached").good().out
    assert "山田^太郎" in gantry("exam", "start", "--item", item.key).good().err
    assert "山田^太郎" in gantry("exam", "list").good().out


def test_one_study_for_two_patients_is_said_before_images_are_taken(tmp_path: Path) -> None:
    gantry = Settings().write(tmp_path)
    first = WorklistItem.from_dataset(answer())
    second = WorklistItem.from_dataset(answer(PatientID="PID-2", name="Roe^Richard"))
    assert second.study_instance_uid == first.study_instance_uid
    received(gantry, first, second)
    assert "another patient ID" not in gantry("exam", "start", "--item", first.key).good().err
    told = gantry("exam", "start", "--item", second.key).good().err
    assert "exam 1 has the same Study Instance UID and another patient ID" in told


def test_a_name_that_the_ris_has_corrected_is_said_before_more_images_are_taken(
    tmp_path: Path,
) -> None:
    gantry = Settings().write(tmp_path)
    before = WorklistItem.from_dataset(answer(name="Smith^Katherine"))
    after = WorklistItem.from_dataset(answer(name="Smith^Catherine"))
    received(gantry, before)
    gantry("exam", "start", "--item", before.key).good()
    received(gantry, after)
    told = gantry("exam", "start", "--item", after.key).good().err
    assert "exam 1 has the same Study Instance UID and another name" in told


def test_an_entry_of_the_day_before_is_used_with_a_warning(tmp_path: Path) -> None:
    gantry = Settings().write(tmp_path)
    item = WorklistItem.from_dataset(answer())
    received(gantry, item, at=time.time() - 25 * 3600)
    assert "more than a day ago" in gantry("exam", "start", "--item", item.key).good().err
    received(gantry, item, at=time.time() - 3600)
    assert "more than a day ago" not in gantry("exam", "start", "--item", item.key).good().err


def test_without_a_ris_an_empty_list_is_never_taken_for_its_answer(tmp_path: Path) -> None:
    gantry = Settings().write(tmp_path)
    gantry("worklist", "--refresh", "--json").refused("no RIS is configured", "[[peers]]")
    assert "no RIS is configured" in gantry("worklist").good().err
