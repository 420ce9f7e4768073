"""Ed25519 signatures of bundles, made and checked by openssl."""

from __future__ import annotations

import tempfile
from pathlib import Path

from firmware.update.errors import UpdateRefused
from firmware.workshop.commands import ask

KEYS = Path("usr/share/gantry/update-keys")
"""Public keys in the image, PEM; several, so that one can follow another."""


def sign(data: bytes, private_key: Path) -> bytes:
    """The signature of some bytes.

    Raises
    ------
    UpdateRefused
        openssl cannot use the key.
    """
    with tempfile.TemporaryDirectory() as scratch:
        signed, signature = Path(scratch) / "data", Path(scratch) / "signature"
        signed.write_bytes(data)
        said = ask(
            *("openssl", "pkeyutl", "-sign", "-rawin", "-inkey", str(private_key)),
            *("-in", str(signed), "-out", str(signature)),
        )
        if not said.good:
            raise UpdateRefused(f"the bundle cannot be signed with {private_key}: {said.words}")
        return signature.read_bytes()


def verify(data: bytes, signature: bytes, keys: Path) -> str:
    """The name of the key that signed the bytes.

    Raises
    ------
    UpdateRefused
        None of the keys in the folder did.
    """
    known = sorted(keys.glob("*.pem"))
    with tempfile.TemporaryDirectory() as scratch:
        signed, given = Path(scratch) / "data", Path(scratch) / "signature"
        signed.write_bytes(data)
        given.write_bytes(signature)
        for key in known:
            said = ask(
                *("openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", str(key)),
                *("-in", str(signed), "-sigfile", str(given)),
            )
            if said.good:
                return key.stem
    if not known:
        raise UpdateRefused(f"this box knows no key that may sign updates: {keys} is empty")
    raise UpdateRefused(
        "the update is signed by nobody whom this box trusts: get it from its maker again"
    )
