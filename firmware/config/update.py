"""The keys of ``[update]``: where new software comes from."""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct

from firmware.config.metadata import meta


def _address(value: str) -> str:
    return "" if not value or value.startswith(("https://", "http://")) else "is no web address"


class UpdateSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Updates are signed: the server need not be trusted, and may be a plain one."""

    url: Annotated[
        str,
        meta(
            "Address of the update that this box looks for once a night; empty: only by hand.",
            max_length=500,
            check=_address,
            allowed="https://... or http://...",
            examples=["https://updates.example.org/gantry-kiosk.update"],
        ),
    ] = ""
