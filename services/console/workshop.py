"""What the technician's screens ask of the box itself: the seam between console and firmware.

The console knows no driver and no configuration file; whoever assembles it hands a
:class:`Workshop` in. Everything that crosses is plain data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

KeyPath = Sequence[str | int]


class WorkshopRefusal(Exception):
    """The box cannot, or may not, do what was asked; nothing was changed.

    Attributes
    ----------
    code : str
        Of the technician's problem table, such as ``G-5101``.
    params : dict
        What the text of the problem names.
    """

    def __init__(self, code: str, **params: Any) -> None:
        self.code = code
        self.params = params
        words = ", ".join(f"{key}: {value}" for key, value in params.items())
        super().__init__(f"{code} ({words})" if words else code)


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of the configuration.

    ``do`` is ``set`` (a key to a value), ``unset`` (back to the default), ``add`` (an entry of a
    repeated table) or ``remove`` (such an entry); ``path`` is as ``("peers", 1, "port")``.
    """

    do: str
    path: tuple[str | int, ...]
    value: Any = None


@dataclass(frozen=True, slots=True)
class ConfigurationFault:
    """One thing that is wrong with a configuration; ``line`` is None where none can be shown."""

    key: str
    value: str
    problem: str
    allowed: str
    suggestion: str
    line: int | None


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a change would do: never applied by itself.

    Attributes
    ----------
    sound : bool
        Whether the box could start with it.
    changed : bool
        Whether it differs from what is in force.
    diff : tuple of str
        Lines of a unified diff against the file that is in force.
    base : str
        Fingerprint of that file; to be handed back when the change is saved.
    """

    sound: bool
    changed: bool
    faults: tuple[ConfigurationFault, ...]
    warnings: tuple[str, ...]
    diff: tuple[str, ...]
    base: str


@dataclass(frozen=True, slots=True)
class Version:
    """One earlier content of the configuration file."""

    number: int
    at: str
    by: str
    what: str
    current: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """The configuration that is in force.

    ``values`` is what the file says, ``writable`` empty or why it cannot be changed here,
    ``pending`` whether services still run with an older one.
    """

    file: str
    base: str
    values: Mapping[str, Any]
    warnings: tuple[str, ...]
    writable: str
    pending: bool


class ConfigurationDesk(Protocol):
    """The configuration file: shown, changed, kept in all its versions."""

    def form(self) -> list[dict[str, Any]]: ...
    def standing(self) -> Standing: ...
    def propose(self, edits: Sequence[Edit]) -> Proposal: ...
    def propose_text(self, text: str) -> Proposal: ...
    def save(self, edits: Sequence[Edit], base: str, by: str) -> Proposal: ...
    def save_text(self, text: str, base: str, by: str, what: str) -> Proposal: ...
    def history(self) -> list[Version]: ...
    def changes_of(self, number: int) -> tuple[str, ...]: ...
    def roll_back(self, number: int, by: str) -> Proposal: ...
    def export(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Interface:
    """One network interface; ``link`` says whether a cable (or an air) carries."""

    name: str
    mac: str
    link: bool
    speed_mbit: int | None
    addresses: tuple[str, ...]
    vlan: int | None
    method: str


@dataclass(frozen=True, slots=True)
class NetworkState:
    """How the box is connected; ``settable`` is empty or says why it cannot be changed here."""

    interfaces: tuple[Interface, ...]
    gateways: tuple[str, ...]
    dns: tuple[str, ...]
    settable: str
    seconds_to_roll_back: float | None


@dataclass(frozen=True, slots=True)
class NetworkChange:
    """What is asked for: ``method`` is ``dhcp`` or ``static``; ``vlan`` 0 means untagged."""

    interface: str
    method: str
    address: str = ""
    gateway: str = ""
    dns: tuple[str, ...] = ()
    vlan: int = 0


class NetworkDesk(Protocol):
    """Addresses of the box; a change is undone unless it is confirmed."""

    def state(self) -> NetworkState: ...
    def change(self, change: NetworkChange) -> NetworkState: ...
    def confirm(self) -> NetworkState: ...
    def undo(self) -> NetworkState: ...


@dataclass(frozen=True, slots=True)
class ClockState:
    """The time and how far it can be trusted.

    ``trust`` is ``synchronised``, ``lost`` (it was, and is no longer) or ``never``; ``source`` and
    ``offset_ms`` are given where a time daemon tells them.
    """

    now: str
    timezone: str
    trust: str
    source: str
    offset_ms: float | None
    settable: str


class ClockDesk(Protocol):
    """The box's clock."""

    def state(self) -> ClockState: ...
    def set(self, moment: str) -> ClockState: ...


@dataclass(frozen=True, slots=True)
class Line:
    """One step of a test: what was tried, how it went, what to do where it did not."""

    what: str
    ok: bool
    said: str
    advice: str = ""
    done: bool = True


class PeerDesk(Protocol):
    """Trying out what is at the other end."""

    def known(self) -> list[dict[str, Any]]: ...
    def test(self, name: str, objects: bool) -> Iterator[Line]: ...


@dataclass(frozen=True, slots=True)
class Frozen:
    """A picture that was frozen to measure on; ``number`` names it in what follows."""

    number: int
    source: str
    columns: int
    rows: int
    bits: int
    colour: bool
    pixel_aspect: tuple[float, float]


class SourceDesk(Protocol):
    """Sources of pictures: inventory, frozen picture, ruler and range."""

    def inventory(self) -> list[dict[str, Any]]: ...
    def presets(self) -> list[dict[str, Any]]: ...
    def freeze(self, name: str) -> Frozen: ...
    def picture(self, number: int) -> bytes: ...
    def ruler(self, number: int, measure: Mapping[str, Any], by: str) -> dict[str, Any]: ...
    def range(self, number: int, region: Sequence[int], by: str) -> dict[str, Any]: ...
    def calibrations(self) -> dict[str, Any]: ...
    def withdraw(self, number: int) -> None: ...


class HandDesk(Protocol):
    """Pedals and code scanners: which is which, and what a code says."""

    def devices(self) -> list[dict[str, Any]]: ...
    def pair(self, seconds: float) -> Iterator[Line]: ...
    def understand(self, text: str, rules: Sequence[Mapping[str, Any]]) -> dict[str, Any]: ...
    def mask(self, text: str, start: int, end: int, *, open_ended: bool) -> str: ...


class StorageDesk(Protocol):
    """How full the box is, and of what."""

    def state(self) -> dict[str, Any]: ...


class SupportDesk(Protocol):
    """What is asked when something is wrong."""

    def logs(self, level: str, words: str, limit: int) -> dict[str, Any]: ...
    def bundle(self) -> bytes: ...
    def sticks(self) -> list[dict[str, Any]]: ...
    def write_bundle(self, stick: str) -> str: ...
    def about(self) -> dict[str, Any]: ...
    def self_test(self) -> list[Line]: ...


@dataclass(frozen=True, slots=True)
class Workshop:
    """Everything that a technician can do on this box."""

    configuration: ConfigurationDesk
    network: NetworkDesk
    clock: ClockDesk
    peers: PeerDesk
    sources: SourceDesk
    hands: HandDesk
    storage: StorageDesk
    support: SupportDesk
