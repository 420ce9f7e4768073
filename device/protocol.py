"""Acquisition protocols: the named presets an operator picks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class ObjectKind(StrEnum):
    """What a protocol asks for; the builders may fall back from CT and MR to SC."""

    CT = "CT"
    MR = "MR"
    SC = "SC"


@dataclass(frozen=True, slots=True)
class Protocol:
    """One acquisition preset as configured under ``[[protocols]]``.

    ``geometry`` and ``technique`` are keyed by DICOM keyword and hold only what the site measured
    or configured; nothing is filled in from defaults. ``multi_frame`` collects all frames of one
    acquisition into one multi-frame Secondary Capture instance, ``video`` into one H.264 video
    object, or such a Secondary Capture where the pictures cannot be one.
    """

    name: str
    source: str
    object: ObjectKind
    modality: str
    body_part: str = ""
    series_description: str = ""
    laterality: str = ""
    multi_frame: bool = False
    video: bool = False
    burned_in_annotation: bool = True
    geometry: Mapping[str, Any] = field(default_factory=dict)
    technique: Mapping[str, Any] = field(default_factory=dict)
