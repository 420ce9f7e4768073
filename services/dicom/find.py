"""C-FIND as SCU: answers one by one, with C-CANCEL when enough came (PS3.7 9.1.2)."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from pydicom.dataset import Dataset

from services.dicom.command import (
    CommandField,
    Element,
    cancel_request,
    find_request,
    number_in,
    reply_in,
)
from services.dicom.encoding import decode_data_set, encode_data_set
from services.dicom.pdu import Proposal
from services.dicom.peers import Peer
from services.dicom.sop_classes import UNCOMPRESSED
from services.dicom.stream import Message, Stream
from services.errors import PeerAborted, PeerError

log = logging.getLogger(__name__)

_PENDING = (0xFF00, 0xFF01)
_CANCELLED = 0xFE00
_MESSAGE_ID = 1


class Answers:
    """The answers of one query, in the peer's order; iterate once.

    Every item is an encoded identifier, for :meth:`decode`.
    """

    def __init__(self, peer: Peer, stream: Stream, sop_class_uid: str, identifier: Dataset) -> None:
        self._peer = peer
        self._stream = stream
        self._finished = False
        context = stream.contexts[0]
        self._context_id, self._transfer_syntax = context.context_id, context.transfer_syntax
        encoded = encode_data_set(identifier, self._transfer_syntax)
        request = find_request(sop_class_uid, _MESSAGE_ID)
        stream.send(self._context_id, request, memoryview(encoded))

    def __iter__(self) -> Iterator[bytes]:
        while not self._finished:
            message = self._next()
            if message.data_set is not None and not self._finished:
                yield message.data_set

    def decode(self, answer: bytes) -> Dataset:
        """Return the identifier; what may be raised is in :data:`encoding.UNREADABLE`."""
        return decode_data_set(answer, self._transfer_syntax)

    def stop(self) -> bool:
        """Send C-CANCEL unless all answers came; say whether the peer came to an end in time.

        How it ends does not matter any more: what came before is whole.
        """
        if self._finished:
            return True
        deadline = time.monotonic() + self._peer.timeouts.dimse
        try:
            self._stream.send(self._context_id, cancel_request(_MESSAGE_ID))
            while not self._finished and time.monotonic() < deadline:
                self._next()
        except PeerError as error:
            log.info("%s after C-CANCEL: %s", self._peer.name, type(error).__name__)
            return False
        return self._finished

    def _next(self) -> Message:
        message = self._stream.receive()
        field = number_in(message.command, Element.COMMAND_FIELD)
        reply = reply_in(message.command)
        if field != CommandField.C_FIND_RSP or reply.status is None:
            raise PeerAborted(self._peer.name, "it answered the query with something else")
        if reply.status in _PENDING:
            return message
        self._finished = True
        warned = 0xB000 <= reply.status <= 0xBFFF
        if reply.status in (0x0000, _CANCELLED) or warned:
            return message
        log.debug("%s explains: %s", self._peer.name, reply.error_comment)
        raise PeerError(
            self._peer.name,
            f"it refused the query (status {reply.status:04X})",
            "Show this to the peer's administrator",
        )


@contextmanager
def find(peer: Peer, calling_ae: str, sop_class_uid: str, identifier: Dataset) -> Iterator[Answers]:
    """Run one query over an association of its own.

    Leaving the block early cancels the query. Raises a ``PeerError`` for anything that goes wrong
    at the peer.
    """
    stream = Stream(peer, calling_ae, [Proposal(sop_class_uid, UNCOMPRESSED)])
    try:
        answers = Answers(peer, stream, sop_class_uid, identifier)
        yield answers
        stopped = answers.stop()
    except BaseException:
        stream.abort()
        raise
    if stopped:
        stream.release()
    else:
        stream.abort()
