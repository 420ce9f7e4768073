"""Pictures scaled for film, any part of them at a time."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def scaled_part(
    source: NDArray[Any],
    size: tuple[int, int],
    part: tuple[int, int, int, int],
    method: Image.Resampling,
    values: Callable[[NDArray[Any]], NDArray[Any]] = lambda rows: rows,
) -> NDArray[np.float32]:
    """A part of a scaled picture, from just the stored rows that it needs.

    Parameters
    ----------
    source
        Rows by columns, or rows by columns by planes.
    size
        Width and height of the whole picture when scaled.
    part
        Left, top, width and height within that.
    values
        What stored rows become before they are scaled.

    Returns
    -------
    array
        Height by width by planes, in the values of the source.
    """
    left, top, wide, high = part
    rows, columns = source.shape[:2]
    across, down = columns / size[0], rows / size[1]
    reach = math.ceil(3 * max(down, 1.0)) + 1
    low = max(0, math.floor(top * down) - reach)
    end = min(rows, math.ceil((top + high) * down) + reach)
    box = (
        left * across,
        top * down - low,
        min(float(columns), (left + wide) * across),
        min(float(end - low), (top + high) * down - low),
    )
    planes = np.atleast_3d(values(source[low:end])).astype(np.float32)
    return np.stack(
        [
            np.asarray(
                Image.fromarray(np.ascontiguousarray(planes[..., plane])).resize(
                    (wide, high), method, box
                )
            )
            for plane in range(planes.shape[2])
        ],
        axis=-1,
    )
