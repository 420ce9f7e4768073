"""DCMTK prints at the box: dcmpsprt renders and dcmprscu sends."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pydicom.data
import pytest

from services.box import Box
from services.catalog import received_sheets
from services.catalog.received_sheets import Images, Paper
from services.film_reception.cabinet import samples
from tests.peers.process import program
from tests.services.boxes import make_box
from tests.services.film_reception.scanner import Place, film_place

pytestmark = pytest.mark.peer

SLICES = (
    pydicom.data.get_testdata_file("CT_small.dcm"),
    pydicom.data.get_testdata_file("MR_small.dcm"),
)

_CONFIGURATION = """[[GENERAL]]
[APPLICATION]
LogDirectory={folder}/log
LogFile=general.log
LogLevel=INFO
[PRINT]
Directory={folder}/spool
DeletePrintJobs=false
DetailedLog=true
[DATABASE]
Directory={folder}/database
[LUT]
Directory={folder}/lut
[NETWORK]
aetitle=DCMPSTATE
[[COMMUNICATION]]
[BOX]
Aetitle=FILM
Hostname=127.0.0.1
Port={port}
Type=PRINTER
DisplayFormat=1,1\\1,2\\2,2
FilmSizeID=8INX10IN\\14INX17IN
MediumType=PAPER\\BLUE FILM
FilmDestination=MAGAZINE\\PROCESSOR
MagnificationType=REPLICATE\\BILINEAR\\CUBIC\\NONE
SmoothingType=NONE
BorderDensity=BLACK\\WHITE
EmptyImageDensity=BLACK\\WHITE
MinDensity=20
MaxDensity=320
ResolutionID=STANDARD\\HIGH
Supports12Bit=true
SupportsPresentationLUT=true
SupportsTrim=true
Annotation=1\\LABEL
[[VOI]]
"""


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = make_box(tmp_path / "box")
    with made.catalog:
        yield made


@pytest.fixture
def place(box: Box) -> Iterator[Place]:
    with film_place(box, images=Images.UNASSIGNED, printer="film") as made:
        yield made


def dcmtk(folder: Path, place: Place, *options: str) -> subprocess.CompletedProcess[str]:
    """Render two slices, and send the stored print to the box."""
    for name in ("log", "spool", "database", "lut"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    settings = folder / "print.cfg"
    settings.write_text(_CONFIGURATION.format(folder=folder, port=place.port))
    subprocess.run(
        [program("dcmpsprt", "dcmtk"), "-c", settings, "-p", "BOX", "-s", *options, *SLICES],
        check=True, capture_output=True,
    )  # fmt: skip
    (stored,) = (folder / "database").glob("SP_*.dcm")
    return subprocess.run(
        [program("dcmprscu", "dcmtk"), "-v", "-c", settings, "-p", "BOX", stored],
        check=False, capture_output=True, text=True,
    )  # fmt: skip


def test_a_film_of_dcmtk_is_kept_and_printed(place: Place, tmp_path: Path) -> None:
    done = dcmtk(
        tmp_path / "dcmtk", place, "-l", "1", "2", "--identity", "--filmsize", "8INX10IN",
        "-a", "Ward 4",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    (sheet,) = received_sheets.recent(place.box.catalog)
    assert (sheet.caller, sheet.pictures, sheet.film_size) == ("DCMPSTATE", 2, "8INX10IN")
    content = place.cabinet.read(sheet)
    assert content.display_format == "STANDARD\\1,2"
    assert len(content.luts) == 1
    for picture in content.pictures:
        assert picture is not None
        assert picture.bits_stored in (8, 12)
        assert len(np.unique(samples(picture))) > 50
    place.work.look()
    place.work.look()
    assert received_sheets.get(place.box.catalog, sheet.id).paper is Paper.DONE
    assert len(place.queue.printed) == 1


def test_a_film_size_that_the_box_does_not_have_is_told(place: Place, tmp_path: Path) -> None:
    done = dcmtk(tmp_path / "dcmtk", place, "-l", "1", "2", "--filmsize", "10INX12IN")
    assert "unable to create basic film box" in done.stderr
    assert not received_sheets.recent(place.box.catalog)
