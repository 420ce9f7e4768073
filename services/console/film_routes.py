"""``/api/films``: sheets that scanners printed at this box, and what becomes of them."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from device.exam import Exam, ExamState
from services.catalog import at_hand, exams, received_sheets
from services.catalog.received_sheets import Images, Paper, ReceivedSheet
from services.console.answers import Call, answer
from services.console.context import Context, FilmDesk
from services.console.once import Once
from services.console.people import Role, needs
from services.console.problems import Problem
from services.errors import CatalogError, ExamBusy, ExamEnded, NotFound, StorageFull
from services.opening import open_exams
from services.patient_facts import exam_facts

_MOST = 60
_NARROWEST, _WIDEST = 64, 1600


def routes(context: Context) -> list[BaseRoute]:
    area = _Films(context)
    post = ["POST"]
    return [
        Route("/api/films", answer(area.page)),
        Route("/api/films/waiting", answer(area.waiting)),
        Route("/api/films/{id:int}/preview.png", answer(area.preview)),
        Route("/api/films/{id:int}/assign", answer(area.assign), methods=post),
        Route("/api/films/{id:int}/discard", answer(area.discard), methods=post),
        Route("/api/films/{id:int}/print", answer(area.print_again), methods=post),
        Route("/api/films/{id:int}/printed", answer(area.mark_printed), methods=post),
    ]


class _Films:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._box = context.box
        self._once = Once()
        self._drawing = threading.Lock()
        self._made: FilmDesk | None = None

    @needs(Role.OPERATOR)
    def page(self, _: Call) -> dict[str, Any]:
        """The latest films, those first that wait for somebody; and whose exam is open."""
        box = self._box
        hand = at_hand.get(box.catalog)
        return {
            "films": [film_as_plain(each) for each in received_sheets.recent(box.catalog, _MOST)],
            "at_hand": hand.exam_id if hand else "",
            "open": [exam_facts(box, exam) for exam in open_exams(box.catalog)],
        }

    @needs(Role.OPERATOR)
    def waiting(self, _: Call) -> dict[str, Any]:
        return {"pictures": received_sheets.pictures_waiting(self._box.catalog)}

    @needs(Role.OPERATOR)
    def preview(self, call: Call) -> Response:
        """The sheet as it was sent; ``width`` in pixels."""
        # imported here: what draws films is large, and seldom needed
        import numpy as np
        from PIL import Image

        from services.film_reception import compose

        desk, sheet = self._desk(), self._sheet(call)
        if sheet.removed:
            raise Problem("G-6602")
        width = _width(call)
        try:
            content = desk.cabinet.read(sheet)
            dpi = width / compose.sheet_mm(content)[0] * 25.4
            with self._drawing:
                raster = np.concatenate(list(compose.raster(content, dpi)))
        except CatalogError as error:
            raise Problem("G-6603", {"words": str(error)}) from None
        buffer = io.BytesIO()
        Image.fromarray(raster).save(buffer, format="PNG", compress_level=1)
        headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        return Response(buffer.getvalue(), media_type="image/png", headers=headers)

    @needs(Role.OPERATOR)
    def assign(self, call: Call) -> dict[str, Any]:
        """Take the pictures into an open exam, whose patient a person has just compared."""
        exam_id = call.text("exam", 16)

        def step() -> dict[str, Any]:
            sheet = self._sheet(call)
            exam = exams.load(self._box.catalog, exam_id)
            if exam.state is not ExamState.IN_PROGRESS:
                raise Problem("G-6604", {"exam": exam_id})
            taken = self._take(sheet, exam)
            self._note(call, "film-taken", sheet.id, exam_id)
            return {"pictures": len(taken), "exam": exam_id}

        found = self._once.do(call.text("token", 64), step)
        assert isinstance(found, dict)
        return found

    def _take(self, sheet: ReceivedSheet, exam: Exam) -> list[str]:
        try:
            return self._desk().intake.take(sheet, exam.exam_id)
        except ExamEnded:
            raise Problem("G-6604", {"exam": exam.exam_id}) from None
        except ExamBusy:
            raise Problem("G-6605") from None
        except (NotFound, StorageFull):
            raise
        except CatalogError as error:
            raise Problem("G-6606", {"words": str(error)}) from None

    @needs(Role.OPERATOR)
    def discard(self, call: Call) -> dict[str, Any]:
        from services.film_reception import actions

        return self._act(call, "film-discarded", lambda n: actions.discard(self._box, n))

    @needs(Role.OPERATOR)
    def print_again(self, call: Call) -> dict[str, Any]:
        from services.film_reception import actions

        return self._act(call, "film-printed-again", lambda n: actions.print_again(self._box, n))

    @needs(Role.OPERATOR)
    def mark_printed(self, call: Call) -> dict[str, Any]:
        from services.film_reception import actions

        return self._act(call, "film-marked", lambda n: actions.mark_printed(self._box, n))

    def _act(self, call: Call, action: str, do: Callable[[int], ReceivedSheet]) -> dict[str, Any]:
        with _explained():
            sheet = do(call.path["id"])
        self._note(call, action, sheet.id, sheet.exam_id or "")
        return film_as_plain(sheet)

    def _sheet(self, call: Call) -> ReceivedSheet:
        return received_sheets.get(self._box.catalog, call.path["id"])

    def _desk(self) -> FilmDesk:
        if self._context.films is None:
            raise Problem("G-6601")
        if self._made is None:
            self._made = self._context.films()
        return self._made

    def _note(self, call: Call, action: str, film: int, exam_id: str) -> None:
        self._context.people.note(
            call.session, action, "done", exam_id=exam_id, detail=f"film {film}"
        )


def film_as_plain(sheet: ReceivedSheet) -> dict[str, Any]:
    """One film for the screen, with what a person may do with it."""
    may = ["assign", "discard"] if sheet.images is Images.UNASSIGNED else []
    if sheet.paper is Paper.HELD:
        may += ["print", "printed"]
    return {
        "film": sheet.id,
        "caller": sheet.caller,
        "received": sheet.received,
        "film_size": sheet.film_size,
        "copies": sheet.copies,
        "pictures": sheet.pictures,
        "same_as": sheet.same_as,
        "images": sheet.images.value,
        "exam": sheet.exam_id or "",
        "paper": sheet.paper.value,
        "printer": sheet.printer,
        "words": sheet.words,
        "here": sheet.removed is None,
        "may": may,
    }


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except NotFound:
        raise
    except CatalogError as error:
        raise Problem("G-6607", {"words": str(error)}) from None


def _width(call: Call) -> int:
    text = call.query.get("width", "600")
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise Problem("G-9003", {"words": "width must be a whole number"})
    return min(_WIDEST, max(_NARROWEST, int(text)))
