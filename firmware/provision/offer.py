"""What lies on the card for the box to take, checked as a whole."""

from __future__ import annotations

import configparser
import ssl
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from firmware.config import Configuration, ConfigurationError
from firmware.config.load import read_text
from firmware.provision.places import NAME, Places
from services.catalog.people import LONGEST_NAME, LONGEST_PIN, ROLES, SHORTEST_PIN

PEOPLE = "people.toml"
NETWORK = "network"
_PROFILE = ".nmconnection"
_LARGEST = 1024 * 1024
"""Bytes of one file beside ``gantry.toml``."""

_SIMILAR = ("gantry.toml.txt", "gantry.txt", "gantry.tml")


@dataclass(frozen=True, slots=True)
class NewPerson:
    """Somebody who may sign in from now on."""

    name: str
    role: str
    pin: str


@dataclass(frozen=True, slots=True)
class Offer:
    """What the card offers.

    Attributes
    ----------
    text
        The configuration, without a byte order mark and with plain line ends; None where the card
        has none, or only the template as it was flashed.
    named
        Files that the configuration names and that the card has, by their path below both the card
        and the configuration's folder.
    profiles
        Connection profiles of NetworkManager.
    faults
        What is wrong, a paragraph each; with any of them nothing is taken.
    notes
        What works, but perhaps not as intended.
    certificate
        Certificate and key, relative, that the box shall make for its own page.
    """

    text: str | None
    configuration: Configuration | None = None
    named: tuple[str, ...] = ()
    profiles: tuple[Path, ...] = ()
    people: tuple[NewPerson, ...] = ()
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    certificate: tuple[str, str] | None = None

    @property
    def extras(self) -> bool:
        """Whether something lies there that is removed from the card once it is taken."""
        return bool(self.named or self.profiles or self.people)


@dataclass(slots=True)
class _Findings:
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_offer(places: Places) -> Offer:
    """Read and check what lies on the card; nothing is changed."""
    found = _Findings()
    text = _text(places, found)
    configuration = _configuration(text, places, found)
    named: tuple[str, ...] = ()
    certificate = None
    if configuration is not None:
        named = tuple(_named_on_card(configuration, places, found))
        certificate = _own_certificate(configuration, places)
        _check_keys(configuration, places, certificate, found)
        # that a file is not there yet is no news: it is on the card
        found.notes += [w for w in configuration.warnings if not _is_about_a_file(w)]
    return Offer(
        text=text,
        configuration=configuration,
        named=named,
        profiles=tuple(_profiles(places, found)),
        people=tuple(_people(places, found)),
        faults=tuple(found.faults),
        notes=tuple(found.notes),
        certificate=certificate,
    )


def read_card_text(file: Path) -> str:
    """A text of any PC's editor: UTF-8 with or without mark, any line ends.

    Raises
    ------
    ValueError
        It is not UTF-8, or larger than 1 MiB.
    """
    with file.open("rb") as stream:
        data = stream.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise ValueError("is larger than 1 MiB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ValueError(
            f"is not UTF-8 (line {line}): save it as UTF-8, not as ANSI, Latin-1 or UTF-16"
        ) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _text(places: Places, found: _Findings) -> str | None:
    file = places.card / NAME
    if not file.is_file():
        for name in _SIMILAR:
            if (places.card / name).is_file():
                found.faults.append(f"{name}: this is not taken. Name the file {NAME}")
        return None
    try:
        text = read_card_text(file)
    except (OSError, ValueError) as error:
        found.faults.append(f"{NAME}: {error}")
        return None
    return None if _all_comments(text) else text


def _all_comments(text: str) -> bool:
    """As the template is flashed, in which every key is commented out."""
    return all(not line.strip() or line.lstrip().startswith("#") for line in text.splitlines())


def _configuration(text: str | None, places: Places, found: _Findings) -> Configuration | None:
    if text is None:
        return None
    try:
        return read_text(text, places.file)
    except ConfigurationError as error:
        # the technician sees the card, not where the box keeps its own
        found.faults += [str(fault).replace(str(places.file), NAME) for fault in error.faults]
        return None


def named_files(configuration: Configuration) -> tuple[Path, ...]:
    """Every certificate and key that a configuration names, absolute and sorted."""
    named = {Path(text) for text in _console_files(configuration) if text}
    for peer in configuration.peers:
        if peer.tls is not None:
            named |= {peer.tls.certificate, peer.tls.key, peer.tls.ca}
    for printer in configuration.printers:
        tls = printer.peer.tls
        if tls is not None:
            named |= {tls.certificate, tls.key, tls.ca}
    named |= {Path(profile.edid) for profile in configuration.profiles if profile.edid}
    named |= {Path(s.driver) for s in configuration.sources if s.driver.endswith(".toml")}
    return tuple(sorted(named))


def _console_files(configuration: Configuration) -> tuple[str, str]:
    return configuration.console.tls_certificate, configuration.console.tls_key


def _relative(file: Path, places: Places) -> str | None:
    """Its path below the configuration's folder; None where it lies elsewhere."""
    try:
        relative = file.relative_to(places.config.absolute())
    except ValueError:
        return None
    return None if ".." in relative.parts or str(relative) == NAME else str(relative)


def _named_on_card(configuration: Configuration, places: Places, found: _Findings) -> Iterator[str]:
    own = _own_certificate(configuration, places)
    for file in named_files(configuration):
        relative = _relative(file, places)
        if relative is None:
            if not file.is_file():
                found.notes.append(f"{file} is not there at present")
            continue
        on_card = places.card / relative
        if on_card.is_symlink() or not on_card.is_file():
            if not file.is_file() and relative not in (own or ()):
                found.faults.append(
                    f"{NAME} names {relative}, which is neither on the card nor on the box: put "
                    f"it on the card as {relative}"
                )
        elif on_card.stat().st_size > _LARGEST:
            found.faults.append(f"{relative}: is larger than 1 MiB, which no key or profile is")
        else:
            yield relative


def _own_certificate(configuration: Configuration, places: Places) -> tuple[str, str] | None:
    """What the box makes itself: both files of the page are named, and neither is anywhere."""
    given = _console_files(configuration)
    if not all(given):
        return None
    names = [_relative(Path(text), places) for text in given]
    there = [name for name in names if name and _lies(places, name) is not None]
    if there or None in names:
        return None
    return str(names[0]), str(names[1])


def _lies(places: Places, relative: str) -> Path | None:
    """The file that will be in force: the card's before the box's."""
    for folder in (places.card, places.config):
        if (folder / relative).is_file():
            return folder / relative
    return None


def _check_keys(
    configuration: Configuration,
    places: Places,
    own: tuple[str, str] | None,
    found: _Findings,
) -> None:
    pairs: list[tuple[str, Path, Path, Path | None]] = []
    if all(_console_files(configuration)) and own is None:
        certificate, key = map(Path, _console_files(configuration))
        pairs.append(("the console's page", certificate, key, None))
    for peer in (*configuration.peers, *(each.peer for each in configuration.printers)):
        if peer.tls is not None:
            pairs.append((peer.name, peer.tls.certificate, peer.tls.key, peer.tls.ca))
    for name, certificate, key, authority in pairs:
        files = [_in_force(file, places) for file in (certificate, key)]
        trusted = _in_force(authority, places) if authority else None
        if None in files or (authority and trusted is None):
            continue
        problem = _key_problem(str(files[0]), str(files[1]), str(trusted) if trusted else None)
        if problem:
            found.faults.append(f"{NAME}: keys of {name}: {problem}")


def _in_force(file: Path, places: Places) -> Path | None:
    relative = _relative(file, places)
    if relative is None:
        return file if file.is_file() else None
    return _lies(places, relative)


def _key_problem(certificate: str, key: str, authority: str | None) -> str:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        # an empty password instead of a question at the terminal
        context.load_cert_chain(certificate, key, password="")
    except (ssl.SSLError, OSError) as error:
        names = f"{Path(certificate).name} and {Path(key).name}"
        return (
            f"{names} cannot be used ({error}): PEM files without a password that belong together"
        )
    if authority is None:
        return ""
    try:
        context.load_verify_locations(authority)
    except (ssl.SSLError, OSError) as error:
        return f"{Path(authority).name} is no certificate of an authority in PEM ({error})"
    return ""


def _profiles(places: Places, found: _Findings) -> Iterator[Path]:
    folder = places.card / NETWORK
    if not folder.is_dir():
        return
    for file in sorted(folder.iterdir()):
        if not file.is_file():
            continue
        if file.suffix != _PROFILE:
            found.notes.append(f"{NETWORK}/{file.name} is not taken: profiles end with {_PROFILE}")
            continue
        problem = _profile_problem(file)
        if problem:
            found.faults.append(f"{NETWORK}/{file.name}: {problem}")
        else:
            yield file


def _profile_problem(file: Path) -> str:
    parser = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    try:
        parser.read_string(read_card_text(file))
    except (OSError, ValueError) as error:
        return str(error)
    except configparser.Error as error:
        return f"is no connection profile of NetworkManager: {error.message}"
    for key in ("id", "type"):
        if not parser.get("connection", key, fallback=""):
            return f"has no key '{key}' in the section [connection]"
    return ""


def _people(places: Places, found: _Findings) -> Iterator[NewPerson]:
    file = places.card / PEOPLE
    if not file.is_file():
        return
    try:
        entries = tomllib.loads(read_card_text(file)).get("people", [])
    except (OSError, ValueError) as error:
        found.faults.append(f"{PEOPLE}: {error}")
        return
    if not isinstance(entries, list) or not entries:
        found.faults.append(f"{PEOPLE}: has no [[people]] with name, role and pin")
        return
    for number, entry in enumerate(entries):
        problem = _person_problem(entry)
        if problem:
            found.faults.append(f"{PEOPLE}: people[{number}]: {problem}")
        else:
            yield NewPerson(entry["name"].strip(), entry["role"], entry["pin"])


def _person_problem(entry: Any) -> str:
    if not isinstance(entry, dict) or set(entry) != {"name", "role", "pin"}:
        return "needs name, role and pin, and nothing else"
    if not all(isinstance(value, str) for value in entry.values()):
        return 'name, role and pin are texts in quotes: pin = "4711"'
    if not 0 < len(entry["name"].strip()) <= LONGEST_NAME:
        return f"the name has 1 to {LONGEST_NAME} characters"
    if entry["role"] not in ROLES:
        return f"the role is one of {', '.join(ROLES)}"
    pin = entry["pin"]
    # the PIN itself is not told: the report is readable for everybody
    if not (SHORTEST_PIN <= len(pin) <= LONGEST_PIN and pin.isascii() and pin.isdigit()):
        return f"the PIN has {SHORTEST_PIN} to {LONGEST_PIN} digits"
    return ""


def _is_about_a_file(warning: str) -> bool:
    return warning.endswith("is not there at present")
