"""``gantry exam match``, ``reconcile`` and ``reconciled``: exams under a wrong identity."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from firmware.cli.context import config_option, explained, open_configured
from services import match_proposal, matching, reconciliation
from services.catalog import audit
from services.match_proposal import Proposal, Way

if TYPE_CHECKING:
    from sqlite_utils import Database

    from services.box import Box

_BY = click.option("--by", "by", default="", metavar="NAME", help="Who says so.")
_FACTS = {
    "name": "Name",
    "birth_date": "Birth date",
    "sex": "Sex",
    "patient_id": "Patient ID",
    "issuer": "Issuer of the ID",
    "accession_number": "Accession number",
    "procedure": "Procedure",
    "study_instance_uid": "Study UID",
}


@click.command()
@click.argument("exam_id", metavar="EXAM")
@click.option(
    "--item", "key", required=True, metavar="KEY", help="The entry, as 'gantry worklist' shows it."
)
@click.option("--yes", "sure", is_flag=True, help="Do it; without this both sides are shown only.")
@_BY
@config_option
@explained
def match(exam_id: str, key: str, sure: bool, by: str, config_file: Path | None) -> None:
    """Give an exam to the worklist entry that it really belongs to.

    While nothing of it has left the box, its images are rewritten. Else it is marked, and the
    archive must correct it: 'gantry exam reconcile' goes on from there.
    """
    _, box = open_configured(config_file)
    proposal = match_proposal.propose(box, exam_id, key)
    _show(proposal)
    if not sure:
        click.echo("Nothing was changed. Compare both sides; --yes does it.", err=True)
        return
    if proposal.way is Way.CORRECT:
        matched = matching.correct(
            box, exam_id, [proposal.item], by=by, note=_note(box, "exam-matched", exam_id, by)
        )
        click.echo(f"Exam {exam_id} belongs to this entry now: {matched.files} images rewritten.")
        return
    reconciliation.ask(box, exam_id, proposal.item, by=by)
    _enter(box, "reconciliation-asked", exam_id, by)
    click.echo(
        f"Exam {exam_id} is marked. A supervisor confirms: 'gantry exam reconcile {exam_id}'."
    )


def _show(proposal: Proposal) -> None:
    for fact in proposal.facts:
        mark = "!" if fact.contradicts else " "
        click.echo(f"{mark} {_FACTS[fact.name]:17} {fact.here or '-':40} {fact.there or '-'}")
    for each in proposal.warnings:
        details = ", ".join(f"{name} {value}" for name, value in each.params.items())
        said = each.code.replace("_", " ")
        click.echo(f"Attention: {said}{f' ({details})' if details else ''}.", err=True)


@click.command()
@click.argument("exam_id", metavar="EXAM")
@click.option("--withdraw", is_flag=True, help="It has the right identity after all.")
@_BY
@config_option
@explained
def reconcile(exam_id: str, withdraw: bool, by: str, config_file: Path | None) -> None:
    """Confirm, as a supervisor, that the archive must correct an exam; prints what it needs.

    An exam that is still open is discontinued as a wrong worklist entry.
    """
    _, box = open_configured(config_file)
    if withdraw:
        reconciliation.withdraw(box, exam_id, by=by)
        _enter(box, "reconciliation-withdrawn", exam_id, by)
        click.echo(f"Exam {exam_id} is not marked any more.")
        return
    found = reconciliation.of_exam(box, exam_id)
    if found.confirmed is None:
        found = reconciliation.confirm(box, exam_id, by=by)
        _enter(box, "reconciliation-confirmed", exam_id, by)
    click.echo(reconciliation.sheet(box, found), nl=False)


@click.command()
@click.argument("exam_id", metavar="EXAM")
@_BY
@config_option
@explained
def reconciled(exam_id: str, by: str, config_file: Path | None) -> None:
    """Say, as a supervisor, that the archive has been corrected."""
    _, box = open_configured(config_file)
    reconciliation.finish(box, exam_id, by=by)
    _enter(box, "reconciliation-done", exam_id, by)
    click.echo(f"Exam {exam_id} is corrected at the archive.")


def _enter(box: Box, action: str, exam_id: str, by: str) -> None:
    with box.catalog.writing() as db:
        _note(box, action, exam_id, by)(db)


def _note(box: Box, action: str, exam_id: str, by: str) -> matching.Note:
    def note(db: Database) -> None:
        audit.note(db, box.clock.now(), by, "command line", action, "done", exam_id)

    return note
