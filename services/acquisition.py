"""Frames become instances: taken, built, made durable, owed to every archive."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from sqlite_utils import Database

from device import exam_machine
from device.errors import IncompleteDescription, NotFromCapture
from device.exam import Series
from device.iod import (
    BuiltObject,
    ObjectContext,
    build_image,
    build_secondary_capture,
    encode,
)
from device.iod.video import VIDEO_SOP_CLASSES
from device.ports import AddressedSource, Frame, FrameSource, KeepingSource, UidSource
from device.protocol import ObjectKind, Protocol
from device.provenance import Contribution, Source
from device.same_patient import may_be_of
from services import character_sets
from services.box import Box
from services.catalog import exams
from services.catalog.exams import Instance
from services.errors import CatalogError
from services.outbox.queue import enqueue_stores
from services.recorder import Recorded, Recorder

FRAME_TIMEOUT = 5.0
"""Seconds without a frame after which the source counts as silent."""


@dataclass(slots=True)
class Summary:
    """What one acquisition brought.

    ``fallback`` names what a CT or MR object lacked when Secondary Capture was built instead,
    ``refused`` says in one sentence why it was;
    ``ended_by`` is empty, or says why the source stopped before it was asked to.
    """

    series_instance_uid: str
    instances: list[Instance] = field(default_factory=list)
    frames: int = 0
    dropped: int = 0
    fallback: tuple[str, ...] = ()
    refused: str = ""
    ended_by: str = ""


Stored = Callable[[Instance], None]
"""Called after each instance is durable: never before its file is synced and its row committed."""

Beside = Callable[[Frame], tuple[Contribution, ...]]
"""Asked for each still: what side channels, calibration and operator say of this very picture.

For a clip it is asked once, and only the calibration counts, which holds for all of its frames."""


class Acquisition:
    """One acquisition into an open exam, from one source by one protocol: one series.

    Parameters
    ----------
    box
        The assembled box.
    exam_id
        An exam in progress.
    protocol
        What to build; CT and MR fall back to Secondary Capture when legitimate values are
        missing, and the summary says so.
    stored
        Told of every instance once it is durable.
    beside
        What is said of a still beside the frame itself.
    series_instance_uid
        A series of this exam by the same protocol to go on with; empty begins one.
    instance_uids
        Gives the SOP Instance UIDs, where they were chosen and written down before, so that what
        was interrupted is never taken twice; None for those of the box.
    """

    def __init__(
        self,
        box: Box,
        exam_id: str,
        protocol: Protocol,
        stored: Stored = lambda _: None,
        beside: Beside = lambda _: (),
        series_instance_uid: str = "",
        instance_uids: UidSource | None = None,
    ) -> None:
        self._box = box
        self._instance_uid = instance_uids or box.uids
        self._going_on = series_instance_uid
        self._exam = exams.load(box.catalog, exam_id)
        self._protocol = protocol
        self._stored = stored
        self._beside = beside
        exam_machine.may_acquire(self._exam)

    def run(
        self, source: FrameSource, *, frames: int | None = None, seconds: float | None = None
    ) -> Summary:
        """Acquire until ``frames`` frames came, ``seconds`` have passed or the source ends.

        Raises
        ------
        CatalogError
            When the exam ended meanwhile, or another process is acquiring for it.
        StorageFull
            When the medium is full; everything reported before is safe.
        OSError
            When the source cannot be opened at all.
        """
        with self._box.spool.acquiring(self._exam.exam_id):
            # it may have been matched with another entry since
            self._exam = exams.load(self._box.catalog, self._exam.exam_id)
            if isinstance(source, AddressedSource):
                source.expect(may_be_of(self._exam))
            source.open()
            try:
                series = self._begin_series()
                summary = Summary(series.series_instance_uid)
                pictures = self._frames(source, summary, frames, seconds)
                if self._protocol.multi_frame or self._protocol.video:
                    self._clips(pictures, series, source, summary)
                else:
                    self._stills(pictures, series, source, summary)
                summary.dropped = source.dropped
            finally:
                source.close()
        return summary

    def _begin_series(self) -> Series:
        protocol = self._protocol
        with self._box.catalog.writing() as db:
            state = db.conn.execute(
                "SELECT state FROM exam WHERE exam_id = ?", [self._exam.exam_id]
            ).fetchone()[0]
            if state != "IN PROGRESS":
                raise CatalogError(f"exam {self._exam.exam_id} has ended: {state}")
            self._widen_character_set(db)
            if self._going_on:
                return exams.series(db, self._exam.exam_id, self._going_on)
            series = Series(
                series_instance_uid=self._box.uids(),
                series_number=exams.next_series_number(
                    db, self._exam.exam_id, self._exam.study_instance_uid
                ),
                modality=protocol.modality,
                protocol_name=protocol.name,
                series_description=protocol.series_description,
                frame_of_reference_uid=self._box.uids(),
                started=self._box.clock.now(),
                body_part=protocol.body_part,
                laterality=protocol.laterality,
            )
            exams.insert_series(db, self._exam.exam_id, series)
        return series

    def _widen_character_set(self, db: Database) -> None:
        """A protocol in another script than the worklist's must not keep its images from being."""
        exam = self._exam
        wide = character_sets.for_exam(
            exam.items,
            exam.operators_name,
            self._box.station,
            preferred=exam.character_set,
            more=character_sets.of_protocol(self._protocol),
        )
        if wide == exam.character_set:
            return
        self._exam = replace(exam, character_set=wide)
        exams.note_character_set(db, self._exam)

    def _frames(
        self, source: FrameSource, summary: Summary, wanted: int | None, seconds: float | None
    ) -> Iterator[Frame]:
        clock = self._box.clock
        deadline = None if seconds is None else clock.monotonic() + seconds
        while wanted is None or summary.frames < wanted:
            timeout = FRAME_TIMEOUT
            if deadline is not None:
                timeout = min(timeout, deadline - clock.monotonic())
                if timeout <= 0:
                    return
            try:
                frame = source.read(timeout)
            except TimeoutError as error:
                if deadline is None or clock.monotonic() < deadline:
                    summary.ended_by = str(error) or f"{source.name}: no picture in {timeout:.0f} s"
                return
            except OSError as error:
                summary.ended_by = str(error) or f"{source.name}: the device is gone"
                return
            if frame is None:
                return
            summary.frames += 1
            yield frame

    def _stills(
        self, pictures: Iterator[Frame], series: Series, source: FrameSource, summary: Summary
    ) -> None:
        dropped_before = 0
        for number, frame in enumerate(pictures, self._next_number(series)):
            dropped = source.dropped - dropped_before
            dropped_before = source.dropped
            context = self._context(series, number, dropped, self._beside(frame))
            built = self._build(context, frame, summary)
            self._keep(built, context, summary, frames=1, dropped=dropped)
            _acknowledge(source, frame)

    def _build(self, context: ObjectContext, frame: Frame, summary: Summary) -> BuiltObject:
        try:
            return build_image(context, frame)
        except IncompleteDescription as refusal:
            summary.fallback, summary.refused = refusal.missing, str(refusal)
            return build_secondary_capture(context, frame, refusal.missing)
        except NotFromCapture as refusal:
            summary.refused = str(refusal)
            return build_secondary_capture(context, frame)

    def _clips(
        self, pictures: Iterator[Frame], series: Series, source: FrameSource, summary: Summary
    ) -> None:
        before = self._next_number(series) - 1

        def new_context(number: int, first: Frame) -> ObjectContext:
            holding = tuple(c for c in self._beside(first) if c.source is Source.CALIBRATED)
            return self._context(series, before + number, contributions=holding)

        recorder = Recorder(self._box.spool, source, new_context)
        try:
            for frame in pictures:
                recorder.take(frame)
                self._enter_clips(recorder.finished(), source, summary)
        finally:
            # whatever ended the recording: what was recorded until then is an image
            recorder.end()
            recorder.close()
            summary.refused = recorder.refused
            self._enter_clips(recorder.finished(wait=True), source, summary)

    def _enter_clips(self, recorded: list[Recorded], source: FrameSource, summary: Summary) -> None:
        """Make the rows. A clip whose row cannot be made stays: the next start takes it in."""
        for each in recorded:
            instance = self._instance(
                each.clip.built,
                each.context,
                size=each.clip.size,
                sha256=each.clip.sha256,
                frames=each.clip.frames,
                dropped=each.clip.dropped,
            )
            self._enter(instance)
            summary.instances.append(instance)
            self._stored(instance)
            _acknowledge(source, each.last)

    def _next_number(self, series: Series) -> int:
        return exams.next_instance_number(self._box.catalog, series.series_instance_uid)

    def _context(
        self,
        series: Series,
        number: int,
        dropped: int = 0,
        contributions: tuple[Contribution, ...] = (),
    ) -> ObjectContext:
        return ObjectContext(
            exam=self._exam,
            series=series,
            station=self._box.station,
            protocol=self._protocol,
            instance_number=number,
            sop_instance_uid=self._instance_uid(),
            created=self._box.clock.now(),
            software_version=self._box.software_version,
            dropped_frames=dropped,
            contributions=contributions,
        )

    def _keep(
        self,
        built: BuiltObject,
        context: ObjectContext,
        summary: Summary,
        *,
        frames: int,
        dropped: int,
    ) -> None:
        data = encode(built.dataset)
        box = self._box
        instance = self._instance(
            built,
            context,
            size=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            frames=frames,
            dropped=dropped,
        )
        relative = instance.path
        box.spool.write(relative, data)
        try:
            self._enter(instance)
        except (CatalogError, sqlite3.Error):
            # nobody was told of it: a file without a row would be taken in at the next start
            box.spool.remove(relative)
            raise
        summary.instances.append(instance)
        self._stored(instance)

    def _instance(
        self,
        built: BuiltObject,
        context: ObjectContext,
        *,
        size: int,
        sha256: str,
        frames: int,
        dropped: int,
    ) -> Instance:
        exam_id = self._exam.exam_id
        return Instance(
            sop_instance_uid=context.sop_instance_uid,
            series_instance_uid=context.series.series_instance_uid,
            exam_id=exam_id,
            instance_number=context.instance_number,
            sop_class_uid=str(built.dataset.SOPClassUID),
            transfer_syntax_uid=str(built.dataset.file_meta.TransferSyntaxUID),
            path=self._box.spool.path_of(exam_id, context.sop_instance_uid),
            size=size,
            sha256=sha256,
            object=_object_name(built, self._protocol),
            frames=frames,
            dropped=dropped,
            provenance=built.provenance,
            acquired=context.created,
            origins=built.origins,
        )

    def _enter(self, instance: Instance) -> None:
        box = self._box
        with box.catalog.writing() as db:
            exams.insert_instance(db, instance)
            enqueue_stores(
                db, box.peers, instance.exam_id, instance.sop_instance_uid, at=box.wall()
            )


def _acknowledge(source: FrameSource, frame: Frame) -> None:
    if isinstance(source, KeepingSource):
        source.acknowledge(frame.sequence)


def _object_name(built: BuiltObject, protocol: Protocol) -> str:
    if built.dataset.SOPClassUID in VIDEO_SOP_CLASSES:
        return "video"
    if built.kind is ObjectKind.SC and (protocol.multi_frame or protocol.video):
        return "SC multi-frame"
    return built.kind.value
