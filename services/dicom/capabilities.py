"""What a peer accepts, beyond C-ECHO: one line for the technician per configured service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pydicom.uid import UID

from device.errors import DeviceError
from device.worklist import QueryKeys
from services.dicom.echo import echo
from services.dicom.pdu import Proposal
from services.dicom.peers import Peer, Service
from services.dicom.sop_classes import (
    BASIC_COLOUR_PRINT,
    BASIC_GRAYSCALE_PRINT,
    MODALITY_PERFORMED_PROCEDURE_STEP,
    STORAGE_COMMITMENT_PUSH,
    STUDY_ROOT_FIND,
    UNCOMPRESSED,
)
from services.dicom.stream import Context, Stream
from services.dicom.worklist import find_worklist
from services.errors import ContextRefused, PeerError

_OUR_OBJECTS: Final = (
    "1.2.840.10008.5.1.4.1.1.2",
    "1.2.840.10008.5.1.4.1.1.4",
    "1.2.840.10008.5.1.4.1.1.7",
    "1.2.840.10008.5.1.4.1.1.7.2",
    "1.2.840.10008.5.1.4.1.1.7.3",
    "1.2.840.10008.5.1.4.1.1.7.4",
)
"""CT, MR, Secondary Capture and its multi-frame classes, as the box can make them."""

_OUR_SYNTAXES: Final = (
    *UNCOMPRESSED,
    "1.2.840.10008.1.2.5",
    "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.80",
    "1.2.840.10008.1.2.4.90",
)
"""Uncompressed, RLE, JPEG Baseline, JPEG-LS lossless and JPEG 2000 lossless."""


@dataclass(frozen=True, slots=True)
class ProbeLine:
    """One service of a peer: whether it works, what was seen, what to do.

    ``service`` is ``verification`` or a value of :class:`Service`; ``advice`` is empty where
    nothing needs to be done.
    """

    service: str
    ok: bool
    what: str
    advice: str = ""


def probe(peer: Peer, calling_ae: str) -> list[ProbeLine]:
    """Ask a peer what it accepts, without leaving anything behind there.

    Verification comes first; when the peer cannot be reached at all, it is the only line. Storing
    and printing are only negotiated, the worklist is asked for one row. A peer's faults are lines,
    never exceptions.
    """
    try:
        result = echo(peer, calling_ae)
        first = ProbeLine("verification", True, f"answered in {result.milliseconds:.1f} ms")
    except ContextRefused as error:
        first = _failed("verification", error)
    except PeerError as error:
        return [_failed("verification", error)]
    offered = [service for service in Service if peer.offers(service)]
    return [first, *(_asked(service, peer, calling_ae) for service in offered)]


def _asked(service: Service, peer: Peer, calling_ae: str) -> ProbeLine:
    try:
        return _QUESTIONS[service](peer, calling_ae)
    except (PeerError, DeviceError) as error:
        return _failed(service.value, error)


def _failed(service: str, error: PeerError | DeviceError) -> ProbeLine:
    if isinstance(error, PeerError):
        return ProbeLine(service, False, error.reason, error.advice)
    return ProbeLine(service, False, str(error))


def _worklist(peer: Peer, calling_ae: str) -> ProbeLine:
    answer = find_worklist(peer, calling_ae, QueryKeys(), ("ISO_IR 192",), 1)
    if answer.problems:
        return ProbeLine(
            "worklist", False, answer.problems[0], "Show this to the RIS administrator"
        )
    if not answer.items:
        advice = "Ask whether anything is scheduled for this station"
        return ProbeLine("worklist", True, "answers, with no entries at all", advice)
    sets = "\\".join(answer.items[0].character_set) or "none declared"
    return ProbeLine("worklist", True, f"answers with entries, character set {sets}")


def _store(peer: Peer, calling_ae: str) -> ProbeLine:
    proposals = [Proposal(cls, (ts,)) for cls in _OUR_OBJECTS for ts in _OUR_SYNTAXES]
    accepted = _negotiated(peer, calling_ae, proposals)
    taken = {context.sop_class_uid for context in accepted}
    what = "; ".join(_object_line(cls, accepted) for cls in _OUR_OBJECTS if cls in taken)
    refused = [UID(cls).name for cls in _OUR_OBJECTS if cls not in taken]
    if not refused:
        return ProbeLine("store", True, what)
    advice = f"Have these enabled at the peer for AE title {calling_ae}: {', '.join(refused)}"
    return ProbeLine("store", True, what, advice)


def _object_line(sop_class_uid: str, accepted: tuple[Context, ...]) -> str:
    syntaxes = [c.transfer_syntax for c in accepted if c.sop_class_uid == sop_class_uid]
    return f"{UID(sop_class_uid).name}: {', '.join(UID(syntax).name for syntax in syntaxes)}"


def _printing(peer: Peer, calling_ae: str) -> ProbeLine:
    metas = (BASIC_GRAYSCALE_PRINT, BASIC_COLOUR_PRINT)
    accepted = _negotiated(peer, calling_ae, [Proposal(uid, UNCOMPRESSED) for uid in metas])
    return ProbeLine("print", True, ", ".join(UID(c.sop_class_uid).name for c in accepted))


def _accepts(service: Service, sop_class_uid: str) -> Callable[[Peer, str], ProbeLine]:
    def ask(peer: Peer, calling_ae: str) -> ProbeLine:
        _negotiated(peer, calling_ae, [Proposal(sop_class_uid, UNCOMPRESSED)])
        return ProbeLine(service.value, True, f"accepts {UID(sop_class_uid).name}")

    return ask


def _negotiated(peer: Peer, calling_ae: str, proposals: list[Proposal]) -> tuple[Context, ...]:
    stream = Stream(peer, calling_ae, proposals)
    stream.release()
    return stream.contexts


_QUESTIONS: Final[dict[Service, Callable[[Peer, str], ProbeLine]]] = {
    Service.WORKLIST: _worklist,
    Service.MPPS: _accepts(Service.MPPS, MODALITY_PERFORMED_PROCEDURE_STEP),
    Service.STORE: _store,
    Service.COMMIT: _accepts(Service.COMMIT, STORAGE_COMMITMENT_PUSH),
    Service.QUERY: _accepts(Service.QUERY, STUDY_ROOT_FIND),
    Service.PRINT: _printing,
}
