"""Words for associations that did not come about."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable

from pydicom.uid import UID

from services.dicom.peers import Peer
from services.errors import ContextRefused, PeerRejected, PeerTimeout, PeerUnreachable

_REASONS: dict[tuple[int, int], str] = {
    (1, 1): "no reason given",
    (1, 2): "application context name not supported",
    (1, 3): "calling AE title not recognised",
    (1, 7): "called AE title not recognised",
    (2, 1): "no reason given",
    (2, 2): "protocol version not supported",
    (3, 1): "temporary congestion",
    (3, 2): "local limit of associations exceeded",
}
"""(source, diagnostic) of an A-ASSOCIATE-RJ, PS3.8 table 9-21."""


def rejected(
    peer: Peer, calling_ae: str, result: int, source: int, diagnostic: int
) -> PeerRejected:
    """Return the error for an A-ASSOCIATE-RJ (PS3.8 9.3.4), with what to do about it."""
    reason = _REASONS.get((source, diagnostic), f"source {source}, diagnostic {diagnostic}")
    if (source, diagnostic) == (1, 3):
        advice = f"The peer does not know AE title {calling_ae}: have it entered there"
    elif (source, diagnostic) == (1, 7):
        advice = f"The peer does not call itself {peer.ae_title}: correct ae_title of this peer"
    elif result == 2 or source == 3:
        advice = "The peer is busy; the box tries again by itself"
    else:
        advice = (
            f"Ask the peer's administrator whether AE title {calling_ae} and this address "
            f"are entered there"
        )
    return PeerRejected(peer.name, f"the association was rejected: {reason}", advice)


def unreachable(peer: Peer, error: OSError) -> PeerUnreachable | PeerTimeout:
    """Return the error for a connection that could not be made."""
    place = f"{peer.host} port {peer.port}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return PeerUnreachable(
            peer.name,
            f"its TLS certificate was not accepted: {error.verify_message}",
            f"Check that the certificate names {peer.host} and was issued by the CA "
            f"configured for this peer",
        )
    if isinstance(error, ssl.SSLError):
        return PeerUnreachable(
            peer.name,
            f"no TLS connection to {place}: {error.reason or error}",
            "Check that the peer speaks TLS on this port and accepts our certificate",
        )
    if isinstance(error, socket.gaierror):
        return PeerUnreachable(
            peer.name,
            f"the name {peer.host} cannot be resolved",
            "Check host of this peer and the box's name server",
        )
    if isinstance(error, TimeoutError):
        return PeerTimeout(
            peer.name,
            f"no connection to {place} within {peer.timeouts.connect:g} s",
            "Check the cable, the address and the firewall",
        )
    if isinstance(error, ConnectionRefusedError):
        return PeerUnreachable(
            peer.name,
            f"nothing listens at {place}",
            "Check that the peer runs and that the port is right",
        )
    return PeerUnreachable(
        peer.name,
        f"no connection to {place}: {error.strerror or error}",
        "Check the cable, the address and the firewall",
    )


def context_refused(peer: Peer, calling_ae: str, sop_class_uids: Iterable[str]) -> ContextRefused:
    """Return the error for SOP classes that the peer does not accept."""
    names = ", ".join(UID(uid).name for uid in dict.fromkeys(sop_class_uids))
    return ContextRefused(
        peer.name,
        f"it does not accept {names}",
        f"Have it enabled at the peer for AE title {calling_ae}, or take the service from this "
        f"peer's services",
    )
