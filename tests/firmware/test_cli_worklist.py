"""The worklist as the technician asks for it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from device.worklist import QueryKeys, WorklistItem
from services.catalog import Catalog
from services.catalog import worklist as cache
from tests.device.iod.factories import answer
from tests.end_to_end.settings import Settings


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
    gantry.state.mkdir(exist_ok=True)
    with Catalog(gantry.state / "catalog.sqlite") as catalog:
        cache.replace(catalog, "ris", QueryKeys(), items, truncated=False, at=1.0)
    for asked in ("today", "today..today"):
        listed = gantry("worklist", "--cached", "--json", "--date", asked).good().json()
        assert [entry["start_date"] for entry in listed] == [f"{today:%Y%m%d}"]
