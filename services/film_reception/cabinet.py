"""Where received films lie: pictures as they come, sheets once they are durable.

``incoming/`` holds the pictures of sessions that are open and dies with them. A sheet that is
ordered gets a folder of its own with links to its pictures and ``sheet.json``; everything is
synced, then the folder gets its name, then its row is committed, and only then is the order
answered. A folder without a row was never answered and is removed at the next start.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from services.box import Box
from services.catalog import at_hand, received_sheets
from services.catalog.received_sheets import SAME_WITHIN, Images, NewSheet, Paper, ReceivedSheet
from services.errors import CatalogError, ExamBusy, StorageFull
from services.film_reception.pictures import Taken
from services.film_reception.words import Light, Lut, Picture, Refusal, Sheet
from services.spool import sync_folder

_log = logging.getLogger(__name__)

_NO_ROOM: Final = 0x0213
_FAILED: Final = 0x0110
_BYTE: Final = 8
_SPARE: Final = 256 * 2**20
"""Bytes that are left to the exam that is open and to the catalog."""
_NOBODY: Final = "no exam was open: match it with one"
_SHEET: Final = "sheet.json"
_NEW: Final = "new-"
_INCOMING: Final = "incoming"


@dataclass(frozen=True, slots=True)
class Orders:
    """What is done with each sheet.

    Attributes
    ----------
    images
        WAITING takes the pictures into the open exam, UNASSIGNED waits to be matched, NONE makes
        none.
    printer
        Name of the printer that prints the sheet; empty for none.
    whole
        Make one image of each sheet instead of one of each picture.
    """

    images: Images
    printer: str = ""
    whole: bool = False


class Cabinet:
    """Keeps what modalities print.

    Parameters
    ----------
    box
        Films lie in its state folder.
    orders
        What is done with each sheet.
    """

    def __init__(self, box: Box, orders: Orders) -> None:
        self._box = box
        self._orders = orders
        self.root = box.state_dir / "films"
        self._incoming = self.root / _INCOMING

    def open(self) -> None:
        """Make room, and clear away what no order was answered for."""
        self.root.mkdir(mode=0o770, parents=True, exist_ok=True)
        self._incoming.mkdir(mode=0o770, exist_ok=True)
        known = received_sheets.folders(self._box.catalog)
        for folder in self.root.iterdir():
            if folder.name != _INCOMING and folder.name not in known:
                _log.warning("a film that was never answered for is removed: %s", folder.name)
                shutil.rmtree(folder)
        for folder in self._incoming.iterdir():
            shutil.rmtree(folder)

    def drawer(self) -> Drawer:
        """A place for the pictures of one association."""
        folder = self._incoming / uuid4().hex
        folder.mkdir()
        return Drawer(self, folder)

    def has_room(self, size: int) -> bool:
        return self._box.spool.usage().free > size + _SPARE

    def order(self, sheets: list[Sheet]) -> str:
        """Make sheets durable; see :class:`~services.film_reception.desk.Keeper`."""
        job = self._box.uids()
        filed: list[Path] = []
        try:
            rows = []
            for number, ordered in enumerate(sheets, 1):
                sheet = replace(ordered, whole=self._orders.whole)
                folder = self._file(sheet)
                filed.append(folder)
                rows.append(self._row(job, number, sheet, folder))
            sync_folder(self.root)
            self._enter(rows)
        except (OSError, sqlite3.Error, CatalogError) as error:
            for folder in filed:
                shutil.rmtree(folder, ignore_errors=True)
            _log.error("a film of %s could not be kept: %s", sheets[0].caller, error)
            full = isinstance(error, StorageFull) or getattr(error, "errno", 0) in (27, 28, 122)
            raise Refusal(
                _NO_ROOM if full else _FAILED, "the film could not be kept: send it again"
            ) from error
        return job

    def _file(self, sheet: Sheet) -> Path:
        making = self.root / f"{_NEW}{uuid4().hex}"
        making.mkdir()
        try:
            filed = tuple(
                None if picture is None else _link(picture, making, position)
                for position, picture in enumerate(sheet.pictures, 1)
            )
            _write(making / _SHEET, json.dumps(_plain(replace(sheet, pictures=filed))).encode())
            sync_folder(making)
            final = self.root / uuid4().hex
            making.rename(final)
        except OSError:
            shutil.rmtree(making, ignore_errors=True)
            raise
        return final

    def _row(self, job: str, number: int, sheet: Sheet, folder: Path) -> NewSheet:
        return NewSheet(
            job_uid=job,
            number=number,
            caller=sheet.caller,
            received=self._box.clock.now().isoformat(),
            priority=sheet.priority,
            copies=sheet.copies,
            film_size=sheet.film_size,
            folder=folder.name,
            digest=_digest(folder),
            images=self._orders.images,
            paper=Paper.WAITING if self._orders.printer else Paper.NONE,
            printer=self._orders.printer,
            instance_uids={position: self._box.uids() for position in _positions(sheet)},
        )

    def _enter(self, rows: list[NewSheet]) -> None:
        since = self._box.clock.now() - timedelta(seconds=SAME_WITHIN)
        with self._box.catalog.writing() as db:
            exam_id = self._exam_at_hand()
            for row in rows:
                meant = row
                if row.images is Images.WAITING and exam_id:
                    meant = replace(row, exam_id=exam_id)
                elif row.images is Images.WAITING:
                    meant = replace(row, images=Images.UNASSIGNED, words=_NOBODY)
                received_sheets.insert(db, meant, since=since.isoformat())

    def _exam_at_hand(self) -> str:
        """Whose film this is: of the exam that is open now, if a person confirmed its patient."""
        hand = at_hand.get(self._box.catalog)
        return hand.exam_id if hand is not None and hand.confirmed_at is not None else ""

    @contextmanager
    def holding(self, received: ReceivedSheet) -> Iterator[None]:
        """Held while pictures of a sheet are taken; the kernel lets go of it with the process.

        Raises
        ------
        ExamBusy
            Somebody else is taking them.
        CatalogError
            Its files are gone.
        """
        try:
            file = (self.root / received.folder / _SHEET).open("rb")
        except OSError as error:
            raise CatalogError(f"the files of received sheet {received.id} are gone") from error
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise ExamBusy(f"received sheet {received.id} is being taken just now") from error
            yield

    def read(self, received: ReceivedSheet) -> Sheet:
        """A sheet as it was ordered.

        Raises
        ------
        CatalogError
            Its files are gone or damaged.
        """
        folder = self.root / received.folder
        try:
            return _sheet(json.loads((folder / _SHEET).read_bytes()), folder)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CatalogError(
                f"received sheet {received.id} cannot be read any more ({type(error).__name__}): "
                f"print it again at {received.caller}"
            ) from error

    def remove(self, received: ReceivedSheet) -> None:
        """Delete the files of a sheet of which nothing is to be done any more."""
        shutil.rmtree(self.root / received.folder, ignore_errors=True)


class Drawer:
    """The pictures of one association, which end with it."""

    def __init__(self, cabinet: Cabinet, folder: Path) -> None:
        self._cabinet = cabinet
        self._folder = folder
        self._count = 0

    def picture(self, taken: Taken) -> Picture:
        """Write a picture down; see :class:`~services.film_reception.desk.Keeper`."""
        kind = np.uint8 if taken.bits_stored == _BYTE else np.dtype("<u2")
        data = np.ascontiguousarray(taken.samples, dtype=kind)
        if not self._cabinet.has_room(data.nbytes):
            raise Refusal(_NO_ROOM, "this printer has no room left")
        self._count += 1
        path = self._folder / f"{self._count}.raw"
        try:
            path.write_bytes(data.tobytes())
        except OSError as error:
            with suppress(OSError):
                path.unlink()
            raise Refusal(_NO_ROOM, "the picture could not be kept") from error
        return Picture(
            path=path,
            rows=int(data.shape[0]),
            columns=int(data.shape[1]),
            colour=data.ndim == 3,
            bits_stored=taken.bits_stored,
            inverse=taken.inverse,
            aspect=taken.aspect,
            requested_mm=taken.requested_mm,
            lut=taken.lut,
        )

    def forget(self, pictures: Iterable[Picture]) -> None:
        """Give the room of pictures back that the session holds no more."""
        for picture in pictures:
            picture.path.unlink(missing_ok=True)

    def order(self, sheets: list[Sheet]) -> str:
        return self._cabinet.order(sheets)

    def close(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)


def samples(picture: Picture) -> NDArray[Any]:
    """The samples of a picture, grey or by pixel.

    Raises
    ------
    CatalogError
        The file is gone, or has another size.
    """
    kind = np.dtype(np.uint8 if picture.bits_stored == _BYTE else "<u2")
    shape = (
        (picture.rows, picture.columns, 3) if picture.colour else (picture.rows, picture.columns)
    )
    try:
        return np.memmap(picture.path, kind, mode="r", shape=shape)
    except (OSError, ValueError) as error:
        raise CatalogError(f"a received picture is damaged: {type(error).__name__}") from error


def _positions(sheet: Sheet) -> list[int]:
    """Of what becomes an image: the filled boxes, or the sheet as the first and only one."""
    filled = [place for place, picture in enumerate(sheet.pictures, 1) if picture is not None]
    return [1] if sheet.whole else filled


def _link(picture: Picture, folder: Path, position: int) -> Picture:
    path = folder / f"{position}.raw"
    descriptor = os.open(picture.path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    path.hardlink_to(picture.path)
    return replace(picture, path=path)


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _digest(folder: Path) -> str:
    found = hashlib.sha256()
    for path in sorted(folder.glob("*.raw")):
        with path.open("rb") as file:
            found.update(path.name.encode())
            found.update(hashlib.file_digest(file, "sha256").digest())
    return found.hexdigest()


def _plain(sheet: Sheet) -> dict[str, Any]:
    plain = asdict(sheet)
    for picture in plain["pictures"]:
        if picture is not None:
            picture["path"] = picture["path"].name
    return plain


def _sheet(plain: dict[str, Any], folder: Path) -> Sheet:
    pictures = tuple(
        None if each is None else Picture(**{**each, "path": folder / each["path"]})
        for each in plain["pictures"]
    )
    luts = {
        uid: Lut(**{**each, "values": tuple(each["values"])}) for uid, each in plain["luts"].items()
    }
    notes, light = tuple(plain["notes"]), Light(**plain.get("light", {}))
    return Sheet(**{**plain, "pictures": pictures, "luts": luts, "notes": notes, "light": light})
