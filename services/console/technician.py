"""What every address of the technician shares: who may, refusals as problems, and the audit."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from typing import Any

from services.box import Box
from services.catalog import audit
from services.console.answers import Call, answer
from services.console.context import Context
from services.console.people import Role, needs
from services.console.problems import Problem
from services.console.workshop import Workshop, WorkshopRefusal


def workshop_of(context: Context) -> Workshop:
    """The workshop.

    Raises
    ------
    Problem
        G-5001 where this console has none.
    """
    if context.workshop is None:
        raise Problem("G-5001")
    assert isinstance(context.workshop, Workshop)
    return context.workshop


def technician(handler: Callable[[Call], Any]) -> Any:
    """An endpoint for technicians; what the workshop refuses becomes a problem."""

    @needs(Role.TECHNICIAN)
    @functools.wraps(handler)
    def checked(call: Call) -> Any:
        try:
            return plain(handler(call))
        except WorkshopRefusal as refusal:
            raise Problem(refusal.code, refusal.params) from refusal

    return answer(checked)


def plain(value: Any) -> Any:
    """Dataclasses as JSON has them; anything else as it is."""
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value


def who(call: Call) -> str:
    """The name that stands for what is done."""
    return call.session.name or call.session.role.word


def noted(box: Box, call: Call, action: str, detail: str = "", outcome: str = "done") -> None:
    """Write down what a technician did."""
    with box.catalog.writing() as db:
        audit.note(
            db, box.clock.now(), who(call), call.session.role.word, action, outcome, detail=detail
        )


def whole(call: Call, key: str, default: int = 0) -> int:
    """A whole number of the body, or of the query.

    Raises
    ------
    Problem
        G-9003 where it is none.
    """
    value = call.body.get(key, call.query.get(key, default))
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        raise Problem("G-9003", {"words": f"{key} must be a whole number"}) from None


def part(call: Call, name: str) -> int:
    """A number of the address."""
    try:
        return int(call.path[name])
    except ValueError:
        raise Problem("G-9003", {"words": f"{name} must be a whole number"}) from None
