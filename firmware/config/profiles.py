"""Capture profiles: what the file says of one, on top of the shipped preset it begins from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from firmware.config.capture import ProfileSettings

if TYPE_CHECKING:
    from drivers.video.profile import CaptureProfile

_AS_THEY_ARE = (
    "device",
    "pixel_format",
    "columns",
    "rows",
    "rate",
    "standard",
    "matrix",
    "fields",
    "grey",
    "lossy",
    "flat_is_no_signal",
    "freeze_seconds",
)


def preset_names() -> tuple[str, ...]:
    """Names of the shipped profiles."""
    from drivers.video.presets import PRESETS

    return tuple(PRESETS)


def capture_profile(settings: ProfileSettings, edid: bytes = b"") -> CaptureProfile:
    """The profile that these settings describe.

    Parameters
    ----------
    settings : ProfileSettings
        As configured; what is absent comes from the preset.
    edid : bytes
        Content of the EDID file, where one is configured.

    Raises
    ------
    ValueError
        Naming everything that does not go together.
    KeyError
        There is no such preset.
    """
    # imported here: a box without video does not load the picture libraries
    from drivers.video.presets import PRESETS
    from drivers.video.profile import CaptureProfile, Crop
    from drivers.video.signal import Signature

    base = PRESETS[settings.preset] if settings.preset else CaptureProfile(settings.name, "")
    given: dict[str, Any] = {
        key: value
        for key in _AS_THEY_ARE
        if (value := getattr(settings, key)) is not None and value != ""
    }
    if settings.input:
        given["input"] = int(settings.input) if settings.input.isdigit() else settings.input
    if settings.crop:
        given["crop"] = Crop(*settings.crop)
    if settings.range:
        given["range"] = settings.range if settings.range != "measured" else settings.measured
    if settings.pixel_aspect:
        given["pixel_aspect"] = settings.pixel_aspect
    if settings.no_signal:
        given["no_signal"] = tuple(Signature.parse(text) for text in settings.no_signal)
    return replace(base, name=settings.name, edid=edid, **given)


def find_profile(profiles: Sequence[ProfileSettings], name: str) -> ProfileSettings | None:
    """The configured profile of this name, a shipped preset of it, or None."""
    for profile in profiles:
        if profile.name == name:
            return profile
    if name in preset_names():
        return ProfileSettings(name=name, preset=name)
    return None


def problems(table: Mapping[str, Any]) -> list[str]:
    """What does not go together in one readable entry of ``[[profiles]]``."""
    lengths = (("crop", 4), ("measured", 2), ("pixel_aspect", 2))
    faults = [
        f"{key} has {count} numbers"
        for key, count in lengths
        if table.get(key) and len(table[key]) != count
    ]
    measured = table.get("range") == "measured"
    if measured and not table.get("measured"):
        faults.append("a measured range needs the key measured")
    if table.get("measured") and not measured:
        faults.append('measured goes with range = "measured" only')
    if faults:
        return faults
    try:
        capture_profile(msgspec.convert(dict(table), ProfileSettings))
    except ValueError as error:
        _, _, reason = str(error).partition(": ")
        return reason.split("; ")
    return []
