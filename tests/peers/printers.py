"""DCMTK's print SCP as a film printer, and what it keeps of the films that it got."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.dataset import Dataset

from services.dicom.peers import Service
from services.printing.printers import Printer, PrinterKind
from services.printing.profile import load_profile
from tests.peers.fixtures import install_node_modules
from tests.peers.process import HERE, RunningPeer, Stable, program

_CONFIGURATION = """\
[[GENERAL]]
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
[FILM]
Aetitle=FILM
Description=dry film imager
Hostname=localhost
Port={port}
Type=LOCALPRINTER
DisplayFormat=1,1\\1,2\\2,1\\2,2\\2,3\\3,3\\3,4\\3,5\\4,4\\4,5
FilmSizeID=8INX10IN\\10INX12IN\\11INX14IN\\14INX17IN\\A4
MediumType=PAPER\\CLEAR FILM\\BLUE FILM
FilmDestination=MAGAZINE\\PROCESSOR
MagnificationType=REPLICATE\\BILINEAR\\CUBIC\\NONE
SmoothingType=NONE\\MEDIUM
BorderDensity=150\\20\\BLACK\\WHITE
EmptyImageDensity=20\\BLACK\\WHITE
MinDensity=20
MaxDensity=320
ResolutionID=STANDARD\\HIGH
MaxPDU=131072
Supports12Bit={twelve}
SupportsPresentationLUT={lut}
SupportsTrim=true
SupportsImageSize=true
SupportsDecimateCrop=true
PresentationLUTMatchRequired=false
ImplicitOnly={implicit}
[[VOI]]
"""

StartPrinter = Callable[..., "FilmPeer"]


@dataclass(frozen=True)
class ReceivedBox:
    """One image box as the printer keeps it."""

    position: int
    pixels: NDArray[Any]
    dataset: Dataset


@dataclass(frozen=True)
class ReceivedFilm:
    """One film: its Stored Print and its image boxes by position."""

    dataset: Dataset
    boxes: dict[int, ReceivedBox]

    @property
    def film_box(self) -> Dataset:
        box = self.dataset.FilmBoxContentSequence[0]
        assert isinstance(box, Dataset)
        return box


@dataclass(frozen=True)
class FilmPeer:
    """A running dcmprscp."""

    running: RunningPeer

    def printer(self, **profile: Any) -> Printer:
        """The printer as a box is configured for it."""
        peer = replace(self.running.peer, name="film", services=frozenset({Service.PRINT}))
        return Printer("film", PrinterKind.DICOM, peer, load_profile("dcmtk", **profile))

    def films(self) -> list[ReceivedFilm]:
        """Every film that it printed, oldest first."""
        folder = self.running.directory / "database"
        # the times inside are whole seconds
        oldest_first = sorted(folder.glob("SP_*.dcm"), key=lambda path: path.stat().st_mtime_ns)
        boxes = {str(d.SOPInstanceUID): d for d in map(dcmread, folder.glob("HG_*.dcm"))}
        return [_film(dcmread(path), boxes) for path in oldest_first]


def _film(stored: Dataset, boxes: dict[str, Dataset]) -> ReceivedFilm:
    received = {}
    for item in stored.ImageBoxContentSequence:
        references = item.get("ReferencedImageSequence")
        if not references:
            continue
        image = boxes[str(references[0].ReferencedSOPInstanceUID)]
        position = int(item.ImageBoxPosition)
        received[position] = ReceivedBox(position, image.pixel_array, item)
    return ReceivedFilm(stored, received)


@pytest.fixture
def start_dcmprscp(stable: Stable) -> StartPrinter:
    """Start a film printer of DCMTK with quirks of its own."""

    def start(**quirks: bool) -> FilmPeer:
        return start_print_scp(stable, **quirks)

    return start


def start_print_scp(
    stable: Stable, *, twelve: bool = True, lut: bool = True, implicit: bool = False
) -> FilmPeer:
    """Start dcmprscp; each has folders of its own."""

    def argv(port: int, folder: Path) -> list[str | Path]:
        for name in ("log", "spool", "database", "lut"):
            (folder / name).mkdir()
        configuration = folder / "printer.cfg"
        values = {"twelve": twelve, "lut": lut, "implicit": implicit}
        words = {key: str(value).lower() for key, value in values.items()}
        configuration.write_text(_CONFIGURATION.format(folder=folder, port=port, **words))
        return [program("dcmprscp", "dcmtk"), "-v", "-c", configuration, "-p", "FILM"]

    return FilmPeer(stable.start("dcmprscp", "FILM", argv, {"TCP_NODELAY": "1"}))


@pytest.fixture
def js_printer(stable: Stable) -> RunningPeer:
    """A film printer on dcmjs-dimse, in colour too; its log is one JSON line per request."""
    folder = HERE / "mpps"
    install_node_modules(folder)
    return stable.start(
        "jsfilm",
        "JSFILM",
        lambda port, _: [program("node", "nodejs"), folder / "print.js", str(port)],
        {"LD_PRELOAD": ""},
    )
