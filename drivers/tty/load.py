"""Driver files: where they are, and what has to be right about them."""

from __future__ import annotations

import codecs
import tomllib
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from drivers.tty.checksum import Checksum, ChecksumKind
from drivers.tty.load_messages import load_messages
from drivers.tty.model import (
    LONGEST_MESSAGE,
    Flow,
    Framing,
    FramingKind,
    LineModel,
    LineSettings,
    Parity,
    Reply,
)
from drivers.tty.tables import DriverFileInvalid, Table
from drivers.tty.trial import try_examples

_LARGEST_FILE = 256 * 1024
_SUFFIX = ".toml"


def shipped_models() -> tuple[str, ...]:
    """Names of the driver files that come with the box, in order."""
    folder = resources.files("drivers.tty") / "models"
    names = (file.name for file in folder.iterdir())
    return tuple(sorted(name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX)))


def find_model(name: str) -> LineModel:
    """A shipped driver file by its name, or any other by its path.

    Parameters
    ----------
    name : str
        Such as ``xray-generator``; what ends in ``.toml`` is the path of a file.

    Raises
    ------
    DriverFileInvalid
        Naming the shipped files where there is none of this name, else all that is wrong with it.
    """
    if name.endswith(_SUFFIX):
        return load_model(Path(name))
    if name not in shipped_models():
        known = ", ".join(shipped_models())
        raise DriverFileInvalid(name, [f"there is no such driver file; shipped are {known}"])
    return load_model(resources.files("drivers.tty") / "models" / f"{name}{_SUFFIX}")


def load_model(file: Traversable) -> LineModel:
    """Read one driver file.

    Raises
    ------
    DriverFileInvalid
        With everything that is wrong with it.
    """
    try:
        with file.open("rb") as stream:
            content = stream.read(_LARGEST_FILE + 1)
    except OSError as error:
        reason = error.strerror or "no such file"
        raise DriverFileInvalid(str(file), [f"cannot be read ({reason})"]) from error
    if len(content) > _LARGEST_FILE:
        raise DriverFileInvalid(str(file), [f"is larger than {_LARGEST_FILE // 1024} KiB"])
    return parse_model(content, file.name)


def parse_model(content: bytes, origin: str) -> LineModel:
    """Read the content of a driver file; ``origin`` is what the report calls it.

    Raises
    ------
    DriverFileInvalid
        With everything that is wrong with it.
    """
    try:
        table = tomllib.loads(content.decode())
    except (ValueError, RecursionError) as error:
        raise DriverFileInvalid(origin, [f"is no TOML ({error})"]) from error
    faults: list[str] = []
    model = _model(Table(table, "", faults))
    if not faults:
        faults += try_examples(model)
    if faults:
        raise DriverFileInvalid(origin, faults)
    return model


def _model(top: Table) -> LineModel:
    framing = _framing(top)
    transmit = top.flag("transmit")
    encoding = _encoding(top)
    top.text("notes", "")
    model = LineModel(
        name=top.text("name"),
        line=_line(top, transmit),
        framing=framing,
        checksum=_checksum(top, framing),
        messages=load_messages(top),
        encoding=encoding,
        transmit=transmit,
        reply=_reply(top, transmit),
        closed=top.flag("closed"),
        decimal_comma=top.flag("decimal_comma"),
        silence_seconds=top.number("silence_seconds", 0.1, 86400, None),
    )
    top.finish()
    return model


def _encoding(top: Table) -> str:
    name = top.text("encoding", "ascii")
    try:
        codecs.lookup(name)
        "".encode(name)  # some codecs are no text encodings
    except LookupError:
        top.fault("encoding", "is not a character encoding that is known here")
    return name


def _line(top: Table, transmit: bool) -> LineSettings:
    table = top.table("line")
    if table is None:
        top.fault("line", "is missing: write at least [line] with baud")
        return LineSettings(9600)
    settings = LineSettings(
        baud=table.whole("baud", 50, 4_000_000),
        data_bits=table.whole("data_bits", 7, 8, 8),
        parity=table.choice("parity", Parity, Parity.NONE),
        stop_bits=table.whole("stop_bits", 1, 2, 1),
        flow=table.choice("flow", Flow, Flow.NONE),
    )
    table.finish()
    if settings.flow is not Flow.NONE and not transmit:
        table.fault("flow", "answers the device, so it needs transmit = true")
    return settings


def _framing(top: Table) -> Framing:
    table = top.table("framing")
    if table is None:
        top.fault("framing", "is missing")
        return Framing(FramingKind.TERMINATED, ends=(b"\n",))
    kind = table.choice("kind", FramingKind)
    framing = Framing(
        kind=kind,
        start=table.octets("start"),
        ends=table.octets_list("ends"),
        length=table.whole("length", 1, LONGEST_MESSAGE, 0),
        longest=table.whole("longest", 1, LONGEST_MESSAGE, 256),
        gap_seconds=table.number("gap_seconds", 0.01, 60, 2.0) or 2.0,
        printer_codes=table.flag("printer_codes"),
    )
    table.finish()
    _check_framing(table, framing)
    return framing


def _check_framing(table: Table, framing: Framing) -> None:
    fixed = framing.kind is FramingKind.FIXED
    if framing.kind is FramingKind.DELIMITED and not framing.start:
        table.fault("start", "is missing: delimited messages begin with it")
    if framing.kind is FramingKind.TERMINATED and framing.start:
        table.fault("start", "has no meaning for terminated messages; use kind = 'delimited'")
    if fixed != bool(framing.length):
        table.fault("length", "belongs to kind = 'fixed', and to no other")
    if fixed == bool(framing.ends):
        table.fault("ends", "is needed for every kind but 'fixed', and for that one has no meaning")


def _checksum(top: Table, framing: Framing) -> Checksum | None:
    table = top.table("checksum")
    if table is None:
        return None
    checksum = Checksum(
        kind=table.choice("kind", ChecksumKind),
        hexadecimal=table.flag("hexadecimal"),
        after_end=table.flag("after_end", True),
        covers_start=table.flag("covers_start"),
        covers_end=table.flag("covers_end"),
        little_endian=table.flag("little_endian"),
    )
    table.finish()
    if len(framing.ends) > 1 and (checksum.after_end or checksum.covers_end):
        table.fault("after_end", "with a check after or over the end there is only one of ends")
    fixed = framing.kind is FramingKind.FIXED
    if not checksum.after_end and not checksum.hexadecimal and not fixed:
        table.fault("hexadecimal", "a check before the end is hexadecimal, or could be the end")
    return checksum


def _reply(top: Table, transmit: bool) -> Reply | None:
    table = top.table("reply")
    if table is None:
        return None
    if not transmit:
        table.fault("", "needs transmit = true; without it nothing is ever sent")
    reply = Reply(table.octets("good"), table.octets("bad"))
    table.finish()
    return reply
