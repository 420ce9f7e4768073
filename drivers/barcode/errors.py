"""Why a code cannot be used; the text never repeats what was scanned."""

from __future__ import annotations


class CodeRefused(ValueError):
    """A scanned code is damaged, unknown or not what the site expects."""


class MaskError(ValueError):
    """A site mask is written wrongly; the text shows the mask and the place."""
