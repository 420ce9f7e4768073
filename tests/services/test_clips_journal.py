"""A journal is read as far as it is whole, and nothing in it is ever made up."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.iod import encode
from device.iod.clip import Clip
from device.protocol import ObjectKind
from device.provenance import Origin, Source
from services.clip_journal import ClipJournal, Description, FrameRecord, read_journal
from tests.device.iod.factories import context, grey

FRAMES = [FrameRecord(n * 40_000_000, 1.5 * n, 4096 + 48 * n, 48, n * 7, n // 3) for n in range(9)]


@pytest.fixture(scope="module")
def content() -> bytes:
    """The journal of a recording that was described twice."""
    built = Clip(context(ObjectKind.SC), grey(4, 6, 8), 40.0).describe()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "journal"
        journal = ClipJournal(path)
        journal.describe(Description(built, 4096, 40.0))
        for number, frame in enumerate(FRAMES):
            if number == 4:
                journal.describe(Description(built, 8192, None))
            journal.add(frame)
        journal.sync()
        journal.close()
        return path.read_bytes()


def read(content: bytes, folder: Path) -> tuple[int | None, list[FrameRecord]]:
    path = folder / "journal"
    path.write_bytes(content)
    found = read_journal(path)
    return found.description.head if found.description else None, found.frames


def test_the_last_description_counts(content: bytes, tmp_path: Path) -> None:
    assert read(content, tmp_path) == (8192, FRAMES)


def test_what_was_known_of_the_object_comes_back(tmp_path: Path) -> None:
    built = Clip(context(ObjectKind.SC), grey(4, 6, 8), 40.0).describe()
    told = Origin("PixelSpacing", Source.CALIBRATED, "ruler", "Ines")
    built = type(built)(built.dataset, built.provenance, built.kind, (told,))
    journal = ClipJournal(tmp_path / "journal")
    journal.describe(Description(built, 4096, None))
    journal.close()
    found = read_journal(tmp_path / "journal").description
    assert found is not None
    assert encode(found.built.dataset) == encode(built.dataset)
    assert (found.built.provenance, found.built.origins) == (built.provenance, (told,))


@given(data=st.data())
def test_damage_anywhere_leaves_what_was_before_it(content: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(content) - 1))
    damage = data.draw(st.binary(min_size=1, max_size=64))
    damaged = content[:at] + damage + content[at + len(damage) :]
    with TemporaryDirectory() as folder:
        _, frames = read(damaged, Path(folder))
    assert frames == FRAMES[: len(frames)]


@given(cut=st.integers(0, 10**5), zeros=st.integers(0, 200))
def test_an_end_that_is_missing_or_empty_is_not_read(content: bytes, cut: int, zeros: int) -> None:
    kept = content[: len(content) - cut % len(content)]
    with TemporaryDirectory() as folder:
        _, frames = read(kept + bytes(zeros), Path(folder))
    assert frames == FRAMES[: len(frames)]
