"""Images on the screen: pictures, facts, discarding and bringing back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from device.discard_reasons import DISCARD_REASONS
from device.errors import UnknownReason
from services import discards
from services.catalog import discarded, exams
from services.catalog.database import Row
from services.console.answers import Call, answer
from services.console.context import Context
from services.console.people import Role, needs
from services.console.problems import Problem
from services.errors import ExamEnded, NotFound
from services.patient_facts import exam_facts
from services.picture_file import Unreadable
from services.rendering import Renderer, Window
from services.thumbnails import Thumbnails

_LARGEST = 4096
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_IMAGE = """
    SELECT i.*, s.series_number, s.protocol_name, s.modality FROM instance i
    JOIN series s USING (series_instance_uid) WHERE i.sop_instance_uid = ? AND i.object != ?
"""


def routes(context: Context) -> list[BaseRoute]:
    area = _Images(context)
    return [
        Route("/api/images/{uid}", answer(area.facts)),
        Route("/api/images/{uid}/thumb", answer(area.thumb)),
        Route("/api/images/{uid}/frame/{number:int}", answer(area.frame)),
        Route("/api/images/{uid}/samples/{number:int}", answer(area.samples)),
        Route("/api/images/{uid}/discard", answer(area.discard), methods=["POST"]),
        Route("/api/images/{uid}/restore", answer(area.restore), methods=["POST"]),
    ]


class _Images:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._box = context.box
        self._renderer = Renderer()
        self._thumbnails = Thumbnails(self._box.state_dir / "thumbnails", self._renderer)

    @needs(Role.OPERATOR)
    def facts(self, call: Call) -> dict[str, Any]:
        """One image in words, its neighbours, and how its pixels are to be shown."""
        row = self._row(call)
        box = self._box
        exam = exams.load(box.catalog, row["exam_id"])
        reach = discarded.reach(box.catalog, row["sop_instance_uid"])
        return {
            **image_as_plain(row),
            "exam": exam_facts(box, exam),
            "images": [
                {"uid": each["sop_instance_uid"], "discarded": each["discarded"] is not None}
                for each in exams.instances_of(box.catalog, exam.exam_id)
                if each["object"] != discarded.NOTE
            ],
            "pixels": self._pixels(row),
            "provenance": provenance_words(row),
            "archives": [{"peer": peer, "reach": each.value} for peer, each in reach.items()],
            "not_told": discards.not_told(box, reach) if row["discarded"] else [],
            "reasons": list(DISCARD_REASONS),
        }

    @needs(Role.OPERATOR)
    def thumb(self, call: Call) -> Response:
        row = self._row(call)
        with _explained():
            made = self._thumbnails.get(row["sop_instance_uid"], self._file(row), row["sha256"])
        return Response(made, media_type="image/jpeg", headers=_HEADERS)

    @needs(Role.OPERATOR)
    def frame(self, call: Call) -> Response:
        """One frame as JPEG or PNG: ``wc`` and ``ww`` are the window, ``size`` the longer side."""
        row = self._row(call)
        form = "png" if call.query.get("form") == "png" else "jpeg"
        with _explained():
            made = self._renderer.encoded(
                self._file(row),
                int(call.path["number"]),
                window=_window(call),
                size=_size(call),
                form=form,  # type: ignore[arg-type]
            )
        return Response(made, media_type=f"image/{form}", headers=_HEADERS)

    @needs(Role.OPERATOR)
    def samples(self, call: Call) -> Response:
        """Stored values of a grey frame for windowing in the page: uint16, row by row."""
        row = self._row(call)
        with _explained():
            path = self._file(row)
            if self._renderer.layout(path).colour:
                raise Problem("G-9003", {"words": "a colour image has no window"})
            values = self._renderer.samples(path, int(call.path["number"]), _size(call))
        rows, columns = values.shape
        headers = {**_HEADERS, "X-Rows": str(rows), "X-Columns": str(columns)}
        return Response(values.tobytes(), media_type="application/octet-stream", headers=headers)

    @needs(Role.OPERATOR)
    def discard(self, call: Call) -> dict[str, Any]:
        """Discard an image; says how far it had got."""
        row = self._row(call)
        reason = call.text("reason", 16)
        try:
            outcome = discards.discard(
                self._box, row["sop_instance_uid"], reason, call.session.name
            )
        except UnknownReason:
            raise Problem("G-3003", {"reason": reason}) from None
        except ExamEnded:
            raise Problem("G-3004") from None
        self._note(call, "discard", outcome.exam_id, f"{row['sop_instance_uid']} {reason}")
        return {
            "recalled": outcome.recalled,
            "archives": [
                {"peer": peer, "reach": each.value} for peer, each in outcome.reach.items()
            ],
            "not_told": discards.not_told(self._box, outcome.reach),
        }

    @needs(Role.OPERATOR)
    def restore(self, call: Call) -> dict[str, Any]:
        row = self._row(call)
        try:
            exam_id = discards.restore(self._box, row["sop_instance_uid"])
        except ExamEnded:
            raise Problem("G-3004") from None
        self._note(call, "restore", exam_id, row["sop_instance_uid"])
        return {"restored": True}

    def _row(self, call: Call) -> Row:
        row = self._box.catalog.row(_IMAGE, [call.path["uid"], discarded.NOTE])
        if row is None:
            raise NotFound("there is no such image")
        return row

    def _file(self, row: Row) -> Path:
        """The image's file; its place comes from the catalog, never from the request."""
        if row["removed"]:
            raise Problem("G-3001")
        return self._box.spool.absolute(row["path"])

    def _pixels(self, row: Row) -> dict[str, Any] | None:
        """How the pixels are shown; None where there are none to show any more."""
        try:
            path = self._file(row)
            layout = self._renderer.layout(path)
            window = self._renderer.window(path)
        except (Problem, Unreadable):
            return None
        return {
            "rows": layout.rows,
            "columns": layout.columns,
            "frames": layout.frames,
            "colour": layout.colour,
            "bits": layout.bits_allocated,
            "signed": layout.signed,
            "inverted": layout.inverted,
            "slope": layout.slope,
            "intercept": layout.intercept,
            "aspect": layout.aspect,
            "window": {"centre": window.centre, "width": window.width} if window else None,
            "range": 2**layout.bits_stored * abs(layout.slope),
            "frame_ms": layout.times[-1] / (layout.frames - 1) if layout.times[1:] else None,
        }

    def _note(self, call: Call, action: str, exam_id: str, detail: str) -> None:
        self._context.people.note(call.session, action, "done", exam_id=exam_id, detail=detail)


def image_as_plain(row: Row) -> dict[str, Any]:
    """One image for the screens; its file and what the archives said are told elsewhere."""
    return {
        "uid": row["sop_instance_uid"],
        "number": row["instance_number"],
        "series": row["series_number"],
        "protocol": row["protocol_name"],
        "modality": row["modality"],
        "object": row["object"],
        "acquired": row["acquired"],
        "frames": row["frames"],
        "dropped": row["dropped"],
        "here": not row["removed"] and not row["missing"],
        "discarded": row["discarded"] is not None,
        "discard_reason": row["discard_reason"] or "",
        "discarded_by": row["discarded_by"] or "",
    }


def provenance_words(row: Row) -> dict[str, int]:
    """How many values of the object came from where; those that are absent are left out."""
    counts: dict[str, int] = {}
    for source in json.loads(row["provenance"]).values():
        if source != "absent":
            counts[source] = counts.get(source, 0) + 1
    return dict(sorted(counts.items()))


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except Unreadable as error:
        raise Problem("G-3002", {"words": str(error)}) from None


def _window(call: Call) -> Window | None:
    if "wc" not in call.query or "ww" not in call.query:
        return None
    centre, width = (_number(call, each) for each in ("wc", "ww"))
    return Window(centre, max(1.0, width))


def _number(call: Call, key: str) -> float:
    try:
        value = float(call.query[key])
    except ValueError:
        value = float("nan")
    if not abs(value) < 1e9:
        raise Problem("G-9003", {"words": f"{key} must be a number"})
    return value


def _size(call: Call) -> int | None:
    if "size" not in call.query:
        return None
    return int(min(_LARGEST, max(16.0, _number(call, "size"))))
