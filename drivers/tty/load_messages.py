"""The messages of a driver file: patterns, columns, fields and triggers."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType

from pydicom.datadict import dictionary_VM, dictionary_VR, tag_for_keyword

from drivers.triggers import Gesture
from drivers.tty.model import LONGEST_MESSAGE, Field, Message, Trigger
from drivers.tty.tables import Table

DECIMALS = frozenset({"DS", "FD", "FL"})
INTEGERS = frozenset({"IS", "SL", "SS", "UL", "US"})
TIMES = frozenset({"DA", "TM"})
TEXTS = frozenset({"AE", "AS", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UT"})


def load_messages(top: Table) -> tuple[Message, ...]:
    """Every message of the file; faults are noted in the tables."""
    tables = top.tables("messages")
    if not tables:
        top.fault("messages", "at least one is needed")
    messages = tuple(_message(table) for table in tables)
    names = [message.name for message in messages]
    for name in sorted({name for name in names if names.count(name) > 1}):
        top.fault("messages", f"{name!r} is there twice")
    return messages


def _message(table: Table) -> Message:
    pattern = _pattern(table)
    message = Message(
        name=table.text("name"),
        pattern=pattern,
        prefix=table.text("prefix", ""),
        fields=tuple(_field(one, pattern) for one in table.tables("fields")),
        trigger=_trigger(table, pattern),
        examples=table.texts("examples"),
    )
    table.finish()
    if pattern is not None and message.prefix:
        table.fault("prefix", "has no meaning beside a pattern")
    if not message.fields and message.trigger is None:
        table.fault("", "has neither fields nor a trigger")
    if not message.examples:
        table.fault(
            "examples", "at least one is needed: it proves the file and feeds the simulator"
        )
    keywords = [field.keyword for field in message.fields]
    for keyword in sorted({keyword for keyword in keywords if keywords.count(keyword) > 1}):
        table.fault("fields", f"{keyword} is there twice")
    return message


def _pattern(table: Table) -> re.Pattern[str] | None:
    if not table.has("pattern"):
        return None
    try:
        return re.compile(table.text("pattern"))
    except (re.error, RecursionError, OverflowError) as error:
        table.fault("pattern", f"is no regular expression ({error})")
        return re.compile("")


def _trigger(table: Table, pattern: re.Pattern[str] | None) -> Trigger | None:
    own = table.table("trigger")
    if own is None:
        return None
    trigger = Trigger(own.choice("gesture", Gesture), own.text("text", ""))
    own.finish()
    if trigger.text and trigger.text not in _groups(pattern):
        own.fault("text", f"the pattern has no group {trigger.text!r}")
    return trigger


def _field(table: Table, pattern: re.Pattern[str] | None) -> Field:
    keyword = table.text("keyword")
    field = Field(
        keyword=keyword,
        vr=_representation(table, keyword),
        group=table.text("group", ""),
        columns=_columns(table),
        unit=table.text("unit", ""),
        scale=Decimal(str(table.number("scale", -1e9, 1e9, 1.0))),
        plausible=_range(table),
        date_format=table.text("date_format", ""),
        words=MappingProxyType(table.word_map("words")),
    )
    table.finish()
    _check_place(table, field, pattern)
    _check_reading(table, field)
    return field


def _representation(table: Table, keyword: str) -> str:
    tag = tag_for_keyword(keyword) if keyword else None
    if tag is None:
        if keyword:
            table.fault("keyword", f"{keyword!r} is no DICOM keyword (PS3.6)")
        return "LO"
    vr = dictionary_VR(tag)
    if vr not in DECIMALS | INTEGERS | TIMES | TEXTS:
        table.fault("keyword", f"a {keyword} ({vr}) cannot be read from a line of text")
        return "LO"
    if not dictionary_VM(tag).startswith("1"):
        table.fault("keyword", f"a {keyword} has {dictionary_VM(tag)} values, a field has one")
    return vr


def _columns(table: Table) -> tuple[int, int] | None:
    pair = table.pair("columns")
    if pair is None:
        return None
    first, last = pair
    if first != int(first) or last != int(last) or not 1 <= first <= last <= LONGEST_MESSAGE:
        table.fault("columns", f"is a first and a last column from 1 to {LONGEST_MESSAGE}")
        return None
    return int(first), int(last)


def _range(table: Table) -> tuple[Decimal, Decimal] | None:
    pair = table.pair("plausible")
    return (Decimal(str(pair[0])), Decimal(str(pair[1]))) if pair else None


def _check_place(table: Table, field: Field, pattern: re.Pattern[str] | None) -> None:
    if bool(field.group) == bool(field.columns):
        table.fault("", "has either a group of the pattern or columns")
    if field.group and field.group not in _groups(pattern):
        table.fault("group", f"the pattern has no group {field.group!r}")


def _check_reading(table: Table, field: Field) -> None:
    numeric = field.vr in DECIMALS | INTEGERS
    if numeric and field.plausible is None:
        table.fault("plausible", f"is needed for a number such as {field.keyword}")
    if not numeric and (field.plausible or field.scale != 1 or field.unit):
        table.fault("plausible", f"{field.keyword} is no number: it has no unit, scale or range")
    if numeric and field.scale == 0:
        table.fault("scale", "is not 0")
    if field.vr in TIMES and not _is_date_format(field):
        table.fault("date_format", "says how the date or time is written, such as %d.%m.%Y")
    if field.vr not in TIMES and field.date_format:
        table.fault("date_format", f"{field.keyword} is neither date nor time")
    if field.words and field.vr not in TEXTS:
        table.fault("words", f"{field.keyword} is no text")


def _is_date_format(field: Field) -> bool:
    probe = datetime(1987, 6, 5, 14, 32, 1, tzinfo=UTC)
    written = probe.strftime(field.date_format)
    try:
        read = field.date(written)
    except ValueError:
        return False
    if field.vr == "DA":
        return read.date() == probe.date()
    return (read.hour, read.minute) == (probe.hour, probe.minute)


def _groups(pattern: re.Pattern[str] | None) -> frozenset[str]:
    return frozenset(pattern.groupindex) if pattern else frozenset()
