"""Who may do what at the console."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, TypeVar

H = TypeVar("H", bound=Callable[..., Any])


class Role(IntEnum):
    """Each role may do what the ones before it may."""

    NOBODY = 0
    OPERATOR = 1
    SUPERVISOR = 2
    TECHNICIAN = 3

    @property
    def word(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Session:
    """Who acts in a request; ``name`` is empty for the kiosk's operator without sign-in."""

    name: str
    role: Role


NOBODY = Session("", Role.NOBODY)


def needs(role: Role) -> Callable[[H], H]:
    """Mark a handler: whoever calls it must have this role or a higher one."""

    def mark(handler: H) -> H:
        handler.needs = role  # type: ignore[attr-defined]
        return handler

    return mark


def needed_by(handler: Callable[..., Any]) -> Role:
    """The role that a handler asks for; an operator where it says nothing."""
    found = getattr(handler, "needs", Role.OPERATOR)
    assert isinstance(found, Role)
    return found
