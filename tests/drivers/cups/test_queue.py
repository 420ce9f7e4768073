"""One contract for the real queue and the simulated one; the real one runs on a real cupsd."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from drivers.cups import (
    Document,
    Job,
    JobState,
    Options,
    PrinterAway,
    PrinterRefused,
    Submitted,
    media,
)
from drivers.cups.pdf import Page, write_pdf
from drivers.cups.queue import CupsQueue
from drivers.cups.simulated import SimulatedQueue
from tests.end_to_end.cli import until
from tests.peers.cups import QUEUE, PrintServer
from tests.peers.pdf import page_size, picture

pytestmark = pytest.mark.peer

STEPS = np.tile(np.arange(256, dtype=np.uint8), (128, 1))


@dataclass
class Imager:
    """A queue, and what a person does at the printer."""

    queue: CupsQueue | SimulatedQueue
    set_empty: Callable[[bool], None]
    printed: Callable[[], list[str]]
    log: Callable[[], str] = lambda: ""

    noted: list[Submitted] = field(default_factory=list)

    def submit(self, document: Document, ticket: str, before: Submitted | None = None) -> Job:
        options = Options(self.film())
        return self.queue.submit(document, options, ticket, self.noted.append, before)

    def film(self) -> str:
        found = media.fitting(self.queue.abilities().media, 355.6, 431.8)
        assert found is not None
        return found.name

    def wait(self, job: Job, *states: JobState) -> Job:
        until(
            lambda: self.queue.job(job.number).state in states,
            30,
            lambda: str(self.queue.job(job.number)) + self.log(),
        )
        return self.queue.job(job.number)


@pytest.fixture(params=["real", "simulated"])
def imager(request: pytest.FixtureRequest) -> Iterator[Imager]:
    if request.param == "simulated":
        queue = SimulatedQueue()

        def set_empty(empty: bool) -> None:
            queue.empty = empty

        yield Imager(queue, set_empty, lambda: [ticket for ticket, _, _ in queue.printed])
        return
    server: PrintServer = request.getfixturevalue("print_server")
    yield Imager(
        CupsQueue(QUEUE, server.address),
        lambda empty: server.flag("no-media", empty),
        server.titles,
        lambda: server.log.read_text()[-4000:],
    )


@pytest.fixture
def document(tmp_path: Path) -> Document:
    path = tmp_path / "sheet.pdf"
    write_pdf(path, [Page(203.2, 254.0, 256, 128, False, [STEPS])])
    return Document(path)


def test_a_job_is_printed(imager: Imager, document: Document) -> None:
    job = imager.submit(document, "gantry-1")
    assert imager.wait(job, JobState.COMPLETED).complete
    assert imager.printed() == ["gantry-1"]


def test_a_job_that_was_noted_is_printed_once(imager: Imager, document: Document) -> None:
    first = imager.submit(document, "gantry-1")
    imager.wait(first, JobState.COMPLETED)
    again = imager.submit(document, "gantry-1", imager.noted[-1])
    assert again.number == first.number
    other = imager.submit(document, "gantry-2")
    imager.wait(other, JobState.COMPLETED)
    assert imager.printed() == ["gantry-1", "gantry-2"]


def test_an_empty_magazine_is_told_and_waited_for(imager: Imager, document: Document) -> None:
    imager.set_empty(True)
    job = imager.submit(document, "gantry-1")
    until(lambda: "media-empty-error" in imager.queue.state().reasons, 30)
    assert not imager.queue.job(job.number).state.ended
    assert not imager.printed()
    imager.set_empty(False)
    imager.wait(job, JobState.COMPLETED)
    assert imager.printed() == ["gantry-1"]


def test_a_job_is_cancelled_while_it_waits(imager: Imager, document: Document) -> None:
    imager.set_empty(True)
    job = imager.submit(document, "gantry-1")
    imager.queue.cancel(job.number)
    assert imager.wait(job, JobState.CANCELLED).state is JobState.CANCELLED
    imager.queue.cancel(job.number)
    imager.set_empty(False)
    assert not imager.printed()


def test_an_unknown_job_is_refused(imager: Imager) -> None:
    with pytest.raises(PrinterRefused, match="job"):
        imager.queue.job(4711)


def test_films_are_found_by_their_size(imager: Imager) -> None:
    known = imager.queue.abilities().media
    for width, height in ((355.6, 431.8), (431.8, 355.6), (203.2, 254.0), (210.0, 297.0)):
        found = media.fitting(known, width, height)
        assert found is not None
        assert sorted((found.width_mm, found.height_mm)) == pytest.approx(
            sorted((width, height)), abs=1
        )
    assert media.fitting(known, 300, 300) is None


def test_the_document_arrives_as_it_is(
    print_server: PrintServer, document: Document, tmp_path: Path
) -> None:
    queue = CupsQueue(QUEUE, print_server.address)
    queue.submit(document, Options("oe_8x10_8x10in", copies=3), "gantry-1", lambda _: None)
    until(lambda: bool(print_server.printed()), 30)
    arrived = print_server.printed()[0]
    # CUPS writes the file anew, around the same picture
    assert page_size(arrived) == pytest.approx((576, 720), abs=0.01)
    assert np.array_equal(picture(arrived, tmp_path), STEPS)
    _, copies, options = arrived.with_suffix(".txt").read_text().splitlines()
    assert copies == "3"
    assert "print-scaling=none" in options


def test_a_queue_that_stopped_says_so(print_server: PrintServer, document: Document) -> None:
    queue = CupsQueue(QUEUE, print_server.address)
    print_server.flag("broken")
    film = queue.abilities().media[0].name
    job = queue.submit(document, Options(film), "gantry-1", lambda _: None)
    until(lambda: queue.state().readiness == "stopped", 30, lambda: str(queue.state()))
    print_server.flag("broken", False)
    print_server.enable()
    until(lambda: queue.job(job.number).state is JobState.COMPLETED, 30)
    assert print_server.titles() == ["gantry-1"]


def test_a_server_that_is_away(print_server: PrintServer, document: Document) -> None:
    queue = CupsQueue(QUEUE, print_server.address)
    print_server.process.terminate()
    print_server.process.wait(20)
    for call in (queue.state, queue.abilities, lambda: queue.job(1)):
        with pytest.raises(PrinterAway, match="print server"):
            call()
    with pytest.raises(PrinterAway):
        queue.submit(document, Options("oe_8x10_8x10in"), "gantry-1", lambda _: None)


def test_an_unknown_queue_is_named(print_server: PrintServer) -> None:
    with pytest.raises(PrinterRefused, match="nowhere"):
        CupsQueue("nowhere", print_server.address).state()


def test_an_answer_that_got_lost_prints_once(document: Document) -> None:
    queue = SimulatedQueue(lose_answer=True)
    options = Options(queue.media[0].name)
    noted: list[Submitted] = []
    with pytest.raises(PrinterAway):
        queue.submit(document, options, "gantry-1", noted.append)
    assert queue.submit(document, options, "gantry-1", noted.append, noted[-1]).complete
    assert [ticket for ticket, _, _ in queue.printed] == ["gantry-1"]


def test_a_torn_job_is_sent_again(imager: Imager, document: Document) -> None:
    if isinstance(imager.queue, SimulatedQueue):
        imager.queue.tear = True
        with pytest.raises(PrinterAway):
            imager.submit(document, "gantry-1")
    else:
        with pytest.raises(IsADirectoryError):
            imager.submit(Document(document.path.parent), "gantry-1")
    job = imager.submit(document, "gantry-1", imager.noted[-1])
    imager.wait(job, JobState.COMPLETED)
    assert imager.printed() == ["gantry-1"]
    assert imager.queue.job(imager.noted[0].number).state is JobState.CANCELLED


def test_a_job_that_the_server_has_forgotten_may_have_been_printed(
    imager: Imager, document: Document
) -> None:
    first = imager.submit(document, "gantry-1")
    imager.wait(first, JobState.COMPLETED)
    stranger = Submitted(first.number, "urn:uuid:00000000-0000-0000-0000-000000000000")
    unknown = Submitted(first.number + 1000, stranger.uuid)
    for gone in (stranger, unknown):
        with pytest.raises(PrinterRefused, match="forgotten"):
            imager.submit(document, "gantry-2", gone)
    assert imager.printed() == ["gantry-1"]


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("iso_a4_210x297mm", (210, 297)),
        ("na_letter_8.5x11in", (215.9, 279.4)),
        ("custom_14x17_355.6x431.8mm", (355.6, 431.8)),
        ("na_letter_8.5x11in.borderless", (215.9, 279.4)),
    ],
)
def test_a_media_name_tells_its_size(name: str, size: tuple[float, float]) -> None:
    found = media.parse(name)
    assert found is not None
    assert (found.width_mm, found.height_mm) == pytest.approx(size)


@pytest.mark.parametrize("name", ["", "auto", "iso_a4", "x_1x2", "a_99999999x1mm", "a_1x2furlong"])
def test_a_media_name_without_a_size(name: str) -> None:
    assert media.parse(name) is None
