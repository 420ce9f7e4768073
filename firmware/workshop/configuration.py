"""The configuration as the technician changes it: whole, checked, and never without a way back."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from firmware.config import ConfigurationError, template
from firmware.config.load import read_text
from firmware.workshop import keys
from firmware.workshop.document import diff, edited, spelt
from firmware.workshop.history import History, fingerprint
from firmware.workshop.secrets import exported
from services.console.workshop import (
    ConfigurationFault,
    Edit,
    Proposal,
    Standing,
    Version,
    WorkshopRefusal,
)

_DOES = {"set": "set", "unset": "back to default", "add": "added", "remove": "removed"}
_MOST_SAID = 200


class Configurations:
    """Satisfies :class:`services.console.workshop.ConfigurationDesk` for one file.

    Parameters
    ----------
    file : Path or None
        None where the box runs on the built-in configuration, which cannot be changed.
    state_dir : Path
        Where versions are kept.
    started_with : str
        Fingerprint of the configuration that this service runs with.
    """

    def __init__(
        self,
        file: Path | None,
        state_dir: Path,
        now: Callable[[], datetime],
        started_with: str = "",
    ) -> None:
        self._file = file
        self._now = now
        self._history = History(file, state_dir) if file is not None else None
        self._started_with = started_with or (self._fingerprint() if self._history else "")

    def form(self) -> list[dict[str, Any]]:
        """Every section and key, as :func:`firmware.workshop.keys.describe` has them."""
        return keys.describe()

    def standing(self) -> Standing:
        """What the file says now."""
        if self._file is None or self._history is None:
            return Standing("", "", {}, (), "the box runs on its built-in configuration", False)
        text = self._history.current()
        base = fingerprint(text)
        try:
            warnings = read_text(text, self._file).warnings
            values = tomllib.loads(text)
        except (ConfigurationError, tomllib.TOMLDecodeError) as error:
            values, warnings = {}, (str(error),)
        writable = self._history.writable()
        pending = base != self._started_with
        return Standing(str(self._file), base, values, tuple(warnings), writable, pending)

    def propose(self, edits: Sequence[Edit]) -> Proposal:
        """What these changes would do."""
        before = self._kept().current()
        return self._proposal(before, edited(before, edits))

    def propose_text(self, text: str) -> Proposal:
        """What another file in the place of this one would do."""
        return self._proposal(self._kept().current(), text)

    def save(self, edits: Sequence[Edit], base: str, by: str) -> Proposal:
        """Put the changes in force, where the whole is sound with them.

        Raises
        ------
        WorkshopRefusal
            See :meth:`firmware.workshop.history.History.replace`.
        """
        before = self._kept().current()
        said = "; ".join(f"{spelt(edit.path)} {_DOES.get(edit.do, edit.do)}" for edit in edits)
        return self._save(before, edited(before, edits), base, by, said)

    def save_text(self, text: str, base: str, by: str, what: str) -> Proposal:
        """Put another file in force, where it is sound."""
        return self._save(self._kept().current(), text, base, by, what)

    def history(self) -> list[Version]:
        """Everything that was in force, newest first."""
        return self._history.versions() if self._history else []

    def changes_of(self, number: int) -> tuple[str, ...]:
        """Diff of one version against the one before it."""
        return self._kept().changes_of(number)

    def roll_back(self, number: int, by: str) -> Proposal:
        """Put an earlier version in force again, as a new one, where it is still sound."""
        kept = self._kept()
        before = kept.current()
        text = kept.text_of(number)
        return self._save(before, text, fingerprint(before), by, f"back to version {number}")

    def export(self) -> str:
        """The file without secrets."""
        return exported(self._kept().current())

    def template(self) -> str:
        """A file in which every key is explained."""
        return template()

    def _save(self, before: str, after: str, base: str, by: str, what: str) -> Proposal:
        proposal = self._proposal(before, after)
        if proposal.sound:
            self._kept().replace(after, base, by, what[:_MOST_SAID], self._now())
        return proposal

    def _proposal(self, before: str, after: str) -> Proposal:
        assert self._file is not None
        faults: tuple[ConfigurationFault, ...] = ()
        warnings: tuple[str, ...] = ()
        try:
            warnings = read_text(after, self._file).warnings
        except ConfigurationError as error:
            faults = tuple(
                ConfigurationFault(
                    fault.key,
                    fault.value,
                    fault.problem,
                    fault.allowed,
                    fault.suggestion,
                    fault.line,
                )
                for fault in error.faults
            )
        base = fingerprint(before)
        return Proposal(not faults, before != after, faults, warnings, diff(before, after), base)

    def _kept(self) -> History:
        if self._history is None:
            raise WorkshopRefusal("G-5107")
        return self._history

    def _fingerprint(self) -> str:
        try:
            return fingerprint(self._kept().current())
        except WorkshopRefusal:
            return ""
