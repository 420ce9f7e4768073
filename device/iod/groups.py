"""Attributes that mean something only together are taken from one source or not at all."""

from __future__ import annotations

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


def keep_together(
    native: dict[str, Any], preset: dict[str, Any], *, rescale_required: bool
) -> None:
    """Remove from both sources what would mix or mutilate a group.

    A rescale slope of the source is never paired with an intercept of the protocol, nor a window's
    centre with another window's width; a calibration is only told of the spacing that it belongs
    to. The source that knows more of a group gives all of it, the frame before the protocol. What
    is still not whole is left out, except a rescale that the IOD requires: its missing half shall
    be named.
    """
    _settle(_RESCALE, native, preset, drop_partial=not rescale_required)
    _settle(_WINDOW, native, preset, drop_partial=True)
    _settle(_SPACING, native, preset, drop_partial=True)
    for values in (native, preset):
        _drop_unequal_window(values)
        _drop_half_calibration(values)
    if float(native.get("SpacingBetweenSlices", 1)) < 0:
        del native["SpacingBetweenSlices"]


def _settle(
    group: _Group, native: dict[str, Any], preset: dict[str, Any], *, drop_partial: bool
) -> None:
    in_native = sum(keyword in native for keyword in group.leading)
    in_preset = sum(keyword in preset for keyword in group.leading)
    if in_native == in_preset == 0 and not drop_partial:
        return
    winner, loser = (native, preset) if in_native >= in_preset else (preset, native)
    _drop(loser, group)
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
