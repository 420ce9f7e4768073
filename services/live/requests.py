"""What the console may ask of the acquisition service, and how it is told what became of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeGuard

from services import preview
from services.live.grabbed import described
from services.live.previews import LARGEST, Previews
from services.live.server import Client
from services.live.words import Message, Shown, Words
from services.refusals import BAD_REQUEST, NO_PICTURE, REFUSALS, Refused, explain
from services.source_pool import SourcePool
from services.trigger_words import Outcome, Trigger

GRAB_SECONDS = 10.0
"""For a source that must be started for the picture that is frozen."""

MOST_SCANNED = 4096
"""Characters of a code; the largest two-dimensional ones have less."""

_BY_TOUCH = ("capture", "record_start", "record_stop", "scan")
_SCREEN = "screen"


@dataclass(frozen=True, slots=True)
class Touch:
    """What a hand did on the screen; a :class:`services.trigger_words.Trigger` by shape."""

    action: str | None
    text: str
    monotonic_ns: int
    source: str = _SCREEN

    def __repr__(self) -> str:
        return f"Touch({self.action!r}, {self.monotonic_ns})"


Act = Callable[[Trigger, str], Outcome | None]


class Requests:
    """Answers the clients of the live socket.

    Parameters
    ----------
    act
        Does what a trigger asks for, after a look at which exam is at hand; it is also told which
        exam the person sees before them.
    state
        How everything is now, as it is pushed too.
    """

    def __init__(
        self,
        act: Act,
        state: Callable[[], Words],
        previews: Previews,
        pool: SourcePool,
    ) -> None:
        self._act = act
        self._state = state
        self._previews = previews
        self._pool = pool
        self._pairing: dict[int, Client] = {}
        self._failure: BaseException | None = None
        self._answers: dict[str, Callable[[Client, Words], Message]] = {
            **dict.fromkeys(_BY_TOUCH, self._touch),
            "state": lambda _, __: self._state(),
            "preview": self._watch,
            "preview_off": self._unwatch,
            "grab": self._grab,
            "hands": self._pair,
            "hands_off": self._unpair,
        }

    @property
    def pairing(self) -> bool:
        """Whether somebody wants to see raw gestures."""
        return bool(self._pairing)

    def take(self, client: Client, asked: Words) -> None:
        """Answer one request, in its client's thread."""
        if asked.get("do") == "preview_next":
            # the next picture is the answer
            self._previews.more(client)
            return
        try:
            answer = self._answer(client, asked)
        except (Refused, *REFUSALS) as error:
            answer = refused_as_plain(explain(error))
        except BaseException as error:  # noqa: BLE001 -- raised by check in the main thread
            self._failure = error
            client.close()
            return
        number = asked.get("id")
        if isinstance(answer, Shown):
            client.tell(Shown({**answer.header, "id": number}, answer.data))
        else:
            client.tell({"ok": True, **answer, "id": number})

    def gone(self, client: Client) -> None:
        """A client hung up."""
        self._previews.unwatch(client)
        self._pairing.pop(client.number, None)

    def tell_hand(self, source: str, gesture: str, action: str, monotonic_ns: int) -> None:
        """Show a raw gesture to whoever pairs."""
        said = {
            "push": "hand",
            "source": source,
            "gesture": gesture,
            "action": action,
            "monotonic_ms": monotonic_ns / 1e6,
        }
        for client in list(self._pairing.values()):
            client.tell(said)

    def check(self) -> None:
        """Raise the fault of ours that a request met, if one did."""
        if self._failure is not None:
            raise self._failure

    def _answer(self, client: Client, asked: Words) -> Message:
        answer = self._answers.get(str(asked.get("do")))
        if answer is None or not isinstance(asked.get("id"), int):
            raise Refused("the request was not understood", BAD_REQUEST)
        return answer(client, asked)

    def _touch(self, _: Client, asked: Words) -> Words:
        moment = time.monotonic_ns()
        text, exam_id = asked.get("text", ""), asked.get("exam", "")
        if not isinstance(text, str) or len(text) > MOST_SCANNED or not isinstance(exam_id, str):
            raise Refused("what was scanned is no code", BAD_REQUEST)
        became = self._act(Touch(str(asked["do"]), text, moment), exam_id)
        if became is None:
            return {}
        return outcome_as_plain(became)

    def _watch(self, client: Client, asked: Words) -> Words:
        name, width, height = asked.get("source", ""), asked.get("width"), asked.get("height")
        if not isinstance(name, str) or not (_is_side(width) and _is_side(height)):
            raise Refused("a preview needs a width and a height", BAD_REQUEST)
        self._previews.watch(client, name, width, height)
        return {}

    def _unwatch(self, client: Client, _: Words) -> Words:
        self._previews.unwatch(client)
        return {}

    def _grab(self, _: Client, asked: Words) -> Message:
        name = asked.get("source")
        if not isinstance(name, str) or not name:
            raise Refused("name the source whose picture is to be frozen", BAD_REQUEST)
        source = self._pool.take(name, wait=False)
        try:
            frame = source.fresh_look(time.monotonic_ns(), GRAB_SECONDS)
            if frame is None:
                words = source.reason or source.state
                raise Refused(f"{name}: no picture came: {words}", NO_PICTURE, words=words)
            frozen = preview.freeze(frame)
            header = {
                "ok": True,
                "source": name,
                "width": frozen.width,
                "height": frozen.height,
                **described(frame),
            }
            return Shown(header, frozen.data)
        finally:
            self._pool.give_back(source)

    def _pair(self, client: Client, _: Words) -> Words:
        self._pairing[client.number] = client
        return {}

    def _unpair(self, client: Client, _: Words) -> Words:
        self._pairing.pop(client.number, None)
        return {}


def refused_as_plain(refused: Refused) -> Words:
    """A refusal as an answer."""
    return {
        "ok": False,
        "code": refused.code,
        "text": str(refused),
        "params": dict(refused.params),
    }


def outcome_as_plain(became: Outcome) -> Words:
    """What became of a trigger, for the screen; never what a code said."""
    return {
        "ok": became.done,
        "exam": became.exam_id,
        "action": became.action,
        "source": became.source,
        "code": became.code,
        "text": became.refused,
        "params": dict(became.params),
        "instances": list(became.instances),
        "note": became.note,
        "verdict": became.verdict.name.lower() if became.verdict else "",
        "durable_ms": became.durable_ms,
    }


def _is_side(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= LARGEST
