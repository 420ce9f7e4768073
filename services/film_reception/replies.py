"""What is answered to a request that succeeded."""

from __future__ import annotations

from pydicom.dataset import Dataset

from services.dicom import print_uids as uids
from services.film_reception.words import FilmBox, Session


def session_reply(session: Session) -> Dataset:
    """The film session as it stands."""
    reply = Dataset()
    reply.NumberOfCopies = session.copies
    reply.PrintPriority = session.priority
    reply.MediumType = session.medium
    reply.FilmDestination = session.destination
    reply.AffectedSOPInstanceUID = session.uid
    return reply


def film_reply(film: FilmBox) -> Dataset:
    """The film box as it stands, with the boxes that the printer made."""
    reply = Dataset()
    reply.ImageDisplayFormat = film.display_format
    reply.FilmSizeID = film.film_size
    reply.FilmOrientation = film.orientation
    reply.MagnificationType = film.magnification
    reply.BorderDensity = film.border
    reply.EmptyImageDensity = film.empty
    reply.Trim = "YES" if film.trim else "NO"
    box_class = uids.COLOUR_IMAGE_BOX if film.colour else uids.GREY_IMAGE_BOX
    reply.ReferencedImageBoxSequence = [_refer(box_class, box) for box in film.boxes]
    if film.notes:
        reply.ReferencedBasicAnnotationBoxSequence = [
            _refer(uids.ANNOTATION_BOX, note) for note in film.notes
        ]
    reply.AffectedSOPInstanceUID = film.uid
    return reply


def _refer(sop_class: str, uid: str) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = sop_class
    item.ReferencedSOPInstanceUID = uid
    return item
