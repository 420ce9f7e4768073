"""The clock: what it follows, how far it can be trusted, and setting it by hand."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from firmware.workshop.clock import TimeOfDay
from services.console.workshop import WorkshopRefusal
from tests.firmware.workshop.programs import Programs

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 7, 1, 12, 0, tzinfo=BERLIN)
TRACKING = (
    "C0000235,ntp.example,3,{reference},-0.000123456,"
    "0.0001,0.0002,1.2,0.0,0.1,0.01,0.001,64.0,{leap}\n"
)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    return Programs(tmp_path / "bin", monkeypatch)


@pytest.fixture
def clock(tmp_path: Path) -> TimeOfDay:
    return TimeOfDay(lambda: NOW, tmp_path / "ever")


def tracking(reference: str = "1782900000.1", leap: str = "Normal") -> tuple[str, str]:
    return ("tracking", TRACKING.format(reference=reference, leap=leap))


def test_chrony_says_with_what_and_how_far_off(programs: Programs, clock: TimeOfDay) -> None:
    programs.put("chronyc", tracking())
    state = clock.state()
    assert (state.trust, state.source, state.offset_ms) == ("synchronised", "ntp.example", -0.123)
    assert "ntp.example" in state.settable
    with pytest.raises(WorkshopRefusal) as caught:
        clock.set("2026-07-01 12:05")
    assert caught.value.code == "G-5301"


def test_a_server_that_was_lost_is_told_from_one_that_never_was(
    programs: Programs, clock: TimeOfDay
) -> None:
    programs.put("chronyc", tracking(leap="Not synchronised"))
    assert clock.state().trust == "lost"
    programs.put("chronyc", tracking(reference="0.000000000", leap="Not synchronised"))
    assert clock.state().trust == "never"


def test_without_chrony_the_system_is_asked(
    programs: Programs, clock: TimeOfDay, tmp_path: Path
) -> None:
    assert clock.state().trust == "never"
    assert "timedatectl" in clock.state().settable
    programs.put(
        "timedatectl", ("show-timesync", "time.example\n"), ("show", "NTPSynchronized=yes\n")
    )
    assert (clock.state().trust, clock.state().source) == ("synchronised", "time.example")
    programs.put("timedatectl", ("show", "NTPSynchronized=no\n"))
    assert clock.state().trust == "never"
    (tmp_path / "ever").touch()
    assert clock.state().trust == "lost"


def test_it_is_set_by_hand_in_local_time(programs: Programs, clock: TimeOfDay) -> None:
    programs.put("timedatectl", ("show", "NTPSynchronized=no\n"))
    clock.set("2026-07-01 14:30")
    wanted = int(datetime(2026, 7, 1, 14, 30, tzinfo=BERLIN).timestamp())
    assert f"timedatectl --no-ask-password set-time @{wanted}" in programs.calls()


def test_what_the_system_refuses_is_told(programs: Programs, clock: TimeOfDay) -> None:
    programs.put("timedatectl", ("set-time", "!Access denied"), ("show", "NTPSynchronized=no\n"))
    with pytest.raises(WorkshopRefusal) as caught:
        clock.set("2026-07-01 14:30")
    assert (caught.value.code, caught.value.params["said"]) == ("G-5303", "Access denied")


@pytest.mark.parametrize("moment", ["", "noon", "1926-07-01 12:00", "2026-13-01 12:00"])
def test_what_is_no_time_sets_nothing(programs: Programs, clock: TimeOfDay, moment: str) -> None:
    programs.put("timedatectl", ("show", "NTPSynchronized=no\n"))
    with pytest.raises(WorkshopRefusal) as caught:
        clock.set(moment)
    assert caught.value.code == "G-5302"
    assert not [call for call in programs.calls() if "set-time" in call]
