"""Who may do what at the console, and who is signed in."""

from __future__ import annotations

import logging
import secrets
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, TypeVar

from services.box import Box
from services.catalog import audit
from services.catalog import people as register
from services.console.options import Options
from services.console.problems import Problem
from services.errors import CatalogError

_log = logging.getLogger(__name__)

H = TypeVar("H", bound=Callable[..., Any])

MOST_SESSIONS = 64
"""People signed in at once; the one idle for longest makes room."""

MOST_AT_ONCE = 2
"""PINs looked at at the same time: each takes memory and the processor for a while."""

MOST_REFUSALS = 20
REFUSALS_SECONDS = 60.0
"""Strangers on the network are heard so often in so many seconds, whatever names they give."""


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
    """Who acts in a request.

    Attributes
    ----------
    name
        Empty for the kiosk's operator without sign-in.
    role
        What they may do.
    kiosk
        The request came from the box's own screen, not over the network.
    """

    name: str
    role: Role
    kiosk: bool = True


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


@dataclass(slots=True)
class _SignedIn:
    name: str
    role: Role
    kiosk: bool
    touched: float


class People:
    """Signs people in and out; sessions live as long as the service, and while they are used.

    Parameters
    ----------
    box : Box
        Keeps the people and the audit, and has the clock.
    options : Options
        Who is let in without sign-in, and after how long somebody is signed out.
    """

    def __init__(self, box: Box, options: Options) -> None:
        self._box = box
        self._options = options
        self._lock = threading.Lock()
        self._sessions: dict[str, _SignedIn] = {}
        self._proving = threading.BoundedSemaphore(MOST_AT_ONCE)
        self._refused: deque[float] = deque(maxlen=MOST_REFUSALS)

    def session(self, token: str, *, kiosk: bool) -> Session:
        """Who acts; on the box's own screen an operator, unless operators sign in as well."""
        with self._lock:
            found = self._alive(token, kiosk)
            if found is not None:
                return Session(found.name, found.role, kiosk)
        return self._unsigned(kiosk)

    def _unsigned(self, kiosk: bool) -> Session:
        if kiosk and not self._options.operator_sign_in:
            return Session("", Role.OPERATOR, kiosk)
        return Session("", Role.NOBODY, kiosk)

    def touch(self, token: str, *, kiosk: bool) -> None:
        """Somebody touched the screen: the time until they are signed out begins anew."""
        with self._lock:
            found = self._alive(token, kiosk)
            if found is not None:
                found.touched = self._box.clock.monotonic()

    def sign_in(self, name: str, pin: str, *, kiosk: bool) -> tuple[str, Session]:
        """A new session for this person: its token, and who they are.

        Raises
        ------
        Problem
            As for :meth:`prove`.
        """
        return self._begin(self.prove(name, pin, kiosk=kiosk), kiosk)

    def prove(self, name: str, pin: str, *, kiosk: bool) -> register.Person:
        """Who this is, by name and PIN.

        Raises
        ------
        Problem
            G-9103 when name and PIN do not belong together, G-9104 when they have to wait.
        """
        if not kiosk:
            self._keep_strangers_waiting()
        if not self._proving.acquire(blocking=False):
            raise Problem("G-9104", {"seconds": 1})
        try:
            return self._prove(name, pin, kiosk)
        finally:
            self._proving.release()

    def _keep_strangers_waiting(self) -> None:
        with self._lock:
            full = len(self._refused) == MOST_REFUSALS
            left = self._refused[0] + REFUSALS_SECONDS - self._box.clock.monotonic() if full else 0
        if left > 0:
            raise Problem("G-9104", {"seconds": max(1, round(left))})

    def _prove(self, name: str, pin: str, kiosk: bool) -> register.Person:
        try:
            return register.recognise(self._box.catalog, name, pin, at=self._box.wall())
        except register.MustWait as error:
            self._refuse(name, kiosk, "must wait")
            raise Problem("G-9104", {"seconds": max(1, round(error.seconds))}) from error
        except register.PinRefused as error:
            self._refuse(name, kiosk, "wrong name or PIN")
            raise Problem("G-9103") from error

    def _refuse(self, name: str, kiosk: bool, why: str) -> None:
        if not kiosk:
            with self._lock:
                self._refused.append(self._box.clock.monotonic())
        stranger = Session(name[: register.LONGEST_NAME], Role.NOBODY, kiosk)
        self.note(stranger, "sign-in", "refused", why)

    def sign_in_first(self, name: str, pin: str) -> tuple[str, Session]:
        """Enter the first technician, whom whoever stands at the box is, and sign them in.

        Raises
        ------
        Problem
            G-9105 when there is one already, or the name or PIN will not do.
        """
        made = self._box.clock.now()
        try:
            person = register.add_first_technician(self._box.catalog, name, pin, made=made)
        except CatalogError as error:
            raise Problem("G-9105", {"words": str(error)}) from error
        self.note(Session(name, Role.TECHNICIAN), "person-add", "done", "first technician")
        return self._begin(person, kiosk=True)

    def sign_out(self, token: str) -> None:
        """End a session, if it is one."""
        with self._lock:
            gone = self._sessions.pop(token, None)
        if gone is not None:
            self.note(Session(gone.name, gone.role, gone.kiosk), "sign-out", "done")

    def forget(self, name: str) -> None:
        """End every session of a person who was removed, or whose PIN was changed."""
        with self._lock:
            for token, each in list(self._sessions.items()):
                if each.name.casefold() == name.casefold():
                    del self._sessions[token]

    def note(
        self, session: Session, action: str, outcome: str, detail: str = "", exam_id: str = ""
    ) -> None:
        """Write into the audit what somebody did, in a step of its own."""
        with self._box.catalog.writing() as db:
            audit.note(
                db,
                self._box.clock.now(),
                session.name,
                session.role.word,
                action,
                outcome,
                exam_id,
                detail,
            )

    def _begin(self, person: register.Person, kiosk: bool) -> tuple[str, Session]:
        token = secrets.token_urlsafe(32)
        role = Role[person.role.upper()]
        now = self._box.clock.monotonic()
        with self._lock:
            if len(self._sessions) >= MOST_SESSIONS:
                del self._sessions[min(self._sessions, key=lambda t: self._sessions[t].touched)]
            self._sessions[token] = _SignedIn(person.name, role, kiosk, now)
        session = Session(person.name, role, kiosk)
        self.note(session, "sign-in", "done", "screen" if kiosk else "network")
        _log.info("a %s signed in", role.word)
        return token, session

    def _alive(self, token: str, kiosk: bool) -> _SignedIn | None:
        found = self._sessions.get(token)
        if found is None or found.kiosk != kiosk:
            return None
        idle = self._box.clock.monotonic() - found.touched
        if idle >= self._options.sign_out_minutes * 60:
            del self._sessions[token]
            return None
        return found
