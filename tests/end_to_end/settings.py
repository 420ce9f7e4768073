"""Writes a ``gantry.toml`` as a technician would."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tests.end_to_end.cli import Gantry
from tests.peers.process import free_port


@dataclass
class Settings:
    """The tables of one configuration; ports are free ones unless given."""

    ae_title: str = "BOX"
    modality: str = "OT"
    listener: int = field(default_factory=free_port)
    console: int = field(default_factory=free_port)
    tables: list[str] = field(default_factory=list)

    def peer(self, name: str, ae_title: str, port: int, *services: str, **more: object) -> Settings:
        return self.table(
            "peers",
            name=name,
            ae_title=ae_title,
            host="127.0.0.1",
            port=port,
            services=list(services),
            **more,
        )

    def replay(self, name: str, path: Path, rate: float = 0) -> Settings:
        return self.table("sources", name=name, kind="replay", path=str(path), rate=rate)

    def pattern(self, name: str, **more: object) -> Settings:
        return self.table("sources", name=name, kind="pattern", **more)

    def protocol(self, name: str, kind: str, **more: object) -> Settings:
        values = {"source": name, "object": kind, "burned_in_annotation": False, **more}
        return self.table("protocols", name=name, **values)

    def table(self, section: str, **values: object) -> Settings:
        lines = [f"{key} = {_toml(value)}" for key, value in values.items()]
        self.tables.append("\n".join([f"[[{section}]]", *lines]))
        return self

    def write(self, folder: Path) -> Gantry:
        folder.mkdir(parents=True, exist_ok=True)
        gantry = Gantry(folder)
        head = (
            f'[station]\nae_title = "{self.ae_title}"\nstation_name = "BOX1"\n'
            f'institution_name = "General"\nstate_dir = "state"\nmodality = "{self.modality}"\n\n'
            f'[listener]\nbind = "127.0.0.1"\nport = {self.listener}\n\n'
            f"[console]\nport = {self.console}\n\n[retention]\nhigh_water_percent = 95"
        )
        gantry.config.write_text("\n\n".join([head, *self.tables, ""]))
        return gantry


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return f'"{value}"' if isinstance(value, str) else str(value)
