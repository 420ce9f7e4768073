"""Where on a box everything of its own lies."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

NAME = "gantry.toml"


@dataclass(frozen=True, slots=True)
class Places:
    """The folders that a first start and a factory reset deal with.

    Attributes
    ----------
    card
        The boot partition, which any PC reads.
    config
        Holds ``gantry.toml`` in force and the files that it names.
    state
        Holds the catalog and the spool, unless the configuration names another folder.
    system
        Root's own: the machine's identity, network profiles, and what was applied.
    logs
        The journal.
    """

    card: Path
    config: Path
    state: Path
    system: Path
    logs: Path

    @classmethod
    def of_box(cls, card: Path, root: Path = Path("/")) -> Places:
        """As the image has them (``image/init``)."""
        return cls(
            card=card,
            config=root / "etc/gantry",
            state=root / "var/lib/gantry",
            system=root / "data/system",
            logs=root / "var/log/journal",
        )

    @property
    def file(self) -> Path:
        """The configuration in force."""
        return self.config / NAME

    @property
    def network(self) -> Path:
        return self.system / "network"

    @property
    def staging(self) -> Path:
        return self.system / "provision"

    @property
    def record(self) -> Path:
        """What was applied last."""
        return self.system / "provisioned.json"

    @property
    def result(self) -> Path:
        """The last result, for the console and ``gantry status``."""
        return self.state / "provisioning.json"
