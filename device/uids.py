"""UIDs that Gantry mints: derived from UUIDs, so that no registered root is needed."""

from __future__ import annotations

import uuid
from typing import Final

IMPLEMENTATION_CLASS_UID: Final = "2.25.322735609989057112599164232914292695827"
"""Identifies this implementation in associations and file meta (PS3.7 D.3.3.2); never changes."""

IMPLEMENTATION_VERSION_NAME: Final = "GANTRY_0_1"
"""Version beside the implementation class UID, at most 16 characters (PS3.7 D.3.3.2)."""


def uid_from_uuid(value: uuid.UUID) -> str:
    """Write a UUID as a UID under the ``2.25`` arc (PS3.5 section B.2).

    Returns
    -------
    str
        At most 44 characters, without leading zeros, so always a valid UID.
    """
    return f"2.25.{value.int}"


def random_uid() -> str:
    """Mint a UID that was never used before: the default :class:`device.ports.UidSource`.

    The randomness is the operating system's (UUID version 4, 122 bits).
    """
    return uid_from_uuid(uuid.uuid4())
