"""What an object is built for, and what building it yields."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone

from pydicom.dataset import Dataset

from device.exam import Exam, Series
from device.protocol import ObjectKind, Protocol
from device.provenance import Contribution, Origin
from device.station import Station


@dataclass(frozen=True, slots=True)
class ObjectContext:
    """Everything about one SOP Instance except its pixels.

    Attributes
    ----------
    instance_number : int
        1 for the first instance of the series; also the slice's place in a configured stack.
    sop_instance_uid : str
        A fresh UID.
    created : datetime
        Aware wall time at which the object is made (Instance Creation Date and Time).
    software_version : str
        Version of the box itself (SC Equipment, PS3.3 C.8.6.1).
    dropped_frames : int
        Pictures lost during this acquisition; said in Image Comments when not 0.
    contributions : tuple of Contribution
        What was said beside the frame about this very picture.

    Raises
    ------
    ValueError
        A time without a time zone, or an instance number below 1.
    """

    exam: Exam
    series: Series
    station: Station
    protocol: Protocol
    instance_number: int
    sop_instance_uid: str
    created: datetime
    software_version: str
    dropped_frames: int = 0
    contributions: tuple[Contribution, ...] = ()

    def __post_init__(self) -> None:
        if self.created.utcoffset() is None or self.exam.started.utcoffset() is None:
            raise ValueError("an object is dated with aware times only")
        if self.instance_number < 1:
            raise ValueError(f"instance numbers begin at 1, not {self.instance_number}")

    @property
    def zone(self) -> timezone:
        """The one offset from UTC in which all times of the exam's objects are written.

        It is the offset at the exam's start, also when a clock change falls into the exam, so that
        Timezone Offset From UTC (0008,0201) agrees between the objects and the MPPS.
        """
        offset = self.exam.started.utcoffset()
        assert offset is not None
        return timezone(offset)


@dataclass(frozen=True, slots=True)
class BuiltObject:
    """A complete data set with its file meta information.

    Attributes
    ----------
    dataset : Dataset
        Ready for :func:`device.iod.encode` or ``save_as(enforce_file_format=True)``.
    provenance : dict of str to str
        For every attribute of the IOD's tables, by keyword, where its value came from: ``native``
        (the frame), ``serial``, ``print``, ``calibrated`` or ``operator`` (said beside the frame),
        ``preset`` (the protocol), ``worklist``, ``station``, ``generated``, or ``absent`` (left
        out, or empty where the attribute is of type 2).
    kind : ObjectKind
        What was really built.
    origins : tuple of Origin
        For every attribute that the frame, the protocol or somebody beside them gave, and for those
        of type 2 that nobody gave: the raw text, and who confirmed it.
    """

    dataset: Dataset
    provenance: dict[str, str]
    kind: ObjectKind
    origins: tuple[Origin, ...] = ()
