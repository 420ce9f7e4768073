"""An association of ours as requestor, written and read by the calling thread alone.

Bulk traffic (storing, long worklists) does not go through pynetdicom's reactor, which polls,
decodes and copies. PDUs leave straight from the caller's buffers, an mmap as a rule, and answers
are read by the thread that waits for them. All deadlines are monotonic; after any error the
connection is closed and the object is of no more use.
"""

from __future__ import annotations

import contextlib
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NoReturn

from device.uids import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from services.dicom import pdu
from services.dicom.command import decode_command, has_data_set
from services.dicom.pdu import PduType, Proposal
from services.dicom.peers import Peer
from services.dicom.refusal import context_refused, rejected, unreachable
from services.dicom.wire import Wire
from services.errors import PeerAborted, PeerTimeout, PeerUnreachable

MAX_CONTEXTS: Final = 128
"""Presentation contexts that fit one association: odd ids up to 255 (PS3.8 9.3.2.2)."""

_OUR_PDU_CAP = 131072
_SMALLEST_PDU = 128
_LONGEST_ANSWER = 1 << 20
_LONGEST_DATA_SET = 16 << 20
_LONGEST_COMMAND = 1 << 16
_BATCH = 1 << 20
_BATCH_PDUS = 256
_FAREWELL = 1.0

_AGAIN = "The box tries again by itself; if it lasts, look into the peer's log"


@dataclass(frozen=True, slots=True)
class Context:
    """A presentation context that the peer accepted."""

    context_id: int
    sop_class_uid: str
    transfer_syntax: str


@dataclass(frozen=True, slots=True)
class Message:
    """One DIMSE message of the peer."""

    context_id: int
    command: dict[int, bytes]
    data_set: bytes | None


Told = Callable[[int], None]
"""Told how many bytes of a message have left."""


def _nobody(_: int) -> None:
    """Nobody wants to know."""


class Stream:
    """One established association.

    Attributes
    ----------
    contexts : tuple of Context
        Accepted presentation contexts in the order of the proposals.
    max_pdu : int
        Longest P-DATA-TF to send, in bytes: what the peer announced, at most 128 KiB.
    """

    def __init__(self, peer: Peer, calling_ae: str, proposals: Sequence[Proposal]) -> None:
        """Connect and negotiate.

        Parameters
        ----------
        peer : Peer
            Whom to call.
        calling_ae : str
            Our AE title.
        proposals : sequence of Proposal
            1 to 128 presentation contexts.

        Raises
        ------
        PeerUnreachable, PeerRejected, PeerAborted, PeerTimeout
            The association did not come about.
        ContextRefused
            The peer accepted none of the proposals.
        """
        if not 1 <= len(proposals) <= MAX_CONTEXTS:
            raise ValueError(f"{len(proposals)} presentation contexts, 1 to {MAX_CONTEXTS} fit")
        self._peer = peer
        self._fragments: list[pdu.Fragment] = []
        self._wire = Wire(peer)
        acceptance = self._negotiate(calling_ae, proposals)
        self.contexts = _accepted(proposals, acceptance.transfer_syntaxes)
        self.max_pdu = min(acceptance.max_pdu or _OUR_PDU_CAP, _OUR_PDU_CAP)
        if not self.contexts:
            self.abort()
            raise context_refused(peer, calling_ae, [item.sop_class_uid for item in proposals])
        if self.max_pdu < _SMALLEST_PDU:
            self._fail(f"it announced a maximum PDU of {acceptance.max_pdu} bytes")

    def send(
        self,
        context_id: int,
        command: bytes,
        data_set: memoryview | None = None,
        told: Told = _nobody,
    ) -> None:
        """Send one message.

        Each mebibyte has the peer's DIMSE timeout to leave, so a long object may take its time
        and a stalled peer may not.

        Parameters
        ----------
        told
            Told, batch by batch, how many bytes of the message have left.

        Raises
        ------
        PeerTimeout
            The peer stopped reading.
        PeerAborted, PeerUnreachable
            The peer ended the association.
        """
        batch: list[pdu.Buffer] = []
        size = left = 0
        for pair in pdu.encode_message(context_id, command, data_set, self.max_pdu):
            batch += pair
            size += len(pair[1])
            if size >= _BATCH or len(batch) >= 2 * _BATCH_PDUS:
                self._push(batch)
                self._hear_farewell()
                left += size
                told(left)
                batch, size = [], 0
        if batch:
            self._push(batch)

    def receive(self) -> Message:
        """Return the next message of the peer.

        Raises
        ------
        PeerTimeout
            No complete message within the peer's DIMSE timeout.
        PeerAborted, PeerUnreachable
            The peer ended the association, or sent what is no message.
        """
        deadline = time.monotonic() + self._peer.timeouts.dimse
        try:
            return self._message(deadline)
        except ValueError as error:
            self._fail(f"its answer cannot be read: {error}")

    def release(self) -> None:
        """End the association politely; every answer is in, so a peer that does not is cut off."""
        deadline = time.monotonic() + self._peer.timeouts.acse
        with contextlib.suppress(OSError, ValueError, PeerAborted):
            self._wire.write([pdu.RELEASE_REQUEST], deadline)
            while True:
                kind, _ = self._pdu(deadline)
                if kind == PduType.RELEASE_RP:
                    break
                if kind == PduType.RELEASE_RQ:
                    self._wire.write([pdu.RELEASE_RESPONSE], deadline)
        self._wire.close()

    def abort(self) -> None:
        """End the association at once, without waiting for anything."""
        self._wire.close(pdu.USER_ABORT)

    def _negotiate(self, calling_ae: str, proposals: Sequence[Proposal]) -> pdu.Acceptance:
        peer = self._peer
        implementation = (IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME)
        request = pdu.encode_associate_request(
            peer.ae_title, calling_ae, proposals, peer.max_pdu, implementation
        )
        deadline = time.monotonic() + peer.timeouts.acse
        try:
            self._wire.write([request], deadline)
            kind, body = self._pdu(deadline)
            if kind == PduType.ASSOCIATE_AC:
                return pdu.decode_associate_accept(body)
            if kind == PduType.ASSOCIATE_RJ:
                self._wire.close()
                raise rejected(peer, calling_ae, *pdu.decode_associate_reject(body))
        except TimeoutError:
            self.abort()
            raise PeerTimeout(
                peer.name,
                f"no answer to the association request within {peer.timeouts.acse:g} s",
                "Check that a DICOM service listens there and is not overloaded",
            ) from None
        except ssl.SSLError as error:
            self._wire.close()
            raise unreachable(peer, error) from error
        except OSError as error:
            self._broken(error)
        except ValueError as error:
            self._fail(f"its answer to the association request cannot be read: {error}")
        return self._fail("it answered the association request with something else")

    def _message(self, deadline: float) -> Message:
        context, raw = self._assemble(deadline, is_command=True, limit=_LONGEST_COMMAND)
        command = decode_command(raw)
        if not has_data_set(command):
            return Message(context, command, None)
        _, data_set = self._assemble(deadline, is_command=False, limit=_LONGEST_DATA_SET)
        return Message(context, command, data_set)

    def _assemble(self, deadline: float, *, is_command: bool, limit: int) -> tuple[int, bytes]:
        parts: list[bytes] = []
        size = 0
        while True:
            fragment = self._fragment(deadline)
            if fragment.is_command != is_command:
                raise ValueError("command and data set are mixed up")
            parts.append(fragment.data)
            size += len(fragment.data)
            if size > limit:
                raise ValueError(f"it is longer than {limit} bytes")
            if fragment.is_last:
                return fragment.context_id, b"".join(parts)

    def _fragment(self, deadline: float) -> pdu.Fragment:
        while not self._fragments:
            self._fragments = list(pdu.decode_fragments(self._p_data(deadline)))[::-1]
        return self._fragments.pop()

    def _p_data(self, deadline: float) -> bytes:
        try:
            kind, body = self._pdu(deadline)
        except TimeoutError:
            self._stalled("gave no answer")
        except OSError as error:
            self._broken(error)
        if kind == PduType.P_DATA:
            return body
        if kind == PduType.RELEASE_RQ:
            with contextlib.suppress(OSError):
                self._wire.write([pdu.RELEASE_RESPONSE], deadline)
            self._fail("it released the association while an answer was owed")
        return self._fail(f"it sent a PDU of type {kind} while an answer was owed")

    def _pdu(self, deadline: float) -> tuple[int, bytes]:
        """Return type and body of the next PDU; an A-ABORT ends the association here."""
        header = self._wire.take(pdu.HEADER_LENGTH, deadline)
        kind, length = header[0], int.from_bytes(header[2:], "big")
        if length > _LONGEST_ANSWER:
            raise ValueError(f"a PDU of {length} bytes")
        body = self._wire.take(length, deadline)
        if kind == PduType.ABORT:
            self._wire.close()
            source = "its user" if body[2:3] == b"\0" else "its software"
            raise PeerAborted(
                self._peer.name, f"it aborted the association ({source}, {body[3:4].hex()})", _AGAIN
            )
        return kind, body

    def _push(self, batch: list[pdu.Buffer]) -> None:
        try:
            self._wire.write(batch, time.monotonic() + self._peer.timeouts.dimse)
        except TimeoutError:
            self._hear_farewell()
            self._stalled("stopped reading")
        except OSError as error:
            self._hear_farewell()
            self._broken(error)

    def _hear_farewell(self) -> None:
        """Notice an A-ABORT, a release or the end of the connection between two batches.

        An early DIMSE answer stays where it is: it is read when everything has been sent.
        """
        try:
            first = self._wire.peek()
        except OSError as error:
            self._broken(error)
        if first is None or first == bytes((PduType.P_DATA,)):
            return
        try:
            self._p_data(time.monotonic() + _FAREWELL)
        except ValueError as error:
            self._fail(f"it sent what cannot be read: {error}")

    def _stalled(self, what: str) -> NoReturn:
        self.abort()
        raise PeerTimeout(self._peer.name, f"it {what} for {self._peer.timeouts.dimse:g} s", _AGAIN)

    def _broken(self, error: OSError) -> NoReturn:
        self._wire.close()
        raise PeerUnreachable(
            self._peer.name, f"the connection broke: {error.strerror or error}", _AGAIN
        ) from error

    def _fail(self, reason: str) -> NoReturn:
        self.abort()
        raise PeerAborted(self._peer.name, reason, _AGAIN)


def _accepted(
    proposals: Sequence[Proposal], transfer_syntaxes: dict[int, str]
) -> tuple[Context, ...]:
    """Pair answers with proposals; an id or a syntax that was not proposed does not count."""
    return tuple(
        Context(pdu.context_id(index), proposal.sop_class_uid, syntax)
        for index, proposal in enumerate(proposals)
        if (syntax := transfer_syntaxes.get(pdu.context_id(index))) in proposal.transfer_syntaxes
    )
