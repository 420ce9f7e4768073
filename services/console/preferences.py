"""How the screen looks: what somebody chose there, else what the configuration says."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from services.catalog import preferences as kept
from services.catalog.database import Catalog
from services.console.options import HANDS, LANGUAGES, NAMES, THEMES, Options
from services.console.people import Session
from services.console.problems import Problem

_log = logging.getLogger(__name__)


class Backlight(Protocol):
    """The light of the box's own screen."""

    def percent(self) -> int | None:
        """How bright, 1 to 100; None where it cannot be told."""

    def set_percent(self, percent: int) -> None:
        """Make it as bright as this.

        Raises
        ------
        OSError
            The kernel refuses it.
        """


def _one_of(choices: tuple[str, ...]) -> Callable[[str], bool]:
    return lambda value: value in choices


def _percent(lowest: int) -> Callable[[str], bool]:
    return lambda value: value.isascii() and value.isdigit() and lowest <= int(value) <= 100


_CHECKS: Mapping[str, Callable[[str], bool]] = {
    "language": _one_of(LANGUAGES),
    "theme": _one_of(THEMES),
    "hand": _one_of(HANDS),
    "names": _one_of(NAMES),
    "volume": _percent(0),
    "brightness": _percent(10),
}


class Preferences:
    """Of the box's own screen, or of a person who came over the network."""

    def __init__(self, catalog: Catalog, options: Options, backlight: Backlight | None) -> None:
        self._catalog = catalog
        self._backlight = backlight
        self._defaults = {
            "language": options.language,
            "theme": options.theme,
            "hand": options.hand,
            "names": options.name_representation,
            "volume": "60",
            "brightness": "100",
        }

    def of(self, session: Session) -> dict[str, Any]:
        """Everything that can be chosen, with its present value; ``dimmable`` says whether the
        brightness can be."""
        chosen = kept.get(self._catalog, _owner(session))
        sound = {key: text for key, text in chosen.items() if _sound(key, text)}
        values: dict[str, Any] = {**self._defaults, **sound}
        values["volume"] = int(values["volume"])
        values["brightness"] = int(values["brightness"])
        return {**values, "dimmable": session.kiosk and self._backlight is not None}

    def change(self, session: Session, chosen: Mapping[str, Any]) -> dict[str, Any]:
        """Keep what was chosen, and do it where it is a matter of the panel.

        Raises
        ------
        Problem
            G-9003 for what cannot be chosen, G-9106 when the screen's light cannot be changed.
        """
        texts = {key: str(value) for key, value in chosen.items()}
        for key, text in texts.items():
            if not _sound(key, text):
                raise Problem("G-9003", {"words": f"{key} cannot be {text[:40]}"})
        if session.role == 0 and not session.kiosk:
            raise Problem("G-9101")
        if "brightness" in texts:
            self._shine(session, int(texts["brightness"]))
        kept.put(self._catalog, _owner(session), texts)
        return self.of(session)

    def restore(self) -> None:
        """Make the panel as bright as it was chosen to be, at start."""
        if self._backlight is None:
            return
        text = kept.get(self._catalog, "").get("brightness", "")
        if not _sound("brightness", text):
            return
        try:
            self._backlight.set_percent(int(text))
        except OSError as error:
            _log.warning("the screen's brightness could not be restored: %s", error)

    def _shine(self, session: Session, percent: int) -> None:
        if self._backlight is None or not session.kiosk:
            raise Problem("G-9106", {"words": "it has no backlight that this box can change"})
        try:
            self._backlight.set_percent(percent)
        except OSError as error:
            raise Problem("G-9106", {"words": str(error)}) from error


def _owner(session: Session) -> str:
    return "" if session.kiosk else session.name


def _sound(key: str, text: str) -> bool:
    check = _CHECKS.get(key)
    return check is not None and check(text)
