"""Rules for single values that a type and a range cannot express.

Each rule takes the value and returns what is wrong with it, or an empty text.
"""

from __future__ import annotations

import ipaddress
import re
from zoneinfo import ZoneInfo, available_timezones

_HOST_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")
_CODE_STRING = re.compile(r"[A-Z0-9 _]*")

SINGLE_CHARACTER_SETS = (
    "ISO_IR 6",
    "ISO_IR 100",
    "ISO_IR 101",
    "ISO_IR 109",
    "ISO_IR 110",
    "ISO_IR 144",
    "ISO_IR 127",
    "ISO_IR 126",
    "ISO_IR 138",
    "ISO_IR 148",
    "ISO_IR 166",
    "ISO_IR 13",
    "ISO_IR 192",
    "GB18030",
    "GBK",
)
CODE_EXTENSIONS = (
    "ISO 2022 IR 6",
    "ISO 2022 IR 13",
    "ISO 2022 IR 87",
    "ISO 2022 IR 149",
    "ISO 2022 IR 58",
    "ISO 2022 IR 159",
)
_SEVERAL_BYTES = {"ISO 2022 IR 87", "ISO 2022 IR 149", "ISO 2022 IR 58", "ISO 2022 IR 159"}


def ae_title(value: str) -> str:
    """Application Entity title (PS3.5 6.2, VR AE)."""
    if value != value.strip(" "):
        return "an AE title does not begin or end with a space"
    if "\\" in value:
        return "an AE title holds no backslash"
    if not value.isascii() or not value.isprintable():
        return "an AE title holds only plain ASCII characters"
    return ""


def text(value: str) -> str:
    """Text that goes into one DICOM value: no backslash, no control characters (VR LO, SH)."""
    if "\\" in value:
        return "a backslash would split the value in two in DICOM"
    return "" if value.isprintable() else "holds a line break or another control character"


def printable(value: str) -> str:
    """Text on one line."""
    return "" if value.isprintable() else "holds a line break or another control character"


def code_string(value: str) -> str:
    """DICOM code string (PS3.5 6.2, VR CS)."""
    if value != value.strip(" "):
        return "does not begin or end with a space"
    if not _CODE_STRING.fullmatch(value):
        return "a DICOM code string holds only A-Z, 0-9, space and underscore"
    return ""


def host(value: str) -> str:
    """Host name or IP address of a peer."""
    try:
        ipaddress.ip_address(value)
    except ValueError:
        pass
    else:
        return ""
    labels = value.removesuffix(".").split(".")
    if all(label.isdigit() for label in labels):
        return "is not an IP address: four numbers from 0 to 255 with dots between"
    if all(_HOST_LABEL.fullmatch(label) for label in labels):
        return ""
    return "is neither a host name nor an IP address; a port or a scheme does not belong here"


def stable_device(value: str) -> str:
    """Identity of a device that survives unplugging and a restart."""
    if value.startswith(("/dev/video", "/dev/bus/", "/dev/ttyUSB", "/dev/ttyACM")):
        return "is another device after the next start; 'gantry devices' prints its lasting name"
    return printable(value)


def input_device(value: str) -> str:
    """Identity of a USB pedal or scanner."""
    from drivers.hid.identity import Identity

    try:
        Identity.parse(value)
    except ValueError as error:
        return f"names no device: {error}" if value else ""
    return printable(value)


def code_mask(value: str) -> str:
    """Mask of the codes of a site."""
    from drivers.barcode.errors import MaskError
    from drivers.barcode.mask import Mask

    try:
        if value:
            Mask(value)
    except MaskError as error:
        return f"cannot be read: {error}"
    return printable(value)


def gs1_element(value: str) -> str:
    """GS1 Application Identifier."""
    sound = value.isascii() and value.isdigit() and len(value) >= 2
    return "" if sound or not value else "is no GS1 Application Identifier"


def signature(value: str) -> str:
    """A picture that stands for no signal, as it was learnt."""
    # imported here, so that a box without video does not load the picture libraries
    from drivers.video.signal import Signature

    try:
        Signature.parse(value)
    except ValueError as error:
        return f"cannot be read: {error}"
    return ""


def bind_address(value: str) -> str:
    """IP address of an interface of this box."""
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return "is not an IP address; 0.0.0.0 means every interface, 127.0.0.1 only this machine"
    return ""


def time_zone(value: str) -> str:
    """Name in the IANA time zone database."""
    try:
        ZoneInfo(value)
    except (LookupError, ValueError, OSError):
        return "is not a time zone of the IANA database"
    return ""


def character_set(value: str | tuple[str, ...] | list[str]) -> str:
    """Specific Character Set (PS3.3 C.12.1.1.2)."""
    terms = split_character_set(value)
    if not terms or terms == ("",):
        return "names no character set"
    if len(terms) == 1:
        known = SINGLE_CHARACTER_SETS + CODE_EXTENSIONS
        return "" if terms[0] in known else f"{terms[0]!r} is not supported"
    alone = [term for term in terms if term and term not in CODE_EXTENSIONS]
    if alone:
        return f"{alone[0]!r} cannot stand in a list; a list takes ISO 2022 terms only"
    if len(set(terms)) != len(terms) or "" in terms[1:]:
        return "names a character set twice, or leaves one empty that is not the first"
    if terms[0] in _SEVERAL_BYTES:
        return f"{terms[0]!r} cannot be the first; leave the first empty for ASCII"
    return ""


def split_character_set(value: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """The terms of a character set given as text with backslashes or as a list."""
    return tuple(value.split("\\")) if isinstance(value, str) else tuple(value)


def time_zones() -> list[str]:
    """Every name of the time zone database on this machine."""
    return sorted(available_timezones())
