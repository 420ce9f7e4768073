"""The play itself: pick, acquire, complete, deliver, and look at what arrived."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.pixels.utils import iter_pixels

from device.exam import Exam
from device.worklist import QueryKeys, WorklistItem
from firmware.assembly import find_protocol, make_source
from firmware.demo.stage import (
    COLOUR,
    CT_SERIES,
    CT_SLICE,
    MR_SERIES,
    MR_SLICE,
    Material,
    Stage,
)
from services import exam_view, exams
from services import worklist as worklists
from services.acquisition import Acquisition
from services.catalog import worklist as cache
from services.catalog.exams import Instance
from services.errors import NotFound, PeerUnreachable
from services.outbox import operator, peer_state
from services.outbox.model import State

Say = Callable[[str], None]

DELIVERY_SECONDS = 180.0
_GLANCE = 0.1


@dataclass(frozen=True, slots=True)
class Scene:
    """One exam of the demonstration."""

    patient_id: str
    object: str
    materials: Sequence[Material]
    offline: bool = False


SCENES = (
    Scene("G1001", "CT", (CT_SERIES, CT_SLICE)),
    Scene("G1002", "MR", (MR_SERIES, MR_SLICE), offline=True),
    Scene("G1003", "SC", (COLOUR,)),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One exam at the end: the RIS's word for its MPPS, and what the archive holds of it."""

    patient_id: str
    object: str
    sop_class_uid: str
    mpps: str
    acquired: int
    stored: int
    committed: int
    pixels_identical: bool
    offline: bool

    @property
    def ok(self) -> bool:
        return (
            self.mpps == "COMPLETED"
            and self.acquired > 0
            and self.acquired == self.stored == self.committed
            and self.pixels_identical
        )

    def as_plain(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Done:
    scene: Scene
    exam: Exam
    instances: dict[str, tuple[Instance, Material]]


def play(folder: Path, say: Say) -> list[Outcome]:
    """Run the demonstration in ``folder``.

    Parameters
    ----------
    folder : Path
        An empty folder for the state of box and hospital.
    say : callable
        Told each step as it happens.

    Raises
    ------
    ServiceError
        When a step fails that the demonstration cannot go on without.
    """
    with Stage(folder) as stage:
        say(f"Box and hospital run on loopback; the box's page: {_page(stage)}")
        done = [_do(stage, scene, say) for scene in SCENES]
        return [_judge(stage, each) for each in done]


def _page(stage: Stage) -> str:
    return stage.configuration.console.page


def _do(stage: Stage, scene: Scene, say: Say) -> _Done:
    item = _pick(stage, scene, say)
    with stage.network_down() if scene.offline else nullcontext():
        if scene.offline:
            say("RIS and PACS are switched off now.")
        exam = exams.start(stage.box, [item])
        say(f"Exam {exam.exam_id}: {item.patient_name.split('=')[0]}, {item.modality}, started.")
        instances: dict[str, tuple[Instance, Material]] = {}
        for material in scene.materials:
            instances.update(_acquire(stage, exam, material, say))
        exams.complete(stage.box, exam.exam_id)
        say(f"Exam {exam.exam_id}: completed.")
        if scene.offline:
            _show_that_nothing_is_lost(stage, say)
    if scene.offline:
        say("RIS and PACS are switched on again.")
    else:
        _deliver(stage, say)
    return _Done(scene, exam, instances)


def _show_that_nothing_is_lost(stage: Stage, say: Say) -> None:
    """Wait until the dispatcher has found out that nobody answers."""
    deadline = time.monotonic() + DELIVERY_SECONDS
    for peer in stage.box.peers:
        while not peer_state.get(stage.box.catalog, peer.name).failures:
            if time.monotonic() > deadline:
                raise PeerUnreachable(peer.name, "the dispatcher did not notice that it is off")
            time.sleep(_GLANCE)
    owed = sum(operator.owed(stage.box.catalog).values())
    say(f"Neither answers. Everything is safe on the box; {owed} deliveries wait for them.")


def _pick(stage: Stage, scene: Scene, say: Say) -> WorklistItem:
    keys = QueryKeys(date=stage.box.clock.now().date())
    for answer in worklists.refresh(stage.box, keys):
        if answer.error:
            raise PeerUnreachable(answer.peer, answer.error)
        say(f"Worklist: {answer.items} scheduled exams received from the RIS.")
    for entry in cache.items(stage.box.catalog, keys):
        if entry.item.patient_id == scene.patient_id:
            return entry.item
    raise NotFound(f"patient {scene.patient_id} is not on today's worklist")


def _acquire(
    stage: Stage, exam: Exam, material: Material, say: Say
) -> dict[str, tuple[Instance, Material]]:
    protocol = find_protocol(stage.configuration, material.name)
    acquisition = Acquisition(stage.box, exam.exam_id, protocol)
    summary = acquisition.run(make_source(stage.configuration, protocol.source))
    kinds = sorted({instance.object for instance in summary.instances})
    say(
        f"Exam {exam.exam_id}: {material.name}: {summary.frames} frames are now "
        f"{len(summary.instances)} {'/'.join(kinds)} objects, durable on the box."
    )
    return {instance.sop_instance_uid: (instance, material) for instance in summary.instances}


def _deliver(stage: Stage, say: Say) -> None:
    """Wait until nothing is owed any more, telling how it goes."""
    deadline = time.monotonic() + DELIVERY_SECONDS
    last: dict[State, int] = {}
    while time.monotonic() < deadline:
        owed = operator.owed(stage.box.catalog)
        if not any(owed.values()):
            say("Nothing is owed: MPPS reported, images stored and committed.")
            return
        if owed != last:
            told = ", ".join(f"{count} {state}" for state, count in owed.items() if count)
            say(f"Owed to RIS and PACS: {told}.")
            last = owed
        time.sleep(_GLANCE)


def _judge(stage: Stage, done: _Done) -> Outcome:
    record = stage.hospital.store.mpps(done.exam.mpps_uid)
    counts = exam_view.exam_as_plain(stage.box, done.exam)
    archived = {
        stored.sop_instance_uid: stored.path
        for stored in stage.hospital.store.instances()
        if stored.sop_instance_uid in done.instances
    }
    classes = {instance.sop_class_uid for instance, _ in done.instances.values()}
    return Outcome(
        patient_id=done.scene.patient_id,
        object=done.scene.object,
        sop_class_uid=" ".join(sorted(classes)),
        mpps=record.status if record else "unknown to the RIS",
        acquired=len(done.instances),
        stored=len(archived),
        committed=counts["committed"],
        pixels_identical=_pixels_identical(done, archived),
        offline=done.scene.offline,
    )


def _pixels_identical(done: _Done, archived: dict[str, Path]) -> bool:
    """Compare what the archive holds with the clinical files, both read by pydicom alone."""
    if set(archived) != set(done.instances):
        return False
    for material in done.scene.materials:
        uids = [
            uid
            for uid, (instance, taken_from) in sorted(
                done.instances.items(), key=lambda entry: entry[1][0].instance_number
            )
            if taken_from is material
        ]
        ours = [frame for uid in uids for frame in iter_pixels(archived[uid])]
        theirs = [frame for file in material.files for frame in iter_pixels(file)]
        if len(ours) != len(theirs):
            return False
        if not all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True)):
            return False
    return True
