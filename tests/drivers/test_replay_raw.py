"""Raw grey pictures and their descriptions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drivers.errors import CorruptMedia
from drivers.replay_raw import RawLayout, play
from tests.drivers import media

DESCRIPTION = "rows = 2\ncolumns = 3\nbits = 12\n"


def _write(folder: Path, data: bytes, description: str = DESCRIPTION) -> Path:
    path = folder / "a.raw"
    path.write_bytes(data)
    (folder / "a.raw.toml").write_text(description)
    return path


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.integers(1, 9),
    columns=st.integers(1, 9),
    bits=st.integers(8, 16),
    signed=st.booleans(),
    endianness=st.sampled_from(["little", "big"]),
    frames=st.integers(1, 3),
    seed=st.integers(0, 100),
)
def test_values_come_back_as_they_were_written(
    tmp_path: Path,
    rows: int,
    columns: int,
    bits: int,
    signed: bool,
    endianness: str,
    frames: int,
    seed: int,
) -> None:
    layout = RawLayout(rows, columns, bits, signed, endianness)
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1)) if signed else (0, 2**bits)
    random = np.random.default_rng(seed)
    values = random.integers(low, high, (frames, rows, columns)).astype(layout.dtype)
    description = (
        f"rows = {rows}\ncolumns = {columns}\nbits = {bits}\n"
        f'signed = {str(signed).lower()}\nendianness = "{endianness}"\n'
    )
    pictures = list(play(_write(tmp_path, values.tobytes(), description)))
    assert [picture.pixels.tolist() for picture in pictures] == values.tolist()
    assert {picture.bits_stored for picture in pictures} == {bits}
    assert {picture.pixels.dtype == np.int16 for picture in pictures} == {signed}


def test_one_description_serves_a_folder(tmp_path: Path) -> None:
    (tmp_path / "raw.toml").write_text(DESCRIPTION)
    for name in ("1.raw", "2.raw"):
        (tmp_path / name).write_bytes(np.arange(6, dtype="<u2").tobytes())
    assert len(media.play(tmp_path)[0]) == 2


def test_a_file_that_ends_within_a_picture_loses_that_one(tmp_path: Path) -> None:
    path = _write(tmp_path, np.arange(9, dtype="<u2").tobytes())
    frames, dropped = media.play(path)
    assert (len(frames), dropped) == (1, 1)


def test_more_data_than_described_is_told(tmp_path: Path) -> None:
    path = _write(tmp_path, bytes(25), DESCRIPTION + "frames = 2\n")
    frames, dropped = media.play(path)
    assert (len(frames), dropped) == (2, 1)


def test_values_beyond_the_described_depth_are_damage(tmp_path: Path) -> None:
    values = np.array([0] * 6 + [5000] * 6 + [7] * 6, dtype="<u2")
    frames, dropped = media.play(_write(tmp_path, values.tobytes()))
    assert [frame.sequence for frame in frames] == [0, 2]
    assert dropped == 1


@pytest.mark.parametrize(
    ("description", "reason"),
    [
        ("rows = 2\n", "lacks rows, columns or bits"),
        ("rows = 0\ncolumns = 3\nbits = 12\n", "rows is a whole number from 1"),
        ("rows = 2\ncolumns = true\nbits = 12\n", "columns is a whole number"),
        (DESCRIPTION.replace("12", "17"), "bits is a whole number from 8 to 16"),
        (DESCRIPTION + 'signed = "no"\n', "signed is true or false"),
        (DESCRIPTION + 'endianness = "middle"\n', "endianness is"),
        (DESCRIPTION + "frames = 0\n", "frames is a whole number"),
        (DESCRIPTION + "colour = true\n", "no key 'colour'"),
        ("rows = 65535\ncolumns = 65535\nbits = 8\n", "rows times columns"),
        ("rows = \n", "is wrong"),
    ],
)
def test_a_wrong_description_is_explained(tmp_path: Path, description: str, reason: str) -> None:
    path = _write(tmp_path, bytes(24), description)
    with pytest.raises(CorruptMedia, match=reason):
        media.play(path)


def test_a_missing_description_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a.raw"
    path.write_bytes(bytes(24))
    with pytest.raises(CorruptMedia, match=r"write a\.raw\.toml with rows"):
        media.play(path)


def test_an_empty_file_is_no_recording(tmp_path: Path) -> None:
    with pytest.raises(CorruptMedia, match="ends within picture 1"):
        media.play(_write(tmp_path, b""))
