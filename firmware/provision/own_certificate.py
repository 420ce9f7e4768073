"""The page's own key and certificate, made on the box where none were brought."""

from __future__ import annotations

import hashlib
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path

from firmware.config import Configuration
from firmware.workshop.commands import ask
from services.errors import ServiceError

_DAYS = 3650


class NoCertificate(ServiceError):
    """The box could not make a certificate; the text holds openssl's words."""


@dataclass(frozen=True, slots=True)
class OwnCertificate:
    """PEM texts, and the SHA-256 fingerprint that a browser shows."""

    certificate: bytes
    key: bytes
    fingerprint: str


def make_certificate(configuration: Configuration) -> OwnCertificate:
    """A key on the curve P-256 and a certificate that it signs itself, for ten years.

    Raises
    ------
    NoCertificate
        openssl is missing or refuses.
    """
    console = configuration.console
    names = [f"DNS:{name}" for name in ("gantry", "gantry.local", *console.host_names)]
    if console.bind not in ("0.0.0.0", "::"):  # noqa: S104 -- asked for, not bound to
        names.append(f"IP:{console.bind}")
    subject = configuration.station.station_name or configuration.station.ae_title
    plain = "".join(c for c in subject if c.isascii() and (c.isalnum() or c in " ._-")).strip()
    with tempfile.TemporaryDirectory() as scratch:
        certificate, key = Path(scratch) / "certificate", Path(scratch) / "key"
        said = ask(
            *("openssl", "req", "-x509", "-newkey", "ec", "-noenc", "-days", str(_DAYS)),
            *("-pkeyopt", "ec_paramgen_curve:P-256", "-subj", f"/CN={plain or 'gantry'}"),
            *("-addext", f"subjectAltName={','.join(names)}"),
            *("-keyout", str(key), "-out", str(certificate)),
        )
        if not said.good:
            raise NoCertificate(f"no certificate for the page could be made: {said.words}")
        pem = certificate.read_bytes()
        digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem.decode())).hexdigest().upper()
        pairs = ":".join(digest[at : at + 2] for at in range(0, len(digest), 2))
        return OwnCertificate(pem, key.read_bytes(), pairs)
