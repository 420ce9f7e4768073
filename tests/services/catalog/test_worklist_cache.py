"""The worklist as last received: what a refresh replaces, and what stays."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from device.worklist import QueryKeys, WorklistItem
from services.catalog import Catalog
from services.catalog import worklist as cache
from services.errors import NotFound
from tests.device.iod.factories import answer

TODAY = QueryKeys(date=date(2026, 3, 4))


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog(tmp_path / "catalog.sqlite") as opened:
        yield opened


def entry(number: int, day: str = "20260304", **more: str) -> WorklistItem:
    ds: Dataset = answer(number=number, **more)
    ds.ScheduledProcedureStepSequence[0].ScheduledProcedureStepStartDate = day
    return WorklistItem.from_dataset(ds)


def take(
    catalog: Catalog, *items: WorklistItem, peer: str = "ris", truncated: bool = False
) -> None:
    cache.replace(catalog, peer, TODAY, items, truncated=truncated, at=100.0)


def listed(catalog: Catalog, keys: QueryKeys = TODAY) -> list[str]:
    return [cached.item.accession_number for cached in cache.items(catalog, keys)]


def test_what_left_the_list_leaves_the_cache(catalog: Catalog) -> None:
    take(catalog, entry(1), entry(2))
    take(catalog, entry(2), entry(3))
    assert sorted(listed(catalog)) == ["ACC0002", "ACC0003"]


def test_what_was_not_asked_for_stays(catalog: Catalog) -> None:
    tomorrow = QueryKeys(date=date(2026, 3, 5))
    cache.replace(catalog, "ris", tomorrow, [entry(1, "20260305")], truncated=False, at=1.0)
    take(catalog, entry(2))
    assert listed(catalog, tomorrow) == ["ACC0001"]


def test_another_ris_takes_nothing_away(catalog: Catalog) -> None:
    take(catalog, entry(1), peer="ris")
    take(catalog, entry(2), peer="other")
    assert sorted(listed(catalog)) == ["ACC0001", "ACC0002"]


def test_absence_from_a_truncated_answer_proves_nothing(catalog: Catalog) -> None:
    take(catalog, entry(1), entry(2))
    take(catalog, entry(3), truncated=True)
    assert len(listed(catalog)) == 3
    assert cache.freshness(catalog)[0].truncated


def test_a_failure_leaves_the_list_and_its_age(catalog: Catalog) -> None:
    take(catalog, entry(1))
    cache.note_failure(catalog, "ris", "no answer", at=500.0)
    assert listed(catalog) == ["ACC0001"]
    (fresh,) = cache.freshness(catalog)
    assert (fresh.succeeded, fresh.attempted, fresh.error) == (100.0, 500.0, "no answer")
    take(catalog, entry(1))
    assert cache.freshness(catalog)[0].error == ""


def test_a_ris_that_never_answered_has_no_age(catalog: Catalog) -> None:
    cache.note_failure(catalog, "ris", "no answer", at=500.0)
    assert cache.freshness(catalog)[0].succeeded is None


def test_an_item_is_found_by_the_beginning_of_its_key(catalog: Catalog) -> None:
    one, two = entry(1), entry(2)
    take(catalog, one, two)
    assert cache.get(catalog, one.key[:10]).item == one
    assert cache.get(catalog, two.key).item == two
    for wrong in ("", "%", "_", "no such key"):
        with pytest.raises(NotFound):
            cache.get(catalog, wrong)


def test_a_key_that_stands_for_two_is_refused(catalog: Catalog) -> None:
    entries = [entry(number) for number in range(1, 40)]
    take(catalog, *entries)
    first = [one.key[0] for one in entries]
    twice = next(letter for letter in first if first.count(letter) > 1)
    with pytest.raises(NotFound, match="more than one"):
        cache.get(catalog, twice)


def test_a_damaged_entry_hides_no_other_and_goes_with_the_next_refresh(catalog: Catalog) -> None:
    take(catalog, entry(1), entry(2))
    with catalog.writing() as db:
        db.conn.execute("UPDATE worklist_item SET dataset = x'00FF' WHERE key = ?", [entry(1).key])
    assert listed(catalog) == ["ACC0002"]
    take(catalog, entry(2))
    assert catalog.row("SELECT count(*) AS n FROM worklist_item") == {"n": 1}
    take(catalog, entry(1), entry(2))
    assert sorted(listed(catalog)) == ["ACC0001", "ACC0002"]


def test_entries_come_in_the_order_of_their_start(catalog: Catalog) -> None:
    late, early = answer(number=1), answer(number=2)
    late.ScheduledProcedureStepSequence[0].ScheduledProcedureStepStartTime = "150000"
    early.ScheduledProcedureStepSequence[0].ScheduledProcedureStepStartTime = "070000"
    take(catalog, WorklistItem.from_dataset(late), WorklistItem.from_dataset(early))
    assert listed(catalog) == ["ACC0002", "ACC0001"]


def test_a_query_for_one_patient_does_not_make_the_list_look_fresh(catalog: Catalog) -> None:
    one = QueryKeys(patient_id="PID-1")
    cache.replace(catalog, "ris", one, [entry(1)], truncated=False, at=50.0)
    assert cache.freshness(catalog)[0].succeeded is None
    take(catalog, entry(1), entry(2))
    cache.replace(catalog, "ris", one, [entry(1)], truncated=False, at=900.0)
    (fresh,) = cache.freshness(catalog)
    assert (fresh.succeeded, fresh.attempted, fresh.items) == (100.0, 900.0, 2)
