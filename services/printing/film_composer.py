"""Putting sheets together at a DICOM printer, up to where they only need to be printed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from device.film import FilmJob
from device.ports import UidSource
from services.dicom import print_datasets as datasets
from services.dicom.print_scu import FilmBoxMade, PrintAssociation
from services.dicom.print_uids import ANNOTATION_BOX, PRESENTATION_LUT
from services.film_picture import NotPrintable
from services.film_render import SheetWork, render_box
from services.printing.check import MISFIT
from services.printing.pixels import box_pixels
from services.printing.printers import Printer, PrinterFacts, capable
from services.printing.profile import PrinterProfile


@dataclass
class FilmComposer:
    """One film session: what every sheet of it shares is made once, when it is first needed."""

    link: PrintAssociation
    printer: Printer
    facts: PrinterFacts
    film: FilmJob
    uids: UidSource

    @cached_property
    def _profile(self) -> PrinterProfile:
        """What the printer can do: as configured, and not more than it said just now."""
        return capable(self.printer, self.facts)

    @cached_property
    def session(self) -> str:
        return self.link.create_session(datasets.film_session(self.film), self.uids())

    @cached_property
    def lut(self) -> str:
        """UID of the Presentation LUT; empty where the printer has none."""
        profile = self._profile
        if not self.link.accepts(PRESENTATION_LUT):
            return ""
        if self.film.lut in profile.lut_shapes:
            return self.link.create_lut(datasets.lut_shape(self.film.lut), self.uids())
        if profile.lut_entries:
            table = datasets.lut_table(profile.lut_entries, profile.bits)
            return self.link.create_lut(table, self.uids())
        return ""

    def lay_out(self, work: SheetWork) -> str:
        """Make a film box and fill it; its UID.

        Raises
        ------
        PrintRefused
            The printer does not take it.
        NotPrintable
            A picture cannot be made as it was asked for.
        """
        profile = self._profile
        session, lut = self.session, self.lut
        notes = profile.annotation_format if self.link.accepts(ANNOTATION_BOX) else ""
        extras = datasets.FilmBoxExtras(
            magnification=profile.magnification,
            annotation_format=notes,
            lut_uid=lut,
            illumination=profile.illumination,
            reflected_ambient_light=profile.reflected_ambient_light,
            trim=profile.trim,
        )
        attributes = datasets.film_box(self.film, work.sheet, session, extras)
        made = self.link.create_film_box(attributes, self.uids())
        if len(made.image_boxes) < len(work.sheet.images):
            raise NotPrintable(
                f"{self.printer.name} made only {len(made.image_boxes)} boxes for the layout "
                f"{work.sheet.display_format}",
                MISFIT,
            )
        self._fill(work, made)
        texts = _annotations(work)[: profile.annotations] if notes else []
        for position, (uid, text) in enumerate(zip(made.annotation_boxes, texts, strict=False), 1):
            self.link.set_annotation(datasets.annotation(position, text), uid)
        return made.uid

    def _fill(self, work: SheetWork, made: FilmBoxMade) -> None:
        bits = 8 if self.film.colour else self._profile.bits
        for number, uid in enumerate(made.image_boxes):
            if work.image(number) is None:
                continue
            place = work.geometry.boxes[number]
            size = box_pixels(self._profile, self.facts, work.sheet, place)
            pixels = render_box(work, number, size, bits=bits, colour=self.film.colour)
            width = place.width if work.sheet.true_size else None
            box = datasets.image_box(number + 1, pixels, bits, width_mm=width)
            self.link.set_image_box(box, uid)


def _annotations(work: SheetWork) -> list[str]:
    """Texts that every printer can write; the names that it cannot are in the pictures."""
    identity = work.identity
    person = (identity.name, identity.patient_id)
    rest = (identity.birth_date, identity.sex, identity.accession_number, identity.study)
    lines = (" ".join(filter(None, map(datasets.plain, parts))) for parts in (person, rest))
    return [line for line in lines if line]
