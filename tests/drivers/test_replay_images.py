"""PNG and TIFF replay."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from drivers.errors import CorruptMedia
from drivers.frame import Frame
from tests.drivers import media

DEEP = np.arange(48 * 64, dtype=np.uint16).reshape(48, 64) * 21


def _only(path: Path) -> Frame:
    (frame,), dropped = media.play(path)
    assert dropped == 0
    return frame


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("pixels", [DEEP, (DEEP % 256).astype(np.uint8)], ids=["16", "8"])
def test_grey_is_kept_value_for_value(tmp_path: Path, suffix: str, pixels: np.ndarray) -> None:
    path = tmp_path / f"a{suffix}"
    Image.fromarray(pixels).save(path)
    frame = _only(path)
    assert np.array_equal(frame.pixels, pixels)
    assert frame.pixels.dtype == pixels.dtype
    assert frame.bits_stored == pixels.dtype.itemsize * 8
    assert (frame.photometric, frame.lossy_method) == ("MONOCHROME2", None)


def test_big_endian_tiff_comes_in_native_order(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    image = Image.frombytes("I;16B", (64, 48), DEEP.astype(">u2").tobytes())
    image.save(path)
    assert np.array_equal(_only(path).pixels, DEEP)


def test_signed_tiff_stays_signed(tmp_path: Path) -> None:
    signed = (DEEP.astype(np.int32) - 30000).astype(np.int16)
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[339] = 2
    path = tmp_path / "a.tif"
    Image.fromarray(signed.view(np.uint16)).save(path, tiffinfo=tags)
    frame = _only(path)
    assert frame.pixels.dtype == np.int16
    assert np.array_equal(frame.pixels, signed)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "CMYK"])
def test_other_modes_become_rgb(tmp_path: Path, mode: str) -> None:
    rgb = np.zeros((40, 50, 3), dtype=np.uint8)
    rgb[:, 25:] = (255, 0, 0)
    path = tmp_path / "a.tif"
    Image.fromarray(rgb).convert(mode).save(path)
    frame = _only(path)
    assert frame.photometric == "RGB"
    assert np.array_equal(frame.pixels, rgb)


def test_black_and_white_becomes_grey(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(np.eye(40, dtype=bool)).save(path)
    assert np.array_equal(_only(path).pixels, np.eye(40, dtype=np.uint8) * 255)


def test_jpeg_inside_tiff_is_called_lossy(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    Image.fromarray((DEEP % 256).astype(np.uint8)).save(path, compression="jpeg")
    frame = _only(path)
    assert frame.lossy_method == "ISO_10918_1"
    assert frame.lossy_ratio == round(48 * 64 / path.stat().st_size, 2)


def test_a_truncated_page_loses_only_itself(tmp_path: Path) -> None:
    path = media.write_tiff(tmp_path / "a.tif")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    frames, dropped = media.play(path)
    assert 0 < len(frames) < media.LENGTH
    assert dropped == 1


def test_floating_point_is_refused_with_advice(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    Image.fromarray(np.zeros((8, 8), dtype=np.float32)).save(path)
    with pytest.raises(CorruptMedia, match="16 bits"):
        media.play(path)


def test_a_decompression_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(DEEP).save(path)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(CorruptMedia, match="exceeds limit"):
        media.play(path)
