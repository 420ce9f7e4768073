"""Attributes that mean something only together are taken from one source or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class _Group:
    """``leading`` are needed together; ``companions`` speak about them."""

    leading: tuple[str, ...]
    companions: tuple[str, ...]


_RESCALE: Final = _Group(("RescaleIntercept", "RescaleSlope"), ("RescaleType",))
_WINDOW: Final = _Group(("WindowCenter", "WindowWidth"), ("WindowCenterWidthExplanation",))
_SPACING: Final = _Group(
    ("PixelSpacing",),
    ("PixelSpacingCalibrationType", "PixelSpacingCalibrationDescription"),
)


def keep_together(sources: Sequence[dict[str, Any]], *, rescale_required: bool) -> None:
    """Remove from all sources what would mix or mutilate a group.

    A rescale slope of one source is never paired with an intercept of another, nor a window's
    centre with another window's width; a calibration is only told of the spacing that it belongs
    to. The source that knows more of a group gives all of it, among equals the first. A Rescale
    Type without numbers of its own is a word on those of another source, and stays. What is still
    not whole is left out, except a rescale that the IOD requires: its missing half shall be named.

    Parameters
    ----------
    sources : sequence of dict
        Values by keyword in order of precedence, the protocol's last; they are changed.
    rescale_required : bool
        Whether the IOD asks for a rescale.
    """
    _settle(_RESCALE, sources, drop_partial=not rescale_required)
    _settle(_WINDOW, sources, drop_partial=True)
    _settle(_SPACING, sources, drop_partial=True)
    for values in sources:
        _drop_unequal_window(values)
        _drop_half_calibration(values)
    for values in sources[:-1]:
        if float(values.get("SpacingBetweenSlices", 1)) < 0:
            del values["SpacingBetweenSlices"]


def _settle(group: _Group, sources: Sequence[dict[str, Any]], *, drop_partial: bool) -> None:
    known = [sum(keyword in values for keyword in group.leading) for values in sources]
    if not any(known) and not drop_partial:
        return
    winner = sources[known.index(max(known))]
    for values in sources:
        alone = group is _RESCALE and not any(keyword in values for keyword in group.leading)
        if values is not winner and not alone:
            _drop(values, group)
    if drop_partial and not all(keyword in winner for keyword in group.leading):
        _drop(winner, group)


def _drop(values: dict[str, Any], group: _Group) -> None:
    for keyword in (*group.leading, *group.companions):
        values.pop(keyword, None)


def _drop_unequal_window(values: dict[str, Any]) -> None:
    if _count(values.get("WindowCenter")) != _count(values.get("WindowWidth")):
        _drop(values, _WINDOW)
    elif _count(values.get("WindowCenterWidthExplanation")) != _count(values.get("WindowCenter")):
        values.pop("WindowCenterWidthExplanation", None)


def _drop_half_calibration(values: dict[str, Any]) -> None:
    pair = _SPACING.companions
    if not all(keyword in values for keyword in pair):
        for keyword in pair:
            values.pop(keyword, None)


def _count(value: Any) -> int:
    if value is None:
        return 0
    return len(value) if isinstance(value, list) else 1
