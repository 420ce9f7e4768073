"""``/api/technician``: configuration, network, clock, storage, audit, and what runs here."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from services.console.answers import Call
from services.console.context import Context
from services.console.problems import Problem
from services.console.technician import noted, part, plain, technician, who, workshop_of
from services.console.workshop import Edit, NetworkChange

_PREFIX = "/api/technician"
_MOST_EDITS = 100
_LONGEST_FILE = 60 * 1024


def routes(context: Context) -> list[BaseRoute]:
    """Everything about the box as a machine."""
    area = _Machine(context)
    post = ["POST"]
    return [
        Route(f"{_PREFIX}/about", technician(area.about)),
        Route(f"{_PREFIX}/form", technician(area.form)),
        Route(f"{_PREFIX}/configuration", technician(area.standing)),
        Route(f"{_PREFIX}/configuration/propose", technician(area.propose), methods=post),
        Route(f"{_PREFIX}/configuration/save", technician(area.save), methods=post),
        Route(f"{_PREFIX}/configuration/history", technician(area.history)),
        Route(f"{_PREFIX}/configuration/history/{{number}}", technician(area.version)),
        Route(f"{_PREFIX}/configuration/roll-back", technician(area.roll_back), methods=post),
        Route(f"{_PREFIX}/configuration/export", technician(area.export)),
        Route(f"{_PREFIX}/network", technician(area.network)),
        Route(f"{_PREFIX}/network/change", technician(area.change_network), methods=post),
        Route(f"{_PREFIX}/network/confirm", technician(area.confirm_network), methods=post),
        Route(f"{_PREFIX}/network/undo", technician(area.undo_network), methods=post),
        Route(f"{_PREFIX}/clock", technician(area.clock)),
        Route(f"{_PREFIX}/clock/set", technician(area.set_clock), methods=post),
        Route(f"{_PREFIX}/storage", technician(area.storage)),
    ]


class _Machine:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._box = context.box

    def about(self, _: Call) -> Any:
        return workshop_of(self._context).support.about()

    def form(self, _: Call) -> Any:
        return {"sections": workshop_of(self._context).configuration.form()}

    def standing(self, _: Call) -> Any:
        return workshop_of(self._context).configuration.standing()

    def propose(self, call: Call) -> Any:
        desk = workshop_of(self._context).configuration
        text = _text(call)
        return desk.propose_text(text) if text else desk.propose(_edits(call))

    def save(self, call: Call) -> Any:
        """Put edits, or a whole file, in force."""
        desk = workshop_of(self._context).configuration
        text, base = _text(call), call.text("base")
        if text:
            proposal = desk.save_text(text, base, who(call), "import")
        else:
            proposal = desk.save(_edits(call), base, who(call))
        if proposal.sound and proposal.changed:
            noted(self._box, call, "configuration-change")
        return proposal

    def history(self, _: Call) -> Any:
        return {"versions": plain(workshop_of(self._context).configuration.history())}

    def version(self, call: Call) -> Any:
        desk = workshop_of(self._context).configuration
        return {"diff": list(desk.changes_of(part(call, "number")))}

    def roll_back(self, call: Call) -> Any:
        number = call.body.get("number")
        if not isinstance(number, int):
            raise Problem("G-9003", {"words": "number must be a whole number"})
        proposal = workshop_of(self._context).configuration.roll_back(number, who(call))
        if proposal.sound:
            noted(self._box, call, "configuration-roll-back", f"to version {number}")
        return proposal

    def export(self, call: Call) -> Response:
        text = workshop_of(self._context).configuration.export()
        noted(self._box, call, "configuration-export")
        return _download(text.encode(), "gantry.toml", "application/toml")

    def network(self, _: Call) -> Any:
        return workshop_of(self._context).network.state()

    def change_network(self, call: Call) -> Any:
        dns = call.body.get("dns", [])
        if not isinstance(dns, list) or not all(isinstance(each, str) for each in dns):
            raise Problem("G-9003", {"words": "dns must be a list of texts"})
        vlan = call.body.get("vlan", 0)
        if not isinstance(vlan, int):
            raise Problem("G-5202", {"value": vlan})
        change = NetworkChange(
            call.text("interface"), call.text("method"), call.text("address"),
            call.text("gateway"), tuple(dns), vlan,
        )  # fmt: skip
        noted(self._box, call, "network-change", f"{change.interface} {change.method}", "tried")
        return workshop_of(self._context).network.change(change)

    def confirm_network(self, call: Call) -> Any:
        state = workshop_of(self._context).network.confirm()
        noted(self._box, call, "network-change")
        return state

    def undo_network(self, call: Call) -> Any:
        noted(self._box, call, "network-change", outcome="undone")
        return workshop_of(self._context).network.undo()

    def clock(self, _: Call) -> Any:
        return workshop_of(self._context).clock.state()

    def set_clock(self, call: Call) -> Any:
        before = self._box.clock.now().isoformat(timespec="seconds")
        state = workshop_of(self._context).clock.set(call.text("moment"))
        noted(self._box, call, "clock-set", f"from {before}")
        return state

    def storage(self, _: Call) -> Any:
        return workshop_of(self._context).storage.state()


def _text(call: Call) -> str:
    text = call.body.get("text", "")
    if not isinstance(text, str) or len(text) > _LONGEST_FILE:
        raise Problem("G-9003", {"words": f"text must be at most {_LONGEST_FILE} characters"})
    return text


def _edits(call: Call) -> list[Edit]:
    given = call.body.get("edits")
    if not isinstance(given, list) or not 0 < len(given) <= _MOST_EDITS:
        raise Problem("G-9003", {"words": "edits must be a list"})
    return [_edit(each) for each in given]


def _edit(given: Any) -> Edit:
    path = given.get("path") if isinstance(given, dict) else None
    steps = isinstance(path, list) and all(
        isinstance(step, str) or (isinstance(step, int) and not isinstance(step, bool))
        for step in path
    )
    if not isinstance(path, list) or not steps or given.get("do") not in _DOES:
        raise Problem("G-9003", {"words": "an edit has do and path"})
    value = given.get("value")
    if given["do"] == "add" and not isinstance(value, dict):
        raise Problem("G-9003", {"words": "an entry that is added is an object"})
    if given["do"] == "set" and value is None:
        raise Problem("G-9003", {"words": "a key is set to a value"})
    return Edit(given["do"], tuple(path), value)


_DOES = ("set", "unset", "add", "remove")


def _download(data: bytes, name: str, kind: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(data, media_type=kind, headers=headers)
