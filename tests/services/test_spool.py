"""Files that are whole or not there, and who may look at them meanwhile."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from services import spool as module
from services.errors import CatalogError, StorageFull
from services.spool import Spool
from tests.services import processes, spool_workers


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool")


def names(spool: Spool) -> list[str]:
    return [path.relative_to(spool.root).as_posix() for path in spool.files()]


def test_a_file_is_there_as_it_was_given(spool: Spool) -> None:
    path = spool.write("7/1.2.dcm", b"picture")
    assert path.read_bytes() == b"picture"
    assert names(spool) == ["7/1.2.dcm"]


def test_a_file_is_never_overwritten(spool: Spool) -> None:
    spool.write("7/1.2.dcm", b"first")
    with pytest.raises(CatalogError, match="never overwritten"):
        spool.write("7/1.2.dcm", b"second")
    assert spool.absolute("7/1.2.dcm").read_bytes() == b"first"
    assert names(spool) == ["7/1.2.dcm"]


@pytest.mark.fault
def test_a_killed_writer_leaves_only_what_recovery_knows_as_unfinished(spool: Spool) -> None:
    processes.kill_itself(spool_workers.write_and_die_between, spool.root, "7/1.2.dcm")
    assert names(spool) == ["7/1.2.dcm" + module.TEMPORARY_SUFFIX]
    spool.write("7/1.2.dcm", b"again")
    assert names(spool) == ["7/1.2.dcm"]


@pytest.mark.fault
def test_a_full_medium_is_said_and_nothing_is_left(spool: Spool) -> None:
    processes.run_all(spool_workers.write_too_much, [(spool.root, "7/1.2.dcm")])
    assert names(spool) == []
    spool.write("7/1.2.dcm", b"there is room again")


def failing(code: int) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    return fail


@pytest.mark.parametrize(
    ("code", "kind"),
    [(errno.ENOSPC, StorageFull), (errno.EDQUOT, StorageFull), (errno.EIO, CatalogError)],
)
@pytest.mark.parametrize("step", ["mkdir", "folder sync"])
def test_a_medium_that_fails_late_or_early_leaves_nothing_either(
    spool: Spool,
    monkeypatch: pytest.MonkeyPatch,
    code: int,
    kind: type[CatalogError],
    step: str,
) -> None:
    if step == "mkdir":
        monkeypatch.setattr(Path, "mkdir", failing(code))
    else:
        (spool.root / "7").mkdir()
        monkeypatch.setattr(module, "sync_folder", failing(code))
    with pytest.raises(CatalogError, match="was not acquired") as refused:
        spool.write("7/1.2.dcm", b"picture")
    assert isinstance(refused.value, StorageFull) == (kind is StorageFull)
    assert names(spool) == []


def test_removing_takes_an_empty_folder_along_and_may_be_repeated(spool: Spool) -> None:
    spool.write("7/1.dcm", b"1")
    spool.write("7/2.dcm", b"2")
    spool.remove("7/1.dcm")
    assert names(spool) == ["7/2.dcm"]
    spool.remove("7/2.dcm")
    spool.remove("7/2.dcm")
    assert list(spool.root.iterdir()) == []


def test_files_of_one_name_are_all_kept_in_quarantine(spool: Spool) -> None:
    for number in range(3):
        spool.set_aside(spool.write("7/1.dcm", b"%d" % number))
    assert names(spool) == []
    assert sorted(path.read_bytes() for path in spool.quarantine.iterdir()) == [b"0", b"1", b"2"]


def test_an_exam_is_acquired_by_one_process_and_others_may_take_other_exams(spool: Spool) -> None:
    began, enough = processes.CONTEXT.Event(), processes.CONTEXT.Event()
    other = processes.begin(spool_workers.acquire_until_told, spool.root, "7", began, enough)
    assert began.wait(processes.PATIENCE)
    with pytest.raises(CatalogError, match="another process"), spool.acquiring("7"):
        pass
    with spool.acquiring("8"), spool.quiet() as quiet:
        assert not quiet
    with spool.quiet() as quiet:
        assert not quiet
    enough.set()
    other.join(processes.PATIENCE)
    with spool.acquiring("7"):
        pass
    with spool.quiet() as quiet:
        assert quiet


@pytest.mark.fault
def test_a_killed_process_holds_no_lock(spool: Spool) -> None:
    began, never = processes.CONTEXT.Event(), processes.CONTEXT.Event()
    other = processes.begin(spool_workers.acquire_until_told, spool.root, "7", began, never)
    assert began.wait(processes.PATIENCE)
    processes.kill(other)
    with spool.quiet() as quiet:
        assert quiet
    with spool.acquiring("7"):
        pass


def test_a_failed_acquisition_lets_go_of_its_exam(spool: Spool) -> None:
    with pytest.raises(ValueError), spool.acquiring("7"):
        raise ValueError
    with spool.acquiring("7"), spool.quiet() as quiet:
        assert not quiet
    assert not list(spool.root.parent.glob("acquiring-*.lock"))


def test_the_lock_of_an_exam_is_that_of_its_name_and_not_of_a_file_once_there(
    spool: Spool,
) -> None:
    """Whoever opened the file before its holder unlinked it holds nothing by locking it."""
    with spool.acquiring("7"):
        (spool.root.parent / "acquiring-7.lock").unlink()
        with spool.acquiring("7"), pytest.raises(CatalogError), spool.acquiring("7"):
            pass


def test_usage_counts_what_could_be_used(spool: Spool) -> None:
    usage = spool.usage()
    assert 0 < usage.percent <= 100
    assert usage.percent == 100 * usage.used / (usage.used + usage.free)
