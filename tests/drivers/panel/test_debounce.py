"""A contact without its bounce: recorded movements, and any movement at all."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.panel.debounce import UNSTEADY_NS, Change, Debouncer
from drivers.panel.traces import CLOSING, DISTURBANCE, OPENING, Trace

SETTLE = 10_000_000
START = 5_000_000_000

Edges = list[tuple[int, bool]]


def edges_of(trace: Trace, at: int = START) -> Edges:
    return [(at + offset * 1000, closed) for offset, closed in trace]


def run(edges: Edges, closed: bool = False, until: int | None = None) -> list[Change]:
    debouncer = Debouncer(SETTLE, closed)
    changes = [change for edge in edges for change in debouncer.edge(*edge)]
    end = until if until is not None else edges[-1][0] + SETTLE
    return changes + debouncer.advance(end)


@pytest.mark.parametrize("kind", CLOSING)
def test_every_way_of_closing_is_one_press_at_its_first_edge(kind: str) -> None:
    assert run(edges_of(CLOSING[kind])) == [Change(True, START)]


@pytest.mark.parametrize("kind", OPENING)
def test_every_way_of_opening_is_one_release_at_its_first_edge(kind: str) -> None:
    assert run(edges_of(OPENING[kind]), closed=True) == [Change(False, START)]


@pytest.mark.parametrize("kind", DISTURBANCE)
def test_what_the_cable_picks_up_is_no_press(kind: str) -> None:
    assert run(edges_of(DISTURBANCE[kind])) == []


@pytest.mark.parametrize("kind", CLOSING)
def test_presses_in_a_row_are_counted_right(kind: str) -> None:
    edges: Edges = []
    for number in range(5):
        edges += edges_of(CLOSING[kind], START + number * 200_000_000)
        edges += edges_of(OPENING[kind], START + number * 200_000_000 + 80_000_000)
    changes = run(edges)
    assert [change.closed for change in changes] == [True, False] * 5
    assert [change.monotonic_ns for change in changes[::2]] == [
        START + number * 200_000_000 for number in range(5)
    ]


def test_nothing_is_said_before_the_contact_rests() -> None:
    debouncer = Debouncer(SETTLE)
    debouncer.edge(START, True)
    assert debouncer.deadline == START + SETTLE
    assert debouncer.advance(START + SETTLE - 1) == []
    assert debouncer.advance(START + SETTLE) == [Change(True, START)]
    assert debouncer.deadline is None
    assert debouncer.closed


def test_a_lost_edge_costs_no_press() -> None:
    # the edge to open got lost: the level was seen closed twice
    assert run([(START, True), (START + 2_000_000, True)]) == [Change(True, START)]


def test_an_edge_with_an_older_time_is_taken_as_simultaneous() -> None:
    edges = [(START, True), (START - 5, False), (START - 9, True)]
    assert run(edges, until=START + SETTLE) == [Change(True, START)]


def test_a_contact_that_never_rests_is_called_unsteady_and_presses_nothing() -> None:
    debouncer = Debouncer(SETTLE)
    at = START
    changes = []
    while at < START + UNSTEADY_NS:
        changes += debouncer.edge(at, (at // 1_000_000) % 2 == 0)
        at += 1_000_000
    assert changes == []
    assert debouncer.unsteady(at)
    debouncer.advance(at + SETTLE)
    assert not debouncer.unsteady(at + SETTLE)


def test_a_settling_time_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="settling"):
        Debouncer(0)


gaps = st.one_of(
    st.integers(1, SETTLE - 1), st.integers(SETTLE - 2, SETTLE + 2), st.integers(SETTLE, SETTLE * 9)
)
movements = st.lists(st.tuples(gaps, st.booleans()), min_size=1, max_size=60)


def _timed(movement: list[tuple[int, bool]]) -> Edges:
    at, edges = START, []
    for gap, closed in movement:
        at += gap
        edges.append((at, closed))
    return edges


def _bursts(edges: Edges) -> list[Edges]:
    bursts = [[edges[0]]]
    for before, edge in pairwise(edges):
        if edge[0] - before[0] >= SETTLE:
            bursts.append([])
        bursts[-1].append(edge)
    return bursts


@given(movements)
def test_a_burst_never_brings_two_changes(movement: list[tuple[int, bool]]) -> None:
    debouncer = Debouncer(SETTLE)
    for burst in _bursts(_timed(movement)):
        changes = [change for edge in burst for change in debouncer.edge(*edge)]
        changes += debouncer.advance(burst[-1][0] + SETTLE)
        assert len(changes) <= 1


@given(movements)
def test_changes_alternate_and_keep_the_order_of_time(movement: list[tuple[int, bool]]) -> None:
    changes = run(_timed(movement))
    assert [change.closed for change in changes] == [n % 2 == 0 for n in range(len(changes))]
    times = [change.monotonic_ns for change in changes]
    assert times == sorted(set(times))


@given(movements)
def test_a_level_that_lasts_is_never_lost(movement: list[tuple[int, bool]]) -> None:
    debouncer = Debouncer(SETTLE)
    edges = _timed(movement)
    ends = [at for at, _ in edges[1:]] + [edges[-1][0] + SETTLE]
    for (at, closed), end in zip(edges, ends, strict=True):
        debouncer.edge(at, closed)
        if end - at >= SETTLE:
            debouncer.advance(end)
            assert debouncer.closed == closed


@given(movements, st.lists(st.integers(0, SETTLE * 3), max_size=30))
def test_how_often_it_is_asked_changes_nothing(
    movement: list[tuple[int, bool]], steps: list[int]
) -> None:
    edges = _timed(movement)
    debouncer = Debouncer(SETTLE)
    changes = []
    asked = START
    for at, closed in edges:
        for step in steps:
            if (asked := asked + step) < at:
                changes += debouncer.advance(asked)
        asked = at
        changes += debouncer.edge(at, closed)
    changes += debouncer.advance(edges[-1][0] + SETTLE)
    assert changes == run(edges)
