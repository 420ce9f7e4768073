"""ACR-NEMA messages: their pixels whole, their words taken, their patient left behind."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from drivers.errors import CorruptMedia
from drivers.native import acr_nema
from tests.drivers.media import play
from tests.drivers.native import acr

PIXELS: NDArray[np.uint16] = np.arange(24 * 32, dtype=np.uint16).reshape(24, 32) * 5


@pytest.mark.parametrize("little", [True, False])
@pytest.mark.parametrize("allocated", [12, 16])
@pytest.mark.parametrize("name", ["picture.acr", "IMG0001", "scan.dcm", "scan.image"])
def test_every_cell_is_read(tmp_path: Path, name: str, allocated: int, little: bool) -> None:
    file = acr.write(tmp_path / name, PIXELS, allocated=allocated, little=little)

    (frame,), dropped = play(file)

    assert dropped == 0
    assert frame.native
    assert (frame.bits_stored, frame.photometric) == (12, "MONOCHROME2")
    assert np.array_equal(frame.pixels, PIXELS)


def test_pixels_in_another_group_are_found(tmp_path: Path) -> None:
    (frame,), _ = play(acr.write(tmp_path / "a.acr", PIXELS, group=0x7F00))

    assert np.array_equal(frame.pixels, PIXELS)


def test_what_the_file_says_comes_along_and_who_the_patient_was_does_not(tmp_path: Path) -> None:
    (frame,), _ = play(acr.write(tmp_path / "a.acr", PIXELS))

    said = frame.attributes
    assert [float(part) for part in said["PixelSpacing"]] == [0.5, 0.5]
    assert (float(said["SliceThickness"]), float(said["KVP"])) == (5, 120)
    assert (float(said["RescaleIntercept"]), float(said["RescaleSlope"])) == (-1024, 1)
    assert not any("SECRET" in str(value) or "4711" in str(value) for value in said.values())


def test_a_position_of_unknown_axes_places_nothing(tmp_path: Path) -> None:
    (frame,), _ = play(acr.write(tmp_path / "a.acr", PIXELS))

    assert "ImagePositionPatient" not in frame.attributes
    assert "ImageOrientationPatient" not in frame.attributes


def test_a_position_in_the_patient_is_taken(tmp_path: Path) -> None:
    more: dict[tuple[int, int], Any] = {
        (0x0020, 0x0032): "-120\\-120\\35",
        (0x0020, 0x0037): "1\\0\\0\\0\\1\\0",
    }

    (frame,), _ = play(acr.write(tmp_path / "a.acr", PIXELS, more=more))

    assert [float(part) for part in frame.attributes["ImagePositionPatient"]] == [-120, -120, 35]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({(0x0028, 0x0012): 4}, "4 planes"),
        ({(0x0028, 0x0060): "RLE"}, "compression RLE"),
        ({(0x0028, 0x0040): "LINE"}, "form LINE"),
    ],
)
def test_what_cannot_be_read_is_said(
    tmp_path: Path, more: dict[tuple[int, int], Any], words: str
) -> None:
    with pytest.raises(CorruptMedia, match=words):
        play(acr.write(tmp_path / "a.acr", PIXELS, more=more))


@pytest.mark.parametrize("allocated", [12, 16])
def test_half_a_picture_is_none(tmp_path: Path, allocated: int) -> None:
    file = acr.write(tmp_path / "a.acr", PIXELS, allocated=allocated)
    file.write_bytes(file.read_bytes()[:-400])

    with pytest.raises(CorruptMedia):
        play(file)


@given(head=st.binary(max_size=64))
def test_only_group_8_begins_a_message(head: bytes) -> None:
    assert acr_nema.matches(head) == (
        head[:4] in (b"\x08\0\0\0", b"\x08\0\1\0", b"\0\x08\0\0", b"\0\x08\0\1")
    )


@pytest.mark.peer
@pytest.mark.parametrize("allocated", [12, 16])
def test_dcmtk_sees_the_same_picture(tmp_path: Path, allocated: int) -> None:
    """The message is one for others too, and its grey means to them what it means to us."""
    file = acr.write(tmp_path / "a.acr", PIXELS, allocated=allocated)
    shown = tmp_path / "a.pgm"

    command = ["dcm2pnm", "--accept-acr-nema", "--no-modality", "--write-16-bit-pnm", file, shown]
    subprocess.run(command, check=True, capture_output=True)
    (frame,), _ = play(file)

    magic, *words = shown.read_text("ascii").replace("# ", "").split()
    theirs = np.array([int(word) for word in words[-frame.pixels.size :]])
    assert magic == "P2"
    assert np.array_equal(theirs, frame.pixels.reshape(-1).astype(np.int64) * 16)
