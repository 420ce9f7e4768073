"""Writes PAR/REC pairs of the three known versions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

GENERAL: dict[str, str] = {
    "Patient name": "SECRET^PATIENT",
    "Examination name": "EXAM-4711",
    "Protocol name": "T1W",
    "Examination date/time": "2014.02.14 / 09:00:57",
    "Acquisition nr": "2",
    "Patient position": "Head First Supine",
    "Technique": "TSE",
    "Scan mode": "MS",
    "Repetition time [ms]": "600.000",
    "MTC               <0=no 1=yes> ?": "0",
    "EPI factor        <0,1=no EPI>": "1",
}
_V4: list[tuple[str, str, str]] = [
    ("slice number", "integer", "1"),
    ("echo number", "integer", "1"),
    ("image_type_mr", "integer", "0"),
    ("scanning sequence", "integer", "1"),
    ("index in REC file (in images)", "integer", "0"),
    ("image pixel size (in bits)", "integer", "16"),
    ("scan percentage", "integer", "80"),
    ("recon resolution (x y)", "2*integer", "8 4"),
    ("rescale intercept", "float", "0.00000"),
    ("rescale slope", "float", "1.29035"),
    ("scale slope", "float", "4.28404e-003"),
    ("window center", "integer", "1070"),
    ("window width", "integer", "1860"),
    ("image angulation (ap,fh,rl in degrees )", "3*float", "0.00 0.00 0.00"),
    ("image offcentre (ap,fh,rl in mm )", "3*float", "0.00 0.00 0.00"),
    ("slice thickness (in mm )", "float", "6.000"),
    ("slice gap (in mm )", "float", "2.000"),
    ("slice orientation ( TRA/SAG/COR )", "integer", "1"),
    ("pixel spacing (x,y) (in mm)", "2*float", "1.500 2.500"),
    ("echo_time", "float", "15.00"),
    ("image_flip_angle (in degrees)", "float", "90.00"),
    ("number of averages", "integer", "2"),
    ("TURBO factor  <0=no turbo>", "integer", "5"),
    ("Inversion delay (in ms)", "float", "0.0"),
]
_MORE = {
    "V4": [],
    "V4.1": [("diffusion b value number    (imagekey!)", "integer", "1")],
    "V4.2": [
        ("diffusion b value number    (imagekey!)", "integer", "1"),
        ("label type (ASL)            (imagekey!)", "integer", "1"),
    ],
}


def picture(number: int = 0, rows: int = 4, columns: int = 8) -> NDArray[np.uint16]:
    return (np.arange(rows * columns, dtype=np.uint16) + 100 * number).reshape(rows, columns)


def write(
    file: Path,
    entries: list[dict[str, Any]],
    *,
    version: str = "V4.2",
    general: dict[str, str] | None = None,
    pictures: list[NDArray[Any]] | None = None,
) -> Path:
    """A pair; entries name what differs from the usual, by the column's name without remarks."""
    columns = [*_V4, *_MORE[version]]
    lines = [
        "# === DATA DESCRIPTION FILE ===",
        "#",
        f"# CLINICAL TRYOUT             Research image export tool     {version}",
        "#",
        "# === GENERAL INFORMATION ===",
        *(f".    {name:35s}:   {value}" for name, value in (GENERAL | (general or {})).items()),
        "#",
        "# === IMAGE INFORMATION DEFINITION ===",
        *(f"#  {name:41s}({kind})" for name, kind, _ in columns),
        "#",
        "# === IMAGE INFORMATION ===",
        "#  sl ec ty sq idx pix",
        "",
    ]
    for place, entry in enumerate(entries):
        given = {"slice number": str(place + 1), "index in REC file": str(place), **entry}
        values = [
            str(next((given[key] for key in given if name.startswith(key)), usual))
            for name, _, usual in columns
        ]
        lines.append("  ".join(values))
    lines += ["", "# === END OF DATA DESCRIPTION FILE ==="]
    file.write_text("\n".join(lines))
    shown = pictures if pictures is not None else [picture(n) for n in range(len(entries))]
    samples = b"".join(one.astype(one.dtype.newbyteorder("<")).tobytes() for one in shown)
    file.with_suffix(".REC" if file.suffix == ".PAR" else ".rec").write_bytes(samples)
    return file
