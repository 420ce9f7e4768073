"""What presses mean: examples, and that every press is classified once whatever its times."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.panel.gestures import GestureClassifier, Gestures, Thresholds
from drivers.triggers import Gesture

MS = 1_000_000
ALL = Thresholds(long_ns=600 * MS, hold_ns=1500 * MS, double_ns=300 * MS)
PLAIN = Thresholds(long_ns=600 * MS)


def run(thresholds: Thresholds, *presses: tuple[int, int]) -> Gestures:
    """Gestures of presses (from, to) in milliseconds, and of a long rest after them."""
    classifier = GestureClassifier(thresholds)
    gestures: Gestures = []
    for begin, end in presses:
        gestures += classifier.advance(begin * MS) + classifier.press(begin * MS)
        gestures += classifier.advance(end * MS) + classifier.release(end * MS)
    gestures += classifier.advance((presses[-1][1] + 10_000) * MS)
    return [(gesture, at // MS) for gesture, at in gestures]


def meaning(gestures: Gestures) -> Gestures:
    return [each for each in gestures if each[0] not in (Gesture.PRESS, Gesture.RELEASE)]


@pytest.mark.parametrize(
    ("thresholds", "presses", "expected"),
    [
        (PLAIN, [(0, 100)], [(Gesture.SHORT, 100)]),
        (PLAIN, [(0, 100), (200, 300)], [(Gesture.SHORT, 100), (Gesture.SHORT, 300)]),
        (PLAIN, [(0, 5000)], [(Gesture.LONG, 600)]),
        (ALL, [(0, 100)], [(Gesture.SHORT, 400)]),
        (ALL, [(0, 100), (250, 350)], [(Gesture.DOUBLE, 350)]),
        (ALL, [(0, 100), (400, 500)], [(Gesture.SHORT, 400), (Gesture.SHORT, 800)]),
        (ALL, [(0, 700)], [(Gesture.LONG, 700)]),
        (ALL, [(0, 2500)], [(Gesture.HOLD, 1500)]),
        (ALL, [(0, 100), (200, 1000)], [(Gesture.SHORT, 1000), (Gesture.LONG, 1000)]),
        (ALL, [(0, 100), (200, 9000)], [(Gesture.SHORT, 1700), (Gesture.HOLD, 1700)]),
        (
            ALL,
            [(0, 100), (200, 300), (400, 500)],
            [(Gesture.DOUBLE, 300), (Gesture.SHORT, 800)],
        ),
    ],
)
def test_presses_mean_what_the_operator_expects(
    thresholds: Thresholds, presses: list[tuple[int, int]], expected: Gestures
) -> None:
    assert meaning(run(thresholds, *presses)) == expected


def test_a_hold_is_told_while_it_lasts() -> None:
    classifier = GestureClassifier(ALL)
    classifier.press(0)
    assert classifier.deadline == 1500 * MS
    assert classifier.advance(1500 * MS) == [(Gesture.HOLD, 1500 * MS)]
    assert classifier.deadline is None
    assert classifier.release(4000 * MS) == [(Gesture.RELEASE, 4000 * MS)]


def test_a_release_without_a_press_means_nothing() -> None:
    classifier = GestureClassifier(PLAIN)
    assert classifier.release(5) == []
    assert classifier.press(9) == [(Gesture.PRESS, 9)]
    assert classifier.press(10) == []


@pytest.mark.parametrize(
    "times", [{"long_ns": 0}, {"long_ns": 5, "hold_ns": 5}, {"double_ns": -1}, {"hold_ns": -1}]
)
def test_times_that_contradict_each_other_are_refused(times: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"press|hold|gestures"):
        Thresholds(**times)


times = st.integers(1, 2500 * MS)
thresholds = st.builds(
    lambda long, hold, double: Thresholds(long, long + hold if hold else 0, double),
    st.integers(1, 900 * MS),
    st.one_of(st.just(0), st.integers(1, 900 * MS)),
    st.one_of(st.just(0), st.integers(1, 900 * MS)),
)


@given(thresholds, st.lists(st.tuples(times, times), max_size=30), st.booleans())
def test_every_press_is_classified_exactly_once(
    limits: Thresholds, moves: list[tuple[int, int]], asked_often: bool
) -> None:
    classifier = GestureClassifier(limits)
    gestures: Gestures = []
    at = 0
    for rest, held in moves:
        for gap, act in ((rest, classifier.press), (held, classifier.release)):
            while asked_often and (due := classifier.deadline) is not None and due <= at + gap:
                gestures += classifier.advance(due)
            at += gap
            gestures += act(at)
    while (due := classifier.deadline) is not None:
        gestures += classifier.advance(due)
    counted = [gesture for gesture, _ in gestures]
    assert counted.count(Gesture.PRESS) == counted.count(Gesture.RELEASE) == len(moves)
    classes = [counted.count(each) for each in (Gesture.SHORT, Gesture.LONG, Gesture.HOLD)]
    assert sum(classes) + 2 * counted.count(Gesture.DOUBLE) == len(moves)
    moments = [moment for _, moment in gestures]
    assert moments == sorted(moments)


@given(thresholds, st.lists(st.tuples(times, times), min_size=1, max_size=20))
def test_asking_often_changes_no_gesture(limits: Thresholds, moves: list[tuple[int, int]]) -> None:
    lazy, eager = GestureClassifier(limits), GestureClassifier(limits)
    one: Gestures = []
    other: Gestures = []
    at = 0
    for rest, held in moves:
        for gap, press in ((rest, True), (held, False)):
            for step in range(1, 5):
                other += eager.advance(at + gap * step // 5)
            at += gap
            one += lazy.press(at) if press else lazy.release(at)
            other += eager.press(at) if press else eager.release(at)
    assert one + lazy.advance(at * 10) == other + eager.advance(at * 10)
