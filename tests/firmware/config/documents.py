"""A valid configuration, and the ways to load one from text."""

from __future__ import annotations

from pathlib import Path

import pytest

from firmware.config import Configuration, ConfigurationError, Fault, load

VALID = """\
[station]
ae_title = "CT_BOX"
station_name = "CT-2"
institution_name = "St Example"
modality = "CT"
timezone = "Europe/Berlin"
character_set = ["", "ISO 2022 IR 87"]
state_dir = "state"

[listener]
port = 11112
allowed_callers = ["ARCHIVE"]

[[peers]]
name = "ris"
ae_title = "RIS"
host = "ris.example.org"
port = 104
services = ["worklist", "mpps"]
assume_character_set = "ISO_IR 100"

[[peers]]
name = "archive"
ae_title = "ARCHIVE"
host = "192.0.2.7"
port = 11112
services = ["store", "commit", "query"]
commitment = "required"
dimse_timeout = 30

[[sources]]
name = "scanner"
kind = "replay"
path = "films"
rate = 12.5
loop = true

[[sources]]
name = "pattern"
kind = "pattern"
bits = 12

[[protocols]]
name = "Head"
source = "scanner"
object = "CT"
body_part = "HEAD"
series_description = "Head axial"

[protocols.geometry]
PixelSpacing = [0.5, 0.5]
ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
ImagePositionPatient = [-125.0, -125.0, 0.0]

[protocols.technique]
ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
KVP = 120
RescaleSlope = 1
RescaleIntercept = "-1024"

[[protocols]]
name = "Film"
source = "pattern"
object = "SC"
multi_frame = true

[retention]
keep_days = 14
high_water_percent = 80
"""


def load_text(folder: Path, text: str) -> Configuration:
    path = folder / "gantry.toml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def faults_of(folder: Path, text: str) -> tuple[Fault, ...]:
    with pytest.raises(ConfigurationError) as caught:
        load_text(folder, text)
    return caught.value.faults


def replaced(old: str, new: str) -> str:
    """The valid document with one thing changed."""
    assert VALID.count(old) >= 1, old
    return VALID.replace(old, new, 1)
