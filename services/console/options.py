"""What the configuration says of the console, as its services need it."""

from __future__ import annotations

from dataclasses import dataclass

LANGUAGES = ("en", "de", "fr", "es", "pl", "ru", "ar", "ja")
"""Languages that the console has words for."""

NAMES = ("alphabetic", "ideographic", "phonetic")
"""Which component group of a person's name is shown large (PS3.5 6.2.1.1)."""

HANDS = ("right", "left")
THEMES = ("dark", "light")


@dataclass(frozen=True, slots=True)
class Options:
    """How the console looks and whom it lets in; :mod:`firmware.config` is where it is decided.

    Attributes
    ----------
    language, theme, hand, name_representation : str
        Defaults of what a person may change at the screen.
    panel_width_mm : float
        Longer side of the panel's picture in millimetres: gives controls their size.
    host_names : tuple of str
        Names besides addresses and localhost under which the page may be asked for.
    operator_sign_in : bool
        The kiosk asks operators to sign in as well.
    sign_out_minutes : float
        Nobody touched the screen for so long: the person is signed out.
    ask_again_hours : float
        After so long with one exam open somebody is asked whether it still is that patient.
    ask_after_idle_minutes : float
        The same after so long without a picture.
    emergency_prefix : str
        What the Patient IDs begin with that the box makes up for emergencies.
    """

    language: str = "en"
    name_representation: str = "alphabetic"
    hand: str = "right"
    theme: str = "dark"
    panel_width_mm: float = 154.0
    host_names: tuple[str, ...] = ()
    operator_sign_in: bool = False
    sign_out_minutes: float = 10.0
    ask_again_hours: float = 4.0
    ask_after_idle_minutes: float = 30.0
    emergency_prefix: str = "EMERGENCY-"
