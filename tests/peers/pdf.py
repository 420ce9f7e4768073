"""PDF files as poppler reads them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.peers.process import program


def page_size(path: Path) -> tuple[float, float]:
    """Width and height of the first page, in points."""
    said = subprocess.run(
        [program("pdfinfo", "poppler-utils"), path], check=True, capture_output=True, text=True
    ).stdout
    found = re.search(r"Page size:\s+([\d.]+) x ([\d.]+) pts", said)
    assert found is not None, said
    return float(found[1]), float(found[2])


def pictures(path: Path, folder: Path) -> list[NDArray[np.uint8]]:
    """The pictures that lie in the file, as they are, in order."""
    subprocess.run(
        [program("pdfimages", "poppler-utils"), "-png", path, folder / "image"], check=True
    )
    return [_samples(each) for each in sorted(folder.glob("image-*.png"))]


def picture(path: Path, folder: Path) -> NDArray[np.uint8]:
    """The only picture of a file."""
    (only,) = pictures(path, folder)
    return only


def _samples(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as image:
        return np.asarray(image if image.mode == "RGB" else image.convert("L"))
