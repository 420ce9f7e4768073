"""Storage SCU: many objects over one association, straight from their files (PS3.4 annex B)."""

from __future__ import annotations

import logging
import mmap
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

from pydicom.uid import UID

from services.dicom.command import (
    CommandField,
    Element,
    number_in,
    reply_in,
    store_request,
)
from services.dicom.dimse import DimseReply
from services.dicom.part10 import PartTenHead, read_head
from services.dicom.pdu import Proposal
from services.dicom.peers import Peer
from services.dicom.recode import TooLarge, alternatives, recoded
from services.dicom.sop_classes import UNCOMPRESSED
from services.dicom.stream import MAX_CONTEXTS, Context, Stream, Told
from services.errors import CatalogError, ContextRefused, PeerAborted

_log = logging.getLogger(__name__)


class StoreSession:
    """One association for storing; a context manager.

    Every pair of SOP class and transfer syntax is proposed in a presentation context of its own,
    so that the peer can accept each by itself. What an object can become without further loss is
    proposed too (:mod:`services.dicom.recode`), and it is re-encoded on the way where the peer
    takes only that.
    Leaving the block releases the association, or aborts it when the block raised.

    Parameters
    ----------
    peer : Peer
        The archive.
    calling_ae : str
        Our AE title.
    wanted : iterable of (SOP class UID, transfer syntax UID)
        What is going to be sent. Beyond 128 contexts the rest is not proposed.

    Raises
    ------
    PeerError
        On entering, when no association comes about or the peer takes none of ``wanted``.
    """

    def __init__(self, peer: Peer, calling_ae: str, wanted: Iterable[tuple[str, str]]) -> None:
        self._peer = peer
        self._calling_ae = calling_ae
        self._proposals = _proposals(wanted)
        self._stream: Stream | None = None
        self._contexts: dict[tuple[str, str], Context] = {}
        self._message_id = 0

    def __enter__(self) -> StoreSession:
        self._stream = Stream(self._peer, self._calling_ae, self._proposals)
        self._contexts = {(c.sop_class_uid, c.transfer_syntax): c for c in self._stream.contexts}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        stream, self._stream = self._stream, None
        if stream is None:
            return
        if kind is None:
            stream.release()
        else:
            stream.abort()

    def accepts(self, sop_class_uid: str, transfer_syntax: str) -> bool:
        """Say whether such an object can be sent, as it is or re-encoded without loss."""
        return self._context_for(sop_class_uid, transfer_syntax) is not None

    def send(self, path: Path, told: Told = lambda _: None) -> DimseReply:
        """Send one DICOM file and return the peer's answer.

        The data set is mapped, not read: memory stays flat whatever its size. The file must not
        change meanwhile. ``told`` hears how many bytes have left.

        Raises
        ------
        ContextRefused
            The peer takes neither the object's syntax nor one it can be re-encoded to; the
            association stays usable.
        CatalogError
            The file is not a DICOM file; the association stays usable.
        PeerAborted, PeerTimeout, PeerUnreachable
            The association is gone; open another session.
        """
        stream = self._stream
        if stream is None:
            raise RuntimeError("the store session is not open")
        head, data_set = _mapped(path)
        context = self._context_for(head.sop_class_uid, head.transfer_syntax)
        if context is None:
            raise self._refused(head)
        if context.transfer_syntax != head.transfer_syntax:
            data_set = self._recoded(path, head, context.transfer_syntax)
        self._message_id = self._message_id % 0xFFFF + 1
        command = store_request(head.sop_class_uid, head.sop_instance_uid, self._message_id)
        stream.send(context.context_id, command, data_set, told)
        return self._answer(stream)

    def _recoded(self, path: Path, head: PartTenHead, transfer_syntax: str) -> memoryview:
        try:
            data_set = recoded(path, transfer_syntax)
        except TooLarge as error:
            raise self._refused(head, f"; {error}") from error
        if head.transfer_syntax not in UNCOMPRESSED:
            _log.info(
                "%s: it does not take %s, so an object goes decoded to %s; its lossy history stays",
                self._peer.name, UID(head.transfer_syntax).name, UID(transfer_syntax).name,
            )  # fmt: skip
        return data_set

    def _answer(self, stream: Stream) -> DimseReply:
        answer = stream.receive().command
        field = number_in(answer, Element.COMMAND_FIELD)
        responded_to = number_in(answer, Element.MESSAGE_ID_BEING_RESPONDED_TO)
        if field == CommandField.C_STORE_RSP and responded_to == self._message_id:
            return reply_in(answer)
        stream.abort()
        raise PeerAborted(
            self._peer.name,
            "it answered something other than the object that was sent",
            "The box tries again by itself; if it lasts, look into the peer's log",
        )

    def _context_for(self, sop_class_uid: str, transfer_syntax: str) -> Context | None:
        syntaxes = (transfer_syntax, *alternatives(transfer_syntax))
        found = (self._contexts.get((sop_class_uid, syntax)) for syntax in syntaxes)
        return next((context for context in found if context is not None), None)

    def _refused(self, head: PartTenHead, more: str = "") -> ContextRefused:
        sop_class = UID(head.sop_class_uid).name
        syntax = UID(head.transfer_syntax).name
        return ContextRefused(
            self._peer.name,
            f"it does not take {sop_class} in {syntax}{more}",
            "Have this SOP class and transfer syntax enabled at the peer, then resend",
        )


def _proposals(wanted: Iterable[tuple[str, str]]) -> tuple[Proposal, ...]:
    """Propose what is wanted first; alternatives only where room is left."""
    exact = list(dict.fromkeys(wanted))
    others = [(cls, other) for cls, syntax in exact for other in alternatives(syntax)]
    pairs = list(dict.fromkeys(exact + others))[:MAX_CONTEXTS]
    return tuple(Proposal(sop_class, (syntax,)) for sop_class, syntax in pairs)


def _mapped(path: Path) -> tuple[PartTenHead, memoryview]:
    """Map a file; it is unmapped when the last view of it is gone."""
    try:
        with path.open("rb") as file:
            content = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        head = read_head(content)
    except ValueError as error:
        raise _unsendable(path, error) from error
    return head, content[head.data_set_offset :]


def _unsendable(path: Path, reason: object) -> CatalogError:
    return CatalogError(
        f"{path.name} in the spool cannot be sent: {reason}. It stays on this box; "
        f"check the card and acquire the picture again if it is damaged"
    )
