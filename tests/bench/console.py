"""From the tap to the screen, in a real browser, on a box with years behind it.

Ten thousand exams and a thousand worklist entries; the time runs from the tap to the frame in which
the screen stands there with its content.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Page, sync_playwright

from services import exam_list
from services.box import Box
from tests.browser.conftest import FLAGS, SIZES
from tests.end_to_end.cli import answers
from tests.end_to_end.settings import Settings
from tests.peers.process import program
from tests.services.boxes import add_images, begin, make_box
from tests.services.console.patients import entry, fill

EXAMS, ENTRIES = 10_000, 1_000
TAPS = 20

_TAP = """async ({route, ready}) => {
  const there = () => {
    const screen = document.getElementById('screen');
    return screen.dataset.screen === route.split('/')[0] && screen.querySelector(ready);
  };
  const began = performance.now();
  location.hash = `#/${route}`;
  await new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`${route} never showed ${ready}`)), 20000);
    const watch = new MutationObserver(look);
    function look() {
      if (!there()) return;
      watch.disconnect();
      clearTimeout(late);
      requestAnimationFrame(() => setTimeout(resolve, 0));
    }
    watch.observe(document.body, {childList: true, subtree: true, attributes: true});
    look();
  });
  return performance.now() - began;
}"""


def measure(folder: Path) -> dict[str, float]:
    """Milliseconds (p95) for each screen, and the console's memory in megabytes afterwards."""
    settings = Settings()
    settings.pattern("pattern", rate=5)
    settings.protocol("Capture", "SC", source="pattern", modality="OT")
    gantry = settings.write(folder / "console")
    box = make_box(gantry.state)
    exam = begin(box)
    add_images(box, exam, 20)
    with box.catalog:
        _years(box)
        _day(box)
        exam_list.learn(box)
        key = quote(_a_key(box), safe="")
    screens = {
        "worklist": ("worklist", ".wl-row"),
        "confirm": (f"confirm/{key}", ".confirm-facts"),
        "unscheduled": ("unscheduled", ".button"),
        "exams": ("exams", "a.exam-row"),
        "exam": (f"exam/{exam.exam_id}", ".exam-facts"),
        "finish": (f"finish/{exam.exam_id}", ".finish-columns"),
        "match": (f"match/{exam.exam_id}", "a.exam-row"),
        "queue": ("queue", "[data-test=queue-counts]"),
        "menu": ("menu", ".button"),
        "settings": ("settings", ".button"),
    }
    with gantry.running("console", ready=lambda: answers(settings.console)) as service:
        times = _tapped(f"http://127.0.0.1:{settings.console}", screens)
        memory = _megabytes(service.process.pid)
    return {
        **{f"tap to screen, {name}, p95 ms": each for name, each in times.items()},
        "console memory after that, MB": memory,
    }


def _tapped(url: str, screens: Mapping[str, tuple[str, str]]) -> dict[str, float]:
    width, height = SIZES["7-inch"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program("chromium", "chromium"), args=FLAGS
        )
        page = browser.new_page(viewport={"width": width, "height": height}, has_touch=True)
        page.goto(f"{url}/#/about")
        page.wait_for_selector('body[data-ready="yes"]')
        found = {name: _p95(page, *place) for name, place in screens.items()}
        browser.close()
    return found


def _p95(page: Page, route: str, ready: str) -> float:
    times = []
    for turn in range(TAPS + 1):
        page.evaluate(_TAP, {"route": "about", "ready": "dl"})
        took = float(page.evaluate(_TAP, {"route": route, "ready": ready}))
        if turn:
            times.append(took)
    return sorted(times)[int(0.95 * len(times))]


def _years(box: Box) -> None:
    """Exams as rows, all of the patient of the first one."""
    columns = [
        row["name"]
        for row in box.catalog.rows("SELECT name FROM pragma_table_info('exam')")
        if row["name"] not in ("number", "exam_id", "mpps_uid", "state", "study_instance_uid")
    ]
    names = ", ".join(columns)
    with box.catalog.writing() as db:
        db.conn.execute(
            f"INSERT INTO exam (number, exam_id, mpps_uid, state, study_instance_uid, {names})"
            " WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
            f" SELECT i, i, 'uid' || i, 'COMPLETED', 'study' || i, {names} FROM n, exam"
            " WHERE number = 1",
            [998 + EXAMS],
        )
        db.conn.execute(
            "INSERT INTO exam_item (exam_id, position, key, dataset)"
            " SELECT e.exam_id, 0, 'key' || e.exam_id, i.dataset FROM exam e, exam_item i"
            " WHERE e.number >= 1000"
        )
        db.conn.execute("UPDATE exam SET state = 'COMPLETED'")


def _day(box: Box) -> None:
    """A hospital's day, as the RIS answered it."""
    today = date.today().strftime("%Y%m%d")  # noqa: DTZ011 - local calendar
    fill(
        box,
        *(
            entry(
                number % 60,
                date=today,
                PatientID=f"{200_000 + 37 * number}",
                PatientName=f"Family{number % 613}^Given{number % 197}",
                PatientBirthDate=f"{1910 + number % 90}{number % 12 + 1:02d}{number % 28 + 1:02d}",
                AccessionNumber=f"A{number}",
            )
            for number in range(ENTRIES)
        ),
    )


def _a_key(box: Box) -> str:
    row = box.catalog.row("SELECT key FROM worklist_item ORDER BY start_time LIMIT 1")
    assert row
    return str(row["key"])


def _megabytes(process: int) -> float:
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process}/status").read_text())
    assert found
    return int(found[1]) / 1024
