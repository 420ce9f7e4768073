"""When a box may be updated."""

from __future__ import annotations

from firmware.update.bundle import Manifest, is_older
from firmware.update.errors import UpdateRefused
from services.box import Box


class Guard:
    """Says no while somebody needs the box, and to what does not belong on it.

    Parameters
    ----------
    variant
        Of the image that runs; empty where it is not known.
    allow_older
        Whether a person wants an earlier version than the one that runs.
    """

    def __init__(self, box: Box, *, variant: str = "", allow_older: bool = False) -> None:
        self._box = box
        self._variant = variant
        self._allow_older = allow_older

    def check_bundle(self, manifest: Manifest) -> None:
        """Raise :class:`UpdateRefused` for another variant, an earlier version, or software that
        cannot open the catalog of this box.
        """
        if self._variant and manifest.variant != self._variant:
            raise UpdateRefused(
                f"the update is for a {manifest.variant} box, and this one is {self._variant}"
            )
        runs = self._box.software_version
        if is_older(manifest.version, runs) and not self._allow_older:
            raise UpdateRefused(
                f"the update brings {manifest.version}, which is older than {runs}: --allow-older "
                f"takes it all the same"
            )
        row = self._box.catalog.row("PRAGMA user_version")
        needed = int(row["user_version"]) if row else 0
        if manifest.compatibility < needed:
            raise UpdateRefused(
                f"the software of this update cannot read this box's catalog (it knows "
                f"{manifest.compatibility}, the catalog is {needed})"
            )

    def check_idle(self) -> None:
        """Raise :class:`UpdateRefused` during an exam or while something is being sent."""
        rows = self._box.catalog.rows
        if rows("SELECT 1 FROM exam WHERE state = 'IN PROGRESS' LIMIT 1"):
            raise UpdateRefused("an exam is open: complete it first. Nothing was changed")
        if rows("SELECT 1 FROM delivery WHERE state = 'sending' LIMIT 1"):
            raise UpdateRefused(
                "a delivery is under way: try again when it is done. Nothing was changed"
            )
