"""The stage of the demonstration: ports, configuration, hospital, and the box's services."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import pydicom.data

from firmware.assembly import open_box
from firmware.config import Configuration, load
from firmware.supervisor import Supervisor
from services.box import Box
from services.errors import PeerTimeout
from services.hospital import Hospital

START_SECONDS = 60.0

_CLINICAL = Path(pydicom.data.__file__).parent / "test_files"

_STATION = """\
[station]
ae_title = "GANTRY"
station_name = "GANTRY-DEMO"
institution_name = "Gantry demonstration"
state_dir = "{state}"

[listener]
bind = "127.0.0.1"
port = {listener}

[console]
port = {console}

[retention]
high_water_percent = 95

[[peers]]
name = "ris"
ae_title = "RIS"
host = "127.0.0.1"
port = {ris}
services = ["worklist", "mpps"]

[[peers]]
name = "pacs"
ae_title = "PACS"
host = "127.0.0.1"
port = {pacs}
services = ["store", "commit", "query"]
commitment = "required"
"""

_ACQUISITION = """
[[sources]]
name = "{name}"
kind = "replay"
path = "{path}"
rate = {rate}

[[protocols]]
name = "{name}"
source = "{name}"
object = "{object}"
modality = "{modality}"
body_part = "{body_part}"
series_description = "{name}"
multi_frame = {multi_frame}
burned_in_annotation = false
"""


@dataclass(frozen=True, slots=True)
class Material:
    """One acquisition of the demonstration and the clinical files that it replays."""

    name: str
    path: str
    object: str
    modality: str
    body_part: str
    rate: float
    multi_frame: bool = False

    @property
    def source(self) -> Path:
        return _CLINICAL / self.path

    @property
    def files(self) -> list[Path]:
        return sorted(self.source.iterdir()) if self.source.is_dir() else [self.source]


CT_SERIES = Material("CT neck axial", "dicomdirtests/98892001/CT5N", "CT", "CT", "NECK", 10)
CT_SLICE = Material("CT abdomen single slice", "CT_small.dcm", "CT", "CT", "ABDOMEN", 10)
MR_SERIES = Material("MR angiography", "dicomdirtests/98892003/MR700", "MR", "MR", "HEAD", 10)
MR_SLICE = Material("MR head single slice", "MR_small.dcm", "MR", "MR", "HEAD", 10)
COLOUR = Material(
    "Colour loop", "examples_ybr_color.dcm", "SC", "US", "HEART", 30, multi_frame=True
)
MATERIALS = (CT_SERIES, CT_SLICE, MR_SERIES, MR_SLICE, COLOUR)


class Stage:
    """Box and hospital, up while the block lasts.

    Parameters
    ----------
    folder : Path
        Receives ``box/`` (the box's state), ``hospital/`` and ``gantry.toml``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._undo = ExitStack()

    def __enter__(self) -> Self:
        listener, console, ris, pacs, printer = _free_ports(5)
        self.config_file = self.folder / "gantry.toml"
        self.config_file.write_text(
            _configuration(self.folder / "box", listener, console, ris, pacs)
        )
        with ExitStack() as undo:
            self.configuration: Configuration = load(self.config_file)
            self.box: Box = open_box(self.configuration)
            undo.callback(self.box.catalog.close)
            self.hospital: Hospital = undo.enter_context(
                Hospital(
                    self.folder / "hospital",
                    ris_port=ris,
                    pacs_port=pacs,
                    printer_port=printer,
                    commitment_targets={"GANTRY": ("127.0.0.1", listener)},
                )
            )
            today = self.box.clock.now().date()
            self.hospital.load_schedule(today, self.configuration.station.ae_title)
            undo.enter_context(_services(self.config_file, self.folder / "box.log"))
            _await_services([listener, console])
            self._undo = undo.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._undo.close()

    @contextmanager
    def network_down(self) -> Iterator[None]:
        """RIS and PACS are switched off for the time of the block."""
        self.hospital.ris.stop()
        self.hospital.pacs.stop()
        try:
            yield
        finally:
            self.hospital.ris.start()
            self.hospital.pacs.start()


@contextmanager
def _services(config_file: Path, log: Path) -> Iterator[None]:
    """Listener, dispatcher and console as processes of their own."""
    stop = threading.Event()
    supervisor = Supervisor(("listener", "dispatcher", "console"), config_file, log)
    thread = threading.Thread(target=supervisor.run, args=(stop,), name="supervisor")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _await_services(ports: list[int]) -> None:
    """Return when every port is listened at."""
    deadline = time.monotonic() + START_SECONDS
    for port in ports:
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if time.monotonic() > deadline:
                raise PeerTimeout("box", f"nobody listens at port {port}", "See box.log")
            time.sleep(0.05)


def _configuration(state: Path, listener: int, console: int, ris: int, pacs: int) -> str:
    text = _STATION.format(state=state, listener=listener, console=console, ris=ris, pacs=pacs)
    for material in MATERIALS:
        text += _ACQUISITION.format(
            name=material.name,
            path=material.source,
            rate=material.rate,
            object=material.object,
            modality=material.modality,
            body_part=material.body_part,
            multi_frame=str(material.multi_frame).lower(),
        )
    return text


def _free_ports(count: int) -> list[int]:
    """Ports that were free a moment ago; all held at once, so that they differ."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]
