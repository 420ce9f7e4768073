"""Film jobs at a print SCP that shares no code with us: colour, texts and jobs that report."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from services.dicom.peers import Service
from services.film_render import render_box
from services.printing.printers import Printer, PrinterKind
from services.printing.profile import load_profile
from services.printing.works import works_of
from tests.peers.process import RunningPeer
from tests.services.printing.stage import PrintStage

pytestmark = pytest.mark.peer


def _printer(peer: RunningPeer, profile: str, **more: Any) -> Printer:
    wishes = {"dpi": 50.0, "annotation_format": "COMBINED", "annotations": 2, **more}
    return Printer(
        "js", PrinterKind.DICOM, replace(peer.peer, services=frozenset({Service.PRINT})),
        load_profile(profile, **wishes), job_wait=10.0,
    )  # fmt: skip


def _said(peer: RunningPeer, message: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in peer.log.read_text().splitlines() if line[:1] == "{"]
    return [line for line in lines if line["message"] == message]


@pytest.mark.parametrize(
    ("profile", "bits", "colour"), [("generic-grey-12", 12, False), ("generic-colour", 8, True)]
)
def test_what_it_got_is_what_was_rendered_and_it_reports_the_end(
    js_printer: RunningPeer, stage: Callable[..., PrintStage], profile: str, bits: int, colour: bool
) -> None:
    printer = _printer(js_printer, profile)
    printer = replace(printer, peer=replace(printer.peer, name="js"))
    here = stage(printer)
    exam = here.exam(2)
    job = here.order(exam, display_format="1x2", copies=2)
    assert here.print().nothing
    done = here.job(job)
    assert (done.outcome, done.words) == ("printed", "the printer reports that it came out")

    refused = [line for line in _said(js_printer, "N-CREATE") if line["status"]]
    assert refused == []
    sets = _said(js_printer, "N-SET")
    images = [line["elements"]["image"] for line in sets if "image" in line["elements"]]
    work = works_of(here.box, exam.exam_id, printer, job.film)[0]
    for number, image in enumerate(images):
        size = (image["Columns"], image["Rows"])
        pixels = render_box(work, number, size, bits=bits, colour=colour)
        planes = pixels.transpose(2, 0, 1) if colour else pixels
        data = np.ascontiguousarray(planes, dtype="<u2" if bits > 8 else np.uint8).tobytes()
        data += b"\0" * (len(data) % 2)
        assert image["sha256"] == hashlib.sha256(data).hexdigest()
        assert image["BitsStored"] == bits
    assert len(images) == 2
    texts = [line["elements"]["TextString"] for line in sets if "TextString" in line["elements"]]
    assert any("PID-1" in text for text in texts)
    (action,) = _said(js_printer, "N-ACTION")
    assert done.reference == action["elements"]["job"]
    assert [line["status"] for line in _said(js_printer, "REPORTED")] == [0, 0]
