"""Signing in and out, people and their PINs, and how each wants the screen."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from services.catalog import audit
from services.catalog import people as register
from services.console.answers import Call, answer
from services.console.context import Context
from services.console.gate import cookie_name
from services.console.people import Role, Session, needs
from services.console.problems import Problem
from services.errors import CatalogError, NotFound

_NEWEST = 200


def routes(context: Context) -> list[BaseRoute]:
    desk = _Desk(context)
    return [
        Route("/api/session", answer(desk.who)),
        Route("/api/session/sign-in", answer(desk.sign_in), methods=["POST"]),
        Route("/api/session/first", answer(desk.first), methods=["POST"]),
        Route("/api/session/sign-out", answer(desk.sign_out), methods=["POST"]),
        Route("/api/session/touch", answer(desk.touch), methods=["POST"]),
        Route("/api/preferences", answer(desk.prefer), methods=["POST"]),
        Route("/api/people", answer(desk.everybody)),
        Route("/api/people/add", answer(desk.add), methods=["POST"]),
        Route("/api/people/remove", answer(desk.remove), methods=["POST"]),
        Route("/api/people/pin", answer(desk.pin), methods=["POST"]),
        Route("/api/audit", answer(desk.audit)),
    ]


class _Desk:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._catalog = context.box.catalog
        self._people = context.people

    @needs(Role.NOBODY)
    def who(self, call: Call) -> dict[str, Any]:
        """Who is signed in; on the box's own screen also who can be, so that nobody types."""
        kiosk = call.session.kiosk
        known = register.everybody(self._catalog) if kiosk else []
        return {
            "person": call.session.name,
            "role": call.session.role.word,
            "names": [person.name for person in known],
            "first": kiosk and not register.has_technician(self._catalog),
        }

    @needs(Role.NOBODY)
    def sign_in(self, call: Call) -> Response:
        kiosk = call.session.kiosk
        token, session = self._people.sign_in(call.text("name"), call.text("pin"), kiosk=kiosk)
        return _signed_in(token, session)

    @needs(Role.NOBODY)
    def first(self, call: Call) -> Response:
        if not call.session.kiosk:
            raise Problem("G-9105", {"words": "this is done at the box's own screen"})
        return _signed_in(*self._people.sign_in_first(call.text("name"), call.text("pin")))

    @needs(Role.NOBODY)
    def sign_out(self, call: Call) -> Response:
        self._people.sign_out(call.token)
        response = JSONResponse({})
        response.delete_cookie(
            cookie_name(call.session.kiosk),
            secure=not call.session.kiosk,
            httponly=True,
            samesite="strict",
        )
        return response

    @needs(Role.NOBODY)
    def touch(self, call: Call) -> dict[str, Any]:
        self._people.touch(call.token, kiosk=call.session.kiosk)
        return {"role": call.session.role.word}

    @needs(Role.NOBODY)
    def prefer(self, call: Call) -> dict[str, Any]:
        return self._context.preferences.change(call.session, call.body)

    @needs(Role.TECHNICIAN)
    def everybody(self, _: Call) -> list[dict[str, Any]]:
        return [
            {"name": person.name, "role": person.role, "made": person.made.isoformat()}
            for person in register.everybody(self._catalog)
        ]

    @needs(Role.TECHNICIAN)
    def add(self, call: Call) -> dict[str, Any]:
        name, role = call.text("name"), call.text("role")
        made = self._context.box.clock.now()
        try:
            register.add(self._catalog, name, role, call.text("pin"), made=made)
        except CatalogError as error:
            raise Problem("G-9105", {"words": str(error)}) from error
        self._people.note(call.session, "person-add", "done", f"{name}, {role}")
        return {"name": name, "role": role}

    @needs(Role.TECHNICIAN)
    def remove(self, call: Call) -> dict[str, Any]:
        name = call.text("name")
        try:
            gone = register.remove(self._catalog, name)
        except NotFound:
            raise
        except CatalogError as error:
            raise Problem("G-9105", {"words": str(error)}) from error
        self._people.forget(gone.name)
        self._people.note(call.session, "person-remove", "done", gone.name)
        return {"name": gone.name}

    @needs(Role.OPERATOR)
    def pin(self, call: Call) -> dict[str, Any]:
        """A technician gives anybody a new PIN; others change their own, knowing the old one."""
        name, session = call.text("name"), call.session
        if session.role < Role.TECHNICIAN:
            if not session.name or name.casefold() != session.name.casefold():
                raise Problem("G-9102", {"role": Role.TECHNICIAN.word})
            self._people.prove(name, call.text("old"), kiosk=session.kiosk)
        try:
            changed = register.change_pin(self._catalog, name, call.text("pin"))
        except NotFound:
            raise
        except CatalogError as error:
            raise Problem("G-9105", {"words": str(error)}) from error
        self._people.note(session, "person-pin", "done", changed.name)
        if changed.name.casefold() != session.name.casefold():
            self._people.forget(changed.name)
        return {"name": changed.name}

    @needs(Role.TECHNICIAN)
    def audit(self, _: Call) -> list[dict[str, Any]]:
        return [
            {
                "at": event.at.isoformat(),
                "who": event.who,
                "role": event.role,
                "action": event.action,
                "outcome": event.outcome,
                "exam": event.exam_id,
                "detail": event.detail,
            }
            for event in audit.newest(self._catalog, _NEWEST)
        ]


def _signed_in(token: str, session: Session) -> Response:
    response = JSONResponse({"person": session.name, "role": session.role.word})
    response.set_cookie(
        cookie_name(session.kiosk),
        token,
        path="/",
        secure=not session.kiosk,
        httponly=True,
        samesite="strict",
    )
    return response
