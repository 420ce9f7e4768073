"""What is wrong with a configuration, told to the technician who must put it right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

KeyPath = tuple[str | int, ...]

_LONGEST_VALUE = 60


class Absent:
    """Type of :data:`ABSENT`."""

    def __repr__(self) -> str:
        return "absent"


ABSENT = Absent()


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, and where.

    ``key`` is the path as the file spells it, such as ``peers[1].port`` with entries counted from
    0; it is empty where the file as a whole is at fault. ``value`` is what stands there, empty
    where nothing does. ``line`` counts from 1 and is None where the file has no line to show.
    """

    file: str
    key: str
    value: str
    problem: str
    allowed: str = ""
    suggestion: str = ""
    line: int | None = None

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        what = f"{self.key} = {self.value}" if self.value and self.key else self.key or self.value
        lines = [f"{where}: {what}" if what else where, f"    {self.problem}"]
        if self.allowed:
            lines.append(f"    allowed: {self.allowed}")
        if self.suggestion:
            lines.append(f"    {self.suggestion}")
        return "\n".join(lines)


class ConfigurationError(Exception):
    """The configuration cannot be used; the text is the whole report.

    Attributes
    ----------
    faults : tuple of Fault
        Every fault that was found, in the order of the file.
    """

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        report = "\n".join(str(fault) for fault in faults)
        super().__init__(
            f"The configuration has {count} and was not used:\n{report}\n"
            f"Correct the file and run 'gantry check' again."
        )


def spell(path: KeyPath) -> str:
    """``("peers", 1, "port")`` as ``peers[1].port``."""
    spelt = ""
    for step in path:
        if isinstance(step, int):
            spelt += f"[{step}]"
        else:
            spelt += f".{step}" if spelt else step
    return spelt


def show(value: Any) -> str:
    """A value as the report quotes it: one line, never long."""
    if value is ABSENT:
        return ""
    text = f'"{value}"' if isinstance(value, str) else repr(value)
    if isinstance(value, bool):
        text = str(value).lower()
    text = text.encode("unicode_escape").decode() if not text.isprintable() else text
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 3] + "..."


@dataclass(frozen=True, slots=True)
class _Finding:
    path: KeyPath
    value: str
    problem: str
    allowed: str
    suggestion: str


class Report:
    """Collects faults while a document is gone through, and warnings beside them."""

    def __init__(self) -> None:
        self._findings: list[_Finding] = []
        self.warnings: list[str] = []

    def add(
        self, path: KeyPath, value: Any, problem: str, allowed: str = "", suggestion: str = ""
    ) -> None:
        """Note one fault; ``value`` is :data:`ABSENT` where nothing stands there."""
        self._findings.append(_Finding(path, show(value), problem, allowed, suggestion))

    def warn(self, path: KeyPath, text: str) -> None:
        """Note something that works but that the technician should know."""
        self.warnings.append(f"{spell(path)}: {text}")

    def raise_faults(self, file: str, lines: dict[KeyPath, int]) -> None:
        """Raise :class:`ConfigurationError` where at least one fault was noted."""
        if not self._findings:
            return
        faults = [
            Fault(
                file=file,
                key=spell(found.path),
                value=found.value,
                problem=found.problem,
                allowed=found.allowed,
                suggestion=found.suggestion,
                line=_nearest_line(found.path, lines),
            )
            for found in self._findings
        ]
        raise ConfigurationError(tuple(sorted(faults, key=lambda fault: fault.line or 0)))


def _nearest_line(path: KeyPath, lines: dict[KeyPath, int]) -> int | None:
    """The line of the key, else of the innermost table around it."""
    for end in range(len(path), 0, -1):
        if path[:end] in lines:
            return lines[path[:end]]
    return None
