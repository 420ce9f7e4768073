"""``/api/technician``: trying things out: peers, sources, pedals, scanners; logs and support."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from services.console.answers import Call
from services.console.context import Context
from services.console.jobs import Jobs
from services.console.problems import Problem
from services.console.technician import noted, part, plain, technician, who, whole, workshop_of
from services.console.workshop import Line

_PREFIX = "/api/technician"
_PAIR_SECONDS = 30.0
_LONGEST_CODE = 512


def routes(context: Context) -> list[BaseRoute]:
    """Everything that asks devices or peers."""
    area = _Bench(context)
    post = ["POST"]
    return [
        Route(f"{_PREFIX}/jobs/{{number}}", technician(area.look)),
        Route(f"{_PREFIX}/peers", technician(area.peers)),
        Route(f"{_PREFIX}/peers/test", technician(area.test_peer), methods=post),
        Route(f"{_PREFIX}/printers", technician(area.printers)),
        Route(f"{_PREFIX}/printers/test", technician(area.test_printer), methods=post),
        Route(f"{_PREFIX}/sources", technician(area.sources)),
        Route(f"{_PREFIX}/sources/freeze", technician(area.freeze), methods=post),
        Route(f"{_PREFIX}/frozen/{{number}}", technician(area.picture)),
        Route(f"{_PREFIX}/sources/ruler", technician(area.ruler), methods=post),
        Route(f"{_PREFIX}/sources/range", technician(area.range), methods=post),
        Route(f"{_PREFIX}/calibrations", technician(area.calibrations)),
        Route(f"{_PREFIX}/calibrations/withdraw", technician(area.withdraw), methods=post),
        Route(f"{_PREFIX}/hands", technician(area.hands)),
        Route(f"{_PREFIX}/hands/pair", technician(area.pair), methods=post),
        Route(f"{_PREFIX}/hands/understand", technician(area.understand), methods=post),
        Route(f"{_PREFIX}/hands/mask", technician(area.mask), methods=post),
        Route(f"{_PREFIX}/logs", technician(area.logs)),
        Route(f"{_PREFIX}/self-test", technician(area.self_test)),
        Route(f"{_PREFIX}/support", technician(area.support)),
        Route(f"{_PREFIX}/support/bundle", technician(area.bundle)),
        Route(f"{_PREFIX}/support/stick", technician(area.write_stick), methods=post),
    ]


class _Bench:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._box = context.box
        self._jobs = Jobs()

    def look(self, call: Call) -> Any:
        return self._jobs.look(part(call, "number"), whole(call, "after"))

    def peers(self, _: Call) -> Any:
        return {"peers": workshop_of(self._context).peers.known()}

    def test_peer(self, call: Call) -> Any:
        peer = self._box.peer(call.text("name"))
        objects = call.body.get("objects") is True
        desk = workshop_of(self._context).peers
        if objects:
            noted(self._box, call, "peer-test", f"{peer.name}, with a test object", "begun")
        return {"job": self._jobs.begin(lambda: desk.test(peer.name, objects))}

    def printers(self, _: Call) -> Any:
        from services.printing import drafts, health

        box = self._box
        states = {each.name: health.look(box, each).as_plain() for each in box.printers}
        told = [{**row, "health": states[row["name"]]} for row in drafts.printers(box)]
        return {"printers": told}

    def test_printer(self, call: Call) -> Any:
        # imported here: what draws films is large, and seldom needed
        from services.printing import trial
        from services.printing.printers import find_printer

        printer = find_printer(self._box.printers, call.text("name"))
        film = call.body.get("film") is True
        if film:
            noted(self._box, call, "printer-test", f"{printer.name}, with a test film", "begun")

        def lines() -> Iterator[Line]:
            for line in trial.run(self._box, printer, film=film):
                yield Line(line.what, line.ok, line.said)

        return {"job": self._jobs.begin(lines)}

    def sources(self, _: Call) -> Any:
        desk = workshop_of(self._context).sources
        return {"sources": desk.inventory(), "profiles": desk.presets()}

    def freeze(self, call: Call) -> Any:
        return workshop_of(self._context).sources.freeze(call.text("source"))

    def picture(self, call: Call) -> Response:
        data = workshop_of(self._context).sources.picture(part(call, "number"))
        return Response(data, media_type="image/png")

    def ruler(self, call: Call) -> Any:
        desk = workshop_of(self._context).sources
        told = desk.ruler(whole(call, "picture"), call.body, who(call))
        if told["kept"]:
            noted(self._box, call, "calibration", f"ruler {told['kept']}")
        return told

    def range(self, call: Call) -> Any:
        region = call.body.get("region", [])
        if not isinstance(region, list) or len(region) not in (0, 4):
            raise Problem("G-9003", {"words": "region must be a list of four numbers"})
        desk = workshop_of(self._context).sources
        told = desk.range(whole(call, "picture"), region, who(call))
        noted(self._box, call, "calibration", "range", "done" if told["sound"] else "refused")
        return told

    def calibrations(self, _: Call) -> Any:
        return workshop_of(self._context).sources.calibrations()

    def withdraw(self, call: Call) -> Any:
        number = whole(call, "number")
        desk = workshop_of(self._context).sources
        desk.withdraw(number)
        noted(self._box, call, "calibration", f"ruler {number} withdrawn")
        return desk.calibrations()

    def hands(self, _: Call) -> Any:
        return {"devices": workshop_of(self._context).hands.devices()}

    def pair(self, _: Call) -> Any:
        desk = workshop_of(self._context).hands
        return {"job": self._jobs.begin(lambda: desk.pair(_PAIR_SECONDS)), "seconds": _PAIR_SECONDS}

    def understand(self, call: Call) -> Any:
        rules = call.body.get("rules", [])
        if not isinstance(rules, list) or not all(isinstance(each, dict) for each in rules):
            raise Problem("G-9003", {"words": "rules must be a list of objects"})
        return workshop_of(self._context).hands.understand(_code(call), rules)

    def mask(self, call: Call) -> Any:
        start, end = whole(call, "start"), whole(call, "end")
        open_ended = call.body.get("open_ended") is True
        desk = workshop_of(self._context).hands
        return {"mask": desk.mask(_code(call), start, end, open_ended=open_ended)}

    def logs(self, call: Call) -> Any:
        level, words = call.query.get("level", "INFO"), call.query.get("words", "")
        return workshop_of(self._context).support.logs(level, words, whole(call, "limit", 300))

    def self_test(self, _: Call) -> Any:
        return {"lines": plain(workshop_of(self._context).support.self_test())}

    def support(self, _: Call) -> Any:
        return {"sticks": workshop_of(self._context).support.sticks()}

    def bundle(self, call: Call) -> Response:
        data = workshop_of(self._context).support.bundle()
        noted(self._box, call, "support-bundle", "download")
        name = f"gantry-support-{self._box.clock.now():%Y%m%d-%H%M%S}.tar.gz"
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        return Response(data, media_type="application/gzip", headers=headers)

    def write_stick(self, call: Call) -> Any:
        name = workshop_of(self._context).support.write_bundle(call.text("stick"))
        noted(self._box, call, "support-bundle", "stick")
        return {"file": name}


def _code(call: Call) -> str:
    """A scanned text as it came: its control characters and spaces mean something."""
    text = call.body.get("text", "")
    if not isinstance(text, str) or len(text) > _LONGEST_CODE:
        raise Problem("G-9003", {"words": f"text must be at most {_LONGEST_CODE} characters"})
    return text
