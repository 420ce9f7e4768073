"""The people who may use the box; of a PIN only a salted digest is kept."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime

from services.catalog.database import Catalog, Row
from services.errors import CatalogError, NotFound

ROLES = ("operator", "supervisor", "technician")
"""From the one who may do least to the one who may do most."""

SHORTEST_PIN = 4
LONGEST_PIN = 12
LONGEST_NAME = 64

FREE_TRIES = 3
"""Wrong PINs in a row before a person has to wait."""

LONGEST_WAIT = 900.0
"""Seconds; the wait doubles with each wrong PIN up to this."""

_COST = {"n": 2**14, "r": 8, "p": 1, "maxmem": 2**26, "dklen": 32}


class PinRefused(CatalogError):
    """The name and the PIN do not belong together."""


class MustWait(CatalogError):
    """Too many wrong PINs; ``seconds`` says how long to wait."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(f"too many wrong PINs: wait {seconds:.0f} seconds before the next try")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can sign in."""

    name: str
    role: str
    made: datetime


def everybody(catalog: Catalog) -> list[Person]:
    """All people by name."""
    rows = catalog.rows("SELECT name, role, made FROM person ORDER BY name")
    return [_person(row) for row in rows]


def has_technician(catalog: Catalog) -> bool:
    """Whether there is anybody who may commission the box."""
    return catalog.row("SELECT 1 FROM person WHERE role = 'technician'") is not None


def add(catalog: Catalog, name: str, role: str, pin: str, *, made: datetime) -> Person:
    """Enter a new person.

    Raises
    ------
    CatalogError
        For a name that is empty, too long or there already, an unknown role, or a PIN that is not
        4 to 12 digits.
    """
    _check(name, role, pin)
    salt, digest = _sealed(pin)
    with catalog.writing() as db:
        if db.conn.execute("SELECT 1 FROM person WHERE name = ?", [name]).fetchone():
            raise CatalogError(f"there is a person called {name} already: choose another name")
        db.conn.execute(
            "INSERT INTO person (name, role, salt, pin, made) VALUES (?, ?, ?, ?, ?)",
            [name, role, salt, digest, made.isoformat()],
        )
    return Person(name, role, made)


def add_first_technician(catalog: Catalog, name: str, pin: str, *, made: datetime) -> Person:
    """Enter the first technician; only while there is none.

    Raises
    ------
    CatalogError
        As for :func:`add`, and when there is a technician already.
    """
    _check(name, "technician", pin)
    salt, digest = _sealed(pin)
    with catalog.writing() as db:
        if db.conn.execute("SELECT 1 FROM person WHERE role = 'technician'").fetchone():
            raise CatalogError("there is a technician already: sign in as one to enter others")
        db.conn.execute(
            "INSERT INTO person (name, role, salt, pin, made) VALUES (?, 'technician', ?, ?, ?)"
            " ON CONFLICT (name) DO UPDATE SET role = 'technician', salt = excluded.salt,"
            " pin = excluded.pin, failures = 0",
            [name, salt, digest, made.isoformat()],
        )
    return Person(name, "technician", made)


def remove(catalog: Catalog, name: str) -> Person:
    """Take a person off the box.

    Raises
    ------
    NotFound
        When there is nobody of this name.
    CatalogError
        For the last technician, without whom nobody could enter another.
    """
    with catalog.writing() as db:
        person = _found(
            db.conn.execute(
                "SELECT name, role, made FROM person WHERE name = ?", [name]
            ).fetchone(),
            name,
        )
        others = db.conn.execute(
            "SELECT 1 FROM person WHERE role = 'technician' AND name <> ?", [name]
        ).fetchone()
        if person.role == "technician" and others is None:
            raise CatalogError(
                f"{person.name} is the last technician: enter another one before removing this one"
            )
        db.conn.execute("DELETE FROM person WHERE name = ?", [name])
        db.conn.execute("DELETE FROM preference WHERE owner = ?", [person.name])
    return person


def change_pin(catalog: Catalog, name: str, pin: str) -> Person:
    """Give a person another PIN; they need not wait any more.

    Raises
    ------
    NotFound
        When there is nobody of this name.
    CatalogError
        For a PIN that is not 4 to 12 digits.
    """
    _check_pin(pin)
    salt, digest = _sealed(pin)
    with catalog.writing() as db:
        found = db.conn.execute(
            "UPDATE person SET salt = ?, pin = ?, failures = 0 WHERE name = ?"
            " RETURNING name, role, made",
            [salt, digest, name],
        ).fetchone()
    return _found(found, name)


def recognise(catalog: Catalog, name: str, pin: str, *, at: float) -> Person:
    """Who this is, by name and PIN.

    Wrong PINs are counted in the catalog, so that turning the box off and on again wins nobody a
    try. The count is taken before the PIN is looked at: tries made at once count as well.

    Parameters
    ----------
    at : float
        Unix seconds of now. A clock that was set back never makes the wait longer than it was.

    Raises
    ------
    PinRefused
        Without saying whether it was the name or the PIN.
    MustWait
        The PIN was not looked at.
    """
    row = _take_a_try(catalog, name, at)
    if row is None:
        _digest(pin, b"nobody of this name")  # takes as long as for somebody
        raise PinRefused("the name and the PIN do not belong together")
    if not hmac.compare_digest(_digest(pin, row["salt"]), row["pin"]):
        raise PinRefused("the name and the PIN do not belong together")
    with catalog.writing() as db:
        db.conn.execute("UPDATE person SET failures = 0 WHERE name = ?", [name])
    return _person(row)


def wait_after(failures: int) -> float:
    """Seconds before the next try after so many wrong PINs in a row."""
    if failures < FREE_TRIES:
        return 0.0
    return min(LONGEST_WAIT, 5.0 * 2.0 ** min(failures - FREE_TRIES, 20))


def _take_a_try(catalog: Catalog, name: str, at: float) -> Row | None:
    with catalog.writing() as db:
        row = db.conn.execute("SELECT * FROM person WHERE name = ?", [name]).fetchone()
        if row is None:
            return None
        wait = wait_after(row["failures"])
        left = min(wait, row["failed"] + wait - at)
        if left > 0:
            raise MustWait(left)
        db.conn.execute(
            "UPDATE person SET failures = failures + 1, failed = ? WHERE name = ?", [at, name]
        )
        return dict(row)


def _check(name: str, role: str, pin: str) -> None:
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise CatalogError(f"a person's name has 1 to {LONGEST_NAME} characters")
    if role not in ROLES:
        raise CatalogError(f"there is no role {role!r}; there are {', '.join(ROLES)}")
    _check_pin(pin)


def _check_pin(pin: str) -> None:
    if not (pin.isascii() and pin.isdigit() and SHORTEST_PIN <= len(pin) <= LONGEST_PIN):
        raise CatalogError(f"a PIN has {SHORTEST_PIN} to {LONGEST_PIN} digits and nothing else")
    if len(set(pin)) == 1:
        raise CatalogError("a PIN of one digit repeated is guessed first: choose another")


def _sealed(pin: str) -> tuple[bytes, bytes]:
    salt = secrets.token_bytes(16)
    return salt, _digest(pin, salt)


def _digest(pin: str, salt: bytes) -> bytes:
    return hashlib.scrypt(pin.encode(), salt=salt, **_COST)


def _found(row: Row | None, name: str) -> Person:
    if row is None:
        raise NotFound(f"there is nobody called {name!r}: 'gantry people list' shows who there is")
    return _person(dict(row))


def _person(row: Row) -> Person:
    return Person(row["name"], row["role"], datetime.fromisoformat(row["made"]))
