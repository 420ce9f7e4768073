"""A picture through the live link is the very picture that the source gave."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from services import preview
from services.live.grabbed import GrabbedSource, described, rebuilt
from services.live.server import Client, LiveServer
from services.live.words import Shown, Words
from tests.device.iod.factories import grey

SIDES = st.tuples(st.integers(1, 9), st.integers(1, 9))
PIXELS = st.one_of(
    *(
        SIDES.flatmap(lambda sides, kind=kind: arrays(kind, sides))  # type: ignore[misc]
        for kind in (np.uint8, np.uint16, np.int16)
    ),
    SIDES.flatmap(lambda sides: arrays(np.uint8, (*sides, 3))),
)


@given(PIXELS, st.sampled_from([(), ("54", "59")]))
def test_nothing_of_it_is_lost(pixels: Any, aspect: tuple[str, ...]) -> None:
    attributes = {"PixelAspectRatio": aspect} if aspect else {}
    frame = replace(grey(), pixels=pixels, bits_stored=8, attributes=attributes)
    found = rebuilt(Shown(described(frame), preview.freeze(frame).data))
    assert found.pixels.dtype == pixels.dtype
    assert np.array_equal(found.pixels, pixels)
    for name in ("bits_stored", "photometric", "sequence", "monotonic_ns", "taken_at", "native"):
        assert getattr(found, name) == getattr(frame, name), name
    assert tuple(found.attributes.get("PixelAspectRatio", ())) == aspect


def serve(path: Path, answer: Words | None) -> LiveServer:
    def take(client: Client, asked: Words) -> None:
        assert asked["do"] == "grab"
        client.tell({"push": "state"})
        if answer is None:
            client.close()
        else:
            client.tell({"id": asked["id"], **answer})

    server = LiveServer(path, take)
    server.open()
    return server


@pytest.mark.parametrize(
    ("answer", "says"),
    [({"ok": False, "text": "grabber: no signal"}, "no signal"), (None, "gave no picture")],
)
def test_a_refusal_is_told_in_its_own_words(
    tmp_path: Path, answer: Words | None, says: str
) -> None:
    server = serve(tmp_path / "live.sock", answer)
    source = GrabbedSource(tmp_path / "live.sock", "grabber")
    source.open()
    with pytest.raises(OSError, match=says):
        source.read(5)
    source.close()
    server.close()


def test_without_the_service_it_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"."):
        GrabbedSource(tmp_path / "live.sock", "grabber").open()
