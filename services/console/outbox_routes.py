"""``/api/outbox`` and ``/api/peers``: what is owed, why it is not there yet, and acting on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.routing import BaseRoute, Route

from services import outbox_list
from services.catalog import audit
from services.console.answers import Call, answer
from services.console.context import Context
from services.console.exam_routes import numbers_of
from services.console.people import Role, needs
from services.console.problems import Problem
from services.errors import CatalogError, NotFound
from services.outbox import operator, progress
from services.outbox.model import State


def routes(context: Context) -> list[BaseRoute]:
    area = _Outbox(context)
    return [
        Route("/api/outbox", answer(area.page)),
        Route("/api/outbox/resend", answer(area.resend_held), methods=["POST"]),
        Route("/api/outbox/{id:int}/resend", answer(area.resend), methods=["POST"]),
        Route("/api/outbox/{id:int}/cancel", answer(area.cancel), methods=["POST"]),
        Route("/api/outbox/{id:int}/redirect", answer(area.redirect), methods=["POST"]),
        Route("/api/peers", answer(area.peers)),
        Route("/api/peers/{name}/try", answer(area.try_now), methods=["POST"]),
    ]


class _Outbox:
    def __init__(self, context: Context) -> None:
        self._box = context.box

    @needs(Role.OPERATOR)
    def page(self, call: Call) -> dict[str, Any]:
        """What waits for a person first; several images with the same fate are one line."""
        number, size = numbers_of(call, outbox_list.PAGE)
        found = outbox_list.page(
            self._box,
            exam_id=call.query.get("exam", ""),
            peer=call.query.get("peer", ""),
            held=call.query.get("held", "") == "1",
            number=number,
            size=size,
        )
        counts = operator.owed(self._box.catalog)
        return {
            "lines": found.lines,
            "total": found.total,
            "page": number,
            "size": size,
            "owed": sum(counts.values()),
            "held": counts[State.HELD],
            "peers": [each.as_plain() for each in progress.of_peers(self._box)],
        }

    @needs(Role.OPERATOR)
    def resend(self, call: Call) -> dict[str, Any]:
        return self._act(call, "delivery-resent", lambda n: outbox_list.resend(self._box, n))

    @needs(Role.OPERATOR)
    def cancel(self, call: Call) -> dict[str, Any]:
        return self._act(call, "delivery-cancelled", lambda n: outbox_list.cancel(self._box, n))

    @needs(Role.OPERATOR)
    def redirect(self, call: Call) -> dict[str, Any]:
        target = call.text("peer", 64)
        return self._act(
            call, "delivery-redirected", lambda n: outbox_list.redirect(self._box, n, target)
        )

    @needs(Role.OPERATOR)
    def resend_held(self, call: Call) -> dict[str, Any]:
        peer, exam_id = call.text("peer", 64), call.text("exam", 16)
        done, refused = outbox_list.resend_held(self._box, peer=peer, exam_id=exam_id)
        if refused and not done:
            raise Problem("G-4201", {"words": refused[0]})
        self._note(call, "delivery-resent", exam_id, f"{done} held {peer}".strip())
        return {"done": done, "refused": len(refused)}

    @needs(Role.OPERATOR)
    def peers(self, _: Call) -> dict[str, Any]:
        return {"peers": [each.as_plain() for each in progress.of_peers(self._box)]}

    @needs(Role.OPERATOR)
    def try_now(self, call: Call) -> dict[str, Any]:
        progress.try_now(self._box, str(call.path["name"]))
        return {"done": True}

    def _act(self, call: Call, action: str, do: Callable[[int], int]) -> dict[str, Any]:
        delivery = operator.get(self._box.catalog, call.path["id"])
        try:
            done = do(delivery.id)
        except NotFound:
            raise
        except CatalogError as error:
            raise Problem("G-4201", {"words": str(error)}) from None
        detail = f"{done} {delivery.kind} of {delivery.peer}"
        self._note(call, action, delivery.exam_id or "", detail)
        return {"done": done}

    def _note(self, call: Call, action: str, exam_id: str, detail: str) -> None:
        session = call.session
        with self._box.catalog.writing() as db:
            audit.note(
                db, self._box.clock.now(), session.name, session.role.word, action, "done",
                exam_id, detail,
            )  # fmt: skip
