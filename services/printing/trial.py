"""Trying a printer out: is it there, how is it, what can it do, and a test film."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from services.box import Box
from services.dicom.echo import echo
from services.dicom.print_scu import PrintRefused, print_association
from services.dicom.print_uids import FILM_BOX
from services.errors import ServiceError
from services.film_render import render_sheet, sheet_pixels
from services.printing import test_film
from services.printing.film_composer import FilmComposer
from services.printing.health import SENTENCES, reasons_of
from services.printing.inquiry import ask, ask_on
from services.printing.paper import PaperHealth, PaperOrder, PaperPage
from services.printing.printers import Printer, PrinterFacts, PrinterKind


@dataclass(frozen=True, slots=True)
class TrialLine:
    """One thing that was tried, and what came of it."""

    what: str
    ok: bool
    said: str


def run(box: Box, printer: Printer, *, film: bool) -> list[TrialLine]:
    """Everything in turn, until something fails.

    Parameters
    ----------
    film
        Whether the test film is printed, which costs a film.
    """
    lines: list[TrialLine] = []
    tried = _dicom if printer.kind is PrinterKind.DICOM else _paper
    for line in tried(box, printer, film):
        lines.append(line)
        if not line.ok:
            break
    return lines


def _dicom(box: Box, printer: Printer, film: bool) -> Iterator[TrialLine]:
    calling = box.calling_ae_title(printer.peer)
    yield _tried("verification", lambda: f"{echo(printer.peer, calling).milliseconds:.0f} ms")
    told: list[PrinterFacts] = []

    def state() -> str:
        told.append(ask(box, printer))
        return " ".join((told[0].status or "says nothing of its state", told[0].status_info))

    line = _tried("state", state)
    bad = bool(told) and told[0].status == "FAILURE"
    yield TrialLine(line.what, line.ok and not bad, line.said)
    if told:
        yield TrialLine("configuration", True, _configuration(told[0]))
    if film:
        yield _tried("test film", lambda: _print(box, printer, calling))


def _paper(box: Box, printer: Printer, film: bool) -> Iterator[TrialLine]:
    told: list[PaperHealth] = []

    def state() -> str:
        told.append(box.find_paper(printer.name).health())
        sentences = [SENTENCES[each] for each in reasons_of(told[0].reasons)]
        return " ".join((told[0].status, *sentences, *told[0].reasons, told[0].text)).strip()

    line = _tried("state", state)
    bad = bool(told) and told[0].status == "FAILURE"
    yield TrialLine(line.what, line.ok and not bad, line.said)
    if film:
        yield _tried("test film", lambda: _hand_over(box, printer))


def _hand_over(box: Box, printer: Printer) -> str:
    queue = box.find_paper(printer.name)
    work = test_film.work(box, printer)
    width, height = work.sheet.size_mm
    columns, rows = sheet_pixels(work, queue.dpi)
    document = box.state_dir / "test-film.pdf"
    bands = render_sheet(work, queue.dpi)
    try:
        queue.write(document, [PaperPage(width, height, columns, rows, False, bands)])
        job = queue.hand_over(PaperOrder(document, width, height, title="test"), lambda _: None)
    finally:
        document.unlink(missing_ok=True)
    words = f", {job.text}" if job.text else ""
    return f"{job.state.value}{words}; its frame must measure {test_film.FRAME_MM:g} mm"


def _tried(what: str, work: Callable[[], str]) -> TrialLine:
    try:
        return TrialLine(what, True, work())
    except (ServiceError, PrintRefused) as error:
        return TrialLine(what, False, str(error))


def _configuration(facts: PrinterFacts) -> str:
    model = " ".join(part for part in (facts.manufacturer, facts.model) if part)
    if not facts.formats:
        return f"{model or 'unknown model'}; it does not tell its film sizes: the profile counts"
    sizes = dict.fromkeys(fact.film_size for fact in facts.formats if fact.film_size)
    return f"{model or 'unknown model'}; films {', '.join(sizes)}; {len(facts.formats)} layouts"


def _print(box: Box, printer: Printer, calling: str) -> str:
    film = test_film.job(printer)
    true_size = film.sheets[0].true_size
    with print_association(
        printer.peer, calling, colour=printer.profile.colour, true_size=true_size
    ) as link:
        facts = ask_on(box, printer, link)
        composer = FilmComposer(link, printer, facts, film, box.uids)
        film_box = composer.lay_out(test_film.work(box, printer))
        link.print(FILM_BOX, film_box)
        link.delete_session(composer.session)
        warnings = "; ".join(warning.text for warning in link.warnings)
    measure = f"its frame must measure {test_film.FRAME_MM:g} mm" if true_size else "not to scale"
    return f"taken, {measure}" + (f"; {warnings}" if warnings else "")
