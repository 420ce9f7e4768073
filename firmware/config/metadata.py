"""Shorthand for what is said of a key: meaning, range, example, and the rule of its own."""

from __future__ import annotations

from typing import Any

from msgspec import Meta

from firmware.config import values

_AE_ALLOWED = "1 to 16 plain ASCII characters, no backslash, no space at either end"


def meta(description: str, **more: Any) -> Meta:
    """Shorthand: what a key means, then bounds, examples and the rule of its own."""
    check, allowed, kinds = (more.pop(name, None) for name in ("check", "allowed", "kinds"))
    extra = {"check": check, "allowed": allowed, "kinds": kinds}
    return Meta(description=description, extra=extra, **more)


def ae(description: str, example: str) -> Meta:
    """An application entity title, with an example."""
    return meta(
        description,
        max_length=16,
        examples=[example],
        check=values.ae_title,
        allowed=_AE_ALLOWED,
    )


def text(description: str, longest: int, example: str, shortest: int = 0) -> Meta:
    """Text that goes into one DICOM value, with its longest length."""
    return meta(
        description,
        min_length=shortest,
        max_length=longest,
        examples=[example],
        check=values.text,
    )


def file(description: str, example: str, kinds: tuple[str, ...] | None = None) -> Meta:
    """A path, and the kinds of source that it has a meaning for."""
    return meta(
        description,
        max_length=4096,
        examples=[example],
        check=values.printable,
        allowed="a path; a relative one begins at the folder of this file, ~ is the home folder",
        kinds=kinds,
    )


def seconds(description: str, lowest: float, highest: float) -> Meta:
    """A length of time with its bounds."""
    return meta(f"{description} In seconds.", ge=lowest, le=highest)
