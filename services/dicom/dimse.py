"""What a peer answered to one DIMSE request."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DimseReply:
    """Status part of a DIMSE response (PS3.7 annex C).

    Attributes
    ----------
    status : int or None
        (0000,0900), 0 to 0xFFFF; None where the peer gave no usable answer.
    error_comment : str
        (0000,0902), the peer's own words; empty where it sent none.
    error_id : int or None
        (0000,0903), the peer's own number for the fault.
    """

    status: int | None
    error_comment: str = ""
    error_id: int | None = None
