"""Small pictures of images, kept so that they need not be made twice; safe to lose."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path

from services.rendering import Renderer

SIDE = 240
"""Pixels of the longer side."""

_MOST_FILES = 4000
_LOOK_EVERY = 64


class Thumbnails:
    """A folder of JPEGs by SOP Instance UID, which drops the oldest when it holds too many.

    What the medium refuses to keep is made again each time.

    Parameters
    ----------
    most
        Files that are kept; about 10 kB each.
    """

    def __init__(self, folder: Path, renderer: Renderer, most: int = _MOST_FILES) -> None:
        self._folder = folder
        self._renderer = renderer
        self._most = most
        self._made = 0
        self._lock = threading.Lock()

    def get(self, sop_instance_uid: str, file: Path, sha256: str) -> bytes:
        """The thumbnail of an image.

        Parameters
        ----------
        file
            The image's file.
        sha256
            Its digest in the catalog: an image that was written anew gets another thumbnail.

        Raises
        ------
        Unreadable
            The file cannot be shown.
        """
        kept = self._folder / f"{sop_instance_uid}-{sha256[:12]}.jpg"
        with suppress(OSError):
            return kept.read_bytes()
        made = self._renderer.encoded(file, size=SIDE, quality=80)
        self._keep(kept, made)
        return made

    def _keep(self, kept: Path, made: bytes) -> None:
        temporary = kept.with_suffix(f".{threading.get_ident()}.part")
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(made)
            temporary.rename(kept)
            self._prune()

    def _prune(self) -> None:
        with self._lock:
            self._made += 1
            if self._made % _LOOK_EVERY != 1:
                return
            with os.scandir(self._folder) as entries:
                found = sorted((entry.stat().st_mtime_ns, entry.path) for entry in entries)
            for _, path in found[: max(0, len(found) - self._most)]:
                Path(path).unlink(missing_ok=True)
