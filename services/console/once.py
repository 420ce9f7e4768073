"""A step that a finger may ask for twice and that is done once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

_REMEMBERED = 64


class Once:
    """Steps one after the other; a token that was used gets the answer that it got before.

    A step that failed is not remembered: it may be tried again.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._done: OrderedDict[str, Any] = OrderedDict()

    def do(self, token: str, step: Callable[[], Any]) -> Any:
        """The result of ``step``, or what it was for this token; an empty token is never known."""
        with self._lock:
            if token in self._done:
                return self._done[token]
            result = step()
            if token:
                self._done[token] = result
                while len(self._done) > _REMEMBERED:
                    self._done.popitem(last=False)
            return result
