"""One database, many processes, whole steps only."""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from services.catalog import Catalog, database
from services.catalog.schema import COMPATIBILITY, LATER, VERSIONS, migrations
from services.errors import CatalogError, StorageFull
from tests.services import processes
from tests.services.catalog import workers

INSERT = "INSERT INTO peer_state (peer) VALUES (?)"


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog(tmp_path / "state" / "catalog.sqlite") as opened:
        yield opened


def peers(catalog: Catalog) -> list[str]:
    return [row["peer"] for row in catalog.rows("SELECT peer FROM peer_state ORDER BY peer")]


def test_a_new_catalog_survives_a_crash_of_the_power_supply_by_its_settings(
    catalog: Catalog,
) -> None:
    assert catalog.row("PRAGMA journal_mode") == {"journal_mode": "wal"}
    assert catalog.row("PRAGMA synchronous") == {"synchronous": 2}
    assert catalog.row("PRAGMA foreign_keys") == {"foreign_keys": 1}


def test_processes_that_open_a_new_catalog_at_once_migrate_it_once(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    start = processes.CONTEXT.Barrier(3)
    processes.run_all(workers.open_together, [(path, start)] * 3)
    with Catalog(path) as catalog:
        names = catalog.rows("SELECT name FROM _sqlite_migrations")
    assert [row["name"] for row in names] == list(VERSIONS)


def test_processes_that_write_at_once_wait_for_each_other(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    with Catalog(path) as catalog:
        with catalog.writing() as db:
            db.conn.execute(INSERT, ["counter"])
        start = processes.CONTEXT.Barrier(2)
        processes.run_all(workers.count_up, [(path, start, 300)] * 2)
        assert catalog.row("SELECT failures FROM peer_state") == {"failures": 600}


def test_a_catalog_that_a_later_version_changed_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    Catalog(path).close()
    with sqlite3.connect(path) as other:
        other.execute(f"PRAGMA user_version = {COMPATIBILITY + 1}")
    other.close()
    before = path.read_bytes()
    with pytest.raises(CatalogError, match=r"later version.*update this box"):
        Catalog(path)
    assert path.read_bytes() == before


def test_a_box_that_fell_back_goes_on_with_a_catalog_to_which_was_only_added(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "catalog.sqlite"
    with Catalog(path) as catalog, catalog.writing() as db:
        db.conn.execute(INSERT, ["kept"])
        applied = migrations.applied(db)
    known = VERSIONS[:3]
    earlier = Migrations("gantry")
    for name in known:
        earlier(name=name)(_never)
    monkeypatch.setattr(database, "migrations", earlier)
    with Catalog(path) as catalog:
        assert catalog.row("SELECT peer FROM peer_state") == {"peer": "kept"}
        with catalog.writing() as db:
            db.conn.execute(INSERT, ["added"])
            assert [each.name for each in migrations.applied(db)] == [m.name for m in applied]
    monkeypatch.undo()
    with Catalog(path) as catalog:
        assert len(catalog.rows("SELECT peer FROM peer_state")) == 2


def _never(_: Database) -> None:
    raise AssertionError("this was migrated already")


_ONLY_ADDS = re.compile(
    r"CREATE (TABLE|(UNIQUE )?INDEX|TRIGGER|VIEW)\b|ALTER TABLE \w+ ADD COLUMN\b", re.IGNORECASE
)


@pytest.mark.parametrize("migration", LATER, ids=lambda each: each.NAME)
def test_later_migrations_only_add(migration: ModuleType) -> None:
    statements = migration.STATEMENTS
    each = statements.split(";") if isinstance(statements, str) else statements
    others = [text for text in each if text.strip() and not _ONLY_ADDS.match(text.strip())]
    assert others == [], "raise COMPATIBILITY for a migration that changes what is there"


@pytest.mark.parametrize("content", [b"this is no database\n" * 400, b"SQLite format 3\0broken"])
def test_a_file_that_is_no_database_is_refused_with_advice(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "catalog.sqlite"
    path.write_bytes(content)
    with pytest.raises(CatalogError, match=r"cannot be opened.*do not delete anything"):
        Catalog(path)
    assert path.read_bytes() == content


def test_a_folder_that_cannot_be_made_is_refused_with_advice(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("in the way")
    with pytest.raises(CatalogError, match="cannot be opened"):
        Catalog(tmp_path / "state" / "catalog.sqlite")


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_step_that_raises_leaves_nothing(catalog: Catalog, kind: type[BaseException]) -> None:
    with pytest.raises(kind), catalog.writing() as db:  # noqa: PT012
        db.conn.execute(INSERT, ["a"])
        db.table("peer_state").insert({"peer": "b"})
        raise kind
    assert peers(catalog) == []
    with catalog.writing() as db:
        db.conn.execute(INSERT, ["c"])
    assert peers(catalog) == ["c"]


def test_a_step_inside_a_step_is_refused_and_takes_the_outer_one_with_it(catalog: Catalog) -> None:
    with pytest.raises(CatalogError, match="inside another"), catalog.writing() as outer:  # noqa: PT012
        outer.conn.execute(INSERT, ["a"])
        with catalog.writing() as inner:
            inner.conn.execute(INSERT, ["b"])
    assert peers(catalog) == []


def test_a_step_that_finds_no_room_says_so_and_the_next_one_works(catalog: Catalog) -> None:
    pages = catalog.row("PRAGMA page_count")
    assert pages is not None
    catalog.rows(f"PRAGMA max_page_count = {pages['page_count'] + 4}")
    with pytest.raises(StorageFull, match="medium is full"), catalog.writing() as db:  # noqa: PT012
        for number in range(10_000):
            db.conn.execute(INSERT, [f"peer {number} {'x' * 200}"])
    assert peers(catalog) == []
    catalog.rows("PRAGMA max_page_count = 100000")
    with catalog.writing() as db:
        db.conn.execute(INSERT, ["a"])
    assert peers(catalog) == ["a"]


def test_a_commit_that_fails_leaves_no_transaction_behind(catalog: Catalog) -> None:
    with pytest.raises(sqlite3.IntegrityError), catalog.writing() as db:  # noqa: PT012
        db.conn.execute("PRAGMA defer_foreign_keys = ON")
        db.conn.execute(
            "INSERT INTO delivery (kind, peer, exam_id, created) VALUES ('audit', 'a', '9', 0)"
        )
    assert catalog.rows("SELECT * FROM delivery") == []
    with catalog.writing() as db:
        db.conn.execute(INSERT, ["a"])
    assert peers(catalog) == ["a"]


def test_the_version_grows_with_every_step_of_anybody_and_with_nothing_else(
    catalog: Catalog,
) -> None:
    first = catalog.version()
    assert catalog.version() == first
    with catalog.writing() as db:
        db.conn.execute(INSERT, ["ours"])
    second = catalog.version()
    assert second > first
    with Catalog(catalog.path) as other, other.writing() as db:
        db.conn.execute(INSERT, ["theirs"])
    third = catalog.version()
    assert third > second
    catalog.rows("SELECT * FROM peer_state")
    assert catalog.version() == third


def test_threads_share_one_catalog(catalog: Catalog) -> None:
    def write(first: int) -> None:
        for number in range(first, first + 25):
            with catalog.writing() as db:
                db.conn.execute(INSERT, [f"{number:03}"])
            assert catalog.row("SELECT 1 AS one") == {"one": 1}

    threads = [threading.Thread(target=write, args=(first,)) for first in (0, 100, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(peers(catalog)) == 75
