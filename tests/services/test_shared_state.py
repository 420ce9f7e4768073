"""On a box each service is a user of its own; what they share must be the group's."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.catalog import Catalog
from services.spool import Spool

FOR_THE_GROUP = stat.S_IRGRP | stat.S_IWGRP


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    """The state folder as the box's units see it: their umask, and the folder keeps its group."""
    folder = tmp_path / "state"
    folder.mkdir()
    folder.chmod(0o2770)
    before = os.umask(0o007)
    yield folder
    os.umask(before)


def test_every_file_of_the_catalog_can_be_written_by_the_group(state: Path) -> None:
    with Catalog(state / "catalog.sqlite") as catalog:
        catalog.version()
        names = {file.name: file.stat().st_mode for file in state.iterdir()}
    assert {"catalog.sqlite", "catalog.sqlite-wal", "catalog.sqlite-shm"} <= set(names)
    for name, mode in names.items():
        assert mode & FOR_THE_GROUP == FOR_THE_GROUP, name
        assert not mode & stat.S_IRWXO, name


def test_every_file_and_folder_of_the_spool_is_the_groups(state: Path) -> None:
    spool = Spool(state / "spool")
    image = spool.write("exam/1.2.3.dcm", b"picture")
    stray = spool.set_aside(spool.write("exam/1.2.4.dcm", b"stray"))
    for path in (spool.root, image.parent, image, stray.parent, stray):
        mode = path.stat().st_mode
        assert mode & FOR_THE_GROUP == FOR_THE_GROUP, path
        assert not mode & stat.S_IRWXO, path
        assert path.stat().st_gid == state.stat().st_gid
        if path.is_dir():
            assert mode & stat.S_ISGID, f"{path} would give a new file to its maker's own group"


def test_the_catalog_of_another_user_is_opened_not_made_anew(state: Path) -> None:
    file = state / "catalog.sqlite"
    Catalog(file).close()
    before = file.stat()
    Catalog(file).close()
    assert (file.stat().st_ino, file.stat().st_mode) == (before.st_ino, before.st_mode)
