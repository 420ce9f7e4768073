"""The keys of ``[console]``: where the page is, who is let in, and how it looks at first."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import Struct

from firmware.config import values
from firmware.config.faults import ABSENT, Report
from firmware.config.metadata import file, meta, text

_TLS = ("tls_certificate", "tls_key")


class ConsoleSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The operator's screen, a web page. The box's own screen finds it at 127.0.0.1."""

    bind: Annotated[
        str,
        meta(
            "Address of the interface to serve other machines at, over TLS and with sign-in; "
            "127.0.0.1: only the box's own screen.",
            min_length=1,
            check=values.bind_address,
            allowed="an IP address; 127.0.0.1 for this machine only",
        ),
    ] = "127.0.0.1"
    port: Annotated[int, meta("TCP port of the page for the box's own screen.", ge=1, le=65535)] = (
        8080
    )
    network_port: Annotated[
        int, meta("TCP port of the page for other machines, over TLS.", ge=1, le=65535)
    ] = 8443
    tls_certificate: Annotated[
        str, file("Certificate of the page for other machines.", "tls/console.crt")
    ] = ""
    tls_key: Annotated[str, file("Its private key.", "tls/console.key")] = ""
    host_names: Annotated[
        tuple[Annotated[str, meta("", min_length=1, max_length=253, check=values.host)], ...],
        meta(
            "Names besides its own under which other machines may ask for the page.",
            examples=[["gantry.example.org"]],
        ),
    ] = ()
    operator_sign_in: Annotated[
        bool, meta("Operators sign in at the box's own screen as well.")
    ] = False
    metrics_on_network: Annotated[
        bool,
        meta(
            "Other machines may read /metrics without signing in: counts and states for "
            "Prometheus, and no patient's."
        ),
    ] = False
    sign_out_minutes: Annotated[
        float,
        meta("Whoever does not touch the screen for so many minutes is signed out.", ge=1, le=720),
    ] = 10.0
    language: Annotated[
        Literal["en", "de", "fr", "es", "pl", "ru", "ar", "ja"],
        meta("Language of the screen until another is chosen there."),
    ] = "en"
    name_representation: Annotated[
        Literal["alphabetic", "ideographic", "phonetic"],
        meta("Which form of a patient's name is shown large."),
    ] = "alphabetic"
    theme: Annotated[Literal["dark", "light"], meta("Dark for a dark room.")] = "dark"
    hand: Annotated[Literal["right", "left"], meta("The side on which the navigation stands.")] = (
        "right"
    )
    panel_width_mm: Annotated[
        float,
        meta(
            "Longer side of the panel's picture in millimetres: controls are 20 mm on it. "
            "154 for 7 inches, 217 for 10 inches.",
            ge=80,
            le=1500,
        ),
    ] = 154.0
    emergency_prefix: Annotated[
        str, text("What the Patient ID of an emergency begins with.", 16, "EMERGENCY-", 1)
    ] = "EMERGENCY-"
    ask_again_hours: Annotated[
        float,
        meta(
            "An exam that is open for so many hours asks whether it still is this patient.",
            ge=0.1,
            le=168,
        ),
    ] = 4.0
    ask_after_idle_minutes: Annotated[
        float,
        meta(
            "An exam in which nothing was taken for so many minutes asks it as well.",
            ge=1,
            le=1440,
        ),
    ] = 30.0

    @property
    def networked(self) -> bool:
        """Whether other machines are served."""
        return not is_loopback(self.bind)

    @property
    def screen_bind(self) -> str:
        """The address at which the box's own screen finds the page."""
        return "127.0.0.1" if self.networked else self.bind

    @property
    def page(self) -> str:
        """Where the box's own screen finds the page."""
        host = f"[{self.screen_bind}]" if ":" in self.screen_bind else self.screen_bind
        return f"http://{host}:{self.port}/"


def is_loopback(address: str) -> bool:
    """Whether an address reaches nobody but this machine."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def check_console(console: Mapping[str, Any], report: Report) -> None:
    """Note what lacks before other machines may see the page."""
    given = [key for key in _TLS if console.get(key)]
    missing = [key for key in _TLS if not console.get(key)]
    bind = console.get("bind", "127.0.0.1")
    if not is_loopback(bind):
        for key in missing:
            report.add(
                ("console", key),
                ABSENT,
                f"is missing: with bind = {bind!r} other machines see the page, which needs TLS",
                'a path; or bind = "127.0.0.1"',
            )
        if console.get("network_port", 8443) == console.get("port", 8080):
            report.add(
                ("console", "network_port"),
                console.get("network_port", 8443),
                "is the port of the box's own screen",
                "another port than console.port",
            )
    elif len(given) == 1:
        report.add(("console", missing[0]), ABSENT, f"is missing beside {given[0]}", "a path")
