"""A certificate authority for one test session, made with OpenSSL."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from services.dicom.peers import TlsMaterial
from tests.peers.process import program


@dataclass(frozen=True)
class Authority:
    """An authority with its folder; ``issue`` makes a key and a certificate for a name."""

    folder: Path

    @property
    def certificate(self) -> Path:
        return self.folder / "ca.crt"

    @classmethod
    def create(cls, folder: Path) -> Authority:
        folder.mkdir()
        _openssl(
            *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=Gantry test authority"),
            *("-keyout", folder / "ca.key", "-out", folder / "ca.crt"),
        )
        return cls(folder)

    def issue(self, name: str) -> TlsMaterial:
        key, request = self.folder / f"{name}.key", self.folder / f"{name}.csr"
        certificate, extensions = self.folder / f"{name}.crt", self.folder / f"{name}.ext"
        extensions.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        _openssl(
            *("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}"),
            *("-keyout", key, "-out", request),
        )
        _openssl(
            *("x509", "-req", "-in", request, "-days", "2", "-CAcreateserial"),
            *("-CA", self.certificate, "-CAkey", self.folder / "ca.key"),
            *("-extfile", extensions, "-out", certificate),
        )
        return TlsMaterial(certificate, key, self.certificate)


def _openssl(*arguments: str | Path) -> None:
    command = [program("openssl", "openssl"), *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True)
