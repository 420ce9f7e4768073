"""How people want the screen: by owner, who is a person, or empty for the box's own screen."""

from __future__ import annotations

from collections.abc import Mapping

from services.catalog.database import Catalog


def get(catalog: Catalog, owner: str) -> dict[str, str]:
    """What this owner chose, by key."""
    rows = catalog.rows("SELECT key, value FROM preference WHERE owner = ?", [owner])
    return {row["key"]: row["value"] for row in rows}


def put(catalog: Catalog, owner: str, chosen: Mapping[str, str]) -> None:
    """Keep these choices; what is not named stays as it was."""
    with catalog.writing() as db:
        db.conn.executemany(
            "INSERT INTO preference (owner, key, value) VALUES (?, ?, ?)"
            " ON CONFLICT (owner, key) DO UPDATE SET value = excluded.value",
            [(owner, key, value) for key, value in chosen.items()],
        )
