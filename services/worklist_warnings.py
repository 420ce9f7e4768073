"""What a person must know before an entry of the worklist is opened."""

from __future__ import annotations

from datetime import date

from services.box import Box
from services.worklist_view import Entry, Facts

SHOWN_ALIKE = 3
"""Look-alikes of one entry that are named, the gravest ones; more would only hide them."""

STALE_SECONDS = 86400.0
"""An entry that the RIS has not confirmed for so long may have been taken back."""


def problems_of(box: Box, entry: Entry, today: date) -> list[dict[str, object]]:
    """What is to be warned of before this entry is opened: ``{"kind", ...}``, the gravest first."""
    facts = entry.facts
    found: list[dict[str, object]] = []
    found += [
        {"kind": alike.how[0].value, "how": [how.value for how in alike.how], "key": alike.key}
        for alike in entry.alike[:SHOWN_ALIKE]
    ]
    if entry.state == "started_elsewhere":
        found.append(
            {"kind": "started_elsewhere", "status": facts.status, "at": _places(box, facts)}
        )
    if entry.state == "cancelled":
        found.append({"kind": "cancelled", "status": facts.status})
    if entry.exams:
        found.append({"kind": entry.state, "exam": entry.exams[-1][0]})
    if facts.start_date and facts.start_date != f"{today:%Y%m%d}":
        found.append({"kind": "other_day", "date": facts.start_date})
    if _is_other_modality(box, facts):
        found.append({"kind": "other_modality", "modality": facts.modality})
    if facts.station_ae_titles and box.station.ae_title not in facts.station_ae_titles:
        found.append({"kind": "other_station", "station": ", ".join(facts.station_ae_titles)})
    if box.wall() - entry.received > STALE_SECONDS:
        found.append({"kind": "old"})
    found += [{"kind": "incomplete", "words": words} for words in facts.problems]
    return found


def _is_other_modality(box: Box, facts: Facts) -> bool:
    ours = {box.station.modality, *(each.modality for each in box.protocols)} - {"", "OT"}
    return bool(facts.modality and ours) and facts.modality not in ours


def _places(box: Box, facts: Facts) -> str:
    """Where it may have been started; the RIS names the station it was scheduled for."""
    others = [title for title in facts.station_ae_titles if title != box.station.ae_title]
    return (facts.station_name or ", ".join(others)) if others else ""
