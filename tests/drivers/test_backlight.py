"""The panel's light: as bright as asked, and never quite dark."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.backlight import find_backlight, simulate


@pytest.mark.parametrize("highest", [1, 7, 255, 4095])
def test_it_is_as_bright_as_it_was_told(tmp_path: Path, highest: int) -> None:
    light = simulate(tmp_path, highest)
    assert light.percent() == 100
    for percent in (1, 33, 50, 100):
        light.set_percent(percent)
        written = int((tmp_path / "simulated" / "brightness").read_text())
        assert 1 <= written <= highest, "a dark screen cannot be made bright again by touch"
        assert abs(written - highest * percent / 100) <= 1
        said = light.percent()
        assert said is not None
        assert 1 <= said <= 100


@pytest.mark.parametrize("percent", [0, -5, 101])
def test_what_is_no_brightness_is_refused(tmp_path: Path, percent: int) -> None:
    light = simulate(tmp_path)
    with pytest.raises(ValueError, match="1 to 100"):
        light.set_percent(percent)
    assert light.percent() == 100


def test_it_is_found_where_the_kernel_shows_one(tmp_path: Path) -> None:
    assert find_backlight(tmp_path / "nowhere") is None
    assert find_backlight(tmp_path) is None
    simulate(tmp_path)
    light = find_backlight(tmp_path)
    assert light is not None
    assert light.percent() == 100


def test_a_panel_that_was_unplugged_says_nothing_and_refuses(tmp_path: Path) -> None:
    light = simulate(tmp_path)
    for file in (tmp_path / "simulated").iterdir():
        file.unlink()
    assert light.percent() is None
    with pytest.raises(OSError, match="max_brightness"):
        light.set_percent(50)
