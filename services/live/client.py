"""The console's end of the live link, in its event loop."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from services.live.place import connect
from services.live.words import MOST_TOLD, BrokenWords, Message, Shown, Unpacker, Words, pack

_log = logging.getLogger(__name__)

RECONNECT = 0.5
"""Seconds between two attempts to reach a service that is away."""

SILENCE = 4.0
"""Seconds without a word, after which the service counts as hanging; it speaks every second."""

ANSWER = 15.0
"""Seconds for an answer; the end of a clip has :data:`CLIP_ANSWER`."""

CLIP_ANSWER = 120.0
_READ = 256 * 1024

AWAY = "G-2110"

Take = Callable[[Words], None]


class LiveAway(ConnectionError):
    """The acquisition service is not there: nothing was taken, and nothing is kept for later."""


class Unsure(LiveAway):
    """It went away after it was asked: whether the thing was done, the exam's images say."""


class LiveLink:
    """One connection, made again whenever it is lost.

    Parameters
    ----------
    path
        Of the socket, as :attr:`services.box.Box.live_socket` has it.

    Notes
    -----
    For one event loop. :meth:`run` is its task; the pushes reach whoever called :meth:`listen`,
    among them ``{"push": "link", "connected": ...}`` of the link itself.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._takers: list[Take] = []
        self._waiting: dict[int, asyncio.Future[Message]] = {}
        self._numbers = itertools.count(1)
        self._writer: asyncio.StreamWriter | None = None
        self._state: Words | None = None
        self._told = False

    @property
    def connected(self) -> bool:
        """Whether the acquisition service is there now."""
        return self._writer is not None

    @property
    def state(self) -> Words | None:
        """What the service said last of itself; None while it is away."""
        return self._state

    def listen(self, take: Take) -> Callable[[], None]:
        """Hand every push to ``take`` until the returned function is called."""
        self._takers.append(take)

        def no_more() -> None:
            with suppress(ValueError):
                self._takers.remove(take)

        return no_more

    async def request(self, do: str, **params: Any) -> Words:
        """Ask for something; the answer has ``ok``, and ``code`` and ``text`` where it is false.

        Raises
        ------
        LiveAway
            The service is not there, or went away before it answered.
        """
        answer = await self._ask(do, params)
        return answer.header if isinstance(answer, Shown) else answer

    async def run(self) -> None:
        """Connect, and connect again, until cancelled."""
        while True:
            try:
                reader, self._writer = await open_link(self._path)
            except OSError:
                self._tell_link(False)
                await asyncio.sleep(RECONNECT)
                continue
            self._tell_link(True)
            try:
                await self._read(reader)
            except (OSError, TimeoutError) as error:
                _log.warning("the acquisition service went away: %s", type(error).__name__)
            except BrokenWords as error:
                _log.error("the acquisition service speaks nonsense: %s", error)
            finally:
                self._let_go()
            self._tell_link(False)
            await asyncio.sleep(RECONNECT)

    async def _ask(self, do: str, params: Words) -> Message:
        writer = self._writer
        if writer is None:
            raise LiveAway("the acquisition service is not there: nothing was done")
        number = next(self._numbers)
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            writer.write(pack({**params, "id": number, "do": do}))
            async with asyncio.timeout(CLIP_ANSWER if do == "record_stop" else ANSWER):
                await writer.drain()
                return await answer
        except (OSError, TimeoutError) as error:
            raise Unsure(
                "the acquisition service did not answer: look at the exam's images whether "
                "anything was taken"
            ) from error
        finally:
            del self._waiting[number]

    async def _read(self, reader: asyncio.StreamReader) -> None:
        unpacker = Unpacker(MOST_TOLD)
        while True:
            async with asyncio.timeout(SILENCE):
                data = await reader.read(_READ)
            if not data:
                return
            for message in unpacker.feed(data):
                self._sort(message)

    def _sort(self, message: Message) -> None:
        said = message.header if isinstance(message, Shown) else message
        number = said.get("id")
        answer = self._waiting.get(number) if isinstance(number, int) else None
        if answer is not None:
            if not answer.done():
                answer.set_result(message)
            return
        if "push" not in said:
            return
        if said["push"] == "state":
            self._state = said
        self._push(said)

    def _push(self, said: Words) -> None:
        for take in list(self._takers):
            take(said)

    def _tell_link(self, connected: bool) -> None:
        if connected != self._told:
            self._told = connected
            self._push({"push": "link", "connected": connected})

    def _let_go(self) -> None:
        writer, self._writer = self._writer, None
        self._state = None
        if writer is not None:
            writer.close()
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(ConnectionResetError("the link was lost"))


async def open_link(path: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection of one's own, for pictures.

    Raises
    ------
    OSError
        The acquisition service is not there.
    """
    made = connect(path, 1.0)
    made.setblocking(False)
    return await asyncio.open_unix_connection(sock=made, limit=_READ)
