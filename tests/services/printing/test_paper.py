"""Exams on paper: what comes out is what was previewed, once, whatever breaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from device.film import FilmJob
from drivers.cups.port import PrintQueue
from drivers.cups.queue import CupsQueue
from drivers.cups.simulated import SimulatedQueue
from firmware.paper import QueuePrinter
from services.dicom.peers import Peer, Service
from services.dispatcher import paper as paper_errand
from services.film_picture import NotPrintable
from services.outbox import peer_state
from services.outbox.model import State
from services.printing import actions, drafts, progress
from services.printing.jobs import PrintJob
from services.printing.printers import Printer, PrinterKind
from services.printing.profile import load_profile
from tests.end_to_end.cli import until
from tests.peers.cups import QUEUE, PrintServer
from tests.peers.pdf import page_size, picture, pictures
from tests.services.printing.stage import PrintStage

MakeStage = Callable[..., PrintStage]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paper_errand, "WATCH_SECONDS", 3.0)
    monkeypatch.setattr(paper_errand, "_LATER", 0.2)


def paper_stage(make: MakeStage, queue: PrintQueue, **profile: object) -> PrintStage:
    """A box with one paper printer."""
    peer = Peer("paper", "", "", 0, frozenset({Service.PRINT}))
    known = load_profile("generic-grey-8", film_sizes=("8INX10IN", "A4", "14INX17IN"), **profile)
    stage = make(Printer("paper", PrinterKind.CUPS, peer, known, queue=QUEUE))
    printer = QueuePrinter(queue)
    stage.box = replace(stage.box, find_paper=lambda _: printer)
    return stage


def order(stage: PrintStage, images: int = 2, **more: object) -> PrintJob:
    exam = stage.exam(images)
    return stage.order(exam, **{"display_format": "1x2", "film_size": "8INX10IN", **more})


@pytest.mark.peer
def last_error(stage: PrintStage) -> str:
    return peer_state.get(stage.box.catalog, "paper").last_error or ""


def test_what_comes_out_is_what_was_previewed(
    stage: MakeStage, print_server: PrintServer, tmp_path: Path
) -> None:
    ward = paper_stage(stage, CupsQueue(QUEUE, print_server.address))
    job = order(ward, copies=2)
    assert ward.print().nothing
    assert ward.job(job).state is State.DONE
    (path,) = print_server.printed()
    assert page_size(path) == pytest.approx((576, 720), abs=0.01)
    assert path.with_suffix(".txt").read_text().splitlines()[1] == "2"
    printed = picture(path, tmp_path).astype(np.float32)
    assert printed.shape == (3000, 2400)
    seen = drafts.preview(ward.box, job.exam_id, "paper", job.film, width=600)
    shown = np.asarray(Image.open(BytesIO(seen)).convert("L"), np.float32)
    small = np.asarray(
        Image.fromarray(printed).resize(shown.shape[::-1], Image.Resampling.BOX), np.float32
    )
    # letters are drawn for each resolution; the pictures are the same
    assert np.median(np.abs(small - shown)) < 1
    assert np.mean(np.abs(small - shown)) < 4
    assert np.corrcoef(small.ravel(), shown.ravel())[0, 1] > 0.97


@pytest.mark.peer
def test_true_size_is_true_on_the_sheet(
    stage: MakeStage, print_server: PrintServer, tmp_path: Path
) -> None:
    ward = paper_stage(stage, CupsQueue(QUEUE, print_server.address))
    job = order(ward, 1, display_format="1x1", true_size=True, film_size="14INX17IN")
    assert ward.print().nothing
    (path,) = print_server.printed()
    dots = picture(path, tmp_path)
    with_ruler = job.film.sheets[0]
    assert with_ruler.true_size
    found = drafts.images(ward.box, job.exam_id)
    assert len(found) == 1
    columns = np.flatnonzero((dots > 40).mean(axis=0) > 0.02)
    assert dots.shape == (5100, 4200)
    width_mm = (columns[-1] - columns[0] + 1) / 300 * 25.4
    assert width_mm < 355.6


@pytest.mark.peer
def test_several_sheets_are_one_job(
    stage: MakeStage, print_server: PrintServer, tmp_path: Path
) -> None:
    ward = paper_stage(stage, CupsQueue(QUEUE, print_server.address))
    job = order(ward, 5)
    assert job.sheets == 3
    assert ward.print().nothing
    (path,) = print_server.printed()
    assert len(pictures(path, tmp_path)) == 3
    assert not list((ward.box.state_dir / "prints").iterdir()), "patients do not stay lying about"


def test_an_answer_that_was_lost_prints_once(stage: MakeStage) -> None:
    queue = SimulatedQueue(lose_answer=True)
    ward = paper_stage(stage, queue)
    job = order(ward)
    ward.print_until(lambda: bool(last_error(ward)))
    peer_state.clear_pause(ward.box.catalog, "paper")
    ward.print()
    assert ward.job(job).state is State.DONE
    assert len(queue.printed) == 1


def test_a_server_that_is_away_is_waited_for(stage: MakeStage) -> None:
    queue = SimulatedQueue(away=True)
    ward = paper_stage(stage, queue)
    job = order(ward)
    ward.print_until(lambda: bool(last_error(ward)))
    assert ward.job(job).state is State.WAITING
    assert "does not answer" in last_error(ward)
    queue.away = False
    peer_state.clear_pause(ward.box.catalog, "paper")
    ward.print()
    assert ward.job(job).state is State.DONE
    assert len(queue.printed) == 1


def test_an_empty_magazine_is_said_and_waited_for(
    stage: MakeStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paper_errand, "WATCH_SECONDS", 0.1)
    queue = SimulatedQueue(empty=True)
    ward = paper_stage(stage, queue)
    job = order(ward)
    ward.print_until(lambda: ward.job(job).words == "the magazine is empty")
    assert ward.job(job).state is State.WAITING
    queue.empty = False
    ward.print()
    assert ward.job(job).state is State.DONE
    assert len(queue.printed) == 1


def test_a_job_that_the_server_ended_asks_a_person(stage: MakeStage) -> None:
    queue = SimulatedQueue(abort=True)
    ward = paper_stage(stage, queue)
    job = order(ward)
    ward.print()
    held = ward.job(job)
    assert (held.state, held.code) == (State.HELD, "G-6502")
    with pytest.raises(NotPrintable, match="look at"):
        actions.resend(ward.box, job.id, by="test")
    actions.resend(ward.box, job.id, by="test", print_again=True)
    ward.print()
    assert ward.job(job).state is State.DONE
    assert len(queue.printed) == 1


def test_a_job_that_came_out_all_the_same_is_marked(stage: MakeStage) -> None:
    queue = SimulatedQueue(abort=True)
    ward = paper_stage(stage, queue)
    job = order(ward)
    ward.print()
    actions.mark_printed(ward.box, job.id, by="test")
    assert ward.job(job).state is State.DONE
    assert not queue.printed


def test_a_sheet_that_the_printer_has_not_is_held_and_nothing_is_scaled(stage: MakeStage) -> None:
    queue = SimulatedQueue()
    queue.media = queue.media[:1]
    ward = paper_stage(stage, queue)
    job = order(ward)
    ward.print()
    held = ward.job(job)
    assert (held.state, held.code) == (State.HELD, "G-6501")
    assert "203 x 254" in held.words


def test_cancelling_stops_the_print_server_too(
    stage: MakeStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paper_errand, "WATCH_SECONDS", 0.1)
    queue = SimulatedQueue(empty=True)
    ward = paper_stage(stage, queue)
    job = order(ward)
    ward.print_until(lambda: ward.job(job).words == "the magazine is empty")
    until(lambda: ward.job(job).state is State.WAITING, 10)
    queue.away = True
    with pytest.raises(NotPrintable, match="cannot be stopped"):
        actions.cancel(ward.box, job.id, by="test")
    queue.away = False
    actions.cancel(ward.box, job.id, by="test")
    queue.empty = False
    queue.state()
    assert not queue.printed
    assert ward.job(job).state is State.CANCELLED


def test_an_image_that_was_discarded_meanwhile_is_not_printed(stage: MakeStage) -> None:
    queue = SimulatedQueue(away=True)
    ward = paper_stage(stage, queue)
    job = order(ward)
    with ward.box.catalog.writing() as db:
        db.conn.execute("UPDATE instance SET discarded = 'now'")
    queue.away = False
    ward.print()
    assert ward.job(job).state is State.HELD
    assert not queue.printed
    assert isinstance(job.film, FilmJob)


def test_a_job_that_the_server_has_forgotten_is_printed_again_only_on_a_persons_word(
    stage: MakeStage,
) -> None:
    queue = SimulatedQueue(lose_answer=True)
    ward = paper_stage(stage, queue)
    job = order(ward)
    ward.print_until(lambda: bool(last_error(ward)))
    queue._jobs.clear()  # a server that keeps no history
    peer_state.clear_pause(ward.box.catalog, "paper")
    ward.print()
    held = ward.job(job)
    assert (held.state, len(queue.printed)) == (State.HELD, 1)
    assert held.no_return
    with pytest.raises(NotPrintable, match="may have been printed"):
        actions.resend(ward.box, job.id, by="Ann")
    actions.resend(ward.box, job.id, by="Ann", print_again=True)
    ward.print()
    assert (ward.job(job).state, len(queue.printed)) == (State.DONE, 2)


def test_printing_again_takes_back_what_the_server_still_has(stage: MakeStage) -> None:
    queue = SimulatedQueue(empty=True)
    ward = paper_stage(stage, queue)
    job = order(ward)
    ward.print_until(lambda: bool(queue._waiting))
    with ward.box.catalog.writing() as db:
        db.conn.execute("UPDATE delivery SET state = 'held' WHERE id = ?", [job.delivery_id])
        progress.doubt(db, ward.box, job.id, 1)
    actions.resend(ward.box, job.id, by="Ann", print_again=True)
    queue.empty = False
    ward.print()
    assert (ward.job(job).state, len(queue.printed)) == (State.DONE, 1)
