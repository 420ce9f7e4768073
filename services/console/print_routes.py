"""``/api/print``: laying images out on film or paper, ordering, and what became of the jobs."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from services.catalog import exams
from services.console.answers import Call, answer
from services.console.context import Context
from services.console.once import Once
from services.console.people import Role, needs
from services.console.problems import Problem
from services.errors import CatalogError, NotFound, PeerError
from services.outbox.model import State
from services.patient_facts import exam_facts

# What draws films is large and seldom needed: it is imported where it is used.
if TYPE_CHECKING:
    from device.film import FilmJob
    from services.printing.jobs import PrintJob
    from services.printing.printers import Printer

_NARROWEST, _WIDEST = 64, 1600
_DRAWING_SECONDS: Final = 15.0
_MOST_JOBS: Final = 30
_WAITS = (State.WAITING, State.HELD)


def routes(context: Context) -> list[BaseRoute]:
    area = _Print(context)
    post = ["POST"]
    return [
        Route("/api/print/jobs", answer(area.jobs)),
        Route("/api/print/jobs/{id:int}/resend", answer(area.resend), methods=post),
        Route("/api/print/jobs/{id:int}/mark", answer(area.mark), methods=post),
        Route("/api/print/jobs/{id:int}/cancel", answer(area.cancel), methods=post),
        Route("/api/print/jobs/{id:int}/redirect", answer(area.redirect), methods=post),
        Route("/api/print/preview", answer(area.preview), methods=post),
        Route("/api/print/ask", answer(area.ask), methods=post),
        Route("/api/print/{exam_id}", answer(area.begin)),
        Route("/api/print/{exam_id}", answer(area.submit), methods=post),
    ]


class _Print:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._box = context.box
        self._once = Once()
        self._drawing = threading.Lock()
        self._calibrated: dict[str, bool] = {}
        self._away: dict[str, str] = {}
        """Printers that did not answer when they were asked, with why."""

    @needs(Role.OPERATOR)
    def begin(self, call: Call) -> dict[str, Any]:
        """What there is to print, on what, and a first layout for the printer that is asked for."""
        from services.printing import drafts
        from services.printing.printers import find_printer

        box = self._box
        exam = exams.load(box.catalog, call.path["exam_id"])
        if not box.printers:
            raise Problem("G-6001")
        printer = find_printer(box.printers, call.query.get("printer", ""))
        images = self._images(exam.exam_id)
        film = None
        if images:
            film = drafts.film_as_plain(drafts.propose(box, exam.exam_id, printer.name))
        return {
            "exam": exam_facts(box, exam),
            "images": images,
            "printers": [self._printer(each) for each in box.printers],
            "printer": printer.name,
            "options": drafts.options(box, printer.name),
            "film": film,
        }

    @needs(Role.OPERATOR)
    def preview(self, call: Call) -> Response:
        """A sheet as PNG, as it will be printed; the header says where its boxes are."""
        from services.printing import drafts
        from services.printing.printers import find_printer

        printer = find_printer(self._box.printers, call.text("printer"))
        exam_id, sheet = call.text("exam", 16), _whole(call, "sheet", 1)
        width = min(_WIDEST, max(_NARROWEST, _whole(call, "width", 900)))
        with _explained():
            film = _film(call)
            # one sheet at a time: each takes megabytes, and there are few processors
            if not self._drawing.acquire(timeout=_DRAWING_SECONDS):
                raise Problem("G-6002")
            try:
                made = drafts.preview(
                    self._box, exam_id, printer.name, film, sheet=sheet, width=width
                )
            finally:
                self._drawing.release()
        headers = {
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "X-Sheet": json.dumps(_places(printer, film, sheet), separators=(",", ":")),
        }
        return Response(made, media_type="image/png", headers=headers)

    @needs(Role.OPERATOR)
    def ask(self, call: Call) -> dict[str, Any]:
        """Ask a printer now how it is; ``quietly`` makes its silence an answer too."""
        from services.dicom.print_scu import PrintRefused
        from services.printing.inquiry import ask
        from services.printing.printers import PrinterKind, find_printer

        printer = find_printer(self._box.printers, call.text("printer"))
        if printer.kind is PrinterKind.DICOM:
            try:
                ask(self._box, printer)
            except (PeerError, PrintRefused) as error:
                self._away[printer.name] = str(error)
                if call.body.get("quietly") is True:
                    return self._printer(printer)
                raise Problem("G-6003", {"printer": printer.name, "words": str(error)}) from None
            self._away.pop(printer.name, None)
        return self._printer(printer)

    @needs(Role.OPERATOR)
    def submit(self, call: Call) -> dict[str, Any]:
        from services.printing import jobs

        exam_id = str(call.path["exam_id"])

        def step() -> dict[str, Any]:
            with _explained():
                job = jobs.submit(
                    self._box, exam_id, call.text("printer"), _film(call), by=_who(call)
                )
            self._note(call, "print-ordered", job)
            return self._plain(job)

        found = self._once.do(call.text("token", 64), step)
        assert isinstance(found, dict)
        return found

    @needs(Role.OPERATOR)
    def jobs(self, call: Call) -> dict[str, Any]:
        """What was ordered, the newest first."""
        from services.printing import jobs

        exam_id = call.query.get("exam", "")
        catalog = self._box.catalog
        found = jobs.of_exam(catalog, exam_id)[::-1] if exam_id else jobs.recent(catalog)
        return {"jobs": [self._plain(job) for job in found[:_MOST_JOBS]]}

    @needs(Role.OPERATOR)
    def resend(self, call: Call) -> dict[str, Any]:
        from services.printing import actions

        again = call.body.get("print_again") is True
        return self._act(
            call,
            "print-resent",
            lambda n: actions.resend(self._box, n, by=_who(call), print_again=again),
        )

    @needs(Role.OPERATOR)
    def mark(self, call: Call) -> dict[str, Any]:
        from services.printing import actions

        return self._act(
            call, "print-marked", lambda n: actions.mark_printed(self._box, n, by=_who(call))
        )

    @needs(Role.OPERATOR)
    def cancel(self, call: Call) -> dict[str, Any]:
        from services.printing import actions

        return self._act(
            call, "print-cancelled", lambda n: actions.cancel(self._box, n, by=_who(call))
        )

    @needs(Role.OPERATOR)
    def redirect(self, call: Call) -> dict[str, Any]:
        from services.printing import actions

        again, target = call.body.get("print_again") is True, call.text("printer")
        return self._act(
            call,
            "print-redirected",
            lambda n: actions.redirect(self._box, n, target, by=_who(call), print_again=again),
        )

    def _act(self, call: Call, action: str, do: Callable[[int], PrintJob]) -> dict[str, Any]:
        with _explained():
            job = do(call.path["id"])
        self._note(call, action, job)
        return self._plain(job)

    def _note(self, call: Call, action: str, job: PrintJob) -> None:
        detail = f"job {job.id}, {job.sheets} sheets, {job.film.copies} copies, {job.printer}"
        self._context.people.note(call.session, action, "done", exam_id=job.exam_id, detail=detail)

    def _plain(self, job: PrintJob) -> dict[str, Any]:
        from services.printing import drafts

        plain = drafts.job_as_plain(self._box, job, detail=True)
        del plain["film"]
        others = [each.name for each in self._box.printers if each.name != job.printer]
        may = ["resend", "mark", "cancel"] if job.state in _WAITS else []
        if may and others:
            may.append("redirect")
        return {**plain, "may": may, "others": others}

    def _printer(self, printer: Printer) -> dict[str, Any]:
        from services.printing.health import Condition, Health, look

        found = look(self._box, printer)
        if found.condition is Condition.UNKNOWN and printer.name in self._away:
            found = Health(Condition.AWAY, words=self._away[printer.name])
        return {"name": printer.name, "kind": printer.kind.value, "health": found.as_plain()}

    def _images(self, exam_id: str) -> list[dict[str, Any]]:
        from services.printing.check import images_of

        return [
            {
                "uid": row["sop_instance_uid"],
                "series": row["series_number"],
                "number": row["instance_number"],
                "frames": row["frames"],
                "calibrated": self._is_calibrated(row["sop_instance_uid"], row["path"]),
            }
            for row in images_of(self._box.catalog, exam_id)
        ]

    def _is_calibrated(self, uid: str, path: str) -> bool:
        from services.film_picture import is_calibrated

        if uid not in self._calibrated:
            if len(self._calibrated) > 10_000:
                self._calibrated.clear()
            self._calibrated[uid] = is_calibrated(self._box.spool.absolute(path))
        return self._calibrated[uid]


def _film(call: Call) -> FilmJob:
    from services.printing import drafts

    plain = call.body.get("film")
    if not isinstance(plain, Mapping):
        raise Problem("G-9003", {"words": "film must be an object"})
    return drafts.film_from_plain(plain)


def _places(printer: Printer, film: FilmJob, number: int) -> dict[str, Any]:
    """Where the boxes of a sheet are, as fractions of its width and height."""
    from device.film_geometry import geometry_of
    from services.printing.printers import PrinterKind

    sheet = film.sheets[number - 1]
    banner = printer.kind is not PrinterKind.DICOM
    found = geometry_of(sheet, printer.profile.margins, banner=banner)
    return {
        "width_mm": round(found.width, 1),
        "height_mm": round(found.height, 1),
        "boxes": [
            [
                round(box.x / found.width, 4),
                round(box.y / found.height, 4),
                round(box.width / found.width, 4),
                round(box.height / found.height, 4),
            ]
            for box in found.boxes
        ],
    }


@contextmanager
def _explained() -> Iterator[None]:
    from services.film_picture import NotPrintable

    try:
        yield
    except NotPrintable as error:
        raise Problem(error.code, {"words": str(error)}) from None
    except NotFound:
        raise
    except CatalogError as error:
        raise Problem("G-6004", {"words": str(error)}) from None


def _whole(call: Call, key: str, default: int) -> int:
    value = call.body.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 100_000:
        raise Problem("G-9003", {"words": f"{key} must be a whole number"})
    return value


def _who(call: Call) -> str:
    return call.session.name or call.session.role.word
