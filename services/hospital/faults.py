"""Misbehaviour of the simulated hospital, switched at run time.

The switches live in the hospital's database, so any process that opens the same
:class:`~services.hospital.store.HospitalStore` can throw them while the hospital runs.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from enum import StrEnum


class CommitmentMode(StrEnum):
    """How the PACS answers a Storage Commitment request (PS3.4 annex J)."""

    SECOND = "second"
    """On an association that the PACS opens, at once; the usual way of archives."""
    SAME = "same"
    """On the association that carried the request."""
    LATE = "late"
    """On a second association, ``commitment_delay`` seconds after the request."""
    NEVER = "never"
    """The request is accepted and nothing is ever reported."""
    DUPLICATE = "duplicate"
    """On a second association, twice."""
    PARTIAL = "partial"
    """On a second association; every ``commitment_partial_every``-th reference (the last one of a
    shorter request) fails with 0112, once for each instance."""


@dataclass(frozen=True, slots=True)
class Faults:
    """Which faults are on; the default is a hospital in good health.

    Attributes
    ----------
    applies_to : tuple of str
        AE titles concerned; empty means every entity of the hospital.
    refuse_associations : bool
        Answer every A-ASSOCIATE-RQ with "rejected-transient, temporary congestion".
    silent : bool
        Take TCP connections and never answer on them, until the switch is turned off.
    stall_seconds : float
        Wait this long before serving each DIMSE request.
    abort_mid_pdu : int
        0 is off. N: after every N stored objects the next one is cut off with a TCP reset: in the
        middle of reception when it comes in several PDUs, else in the middle of the answer. The
        object cut off is not kept.
    store_status : int or None
        Refuse C-STORE with this status, such as 0xA700.
    store_status_count : int or None
        For how many C-STORE; None is always.
    commitment : CommitmentMode
        How commitment is reported.
    commitment_delay : float
        Seconds for ``late``.
    commitment_partial_every : int
        For ``partial``.
    commitment_role_selection : bool
        False: open the reporting association without SCP/SCU role selection, as some archives do.
    wrong_patients_in_worklist : bool
        Ignore name, ID, accession and procedure ID keys, so that other patients come back.
    mpps_status : int or None
        Refuse N-CREATE and N-SET with this status, such as 0x0110.
    mpps_status_count : int or None
        For how many requests; None is always.
    print_step : str
        At which request the film printer misbehaves: ``status``, ``session``, ``lut``,
        ``film box``, ``image box``, ``annotation``, ``action``, ``after action`` (the film has
        come out by then), ``job`` or ``delete``; empty at none.
    print_status : int or None
        What it answers there, such as 0xC602; None cuts the connection instead.
    printer_status, printer_status_info : str
        What it says of itself, such as FAILURE and SUPPLY EMPTY.
    print_job_ends : str
        DONE or FAILURE.
    print_job_reports : bool
        Whether it reports the states of a print job by itself.
    """

    applies_to: tuple[str, ...] = ()
    refuse_associations: bool = False
    silent: bool = False
    stall_seconds: float = 0.0
    abort_mid_pdu: int = 0
    store_status: int | None = None
    store_status_count: int | None = None
    commitment: CommitmentMode = CommitmentMode.SECOND
    commitment_delay: float = 5.0
    commitment_partial_every: int = 3
    commitment_role_selection: bool = True
    wrong_patients_in_worklist: bool = False
    mpps_status: int | None = None
    mpps_status_count: int | None = None
    print_step: str = ""
    print_status: int | None = None
    printer_status: str = "NORMAL"
    printer_status_info: str = "NORMAL"
    print_job_ends: str = "DONE"
    print_job_reports: bool = True

    def __post_init__(self) -> None:
        if self.stall_seconds < 0 or self.commitment_delay < 0:
            raise ValueError("stall_seconds and commitment_delay are seconds, 0 or more")
        if self.abort_mid_pdu < 0 or self.commitment_partial_every < 1:
            raise ValueError("abort_mid_pdu counts from 0, commitment_partial_every from 1")

    def concerns(self, ae_title: str) -> bool:
        """Whether these faults apply to the entity with this AE title."""
        return not self.applies_to or ae_title in self.applies_to

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Faults:
        """The faults as written by :meth:`to_json`; ValueError on unknown names or values."""
        values = json.loads(text)
        unknown = set(values) - {field.name for field in fields(cls)}
        if unknown:
            raise ValueError(f"unknown fault {', '.join(sorted(unknown))}")
        values["applies_to"] = tuple(values.get("applies_to", ()))
        values["commitment"] = CommitmentMode(values.get("commitment", CommitmentMode.SECOND))
        return cls(**values)
