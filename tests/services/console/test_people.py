"""People at the console: signing in, waiting after wrong PINs, roles, being signed out."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from services.box import Box
from services.catalog import Catalog, audit, people
from services.console.options import Options
from services.console.people import MOST_REFUSALS, REFUSALS_SECONDS
from services.errors import CatalogError, NotFound
from tests.services.boxes import HandClock, make_box
from tests.services.console.browsing import PAGE, browse

PIN = "482910"


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def box(tmp_path: Path, clock: HandClock) -> Iterator[Box]:
    made = make_box(tmp_path, clock=clock)
    with made.catalog:
        yield made


@pytest.fixture
def browser(box: Box) -> TestClient:
    return browse(box, Options(sign_out_minutes=10))


def post(browser: TestClient, path: str, **body: object) -> tuple[int, dict[str, object]]:
    answer = browser.post(path, json=body, headers=PAGE)
    found = answer.json()
    return answer.status_code, found.get("error", found)


def add(box: Box, name: str, role: str, pin: str = PIN) -> None:
    people.add(box.catalog, name, role, pin, made=box.clock.now())


def test_there_is_no_pin_to_begin_with_and_whoever_stands_there_chooses(
    box: Box, browser: TestClient
) -> None:
    assert browser.get("/api/session").json()["first"] is True
    assert browser.get("/api/people").status_code == 403
    status, session = post(browser, "/api/session/first", name="Ada", pin=PIN)
    assert (status, session) == (200, {"person": "Ada", "role": "technician"})
    assert browser.get("/api/people").json()[0]["name"] == "Ada"
    status, refusal = post(browser, "/api/session/first", name="Eve", pin=PIN)
    assert (status, refusal["code"]) == (409, "G-9105")
    assert [event.action for event in audit.newest(box.catalog)] == ["sign-in", "person-add"]


def test_a_pin_is_kept_as_a_salted_digest_only(box: Box) -> None:
    add(box, "Ada", "technician")
    add(box, "Bob", "operator")
    rows = box.catalog.rows("SELECT salt, pin FROM person")
    assert rows[0]["pin"] != rows[1]["pin"], "the same PIN, another salt"
    box.catalog.close()
    for file in box.catalog.path.parent.glob("catalog.sqlite*"):
        assert PIN.encode() not in file.read_bytes()


def test_signing_in_gives_the_role_and_signing_out_takes_it(box: Box, browser: TestClient) -> None:
    add(box, "Ada", "technician")
    assert browser.get("/api/frame").json()["role"] == "operator"
    assert post(browser, "/api/session/sign-in", name="ada", pin=PIN)[1]["role"] == "technician"
    assert browser.get("/api/frame").json()["person"] == "Ada"
    assert browser.get("/api/audit").json()[0]["action"] == "sign-in"
    post(browser, "/api/session/sign-out")
    assert browser.get("/api/frame").json()["role"] == "operator"
    assert browser.get("/api/audit").status_code == 403


def test_wrong_pins_make_everybody_wait_longer_and_longer_across_restarts(
    tmp_path: Path, clock: HandClock
) -> None:
    box = make_box(tmp_path, clock=clock)
    add(box, "Ada", "technician")
    for _ in range(people.FREE_TRIES):
        assert (
            post(browse(box), "/api/session/sign-in", name="Ada", pin="0123")[1]["code"] == "G-9103"
        )
    box.catalog.close()
    again = make_box(tmp_path, clock=clock)
    waits = []
    for _ in range(4):
        status, refusal = post(browse(again), "/api/session/sign-in", name="Ada", pin=PIN)
        assert (status, refusal["code"]) == (429, "G-9104"), "the right PIN waits as well"
        waits.append(refusal["params"]["seconds"])  # type: ignore[index]
        clock.advance(waits[-1])
        assert (
            post(browse(again), "/api/session/sign-in", name="Ada", pin="0123")[1]["code"]
            == "G-9103"
        )
    assert waits == [5, 10, 20, 40]
    clock.advance(80)
    assert post(browse(again), "/api/session/sign-in", name="Ada", pin=PIN)[0] == 200
    assert (
        post(browse(again), "/api/session/sign-in", name="Ada", pin="0123")[1]["code"] == "G-9103"
    )
    again.catalog.close()


def test_a_clock_that_is_set_back_does_not_lock_anybody_out(box: Box) -> None:
    add(box, "Ada", "technician")
    for _ in range(people.FREE_TRIES):
        with pytest.raises(people.PinRefused):
            people.recognise(box.catalog, "Ada", "0123", at=2_000_000_000.0)
    with pytest.raises(people.MustWait) as waiting:
        people.recognise(box.catalog, "Ada", PIN, at=1_000_000_000.0)
    assert waiting.value.seconds <= people.wait_after(people.FREE_TRIES)


@given(st.integers(0, 10_000))
def test_the_wait_only_grows_and_has_an_end(failures: int) -> None:
    assert people.wait_after(failures) <= people.wait_after(failures + 1) <= people.LONGEST_WAIT


def test_a_name_that_is_nobodys_is_refused_in_the_same_words(box: Box, browser: TestClient) -> None:
    add(box, "Ada", "operator")
    wrong = post(browser, "/api/session/sign-in", name="Ada", pin="0123")
    nobody = post(browser, "/api/session/sign-in", name="Eve", pin=PIN)
    assert wrong == nobody


def test_strangers_on_the_network_fill_neither_the_audit_nor_the_processor(
    box: Box, clock: HandClock
) -> None:
    add(box, "Ada", "technician")
    far = browse(box, address="https://192.0.2.7:8443")
    headers = {**PAGE, "Origin": "https://192.0.2.7:8443"}

    def knock(name: str, pin: str) -> str:
        body = {"name": name, "pin": pin}
        answer = far.post("/api/session/sign-in", json=body, headers=headers).json()
        return str(answer.get("error", {}).get("code", ""))

    said = [knock(f"nobody {number}" + "x" * 900, "0123") for number in range(60)]
    assert said == ["G-9103"] * MOST_REFUSALS + ["G-9104"] * (60 - MOST_REFUSALS)
    events = audit.newest(box.catalog)
    assert len(events) == MOST_REFUSALS
    assert all(len(event.who) <= people.LONGEST_NAME for event in events)
    assert post(browse(box), "/api/session/sign-in", name="Ada", pin=PIN)[0] == 200, "at the box"
    assert knock("Ada", PIN) == "G-9104"
    clock.advance(REFUSALS_SECONDS)
    assert knock("Ada", PIN) == ""


def test_who_does_not_touch_the_screen_is_signed_out(
    box: Box, browser: TestClient, clock: HandClock
) -> None:
    add(box, "Ada", "technician")
    post(browser, "/api/session/sign-in", name="Ada", pin=PIN)
    clock.advance(9 * 60)
    post(browser, "/api/session/touch")
    clock.advance(9 * 60)
    assert browser.get("/api/status").json()["role"] == "technician"
    clock.advance(61)
    assert browser.get("/api/status").json()["role"] == "operator", "looking is not touching"


def test_who_is_removed_is_signed_out_at_once(box: Box, browser: TestClient) -> None:
    add(box, "Ada", "technician")
    add(box, "Sue", "supervisor")
    other = TestClient(browser.app, base_url="http://127.0.0.1:8080")
    post(other, "/api/session/sign-in", name="Sue", pin=PIN)
    post(browser, "/api/session/sign-in", name="Ada", pin=PIN)
    assert post(browser, "/api/people/remove", name="sue") == (200, {"name": "Sue"})
    assert other.get("/api/frame").json()["role"] == "operator"


def test_the_last_technician_stays(box: Box, browser: TestClient) -> None:
    add(box, "Ada", "technician")
    post(browser, "/api/session/sign-in", name="Ada", pin=PIN)
    status, refusal = post(browser, "/api/people/remove", name="Ada")
    assert (status, refusal["code"]) == (409, "G-9105")
    assert "last technician" in str(refusal["text"])


def test_people_change_their_own_pin_and_nobody_elses(box: Box, browser: TestClient) -> None:
    add(box, "Ada", "technician")
    add(box, "Bob", "operator")
    post(browser, "/api/session/sign-in", name="Bob", pin=PIN)
    assert post(browser, "/api/people/pin", name="Ada", pin="9999000", old=PIN)[0] == 403
    assert (
        post(browser, "/api/people/pin", name="Bob", pin="775533", old="0123")[1]["code"]
        == "G-9103"
    )
    assert post(browser, "/api/people/pin", name="Bob", pin="775533", old=PIN)[0] == 200
    assert people.recognise(box.catalog, "Bob", "775533", at=box.wall()).role == "operator"
    with pytest.raises(people.PinRefused):
        people.recognise(box.catalog, "Ada", "9999000", at=box.wall())


def test_the_kiosks_operator_without_a_name_changes_no_pin(box: Box, browser: TestClient) -> None:
    add(box, "Ada", "technician")
    assert post(browser, "/api/people/pin", name="Ada", pin="775533")[0] == 403
    assert post(browser, "/api/people/pin", name="", pin="775533")[0] == 403


@pytest.mark.parametrize(
    ("name", "role", "pin"),
    [
        ("", "operator", PIN),
        ("x" * 65, "operator", PIN),
        ("a\nb", "operator", PIN),
        ("Ada", "boss", PIN),
        ("Ada", "operator", "123"),
        ("Ada", "operator", "1" * 13),
        ("Ada", "operator", "7777"),
        ("Ada", "operator", "12a4"),
        ("Ada", "operator", "١٢٣٤"),
    ],
)
def test_people_and_pins_that_will_not_do(box: Box, name: str, role: str, pin: str) -> None:
    with pytest.raises(CatalogError):
        add(box, name, role, pin)
    assert people.everybody(box.catalog) == []


def test_names_differ_by_more_than_case(box: Box) -> None:
    add(box, "Ada", "operator")
    with pytest.raises(CatalogError, match="already"):
        add(box, "ADA", "technician")


def test_nobody_is_not_found(box: Box) -> None:
    with pytest.raises(NotFound):
        people.remove(box.catalog, "Eve")
    with pytest.raises(NotFound):
        people.change_pin(box.catalog, "Eve", PIN)


def test_an_older_version_reads_on_beside_the_new_tables(tmp_path: Path) -> None:
    with Catalog(tmp_path / "catalog.sqlite"):
        pass
    connection = sqlite3.connect(tmp_path / "catalog.sqlite")
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    connection.close()
    assert {"person", "preference", "audit_event"} <= tables


def test_preferences_are_the_screens_or_a_persons(box: Box) -> None:
    add(box, "Ada", "technician")
    kiosk = browse(box)
    post(kiosk, "/api/preferences", language="ar", volume=30)
    post(kiosk, "/api/session/sign-in", name="Ada", pin=PIN)
    assert kiosk.get("/api/frame").json()["preferences"]["language"] == "ar"
    far = browse(box, address="https://192.0.2.7:8443")
    headers = {**PAGE, "Origin": "https://192.0.2.7:8443"}
    far.post("/api/session/sign-in", json={"name": "Ada", "pin": PIN}, headers=headers)
    assert far.get("/api/frame").json()["preferences"]["language"] == "en"
    far.post("/api/preferences", json={"language": "ja"}, headers=headers)
    assert far.get("/api/frame").json()["preferences"]["language"] == "ja"
    assert kiosk.get("/api/frame").json()["preferences"]["language"] == "ar"


@pytest.mark.parametrize(
    "chosen",
    [
        {"language": "xx"},
        {"theme": "<b>"},
        {"volume": 101},
        {"volume": -1},
        {"brightness": 0},
        {"a": "b"},
    ],
)
def test_what_cannot_be_chosen_is_refused(browser: TestClient, chosen: dict[str, object]) -> None:
    assert post(browser, "/api/preferences", **chosen)[1]["code"] == "G-9003"
    assert browser.get("/api/frame").json()["preferences"]["volume"] == 60


class Lamp:
    """A backlight that can fail."""

    def __init__(self) -> None:
        self.now = 100
        self.broken = False

    def percent(self) -> int:
        return self.now

    def set_percent(self, percent: int) -> None:
        if self.broken:
            raise OSError("no such device")
        self.now = percent


def test_the_brightness_is_set_at_once_and_again_after_a_restart(box: Box) -> None:
    lamp = Lamp()
    browser = browse(box, backlight=lamp)
    assert browser.get("/api/frame").json()["preferences"]["dimmable"] is True
    post(browser, "/api/preferences", brightness=40)
    assert lamp.now == 40
    lamp.now = 100
    with browse(box, backlight=lamp):
        assert lamp.now == 40
    lamp.broken = True
    assert post(browser, "/api/preferences", brightness=50)[1]["code"] == "G-9106"
    assert browser.get("/api/frame").json()["preferences"]["brightness"] == 40


def test_a_screen_without_a_light_of_ours_says_so(browser: TestClient) -> None:
    assert browser.get("/api/frame").json()["preferences"]["dimmable"] is False
    assert post(browser, "/api/preferences", brightness=40)[1]["code"] == "G-9106"
