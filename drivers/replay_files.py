"""Which files of a folder are played, in which order, and by which reader."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from drivers import replay_dicom, replay_images, replay_raw, replay_video
from drivers.errors import SourceUnavailable
from drivers.frame import Damage, Picture
from drivers.native import acr_nema, par_rec

_CLUTTER = {"thumbs.db", "desktop.ini", "dicomdir"}
_HEAD = 132
_NUMBERS = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class Reader:
    """One kind of media.

    Attributes
    ----------
    kind : str
        For messages.
    suffixes : tuple of str
        File name endings that say this kind.
    matches : callable
        Whether the first 132 bytes of a file say so.
    play : callable
        Yields the pictures of one file; raises CorruptMedia where the rest of it is unreadable.
    period : callable
        Seconds per picture that one file asks for, or None.
    """

    kind: str
    suffixes: tuple[str, ...]
    matches: Callable[[bytes], bool]
    play: Callable[[Path], Iterator[Picture | Damage]]
    period: Callable[[Path], float | None]


READERS = (
    Reader(
        "DICOM",
        (".dcm", ".dicom", ".ima", *acr_nema.SUFFIXES),
        lambda head: head[128:132] == b"DICM" or acr_nema.matches(head),
        replay_dicom.play,
        replay_dicom.period,
    ),
    Reader(
        "PNG or TIFF",
        (".png", ".tif", ".tiff"),
        lambda head: head.startswith((b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0*")),
        replay_images.play,
        replay_images.period,
    ),
    Reader(
        "video",
        (".mp4", ".m4v", ".mov", ".mkv", ".avi", ".mjpeg", ".mjpg", ".mpg", ".mpeg"),
        lambda head: (
            head[4:8] == b"ftyp"
            or head.startswith(b"\x1aE\xdf\xa3")
            or (head.startswith(b"RIFF") and head[8:12] == b"AVI ")
        ),
        replay_video.play,
        replay_video.period,
    ),
    Reader(
        "PAR/REC",
        (par_rec.SUFFIX,),
        lambda head: head.startswith(b"# === DATA DESCRIPTION FILE"),
        par_rec.play,
        par_rec.period,
    ),
    Reader("raw", (".raw",), lambda _head: False, replay_raw.play, replay_raw.period),
)


def find_media(name: str, path: Path) -> tuple[tuple[Path, ...], Reader]:
    """The files to play, in natural order of their names, and the reader for all of them.

    Raises
    ------
    SourceUnavailable
        Where there is nothing to play, or a folder holds more than one kind.
    """
    try:
        files = list_files(path)
        readers = {file: reader_of(file) for file in files}
    except OSError as error:
        raise SourceUnavailable(
            _device(name, path),
            f"cannot be read ({error.strerror or error})",
            "Look whether the path is right and the medium is plugged in.",
        ) from error
    if not files:
        raise SourceUnavailable(
            _device(name, path), "the folder holds no files", "Copy pictures into it."
        )
    return tuple(files), _only_reader(name, path, readers)


def _device(name: str, path: Path) -> str:
    return f"{name} ({path})"


def list_files(path: Path) -> list[Path]:
    """The file, or the files of a folder that hold pictures, in natural order of their names."""
    if not path.is_dir():
        path.stat()
        return [path]
    files = [file for file in path.iterdir() if file.is_file() and not _is_clutter(file)]
    return sorted(files, key=_natural)


def _is_clutter(file: Path) -> bool:
    """Files that systems leave behind, and those that belong to the picture's own file."""
    name = file.name.lower()
    beside = name.endswith((replay_raw.SIDECAR, par_rec.COMPANION))
    return name.startswith(".") or name in _CLUTTER or beside


def _natural(file: Path) -> tuple[tuple[int, int, str], ...]:
    """Sorts 2 before 10."""
    parts = _NUMBERS.split(file.name)
    return tuple(
        (0, int(part), part) if index % 2 else (1, 0, part.casefold())
        for index, part in enumerate(parts)
    )


def reader_of(file: Path) -> Reader | None:
    """By ending, then by content; a name without ending is DICOM by custom."""
    suffix = file.suffix.lower()
    for reader in READERS:
        if suffix in reader.suffixes:
            return reader
    with file.open("rb") as stream:
        head = stream.read(_HEAD)
    for reader in READERS:
        if reader.matches(head):
            return reader
    return READERS[0] if not suffix or suffix[1:].isdigit() else None


def _only_reader(name: str, path: Path, readers: dict[Path, Reader | None]) -> Reader:
    first, reader = next(iter(readers.items()))
    for file, other in readers.items():
        if other is None:
            raise SourceUnavailable(
                _device(name, path),
                f"{file.name} is neither DICOM, PAR/REC, PNG, TIFF, raw nor video",
                "Move it away, or convert it.",
            )
        if other is not reader:
            kinds = f"{first.name} and {file.name} are of different kinds"
            raise SourceUnavailable(
                _device(name, path), kinds, "Put each kind into a folder of its own."
            )
    assert reader is not None
    return reader
