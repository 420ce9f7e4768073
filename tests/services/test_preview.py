"""The small picture on the screen: what it shows, how large it is, and to whom it goes."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from services import preview
from services.armed_source import ArmedSource
from services.live.previews import COVER, PACE, Previews
from services.live.requests import Requests
from services.live.server import LiveServer
from services.source_pool import SourcePool
from tests.device.iod.factories import grey
from tests.services.live.talk import Talk
from tests.services.live_source import LiveSource


def frame(
    pixels: NDArray[Any], bits: int = 8, photometric: str = "MONOCHROME2", **more: Any
) -> Any:
    return replace(grey(), pixels=pixels, bits_stored=bits, photometric=photometric, **more)


def shown(picture: preview.Picture) -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(picture.data)))


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_grey_is_shown_from_the_least_to_the_greatest_value(bits: int) -> None:
    limit = (1 << bits) - 1
    dtype = np.uint8 if bits == 8 else np.uint16
    pixels = np.full((64, 64), limit // 2, dtype)
    pixels[:, :16] = 0
    pixels[:, -16:] = limit
    seen = shown(preview.encode(frame(pixels, bits), 64, 64))
    assert seen[32, 4] < 4
    assert abs(int(seen[32, 32]) - 127) < 4
    assert seen[32, -4] > 251


def test_signed_values_are_shown_from_below_zero() -> None:
    pixels = np.full((32, 32), -2048, np.int16)
    pixels[:, 16:] = 2047
    seen = shown(preview.encode(frame(pixels, 12), 32, 32))
    assert seen[16, 2] < 4
    assert seen[16, -2] > 251


def test_the_other_way_round_black_is_white() -> None:
    seen = shown(
        preview.encode(frame(np.zeros((16, 16), np.uint8), photometric="MONOCHROME1"), 9, 9)
    )
    assert seen.min() > 250


def test_colour_stays_colour() -> None:
    pixels = np.zeros((32, 32, 3), np.uint8)
    pixels[..., 0] = 200
    seen = shown(preview.encode(frame(pixels, photometric="RGB"), 32, 32))
    assert seen.shape == (32, 32, 3)
    assert abs(int(seen[8, 8, 0]) - 200) < 6
    assert seen[8, 8, 1:].max() < 8


@pytest.mark.parametrize(
    ("size", "aspect", "box", "wanted"),
    [
        ((1080, 1920), None, (640, 480), (640, 360)),
        ((480, 640), None, (2000, 2000), (640, 480)),  # never larger than it is
        ((576, 720), (54, 59), (2000, 2000), (720, 527)),
        ((480, 720), (11, 10), (2000, 2000), (655, 480)),
        ((576, 720), (54, 59), (360, 1000), (360, 264)),
        ((1, 5000), None, (100, 100), (100, 1)),
    ],
)
def test_it_fits_the_box_in_the_shape_that_pixels_have(
    size: tuple[int, int], aspect: tuple[int, int] | None, box: tuple[int, int], wanted: Any
) -> None:
    said = {"PixelAspectRatio": [str(part) for part in aspect]} if aspect else {}
    pixels = np.zeros(size, np.uint8)
    found = preview.encode(frame(pixels, attributes=said), *box)
    assert (found.width, found.height) == wanted
    assert shown(found).shape[:2] == wanted[::-1]
    by_protocol = preview.encode(frame(pixels, attributes={}), *box, said)
    assert (by_protocol.width, by_protocol.height) == wanted


def test_areas_are_averaged_so_that_thin_lines_stay() -> None:
    pixels = np.zeros((512, 512), np.uint8)
    pixels[:, ::8] = 255
    seen = shown(preview.encode(frame(pixels), 64, 64))
    assert 24 < seen.mean() < 40, "a line in eight columns is an eighth of the light"


@pytest.mark.parametrize(("dtype", "bits"), [(np.uint8, 8), (np.uint16, 12), (np.int16, 12)])
def test_a_frozen_picture_has_every_sample_as_it_came(dtype: Any, bits: int) -> None:
    pixels = np.arange(64, dtype=dtype).reshape(8, 8)
    seen = np.asarray(Image.open(io.BytesIO(preview.freeze(frame(pixels, bits)).data))).astype(int)
    assert (seen - (0x8000 if dtype is np.int16 else 0) == pixels).all()


class Stage:
    """Previews over a socket, of a grabber that shows what the test says."""

    def __init__(self, folder: Path) -> None:
        self.sources = {
            "grabber": LiveSource("grabber"),
            "folder": LiveSource("folder", paced=False),
        }
        self.pool = SourcePool(self.sources.__getitem__)
        self.armed: ArmedSource | None = None
        self.previews = Previews(self.pool, lambda: (self.armed, {}) if self.armed else None)
        requests = Requests(lambda *_: None, lambda: {}, self.previews, self.pool)
        self.path = folder / "live.sock"
        self.server = LiveServer(self.path, requests.take, requests.gone)
        self.previews.open()
        self.server.open()
        self._stop = threading.Event()
        self._showing: list[threading.Thread] = []

    @property
    def grabber(self) -> LiveSource:
        return self.sources["grabber"]

    def run(self, seconds: float = 0.02) -> None:
        def show() -> None:
            while not self._stop.wait(seconds):
                self.grabber.show()

        self._showing.append(threading.Thread(target=show))
        self._showing[-1].start()

    def halt(self) -> None:
        self._stop.set()
        for thread in self._showing:
            thread.join()

    def close(self) -> None:
        self.halt()
        self.server.close()
        self.previews.close()
        if self.armed is not None:
            self.pool.give_back(self.armed)
        self.previews.check()


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path)
    yield made
    made.close()


def watch(talk: Talk, source: str = "") -> None:
    assert talk.ask("preview", source=source, width=64, height=64)["ok"]


def test_no_source_runs_that_nobody_watches(stage: Stage) -> None:
    stage.run()
    with Talk(stage.path) as talk:
        watch(talk, "grabber")
        while talk.picture().header["state"] != "live":
            talk.say("preview_next")
        assert stage.grabber.opened == 1
        assert talk.ask("preview_off")["ok"]
        assert stage.grabber.closed == 1
        watch(talk, "grabber")
        assert stage.grabber.closed == 1
    deadline = time.monotonic() + 60
    while stage.grabber.closed < 2:
        assert time.monotonic() < deadline, "the watcher is gone, and so should be the source"
        time.sleep(0.01)


def test_without_an_exam_there_is_no_picture_and_no_source(stage: Stage) -> None:
    with Talk(stage.path) as talk:
        watch(talk)
        told = talk.picture()
        assert (told.header["state"], told.data) == ("nothing armed", b"")
    assert stage.grabber.opened == 0


def test_pictures_come_when_asked_for_and_the_newest_wins(stage: Stage) -> None:
    stage.armed = stage.pool.take("grabber")
    stage.run(0.005)
    with Talk(stage.path) as talk:
        watch(talk)
        first = live_picture(talk)
        time.sleep(0.4)
        talk.say("preview_next")
        second = live_picture(talk)
        assert second.header["sequence"] > first.header["sequence"] + 20
        assert second.header["age_ms"] < 300
        assert second.data.startswith(b"\xff\xd8")


def test_no_more_than_fifteen_a_second(stage: Stage) -> None:
    stage.armed = stage.pool.take("grabber")
    stage.run(0.004)
    with Talk(stage.path) as talk:
        watch(talk)
        live_picture(talk)
        began, count = time.monotonic(), 0
        while time.monotonic() - began < 1.0:
            talk.say("preview_next")
            live_picture(talk)
            count += 1
    assert count <= 1 / PACE + 2


def test_a_picture_that_grew_old_is_covered(stage: Stage) -> None:
    stage.armed = stage.pool.take("grabber")
    stage.grabber.show()
    with Talk(stage.path) as talk:
        watch(talk)
        live_picture(talk)
        deadline = time.monotonic() + 60
        while True:
            talk.say("preview_next")
            told = talk.picture()
            if not told.data:
                break
            assert time.monotonic() < deadline
        assert told.header["state"] == "stale"


@pytest.mark.parametrize("state", ["no signal", "frozen"])
def test_a_source_that_shows_no_patient_is_covered_with_its_reason(
    stage: Stage, state: str
) -> None:
    stage.armed = stage.pool.take("grabber")
    stage.run()
    stage.grabber.state = state
    with Talk(stage.path) as talk:
        watch(talk)
        told = talk.picture()
        assert (told.header["state"], told.data) == (state, b"")
        stage.grabber.state = "live"
        talk.say("preview_next")
        assert talk.picture().data
        assert COVER < 1


def test_a_source_of_stills_says_that_it_has_no_live_picture(stage: Stage) -> None:
    with Talk(stage.path) as talk:
        watch(talk, "folder")
        while (told := talk.picture()).header["state"] == "starting":
            talk.say("preview_next")
        assert told.header["state"] == "stills"


def test_the_same_source_is_watched_and_captured_at_once(stage: Stage) -> None:
    stage.armed = stage.pool.take("grabber")
    stage.run()
    with Talk(stage.path) as one, Talk(stage.path) as two:
        watch(one)
        watch(two, "grabber")
        assert live_picture(one).data
        assert live_picture(two).data
        assert stage.armed.fresh(time.monotonic_ns(), 2.0) is not None
    assert stage.grabber.opened == 1


def test_a_frozen_picture_is_grabbed_and_the_source_let_go(stage: Stage) -> None:
    stage.run()
    with Talk(stage.path) as talk:
        answer = talk.ask_picture("grab", source="grabber")
        assert not isinstance(answer, dict)
        assert answer.header["ok"]
        assert answer.header["bits_stored"] == 12
        assert answer.data.startswith(b"\x89PNG")
    assert stage.grabber.closed == 1


def live_picture(talk: Talk) -> Any:
    while not (told := talk.picture()).data:
        talk.say("preview_next")
    return told
