"""A box's folders and the card that a technician fills."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from firmware.provision import Places

NOW = datetime(2031, 5, 6, 7, 8, tzinfo=UTC)
OLD = '[station]\nae_title = "OLD"\n'
NEW = '[station]\r\nae_title = "NEW"\r\nstation_name = "Röntgen 2"\r\n'
WITH_PAGE = (
    '[station]\nae_title = "NEW"\n[console]\nbind = "0.0.0.0"\n'
    'tls_certificate = "tls/page.crt"\ntls_key = "tls/page.key"\n'
)


def make_places(folder: Path, old: str | None = OLD) -> Places:
    """A box that is configured already, with an empty card."""
    card = folder / "card"
    card.mkdir(parents=True)
    places = Places.of_box(card, folder / "root")
    for made in (places.config, places.state, places.system, places.logs):
        made.mkdir(parents=True)
    if old is not None:
        places.file.write_text(f'{old}state_dir = "{places.state}"\n')
    return places


def put(places: Places, name: str, text: str) -> Path:
    """A file on the card, byte for byte."""
    file = places.card / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode())
    return file


def configure(places: Places, text: str) -> Path:
    """A gantry.toml on the card that keeps the box's state where it is."""
    first, _, rest = text.partition("\n")
    return put(places, "gantry.toml", f'{first}\nstate_dir = "{places.state}"\n{rest}')


def report(places: Places) -> str:
    """The report as a plain editor shows it."""
    return (places.card / "gantry-report.txt").read_bytes().decode("utf-8-sig")
