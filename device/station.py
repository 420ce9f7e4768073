"""The identity that the box shows to the hospital."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Station:
    """Who we are: AE title, names, and the legacy scanner that we speak for.

    ``manufacturer``, ``manufacturer_model_name``, ``device_serial_number`` and
    ``software_versions`` describe the legacy scanner (General Equipment, PS3.3 C.7.5.1); they are
    empty where the site did not configure them. The box itself goes into the SC Equipment module.
    ``ct_mr_from_capture`` is the site's permission to make CT and MR images of captured pictures
    that are completely described; without it they are Secondary Captures.
    """

    ae_title: str
    station_name: str = ""
    institution_name: str = ""
    institution_address: str = ""
    institutional_department_name: str = ""
    manufacturer: str = ""
    manufacturer_model_name: str = ""
    device_serial_number: str = ""
    software_versions: str = ""
    modality: str = "OT"
    location: str = ""
    character_set: tuple[str, ...] = ("ISO_IR 192",)
    ct_mr_from_capture: bool = False
