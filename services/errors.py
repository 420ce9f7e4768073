"""What can go wrong in the services.

::

    ServiceError
    +-- CatalogError          the database or the spool refused a step
    |   +-- NotFound (LookupError)
    |   +-- StorageFull (OSError)
    |   +-- ExamEnded         what was reported of the exam stands
    |   +-- ExamWithoutImages there is nothing to complete
    |   +-- ExamBusy          somebody is acquiring into it
    +-- IdentityMismatch      a source speaks of another patient than the exam
    +-- PeerError             a peer could not be talked to
        +-- PeerUnreachable   no TCP connection, or it broke
        +-- PeerRejected      the peer refused the association
        +-- PeerAborted       the peer or we broke the association off
        +-- ContextRefused    the peer does not take this SOP class or transfer syntax
        +-- PeerTimeout (TimeoutError)

Every text says what failed, at which peer, and what to do about it.
"""

from __future__ import annotations


class ServiceError(Exception):
    """Root of every error raised by :mod:`services`."""


class CatalogError(ServiceError):
    """The catalog or the spool refused a step."""


class NotFound(CatalogError, LookupError):
    """No such exam, worklist item, instance or delivery."""


class StorageFull(CatalogError, OSError):
    """The card is too full to begin another exam."""


class ExamEnded(CatalogError):
    """The exam has ended: what was reported of it stands."""


class ExamWithoutImages(CatalogError):
    """The exam has no images that count, so there is nothing to complete."""


class ExamBusy(CatalogError):
    """Somebody is acquiring into the exam at this moment."""


class IdentityMismatch(ServiceError):
    """A side channel or file names another patient; the text names attributes, never values."""


class PeerError(ServiceError):
    """A peer could not be talked to.

    Attributes
    ----------
    peer : str
        Name of the peer as configured.
    reason : str
        What happened, in the peer's own words where it has any.
    advice : str
        What the person who reads this should do.
    """

    def __init__(self, peer: str, reason: str, advice: str = "") -> None:
        self.peer = peer
        self.reason = reason
        self.advice = advice
        super().__init__(f"{peer}: {reason}" + (f". {advice}" if advice else ""))


class PeerUnreachable(PeerError):
    """No TCP connection, or it broke."""


class PeerRejected(PeerError):
    """The peer answered A-ASSOCIATE-RJ."""


class PeerAborted(PeerError):
    """The association was aborted while in use."""


class ContextRefused(PeerError):
    """The peer accepted the association but not the presentation context that we need."""


class PeerTimeout(PeerError, TimeoutError):
    """The peer did not answer in time."""
