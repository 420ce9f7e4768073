"""Multi-frame Secondary Capture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pydicom.tag import Tag

from device.errors import UnsuitableFrame
from device.iod import build_multi_frame
from device.protocol import ObjectKind
from tests.device.iod.factories import Picture, colour, context, grey

CONTEXT = context(ObjectKind.SC)


def run(times_ms: Sequence[float], make: Any = grey, **more: Any) -> list[Picture]:
    return [
        make(sequence=n, monotonic_ns=round(t * 1e6), **more) for n, t in enumerate(times_ms, 1)
    ]


@pytest.mark.parametrize(
    ("make", "more", "name"),
    [
        (grey, {"bits": 8}, "Multi-frame Grayscale Byte"),
        (grey, {"bits": 9}, "Multi-frame Grayscale Word"),
        (grey, {"bits": 16}, "Multi-frame Grayscale Word"),
        (colour, {}, "Multi-frame True Color"),
    ],
)
def test_the_frames_choose_the_object(make: Any, more: dict[str, int], name: str) -> None:
    built = build_multi_frame(CONTEXT, run([0, 40, 80], make, **more), 40)

    assert built.dataset.SOPClassUID.name.startswith(name)
    assert built.kind is ObjectKind.SC
    assert built.dataset.NumberOfFrames == 3


def test_all_pixels_in_their_order() -> None:
    frames = [replace(colour(3, 5), pixels=np.full((3, 5, 3), n, np.uint8)) for n in range(3)]

    ds = build_multi_frame(CONTEXT, frames, None).dataset

    assert ds.PixelData == b"".join(frame.pixels.tobytes() for frame in frames) + b"\0"


def test_eight_bits_in_wide_cells_become_bytes() -> None:
    wide = [replace(f, pixels=f.pixels.astype(np.uint16)) for f in run([0, 40], bits=8)]

    ds = build_multi_frame(CONTEXT, wide, 40).dataset

    assert ds.BitsAllocated == 8
    assert ds.PixelData == b"".join(f.pixels.astype(np.uint8).tobytes() for f in wide)


class TestTiming:
    def test_a_steady_source_has_a_frame_time(self) -> None:
        ds = build_multi_frame(CONTEXT, run([0, 42, 80, 121]), 40).dataset

        assert ds.FrameIncrementPointer == Tag("FrameTime")
        assert float(ds.FrameTime) == 40
        assert "FrameTimeVector" not in ds

    def test_an_unsteady_source_has_the_times_that_were(self) -> None:
        ds = build_multi_frame(CONTEXT, run([1000, 1040, 1120, 1160.5]), 40).dataset

        assert ds.FrameIncrementPointer == Tag("FrameTimeVector")
        assert [float(v) for v in ds.FrameTimeVector] == [0, 40, 80, 40.5]
        assert "FrameTime" not in ds

    def test_stills_are_pages(self) -> None:
        ds = build_multi_frame(CONTEXT, run([0, 0, 0]), None).dataset

        assert ds.FrameIncrementPointer == Tag("PageNumberVector")
        assert list(ds.PageNumberVector) == [1, 2, 3]

    @pytest.mark.parametrize("frame_time", [40.0, None])
    def test_a_single_frame_points_nowhere(self, frame_time: float | None) -> None:
        ds = build_multi_frame(CONTEXT, run([0]), frame_time).dataset

        assert ds.NumberOfFrames == 1
        for keyword in ("FrameIncrementPointer", "FrameTime", "FrameTimeVector"):
            assert keyword not in ds

    def test_frames_that_run_backwards_are_refused(self) -> None:
        with pytest.raises(UnsuitableFrame, match="order"):
            build_multi_frame(CONTEXT, run([40, 0]), 40)


class TestRefusals:
    @pytest.mark.parametrize(
        "frames",
        [
            [],
            [grey(), grey(rows=25)],
            [grey(), grey(bits=10)],
            [grey(bits=8), colour()],
            [grey(signed=True)],
            [replace(grey(), photometric="MONOCHROME1")],
        ],
    )
    def test_unlike_or_unsuitable_frames(self, frames: list[Picture]) -> None:
        with pytest.raises(UnsuitableFrame):
            build_multi_frame(CONTEXT, frames, 40)

    def test_more_pixels_than_one_value_holds(self) -> None:
        frames = [grey(2048, 2048, bits=16)] * 513

        with pytest.raises(UnsuitableFrame, match="fewer frames"):
            build_multi_frame(CONTEXT, frames, None)


class TestHistory:
    def test_one_lossy_frame_makes_the_object_lossy(self) -> None:
        frames = run([0, 40, 80], colour)
        frames[1] = replace(frames[1], lossy_ratio=10.0, lossy_method="ISO_10918_1")
        frames[2] = replace(frames[2], lossy_ratio=30.0, lossy_method="ISO_10918_1")

        ds = build_multi_frame(CONTEXT, frames, 40).dataset

        assert ds.LossyImageCompression == "01"
        assert float(ds.LossyImageCompressionRatio) == 15
        assert ds.LossyImageCompressionMethod == "ISO_10918_1"

    def test_only_what_holds_for_every_frame_is_said(self) -> None:
        window = {"WindowCenter": 100, "WindowWidth": 200}
        alike = run([0, 40], attributes=window)
        unlike = [alike[0], replace(alike[1], attributes={**window, "WindowCenter": 50})]

        assert build_multi_frame(CONTEXT, alike, 40).dataset.WindowWidth == 200
        assert "WindowWidth" not in build_multi_frame(CONTEXT, unlike, 40).dataset

    def test_a_window_in_rescaled_units_is_left_out(self) -> None:
        native = {
            "WindowCenter": 40,
            "WindowWidth": 400,
            "RescaleSlope": 1,
            "RescaleIntercept": -1024,
        }

        ds = build_multi_frame(CONTEXT, run([0, 40], attributes=native), 40).dataset

        assert (float(ds.RescaleIntercept), ds.RescaleType) == (0, "US")
        assert "WindowCenter" not in ds
