"""Keys become texts, whatever is typed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from drivers.hid.key_text import PLAIN, SHIFTED
from drivers.hid.nodes import KeyEvent
from drivers.hid.sim import _strokes
from drivers.hid.wedge import ANEW_NS, GAP_NS, LONGEST, WedgeText

ENTER = 28
TYPED = sorted(set(PLAIN.values()) | set(SHIFTED.values()) | {"\x1d"})

texts = st.text(st.sampled_from(TYPED), min_size=1, max_size=40)


def feed(machine: WedgeText, text: str, at: int, gap: int) -> tuple[str | None, int]:
    for char in text:
        for key in _strokes(char, at):
            assert machine.key(key) is None
        at += gap
    return machine.key(KeyEvent(ENTER, True, at)), at


@given(st.lists(texts, min_size=1, max_size=5), st.integers(0, GAP_NS))
def test_what_a_scanner_types_is_what_it_read(scans: list[str], gap: int) -> None:
    machine = WedgeText()
    at = 0
    for scan in scans:
        text, at = feed(machine, scan, at, gap)
        assert text == scan
    assert machine.dropped == 0


@given(texts, st.integers(GAP_NS + 1, GAP_NS * 100))
def test_what_comes_slowly_is_nothing(text: str, gap: int) -> None:
    machine = WedgeText()
    assert feed(machine, text, 0, gap)[0] is None
    assert machine.dropped == (len(text) if gap > ANEW_NS else 1)


@given(texts, st.data())
def test_a_pause_leaves_no_half_text(text: str, data: st.DataObject) -> None:
    machine = WedgeText()
    pause = data.draw(st.integers(GAP_NS + 1, ANEW_NS))
    cut = data.draw(st.integers(1, len(text)))
    at = 0
    for char in text[:cut]:
        for key in _strokes(char, at):
            machine.key(key)
    rest, at = feed(machine, text[cut:], pause, 1)
    assert rest is None, "neither half is a code"
    assert machine.dropped == 1
    again, _ = feed(machine, text, at + 1, 1)
    assert again == text, "the next scan is whole again"


@given(texts, texts)
def test_a_code_long_after_a_torn_one_is_taken(torn: str, text: str) -> None:
    machine = WedgeText()
    for char in torn:
        for key in _strokes(char, 0):
            machine.key(key)
    found, _ = feed(machine, text, ANEW_NS + 1, 1)
    assert found == text
    assert machine.dropped == 1


events = st.builds(KeyEvent, st.integers(0, 200), st.booleans(), st.integers(0, 10**10))


@given(st.lists(events, max_size=80))
def test_any_keys_at_all_bring_texts_that_can_be_typed(keys: list[KeyEvent]) -> None:
    machine = WedgeText()
    for key in sorted(keys, key=lambda each: each.monotonic_ns):
        text = machine.key(key)
        assert text is None or (text and set(text) <= set(TYPED))


def test_a_key_that_types_nothing_spoils_the_scan() -> None:
    machine = WedgeText()
    f1 = 59
    for code in (2, f1, 3):
        machine.key(KeyEvent(code, True, 0))
    assert machine.key(KeyEvent(ENTER, True, 0)) is None
    assert machine.dropped == 1
    assert feed(machine, "1", 0, 1)[0] == "1"


def test_an_endless_scan_is_thrown_away() -> None:
    machine = WedgeText()
    assert feed(machine, "1" * (LONGEST + 1), 0, 1)[0] is None
    assert machine.dropped == 1
