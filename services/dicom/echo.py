"""Verification SCU (PS3.4 annex A)."""

from __future__ import annotations

import time
from dataclasses import dataclass

from services.dicom.command import echo_request, reply_in
from services.dicom.pdu import Proposal
from services.dicom.peers import Peer
from services.dicom.sop_classes import UNCOMPRESSED, VERIFICATION
from services.dicom.stream import Stream
from services.errors import PeerError


@dataclass(frozen=True, slots=True)
class EchoResult:
    """``milliseconds`` from our C-ECHO request to its answer, the association already there."""

    milliseconds: float


def echo(peer: Peer, calling_ae: str) -> EchoResult:
    """Send one C-ECHO over an association of its own.

    Raises
    ------
    PeerError
        No association, no answer, or an answer other than success.
    """
    stream = Stream(peer, calling_ae, [Proposal(VERIFICATION, UNCOMPRESSED)])
    try:
        begun = time.monotonic()
        stream.send(stream.contexts[0].context_id, echo_request(1))
        reply = reply_in(stream.receive().command)
        taken = time.monotonic() - begun
    except BaseException:
        stream.abort()
        raise
    stream.release()
    if reply.status != 0:
        raise PeerError(
            peer.name, f"it answered C-ECHO with status {reply.status}", "Look into the peer's log"
        )
    return EchoResult(taken * 1000)
