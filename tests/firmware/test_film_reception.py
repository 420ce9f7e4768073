"""A running box as a film printer, with a real print server behind it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE

from services.dicom import print_uids as uids
from tests.end_to_end.cli import Gantry, answers, until
from tests.end_to_end.settings import Settings
from tests.peers.cups import QUEUE, PrintServer
from tests.peers.pdf import page_size, picture
from tests.peers.process import free_port
from tests.services.film_reception.scanner import Scanner, ramp

pytestmark = pytest.mark.peer


def box(folder: Path, print_server: PrintServer, port: int, **more: str) -> tuple[Gantry, Settings]:
    settings = Settings(ae_title="GANTRY")
    settings.pattern("pattern").protocol("pattern", "SC")
    settings.table("printers", name="paper", kind="cups", queue=QUEUE)
    keys = {
        "enabled": "true",
        "bind": '"127.0.0.1"',
        "port": str(port),
        "printer": '"paper"',
        "allowed_callers": '["OLDCT"]',
        **more,
    }
    lines = [f"{key} = {value}" for key, value in keys.items()]
    settings.tables.append("\n".join(["[film_reception]", *lines]))
    gantry = settings.write(folder)
    gantry.environment["CUPS_SERVER"] = print_server.address
    return gantry, settings


def send_film(port: int) -> int:
    entity = AE("OLDCT")
    entity.add_requested_context(uids.GREY_META, [ExplicitVRLittleEndian])
    association = entity.associate("127.0.0.1", port, ae_title="GANTRYFILM")
    assert association.is_established
    caller = Scanner(association)
    caller.begin()
    film, boxes, _ = caller.film("STANDARD\\1,2", FilmSizeID="8INX10IN")
    caller.fill(boxes[0], 1, ramp(200, 150))
    caller.fill(boxes[1], 2, 255 - ramp(200, 150))
    status, _ = caller.action(uids.FILM_BOX, film)
    association.release()
    return status


def test_a_film_is_printed_at_true_size_and_its_pictures_are_matched(
    tmp_path: Path, print_server: PrintServer
) -> None:
    port = free_port()
    gantry, settings = box(tmp_path / "box", print_server, port)
    with gantry.running("listener", ready=lambda: answers(port) and answers(settings.listener)):
        assert send_film(port) == 0
        until(lambda: bool(print_server.printed()), 30)
        (path,) = print_server.printed()
        assert page_size(path) == pytest.approx((576, 720), abs=0.01)
        seen = picture(path, tmp_path)
        assert seen.shape == (3000, 2400)
        assert np.ptp(seen) > 200
        until(lambda: gantry("films", "--json").json()[0]["paper"] == "done", 30)
    (film,) = gantry("films", "--json").json()
    assert (film["images"], film["caller"], film["pictures"]) == ("unassigned", "OLDCT", 2)
    gantry(
        "exam", "start", "--unscheduled", "--patient-name", "Doe^Jane", "--patient-id", "X1"
    ).good()
    assert "2 pictures" in gantry("films", "assign", "1", "1").good().out
    assert len(gantry("exam", "show", "1", "--json").json()["images"]) == 2
    gantry("films", "assign", "1", "1").refused("settled")


def test_a_box_that_was_killed_prints_once(tmp_path: Path, print_server: PrintServer) -> None:
    port = free_port()
    gantry, settings = box(tmp_path / "box", print_server, port, images='"none"')
    print_server.flag("no-media")
    for _ in range(2):
        with gantry.running(
            "listener", ready=lambda: answers(port) and answers(settings.listener)
        ) as service:
            if not gantry("films", "--json").json():
                assert send_film(port) == 0
            until(lambda: gantry("films", "--json").json()[0]["paper"] == "sending", 30)
            service.process.kill()
            service.process.wait()
    print_server.flag("no-media", False)
    with gantry.running("listener", ready=lambda: answers(port)):
        until(lambda: gantry("films", "--json").json()[0]["paper"] == "done", 30)
    assert len(print_server.printed()) == 1


def test_what_is_wrong_is_named(tmp_path: Path, print_server: PrintServer) -> None:
    port = free_port()
    gantry, _ = box(tmp_path / "box", print_server, port, printer='"nobody"', images='"none"')
    gantry("check").refused("film_reception.printer", "nobody", "paper")
    gantry, settings = box(tmp_path / "other", print_server, port)
    taken = gantry.config.read_text().replace(f"port = {port}", f"port = {settings.listener}")
    gantry.config.write_text(taken)
    gantry("check").refused("film_reception.port", "listener.port")
    gantry, _ = box(tmp_path / "third", print_server, port)
    assert "No film" in gantry("films").good().out
    gantry("films", "assign", "7", "1").refused("no received sheet 7")
    gantry("films", "printed", "7").refused("no received sheet 7")
