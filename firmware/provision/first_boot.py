"""Before any service: take what is new on the card, finish what a power cut interrupted."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from firmware.config.load import state_dir_of
from firmware.durable import overwrite
from firmware.provision import factory_reset, report, staged
from firmware.provision.offer import NETWORK, PEOPLE, NewPerson, Offer, read_offer
from firmware.provision.own_certificate import make_certificate
from firmware.provision.places import NAME, Places
from firmware.provision.staged import OWN, SHARED, Placement
from firmware.version import software_version
from services.catalog import Catalog, audit
from services.catalog import people as register
from services.console.workshop import WorkshopRefusal
from services.errors import ServiceError

_WIPED = ".gantry-wiped"
_TAKEN = "The box has taken this card's settings."


class Outcome(StrEnum):
    """What a start found on the card."""

    NOTHING = "nothing"
    UNCHANGED = "unchanged"
    APPLIED = "applied"
    REFUSED = "refused"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class Result:
    """What was done, and the report that lies on the card."""

    outcome: Outcome
    text: str = ""


def provision(places: Places, now: datetime) -> Result:
    """Do what the card asks for.

    Parameters
    ----------
    now
        The box's time, for the report and for the history of configurations.

    Raises
    ------
    OSError
        The data partition cannot be written to. What the card itself refuses is no obstacle: it is
        tried again at the next start.
    """
    # before anything else: what was gathered may have been interrupted by a power cut
    staged.put_in_place(places, _state_dir(places), now)
    staged.clear(places)
    _finish_wiping(places)
    reset = factory_reset.asked_for(places)
    if reset is not None:
        return _reset(places, reset, now)
    offer = read_offer(places)
    if offer.faults:
        return _refuse(places, offer, offer.faults, now)
    if offer.text is None and not offer.extras:
        return Result(Outcome.NOTHING)
    digest = _digest(offer.text)
    if not offer.extras and digest == _applied(places):
        return _unchanged(places, now)
    try:
        said = _apply(places, offer, digest, now)
    except (OSError, ServiceError, WorkshopRefusal) as error:
        if staged.waiting(places):
            raise
        return _refuse(places, offer, (f"the box could not take it: {error}",), now)
    return _told(
        places,
        Outcome.APPLIED,
        _TAKEN,
        (("Taken:", said), ("Please note:", offer.notes)),
        now,
    )


def _unchanged(places: Places, now: datetime) -> Result:
    """The report may tell of faults that stood there meanwhile, or a cut came before it."""
    if report.kept_outcome(places.result) != Outcome.APPLIED:
        told = _told(places, Outcome.APPLIED, _TAKEN, (), now)
        return Result(Outcome.UNCHANGED, told.text)
    return Result(Outcome.UNCHANGED)


def _apply(places: Places, offer: Offer, digest: str, now: datetime) -> list[str]:
    files, said = _files(places, offer)
    record = json.dumps({"gantry.toml": digest, "at": now.isoformat(timespec="seconds")})
    if offer.text is not None:
        said.insert(0, NAME)
        files.append(Placement(places.record, record.encode(), OWN))
    state = offer.configuration.state_dir if offer.configuration else _state_dir(places)
    # people first: to enter them twice does no harm, and what fails here leaves the rest alone
    said += _enter(offer.people, state, now)
    staged.gather(places, offer.text, files)
    staged.put_in_place(places, state, now)
    _wipe(places, offer)
    return said


def _files(places: Places, offer: Offer) -> tuple[list[Placement], list[str]]:
    files, said = [], []
    for name in offer.named:
        files.append(Placement(places.config / name, (places.card / name).read_bytes(), SHARED))
        said.append(f"{name}, removed from the card")
    for profile in offer.profiles:
        data = profile.read_bytes().replace(b"\r\n", b"\n")
        files.append(Placement(places.network / profile.name, data, OWN))
        said.append(f"{NETWORK}/{profile.name}, removed from the card")
    if offer.certificate is not None and offer.configuration is not None:
        made = make_certificate(offer.configuration)
        for name, data in zip(offer.certificate, (made.certificate, made.key), strict=True):
            files.append(Placement(places.config / name, data, SHARED))
        said.append(
            "the console's page got a key and a certificate made on the box; browsers warn of it "
            f"until they know its SHA-256 fingerprint\n{made.fingerprint}"
        )
    return files, said


def _enter(people: tuple[NewPerson, ...], state: Path, now: datetime) -> list[str]:
    if not people:
        return []
    with Catalog(state / "catalog.sqlite") as catalog:
        known = {person.name for person in register.everybody(catalog)}
        for person in people:
            if person.name in known:
                register.change_pin(catalog, person.name, person.pin)
            else:
                register.add(catalog, person.name, person.role, person.pin, made=now)
                known.add(person.name)
            what = f"{person.name}, {person.role}"
            with catalog.writing() as db:
                audit.note(db, now, "", "card", "person-add", "done", "", what)
    return [f"{PEOPLE} ({len(people)} entered), removed from the card"]


def _wipe(places: Places, offer: Offer) -> None:
    """Take from the card what opens something, and what belongs to it."""
    gone = [places.card / name for name in offer.named]
    gone += [*offer.profiles, *([places.card / PEOPLE] if offer.people else [])]
    for file in gone:
        # under a name that no later start takes for a key, should the power be cut meanwhile
        file.rename(places.card / _WIPED)
        overwrite(places.card / _WIPED)
    for folder in sorted({file.parent for file in gone} - {places.card}, reverse=True):
        with contextlib.suppress(OSError):  # something else lies there, which is not ours
            folder.rmdir()


def _finish_wiping(places: Places) -> None:
    # a card that is write-protected keeps it; whatever else lies there is told in the report
    with contextlib.suppress(OSError):
        overwrite(places.card / _WIPED)


def _refuse(places: Places, offer: Offer, faults: tuple[str, ...], now: datetime) -> Result:
    left = [str(file.relative_to(places.card)) for file in _secrets_left(places, offer)]
    return _told(
        places,
        Outcome.REFUSED,
        "NOTHING was taken from this card. The box goes on with what it had.",
        (
            ("Put this right, and start the box with the card again:", faults),
            ("Please note:", offer.notes),
            ("Still on the card, readable for whoever has it:", left),
        ),
        now,
    )


def _secrets_left(places: Places, offer: Offer) -> Iterator[Path]:
    yield from (places.card / name for name in offer.named)
    yield from offer.profiles
    if (places.card / PEOPLE).is_file():
        yield places.card / PEOPLE


def _reset(places: Places, asked: factory_reset.Asked, now: datetime) -> Result:
    owed = factory_reset.owed(places, _state_dir(places))
    if owed and not asked.everything:
        return _told(
            places,
            Outcome.REFUSED,
            "The box was NOT reset.",
            (
                (
                    "Put this right, and start the box with the card again:",
                    (
                        f"{owed} deliveries have not reached their peers. Let them, or write the "
                        f"word {factory_reset.EVERYTHING} into {factory_reset.NAME} to lose them.",
                    ),
                ),
            ),
            now,
        )
    factory_reset.erase(places, _state_dir(places))
    text = report.compose(
        "The box was reset: it has no patients, images, keys, people or settings any more.",
        (("Please note:", (factory_reset.HONESTY,)),),
        now,
        software_version(),
    )
    _on_card(places, text)
    # last: a power cut before this starts the erasing anew
    factory_reset.done(places)
    return Result(Outcome.RESET, text)


def _told(
    places: Places,
    outcome: Outcome,
    headline: str,
    paragraphs: tuple[tuple[str, tuple[str, ...] | list[str]], ...],
    now: datetime,
) -> Result:
    text = report.compose(headline, paragraphs, now, software_version())
    _on_card(places, text)
    report.keep(places.result, outcome, text, now)
    return Result(outcome, text)


def _on_card(places: Places, text: str) -> None:
    # a card that is write-protected or gone: the console and the journal tell the same
    with contextlib.suppress(OSError):
        report.write(places.card, text)


def _state_dir(places: Places) -> Path:
    """The state folder of the configuration in force."""
    return state_dir_of(places.file) if places.file.is_file() else places.state


def _digest(text: str | None) -> str:
    return hashlib.sha256((text or "").encode()).hexdigest()


def _applied(places: Places) -> str:
    try:
        return str(json.loads(places.record.read_text("utf-8"))["gantry.toml"])
    except (OSError, ValueError, KeyError):
        return ""
