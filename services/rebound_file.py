"""A file of the spool written anew for another patient: a new head, and the former pixels."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import BinaryIO

from pydicom import dcmread
from pydicom.dataset import FileDataset

from device.exam import Exam
from device.iod import encode
from device.iod.identity import rebind
from services.catalog.database import Row
from services.errors import CatalogError
from services.spool import TEMPORARY_SUFFIX, Spool

_CHUNK = 2**20


@dataclass(frozen=True, slots=True)
class Rebound:
    """One file that is durable beside the former one, and what its row is going to say."""

    sop_instance_uid: str
    former_path: str
    path: str
    size: int
    sha256: str
    provenance: dict[str, str]


def rewrite(spool: Spool, row: Row, path: str, exam: Exam) -> Rebound:
    """Write one instance durably under a new name, for the identity that the exam has now.

    Memory stays flat whatever its size.

    Parameters
    ----------
    row
        Of the instance, as the catalog has it.
    path
        Where to, relative to the spool.

    Raises
    ------
    CatalogError
        The former file is not the one that was acquired, or the medium fails.
    DeviceError
        See :func:`device.iod.identity.rebind`.
    """
    with spool.absolute(row["path"]).open("rb") as former:
        dataset = dcmread(former, stop_before_pixels=True, force=False)
        pixels_at = former.tell()
        rebound, provenance = rebind(dataset, exam)
        _refuse_another(dataset, row)
        head = encode(rebound)
        try:
            final = spool.prepare(path)
            temporary = final.with_name(final.name + TEMPORARY_SUFFIX)
            with temporary.open("wb") as file:
                digest = _write(former, pixels_at, head, file, row)
                file.flush()
                os.fsync(file.fileno())
                size = file.tell()
            spool.give_name(temporary, path)
        except OSError as error:
            raise spool.failure(
                error, "The exam keeps the identity that it had; nothing is lost"
            ) from error
    return Rebound(row["sop_instance_uid"], row["path"], path, size, digest, provenance)


def _refuse_another(dataset: FileDataset, row: Row) -> None:
    if str(dataset.get("SOPInstanceUID", "")) != row["sop_instance_uid"]:
        raise _damaged()


def _write(former: BinaryIO, pixels_at: int, head: bytes, file: BinaryIO, row: Row) -> str:
    """The new head and the former pixels; the former file is proved whole on the way."""
    former.seek(0)
    was = hashlib.sha256(former.read(pixels_at))
    becomes = hashlib.sha256(head)
    file.write(head)
    while chunk := former.read(_CHUNK):
        was.update(chunk)
        becomes.update(chunk)
        file.write(chunk)
    if row["sha256"] and was.hexdigest() != row["sha256"]:
        raise _damaged()
    return becomes.hexdigest()


def _damaged() -> CatalogError:
    return CatalogError(
        "a file of this exam is not the one that was acquired: the card may be failing. The exam "
        "keeps the identity that it had; call service before the card is used further"
    )
