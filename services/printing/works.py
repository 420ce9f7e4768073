"""From an exam and a film job to sheets that can be rendered."""

from __future__ import annotations

from collections import OrderedDict

from device.exam import Exam
from device.film import FilmImage, FilmJob
from services.box import Box
from services.catalog import exams
from services.film_box import FilmIdentity
from services.film_picture import FilmPicture, NotPrintable, read_picture
from services.film_render import SheetWork
from services.printing.check import GONE
from services.printing.printers import Printer, PrinterKind

_KEPT = 4
"""Pictures that are kept after they were used, for the sheet that shows one several times."""


def works_of(box: Box, exam_id: str, printer: Printer, film: FilmJob) -> list[SheetWork]:
    """The sheets of a job, each with its pictures and with whose they are."""
    exam = exams.load(box.catalog, exam_id)
    identity = identity_of(box, exam)
    shelf = PictureShelf(box)
    return [
        SheetWork(
            sheet=sheet,
            identity=identity,
            read=shelf.read,
            margins=printer.profile.margins,
            banner=printer.kind is not PrinterKind.DICOM,
            number=number,
            of=len(film.sheets),
        )
        for number, sheet in enumerate(film.sheets, 1)
    ]


def identity_of(box: Box, exam: Exam) -> FilmIdentity:
    """What stands on every sheet: the identity that the exam is bound to."""
    item = exam.item
    return FilmIdentity(
        name=readable(item.patient_name),
        patient_id=item.patient_id,
        birth_date=_date(item.patient_birth_date),
        sex=item.patient_sex,
        accession_number=item.accession_number,
        institution=box.station.institution_name,
        study=exam.study_begun.strftime("%Y-%m-%d %H:%M"),
    )


def readable(patient_name: str) -> str:
    """A person name as people write it: alphabetic, then ideographic, without carets."""
    groups = patient_name.split("=")[:2]
    words = (" ".join(group.replace("^", " ").split()) for group in groups)
    return "  ".join(word for word in words if word)


def _date(dicom: str) -> str:
    return f"{dicom[:4]}-{dicom[4:6]}-{dicom[6:]}" if len(dicom) == 8 else dicom


class PictureShelf:
    """Reads pictures from the spool and keeps the last few."""

    def __init__(self, box: Box) -> None:
        self._box = box
        self._kept: OrderedDict[FilmImage, FilmPicture] = OrderedDict()

    def read(self, image: FilmImage) -> FilmPicture:
        """A picture as film shows it.

        Raises
        ------
        NotPrintable
            It is gone, was discarded, or cannot be shown.
        """
        if image in self._kept:
            self._kept.move_to_end(image)
            return self._kept[image]
        row = self._box.catalog.row(
            "SELECT path, removed, missing, discarded FROM instance WHERE sop_instance_uid = ?",
            [image.sop_instance_uid],
        )
        if row is None or row["removed"] or row["missing"]:
            raise NotPrintable("an image of this job is not on this box any more", GONE)
        if row["discarded"]:
            raise NotPrintable("an image of this job was discarded after it was ordered", GONE)
        picture = read_picture(self._box.spool.absolute(row["path"]), image)
        self._kept[image] = picture
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return picture
