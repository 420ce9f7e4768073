"""TLS contexts from the files of a site (PS3.15 B.9 and later)."""

from __future__ import annotations

import ssl

from services.dicom.peers import Peer, TlsMaterial
from services.errors import PeerUnreachable


def client_context(peer: Peer) -> ssl.SSLContext | None:
    """Return a context that proves us to the peer and demands the same of it; None without TLS.

    Raises
    ------
    PeerUnreachable
        A file is missing or holds no certificate or key.
    """
    if peer.tls is None:
        return None
    try:
        context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(peer.tls.ca))
        return _mutual(context, peer.tls)
    except OSError as error:
        raise PeerUnreachable(
            peer.name,
            f"this box's own TLS files for it cannot be used ({error.strerror or error})",
            f"Check {peer.tls.certificate.name}, {peer.tls.key.name} and {peer.tls.ca.name}",
        ) from error


def server_context(material: TlsMaterial) -> ssl.SSLContext:
    """Return a context for our listener; callers must show a certificate of the same authority.

    Raises
    ------
    OSError
        A file is missing or holds no certificate or key (``ssl.SSLError`` is one).
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(material.ca))
    context.verify_mode = ssl.CERT_REQUIRED
    return _mutual(context, material)


def _mutual(context: ssl.SSLContext, material: TlsMaterial) -> ssl.SSLContext:
    context.load_cert_chain(material.certificate, material.key)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
