"""What a person may do with a received sheet besides taking it into an exam."""

from __future__ import annotations

from services.box import Box
from services.catalog import received_sheets
from services.catalog.received_sheets import Images, Paper, ReceivedSheet
from services.errors import CatalogError


def discard(box: Box, sheet_id: int) -> ReceivedSheet:
    """Make no images of a sheet that is nobody's.

    Raises
    ------
    CatalogError
        It does not wait to be matched, or a part of it is in an exam already.
    """
    with box.catalog.writing() as db:
        sheet = received_sheets.get(box.catalog, sheet_id)
        if sheet.images is not Images.UNASSIGNED:
            raise CatalogError(
                f"film {sheet_id} does not wait to be matched: it is {sheet.images.value}"
            )
        uids = received_sheets.instance_uids(box.catalog, sheet_id).values()
        if received_sheets.taken_already(box.catalog, list(uids)):
            raise CatalogError(
                f"a part of film {sheet_id} is in exam {sheet.exam_id} already: take the rest there"
            )
        received_sheets.set_images(db, sheet_id, Images.DISCARDED, at=_now(box))
    return received_sheets.get(box.catalog, sheet_id)


def print_again(box: Box, sheet_id: int) -> ReceivedSheet:
    """Print a sheet that is held anew: a person has seen that it did not come out.

    Raises
    ------
    CatalogError
        It is not held.
    """
    with box.catalog.writing() as db:
        _held(received_sheets.get(box.catalog, sheet_id))
        received_sheets.forget_paper_job(db, sheet_id, at=_now(box))
    return received_sheets.get(box.catalog, sheet_id)


def mark_printed(box: Box, sheet_id: int) -> ReceivedSheet:
    """Note that a sheet that is held came out of the printer.

    Raises
    ------
    CatalogError
        It is not held.
    """
    with box.catalog.writing() as db:
        _held(received_sheets.get(box.catalog, sheet_id))
        received_sheets.set_paper(db, sheet_id, Paper.DONE, at=_now(box))
    return received_sheets.get(box.catalog, sheet_id)


def _held(sheet: ReceivedSheet) -> None:
    if sheet.paper is not Paper.HELD:
        raise CatalogError(f"film {sheet.id} is not held: its paper is {sheet.paper.value}")


def _now(box: Box) -> str:
    return box.clock.now().isoformat()
