"""Driver files for tests, written as a technician would."""

from __future__ import annotations

from drivers.tty.load import parse_model
from drivers.tty.model import LineModel

DOSE = """
name = "dose meter"
closed = true

[line]
baud = 9600

[framing]
{framing}
gap_seconds = 0.3

{checksum}

[[messages]]
name = "dose"
pattern = 'D(?P<kv>[0-9.]{{1,30}})'
examples = ["{example}"]

[messages.trigger]
gesture = "expose"

[[messages.fields]]
keyword = "KVP"
group = "kv"
unit = "kV"
plausible = [20, 160]
"""

TERMINATED = """kind = "terminated"
ends = ["\\r\\n", "\\n"]
longest = 32"""

ONE_END = """kind = "terminated"
ends = ["\\r"]
longest = 32"""

DELIMITED = """kind = "delimited"
start = "\\u0002"
ends = ["\\u0003"]
longest = 32"""

FIXED = """kind = "fixed"
start = "##"
length = 8"""

NO_CHECK = ""
SUM8 = """[checksum]
kind = "sum8"
"""
CRC = """[checksum]
kind = "crc16-modbus"
covers_start = true
covers_end = true
little_endian = true
"""
HEX_LRC = """[checksum]
kind = "lrc"
hexadecimal = true
after_end = false
"""


def dose_meter(framing: str, checksum: str = NO_CHECK, *, extra: str = "") -> LineModel:
    example = "D80.5000" if framing != FIXED or "after_end = false" not in checksum else "D80.50"
    text = extra + DOSE.format(framing=framing, checksum=checksum, example=example)
    return parse_model(text.encode(), "dose.toml")


VARIANTS = {
    "terminated": dose_meter(TERMINATED),
    "terminated sum8": dose_meter(ONE_END, SUM8),
    "terminated hex lrc": dose_meter(TERMINATED, HEX_LRC),
    "delimited": dose_meter(DELIMITED),
    "delimited crc": dose_meter(DELIMITED, CRC),
    "delimited hex lrc": dose_meter(DELIMITED, HEX_LRC),
    "fixed": dose_meter(FIXED),
    "fixed crc": dose_meter(FIXED, CRC),
    "fixed hex lrc": dose_meter(FIXED, HEX_LRC),
}
CHECKED = {name: model for name, model in VARIANTS.items() if model.checksum is not None}
