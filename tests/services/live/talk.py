"""A client of the live socket that waits, for tests and measurements."""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from services.live.place import connect
from services.live.words import MOST_TOLD, Message, Shown, Unpacker, Words, pack


class Talk(AbstractContextManager["Talk"]):
    """One connection; what is pushed meanwhile is kept, oldest first."""

    def __init__(self, path: Path, seconds: float = 20.0) -> None:
        self._seconds = seconds
        self._socket = connect(path, seconds)
        self._unpacker = Unpacker(MOST_TOLD)
        self._came: deque[Message] = deque()
        self._numbers = itertools.count(1)

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def say(self, do: str, **more: Any) -> None:
        """Ask without waiting for an answer."""
        self._socket.sendall(pack({"do": do, **more}))

    def say_bytes(self, data: bytes) -> None:
        self._socket.sendall(data)

    def ask(self, do: str, **more: Any) -> Words:
        """Ask, and wait for the answer; a picture's header, where it is one."""
        answer = self.ask_picture(do, **more)
        return answer.header if isinstance(answer, Shown) else answer

    def ask_picture(self, do: str, **more: Any) -> Message:
        number = next(self._numbers)
        self.say(do, id=number, **more)
        return self.wait(lambda message: said(message).get("id") == number)

    def pushed(self, push: str, met: Callable[[Words], bool] = lambda _: True) -> Words:
        """Wait for a push of this kind; earlier ones of any kind stay."""
        found = self.wait(lambda m: said(m).get("push") == push and met(said(m)))
        return said(found)

    def picture(self) -> Shown:
        """Wait for a preview picture, or the word that there is none."""
        found = self.wait(lambda m: isinstance(m, Shown) and "push" in m.header)
        assert isinstance(found, Shown)
        return found

    def forget(self) -> None:
        """Let what was pushed until now not count any more."""
        self._came.clear()

    def wait(self, met: Callable[[Message], bool]) -> Message:
        deadline = time.monotonic() + self._seconds
        while True:
            for message in self._came:
                if met(message):
                    self._came.remove(message)
                    return message
            assert time.monotonic() < deadline, list(self._came)[-5:]
            data = self._socket.recv(256 * 1024)
            assert data, "the service hung up"
            self._came += self._unpacker.feed(data)

    def closed(self) -> bool:
        """Whether the other side hangs up."""
        while True:
            try:
                if not self._socket.recv(64 * 1024):
                    return True
            except TimeoutError:
                return False
            except ConnectionResetError:
                return True


def said(message: Message) -> Words:
    """The words of a message."""
    return message.header if isinstance(message, Shown) else message
