"""How far a long object has got is kept while it is on its way, and no longer."""

from __future__ import annotations

from pathlib import Path

import pytest

from services import outbox_list
from services.outbox import meter, queue
from services.outbox.meter import Meter
from services.outbox.model import Kind
from tests.services.boxes import add_images, archive, begin, make_box


def test_a_long_object_is_noted_while_it_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meter, "SECONDS", 0.0)
    box = make_box(tmp_path, [archive()])
    exam = begin(box)
    add_images(box, exam)
    with box.catalog.writing() as db:
        db.conn.execute("UPDATE instance SET size = 5000000")
    (claimed,) = queue.claim(box.catalog, "pacs", [Kind.STORE], "me:1:1", at=box.wall())
    with Meter(box, claimed.id) as told:
        (line,) = outbox_list.page(box).lines
        assert line["progress"] is None
        told(1_000_000)
        told(2_000_000)
        (line,) = outbox_list.page(box).lines
        assert line["progress"] == {"sent": 2_000_000, "size": 5_000_000}
    assert box.catalog.rows("SELECT * FROM delivery_progress") == []
    box.catalog.close()


def test_a_short_one_writes_nothing(tmp_path: Path) -> None:
    box = make_box(tmp_path, [archive()])
    exam = begin(box)
    add_images(box, exam)
    before = box.catalog.version()
    with Meter(box, 1) as told:
        told(10)
    assert box.catalog.version() == before
    box.catalog.close()


def test_a_meter_stops_when_the_peer_breaks_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meter, "SECONDS", 0.0)
    box = make_box(tmp_path, [archive()])
    exam = begin(box)
    add_images(box, exam)

    def break_off() -> None:
        with Meter(box, 1) as told:
            told(10)
            raise ConnectionError

    with pytest.raises(ConnectionError):
        break_off()
    assert box.catalog.rows("SELECT * FROM delivery_progress") == []
    box.catalog.close()
