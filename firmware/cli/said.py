"""What an operator says of the pictures at hand: ``--value KEYWORD=VALUE`` and ``--by NAME``."""

from __future__ import annotations

from collections.abc import Sequence

import click

from device.iod.tables import CT, MR, SC
from device.iod.values import accepted
from device.provenance import Contribution, Source

_SAYABLE = CT.beside | MR.beside | SC.beside
_OF_ONE_PICTURE = "ImagePositionPatient"


def said_by_operator(
    values: Sequence[str], confirmed_by: str, frames: int | None
) -> tuple[Contribution, ...]:
    """The operator's entries, checked; several values are parted by backslashes.

    Raises
    ------
    click.UsageError
        Naming the entry that cannot be taken, and why.
    """
    if values and not confirmed_by.strip():
        raise click.UsageError("--value needs --by NAME: somebody has to stand for it")
    said: dict[str, Contribution] = {}
    for entry in values:
        keyword, separator, text = entry.partition("=")
        if not separator or keyword not in _SAYABLE:
            raise click.UsageError(
                f"--value {entry}: write KEYWORD=VALUE with the DICOM keyword of a geometry or "
                f"technique, such as SliceThickness=5"
            )
        if keyword in said:
            raise click.UsageError(f"--value {keyword} is given twice")
        if accepted(keyword, text) is None:
            raise click.UsageError(f"--value {entry}: {text!r} cannot be a {keyword}")
        said[keyword] = Contribution(keyword, text, Source.OPERATOR, text, confirmed_by.strip())
    if _OF_ONE_PICTURE in said and frames != 1:
        raise click.UsageError(
            f"--value {_OF_ONE_PICTURE} speaks of one picture: take it with --frames 1"
        )
    return tuple(said.values())
