"""Plays files as a frame grabber would deliver them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from drivers.errors import CorruptMedia, SourceUnavailable
from drivers.frame import Damage, Picture
from drivers.paced import PacedSource
from drivers.replay_files import find_media
from drivers.timing import SYSTEM, Timing


class ReplaySource(PacedSource):
    """Pictures from a file, or from all files of a folder in natural order of their names.

    DICOM, PNG, TIFF, raw grey and video are told apart by ending and content; a folder holds one
    kind. A damaged file or picture is left out and counted in :attr:`dropped`.

    Parameters
    ----------
    name : str
        As configured.
    path : Path
        File or folder. Folders in the folder are not entered.
    rate : float or None
        Pictures per second; 0 as fast as they are read; None for the rate of the recording
        (stills have none and then come as fast as they are read).
    loop : bool
        Begin again at the end.
    timing : Timing
        Clocks.
    """

    def __init__(
        self,
        name: str,
        path: Path,
        rate: float | None = None,
        loop: bool = False,
        timing: Timing = SYSTEM,
    ) -> None:
        super().__init__(name, rate, timing)
        self._path = Path(path)
        self._loop = loop

    def _open(self) -> float | None:
        self._files, self._reader = find_media(self.name, self._path)
        with suppress(CorruptMedia):  # the same damage is told when the file is played
            return self._reader.period(self._files[0])
        return None

    def _play(self) -> Iterator[Picture | Damage]:
        while True:
            sound = False
            first: Damage | None = None
            for file in self._files:
                for item in self._play_file(file):
                    sound = sound or isinstance(item, Picture)
                    first = first or (item if isinstance(item, Damage) else None)
                    yield item
            if not sound:
                raise self._nothing_readable(first)
            if not self._loop:
                return

    def _play_file(self, file: Path) -> Iterator[Picture | Damage]:
        if not file.exists():
            raise SourceUnavailable(
                f"{self.name} ({file})", "the file went away", "Plug the medium in again."
            )
        try:
            yield from self._reader.play(file)
        except CorruptMedia as error:
            yield Damage(str(file), error.reason)

    def _nothing_readable(self, first: Damage | None) -> CorruptMedia:
        what = f"{first.what}: {first.reason}" if first else "there is no picture in it"
        return CorruptMedia(
            f"{self.name} ({self._path})",
            f"not one picture can be read; {what}",
            "Copy the files again from where they came.",
        )
