"""A box between a simulated RIS and a simulated archive, with everything quick."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pynetdicom.presentation import PresentationContext

from device.exam import Exam
from device.protocol import ObjectKind, Protocol
from services import exams as lives
from services.acquisition import Acquisition
from services.box import Box
from services.clock import SystemClock
from services.dicom.peers import Peer
from services.dicom.server import DicomServer
from services.dispatcher import Dispatcher
from services.hospital import Faults, HospitalStore, Pacs, Ris
from services.outbox import operator
from services.outbox.model import Delivery, Kind, State
from services.reports import ReportDesk
from tests.device.iod.factories import CT_TECHNIQUE, GEOMETRY
from tests.services.boxes import acquire as take
from tests.services.boxes import archive, begin, make_box, ris
from tests.services.sources import Script, pictures

PATIENCE = 90.0

CT = Protocol(
    name="Head",
    source="grabber",
    object=ObjectKind.CT,
    modality="CT",
    burned_in_annotation=False,
    geometry=GEOMETRY,
    technique=CT_TECHNIQUE,
)


class PickyPacs(Pacs):
    """Takes only some SOP classes."""

    refused: frozenset[str] = frozenset()

    def contexts(self) -> list[PresentationContext]:
        return [c for c in super().contexts() if str(c.abstract_syntax) not in self.refused]


class Stage:
    """RIS and archive are up; the dispatcher runs only inside :meth:`dispatching`."""

    def __init__(self, folder: Path, refused: Sequence[str] = ()) -> None:
        self._undo = ExitStack()
        self.folder = folder
        self.store = self._undo.enter_context(HospitalStore(folder / "hospital.db"))
        self.ris = self._undo.enter_context(Ris(self.store))
        self.pacs = PickyPacs(self.store, folder / "pacs", commitment_targets={"-": ("", 0)})
        self.pacs.refused = frozenset(refused)
        self._undo.enter_context(self.pacs)
        self.box = self.make_box([self.ris_peer(), self.pacs_peer()])

    def make_box(self, peers: Sequence[Peer]) -> Box:
        """Another view of the same box, with other peers and a listener of its own."""
        box = make_box(self.folder / "box", peers, SystemClock(ZoneInfo("Europe/Berlin")))
        self._undo.callback(box.catalog.close)
        listener = DicomServer("GANTRY", "127.0.0.1", 0, [], 10, 65536, 10.0, ReportDesk(box).take)
        listener.start()
        self._undo.callback(listener.stop, 0.5)
        self.pacs.commitment_targets["GANTRY"] = ("127.0.0.1", listener.port)
        self.box = box
        return box

    def ris_peer(self, **more: Any) -> Peer:
        return ris(port=self.ris.port, **more)

    def pacs_peer(self, **more: Any) -> Peer:
        return archive(port=self.pacs.port, **more)

    def close(self) -> None:
        self._undo.close()

    def faults(self, **faults: Any) -> None:
        self.store.set_faults(Faults(**faults))

    def exam(self, images: int = 2, number: int = 1, *, ends: bool = True) -> Exam:
        """An exam with real images, completed unless told otherwise."""
        exam = begin(self.box, number)
        if images:
            take(self.box, exam, images)
        return lives.complete(self.box, exam.exam_id) if ends else exam

    def take_ct(self, exam: Exam, images: int = 1) -> None:
        Acquisition(self.box, exam.exam_id, CT).run(Script(pictures(images)))

    @contextmanager
    def dispatching(self) -> Iterator[Dispatcher]:
        dispatcher = Dispatcher(self.box)
        dispatcher.start()
        try:
            yield dispatcher
        finally:
            dispatcher.stop()

    def deliver_all(self) -> None:
        """Run the dispatcher until nothing is owed."""
        with self.dispatching() as dispatcher:
            until(dispatcher, lambda: self.owed() == [])

    def owed(self, state: State | None = None) -> list[Delivery]:
        found = operator.deliveries(self.box.catalog)
        return [delivery for delivery in found if state in (None, delivery.state)]

    def all(self, kind: Kind) -> list[Delivery]:
        found = operator.deliveries(self.box.catalog, owed_only=False)
        return [delivery for delivery in found if delivery.kind is kind]

    def acquired(self) -> set[str]:
        rows = self.box.catalog.rows("SELECT sop_instance_uid FROM instance")
        return {row["sop_instance_uid"] for row in rows}

    def at_pacs(self) -> set[str]:
        return {instance.sop_instance_uid for instance in self.store.instances()}

    def committed(self) -> set[str]:
        rows = self.box.catalog.rows(
            "SELECT sop_instance_uid FROM archived WHERE committed IS NOT NULL"
        )
        return {row["sop_instance_uid"] for row in rows}

    def safe(self) -> bool:
        """Everything acquired is at the archive and promised, and nothing is owed."""
        return self.owed() == [] and self.acquired() == self.at_pacs() == self.committed()


def until(dispatcher: Dispatcher, true: Callable[[], bool]) -> None:
    """Wait for a condition while the dispatcher works; fails when it dies or nothing comes."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "it did not come about"
        assert not dispatcher.wait(0.02), "the dispatcher ended"
