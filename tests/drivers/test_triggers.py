"""Many switches, one stream: in order of time, nothing lost, nobody kept waiting."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import SourceUnavailable
from drivers.panel.contacts import Contact, Contacts
from drivers.panel.sim import SimulatedGpio
from drivers.triggers import (
    GRACE_NS,
    Action,
    EventSource,
    Gesture,
    InOrder,
    Trigger,
    TriggerEvent,
    TriggerState,
    TriggerStream,
    action_map,
)

ACTIONS = action_map({"left": {"press": "capture", "long": "record"}, "scanner": {"scan": "scan"}})


class Hand:
    """A source that brings what the test puts in; an exception is raised."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.state: str = TriggerState.NO_DEVICE
        self.opened = 0
        self.put: SimpleQueue[TriggerEvent | Exception] = SimpleQueue()

    def open(self) -> None:
        self.opened += 1
        self.state = TriggerState.LIVE

    def events(self, timeout: float) -> list[TriggerEvent]:
        try:
            item = self.put.get(timeout=timeout)
        except Empty:
            return []
        if isinstance(item, Exception):
            raise item
        return [item]

    def close(self) -> None:
        self.state = TriggerState.NO_DEVICE


@contextmanager
def listening(*sources: EventSource) -> Iterator[TriggerStream]:
    stream = TriggerStream(sources, ACTIONS)
    stream.open()
    try:
        yield stream
    finally:
        stream.close()


def gather(stream: TriggerStream, count: int) -> list[Trigger]:
    triggers: list[Trigger] = []
    deadline = time.monotonic() + 60
    while len(triggers) < count and time.monotonic() < deadline:
        triggers += stream.events(1.0)
    return triggers


def event(source: str, gesture: Gesture, at: int | None = None, text: str = "") -> TriggerEvent:
    return TriggerEvent(source, gesture, time.monotonic_ns() if at is None else at, text)


def test_gestures_get_the_action_of_their_source() -> None:
    left, right = Hand("left"), Hand("right")
    with listening(left, right) as stream:
        left.put.put(event("left", Gesture.PRESS))
        right.put.put(event("right", Gesture.PRESS))
        triggers = gather(stream, 2)
    actions = {trigger.source: trigger.action for trigger in triggers}
    assert actions == {"left": Action.CAPTURE, "right": None}


def test_an_older_event_of_a_slower_source_goes_first() -> None:
    left, scanner = Hand("left"), Hand("scanner")
    with listening(left, scanner) as stream:
        now = time.monotonic_ns()
        left.put.put(event("left", Gesture.PRESS, now + 400_000_000))
        scanner.put.put(event("scanner", Gesture.SCAN, now + 300_000_000, "A1"))
        assert [trigger.source for trigger in gather(stream, 2)] == ["scanner", "left"]


def test_waiting_ends_in_time_and_closing_ends_waiting() -> None:
    with listening(Hand("left")) as stream:
        before = time.monotonic()
        assert stream.events(0.1) == []
        assert 0.09 < time.monotonic() - before < 2
    assert stream.events(60.0) == []


def test_a_device_that_goes_away_is_opened_again_and_keeps_nobody_waiting() -> None:
    left, right = Hand("left"), Hand("right")
    with listening(left, right) as stream:
        left.put.put(SourceUnavailable("left", "unplugged", "Plug it in."))
        right.put.put(event("right", Gesture.PRESS))
        assert [trigger.source for trigger in gather(stream, 1)] == ["right"]
        assert stream.reasons == {"left": "left: unplugged. Plug it in."}
        left.put.put(event("left", Gesture.PRESS))
        assert [trigger.source for trigger in gather(stream, 1)] == ["left"]
        assert left.opened == 2
        assert stream.reasons == {}
        assert stream.states == {"left": "live", "right": "live"}
    assert stream.states == {"left": "no device", "right": "no device"}


def test_a_fault_of_ours_is_not_kept_quiet() -> None:
    left = Hand("left")
    with listening(left) as stream:
        left.put.put(ZeroDivisionError("a bug"))
        with pytest.raises(ZeroDivisionError, match="a bug"):
            gather(stream, 1)


def test_a_pedal_on_the_pins_comes_through() -> None:
    board = SimulatedGpio()
    contacts = Contacts("panel", board, [Contact("left", 17)])
    with listening(contacts) as stream:
        deadline = time.monotonic() + 60
        while stream.states["panel"] != TriggerState.LIVE and time.monotonic() < deadline:
            stream.events(0.01)
        board.press(17)
        trigger = gather(stream, 1)[0]
    assert (trigger.action, trigger.source) == (Action.CAPTURE, "left")


def test_a_scanned_identity_is_not_shown_by_accident() -> None:
    scanned = event("scanner", Gesture.SCAN, 5, "PID-4711")
    assert "4711" not in repr(Trigger(scanned, Action.SCAN))
    assert Trigger(scanned, Action.SCAN).text == "PID-4711"


def test_every_fault_of_the_action_map_is_named_at_once() -> None:
    with pytest.raises(ValueError, match=r"'stomp'.*'explode'") as refusal:
        action_map({"left": {"stomp": "capture", "short": "explode", "long": "record"}})
    assert "one of press, release" in str(refusal.value)
    assert "one of capture, record" in str(refusal.value)


arrivals = st.lists(st.tuples(st.integers(0, 10 * GRACE_NS), st.integers(0, GRACE_NS)), max_size=60)


@given(arrivals, st.lists(st.integers(0, 2 * GRACE_NS), max_size=40))
def test_events_within_the_grace_leave_in_order_of_time(
    times: list[tuple[int, int]], steps: list[int]
) -> None:
    """Each event arrives at most one grace after its time; asked at any moments."""
    order = InOrder()
    arriving = sorted((at + delay, at) for at, delay in times)
    left: list[int] = []
    now = 0
    for arrived, at in arriving:
        for step in steps:
            if now + step < arrived:
                now += step
                left += [each.monotonic_ns for each in order.pop(now)]
        now = arrived
        order.push([TriggerEvent("s", Gesture.PRESS, at)])
    left += [each.monotonic_ns for each in order.pop(now + 20 * GRACE_NS)]
    assert left == sorted(at for at, _ in times)
    assert order.due is None


@given(st.lists(st.integers(0, 10 * GRACE_NS), max_size=60))
def test_no_event_is_lost_however_late(times: list[int]) -> None:
    order = InOrder()
    left: list[int] = []
    for now, at in enumerate(times):
        order.push([TriggerEvent("s", Gesture.PRESS, at)])
        left += [each.monotonic_ns for each in order.pop(now * GRACE_NS)]
    left += [each.monotonic_ns for each in order.pop(100 * GRACE_NS)]
    assert sorted(left) == sorted(times)
