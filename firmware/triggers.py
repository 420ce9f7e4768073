"""From the configuration to pedals, lamps and scanners: what hands and feet touch, assembled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from device.protocol import Protocol
from drivers.barcode.identity import GS1_RULES, Identifier, Reader, Rule
from drivers.hid.identity import Identity
from drivers.hid.kernel import EvdevBus
from drivers.hid.nodes import InputBus
from drivers.hid.pedal import HidPedal
from drivers.hid.wedge import WedgeScanner
from drivers.panel.contacts import SETTLE_NS, Contact, ContactKind
from drivers.panel.front import FrontPanel
from drivers.panel.gestures import Thresholds
from drivers.panel.gpio import Gpio, find_gpio
from drivers.panel.lamps import LampPins
from drivers.triggers import Action, EventSource, Gesture, TriggerStream, action_map
from firmware.circumstances import capture_circumstances
from firmware.config import Configuration, PanelSettings, TriggerSettings
from firmware.config.panel import ON_PINS, ON_USB
from services.acquisition import Beside
from services.box import Box
from services.calibration import Calibrated
from services.source_pool import SourcePool
from services.trigger_words import Guard, NoPanel, Outcome, Panel
from services.triggers import TriggerDesk

_SECOND = 1_000_000_000
_NAME = "panel"


@dataclass(frozen=True, slots=True)
class Hands:
    """Everything that hands and feet touch, not open yet.

    Attributes
    ----------
    stream : TriggerStream
        All pedals, lines and scanners as one.
    front : FrontPanel or None
        Lamps and buzzer; None where nothing hangs on the pins.
    reader : Reader
        Understands what is scanned.
    """

    stream: TriggerStream
    front: FrontPanel | None
    reader: Reader

    @property
    def panel(self) -> Panel:
        """What is told of outcomes."""
        return self.front if self.front is not None else NoPanel()

    def open(self) -> None:
        """Begin to listen; lamps are dark.

        Raises
        ------
        SourceUnavailable
            A lamp or the buzzer cannot be used.
        """
        if self.front is not None:
            self.front.open()
        self.stream.open()

    def close(self) -> None:
        """Let go of everything."""
        self.stream.close()
        if self.front is not None:
            self.front.close()


def make_hands(
    configuration: Configuration,
    gpio: Callable[[str], Gpio] = find_gpio,
    bus: InputBus | None = None,
    lines: Sequence[EventSource] = (),
) -> Hands:
    """What the configuration describes under ``[panel]``, ``[[triggers]]`` and ``[[code_rules]]``.

    Parameters
    ----------
    configuration
        Of this box.
    gpio
        Finds the GPIO module; asked only where something hangs on the pins.
    bus
        The input devices; None for those of this machine.
    lines
        The serial lines, of which those are taken that are configured as triggers.

    Raises
    ------
    SourceUnavailable
        Pins are configured, and there is no GPIO module for this machine.
    """
    triggers = configuration.triggers
    contacts = [_contact(trigger) for trigger in triggers if trigger.kind in ON_PINS]
    front = None
    sources: list[EventSource] = []
    if contacts or configuration.panel.pins:
        front = _front(configuration.panel, gpio(_NAME), contacts)
        sources.append(front.contacts)
    for trigger in triggers:
        if trigger.kind in ON_USB:
            sources.append(_on_usb(trigger, bus or EvdevBus()))
        if trigger.kind == "line":
            sources += [line for line in lines if line.name == trigger.name]
    actions = action_map({trigger.name: _gestures(trigger) for trigger in triggers})
    return Hands(TriggerStream(sources, actions), front, make_reader(configuration))


def make_reader(configuration: Configuration) -> Reader:
    """Reads codes by the rules of this site; GS1 as the standard has it, where it has none of that.

    Raises
    ------
    drivers.barcode.errors.MaskError
        Never with a configuration that was checked.
    """
    rules = [
        Rule(Identifier(rule.gives), rule.mask, rule.element, rule.symbology)
        for rule in configuration.code_rules
    ]
    if not any(rule.element for rule in rules):
        rules += GS1_RULES
    return Reader(rules, gs1=configuration.panel.gs1_codes)


def make_desk(
    configuration: Configuration,
    box: Box,
    hands: Hands,
    report: Callable[[Outcome], None] = lambda _: None,
    says: Beside = lambda _: (),
    guard: Guard | None = None,
    pool: SourcePool | None = None,
) -> TriggerDesk:
    """The desk that does what the hands ask for, with sources and calibrations of this box.

    ``says`` is asked for each still what side channels say of it; ``guard`` and ``pool`` are as
    the desk has them.
    """
    from firmware.assembly import make_source

    def beside(protocol: Protocol) -> Beside:
        circumstances = capture_circumstances(configuration, protocol.source)
        calibrated = Calibrated(box.catalog, circumstances)
        return lambda frame: (*says(frame), *calibrated(frame))

    return TriggerDesk(
        box,
        configuration.protocols,
        lambda name: make_source(configuration, name),
        panel=hands.panel,
        report=report,
        read_scan=hands.reader.read,
        beside=beside,
        guard=guard,
        pool=pool,
    )


def _front(panel: PanelSettings, gpio: Gpio, contacts: list[Contact]) -> FrontPanel:
    lamps = LampPins(panel.ready_pin or None, panel.recording_pin or None, panel.fault_pin or None)
    return FrontPanel(_NAME, gpio, contacts, lamps, panel.buzzer_pin or None)


def _contact(trigger: TriggerSettings) -> Contact:
    return Contact(
        trigger.name,
        trigger.pin,
        ContactKind(trigger.kind),
        trigger.closed_high,
        SETTLE_NS[ContactKind(trigger.kind)],
        thresholds=_thresholds(trigger),
    )


def _on_usb(trigger: TriggerSettings, bus: InputBus) -> EventSource:
    identity = Identity.parse(trigger.device)
    if trigger.kind == "scanner":
        return WedgeScanner(trigger.name, bus, identity)
    return HidPedal(trigger.name, bus, identity, _thresholds(trigger))


def _thresholds(trigger: TriggerSettings) -> Thresholds:
    return Thresholds(
        round(trigger.long_seconds * _SECOND),
        round(trigger.hold_seconds * _SECOND),
        round(trigger.double_seconds * _SECOND),
    )


def _gestures(trigger: TriggerSettings) -> dict[str, str]:
    """Actions by gesture; what is scanned has but one use."""
    given: dict[str, str] = {gesture: getattr(trigger, f"on_{gesture}", "") for gesture in Gesture}
    if trigger.kind in ("scanner", "line"):
        given[Gesture.SCAN] = Action.SCAN
    return {gesture: action for gesture, action in given.items() if action}
