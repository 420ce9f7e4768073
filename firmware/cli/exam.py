"""``gantry exam``: start, acquire, complete, discontinue, list, show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from device.exam import Exam, ExamState
from device.reasons import DISCONTINUATION_REASONS, discontinuation_reason
from device.worklist import WorklistItem
from firmware.cli.context import (
    config_option,
    explained,
    json_option,
    open_configured,
    print_json,
    print_table,
)
from firmware.cli.exam_images import discard, restore
from firmware.cli.exam_match import match, reconcile, reconciled
from services import exam_view, exams, recovery
from services.acquisition import Acquisition, Summary
from services.box import Box
from services.catalog import exams as catalog_exams
from services.catalog import worklist as cache
from services.catalog.exams import Instance

_STALE_SECONDS = 86400.0

_REASONS = "\n".join(f"  {code.value}  {code.meaning}" for code in DISCONTINUATION_REASONS.values())


@click.group()
def exam() -> None:
    """Do an exam: start it, acquire into it, end it."""


exam.add_command(discard)
exam.add_command(restore)
exam.add_command(match)
exam.add_command(reconcile)
exam.add_command(reconciled)


@exam.command()
@click.option(
    "--item",
    "keys",
    multiple=True,
    metavar="KEY",
    help="Worklist entry, as 'gantry worklist' shows it; several for one exam that does them all.",
)
@click.option("--unscheduled", is_flag=True, help="A patient who is not on the worklist.")
@click.option("--append", metavar="EXAM", help="More images for the study of an ended exam.")
@click.option("--patient-id", default="", help="Unscheduled: patient ID.")
@click.option("--patient-name", default="", help="Unscheduled: Family^Given.")
@click.option("--birth-date", default="", help="Unscheduled: 1970-01-31.")
@click.option("--sex", default="", help="Unscheduled: M, F or O.")
@click.option("--modality", default="", help="Unless the worklist entry or the station says it.")
@click.option("--operator", "operators_name", default="", help="Your name, Family^Given.")
@json_option
@config_option
@explained
def start(
    keys: tuple[str, ...],
    unscheduled: bool,
    append: str | None,
    patient_id: str,
    patient_name: str,
    birth_date: str,
    sex: str,
    modality: str,
    operators_name: str,
    as_json: bool,
    config_file: Path | None,
) -> None:
    """Start an exam; prints its number, which the other commands take."""
    if sum((bool(keys), unscheduled, append is not None)) != 1:
        raise click.UsageError("say one of --item KEY, --unscheduled and --append EXAM")
    if not unscheduled and (patient_id or patient_name or birth_date or sex):
        raise click.UsageError("the patient comes from the worklist entry and cannot be changed")
    _, box = open_configured(config_file)
    recovery.recover(box)
    _warn_of_open_exams(box)
    if append is not None:
        begun = exams.append(box, append, operators_name=operators_name)
    else:
        items = (
            [
                WorklistItem.unscheduled(
                    patient_id=patient_id,
                    patient_name=patient_name,
                    birth_date=birth_date,
                    sex=sex,
                    study_instance_uid=box.uids(),
                    character_set=box.station.character_set,
                    modality=modality,
                )
            ]
            if unscheduled
            else [_pick(box, key) for key in keys]
        )
        begun = exams.start(box, items, modality=modality, operators_name=operators_name)
    if as_json:
        print_json(exam_view.exam_as_plain(box, begun))
        return
    click.echo(begun.exam_id)
    item = begun.item
    click.echo(
        f"Exam {begun.exam_id} started: {item.readable_name or 'no name'}, "
        f"born {item.patient_birth_date or 'unknown'}, ID {item.patient_id or 'none'}, "
        f"accession {item.accession_number or 'none'}.",
        err=True,
    )


def _pick(box: Box, key: str) -> WorklistItem:
    entry = cache.get(box.catalog, key)
    item = entry.item
    if box.wall() - entry.received > _STALE_SECONDS:
        click.echo(
            "Attention: the RIS confirmed this entry more than a day ago; compare it with the "
            "patient, or run 'gantry worklist --refresh' first.",
            err=True,
        )
    for exam_id, state in cache.exams_of(box.catalog, item.key):
        click.echo(f"Attention: this entry has exam {exam_id} already ({state}).", err=True)
    for other in catalog_exams.of_study(box.catalog, item.study_instance_uid):
        differing = _differing(other.item, item)
        if differing:
            click.echo(
                f"Attention: exam {other.exam_id} has the same Study Instance UID and another "
                f"{differing}. Archives file both under one study: ask the RIS administrator "
                f"whether these are one patient before you take images.",
                err=True,
            )
    status = item.scheduled_procedure_step_status
    if status in ("STARTED", "DEPARTED", "COMPLETED"):
        click.echo(f"Attention: the RIS lists this entry as {status}: done elsewhere?", err=True)
    return item


def _differing(one: WorklistItem, other: WorklistItem) -> str:
    """What tells the two patients apart, in words; empty when nothing does."""
    told = (
        ("patient ID", one.patient_id, other.patient_id),
        ("name", one.patient_name, other.patient_name),
        ("birth date", one.patient_birth_date, other.patient_birth_date),
    )
    return " and ".join(word for word, here, there in told if here != there)


def _warn_of_open_exams(box: Box) -> None:
    for other in catalog_exams.recent(box.catalog):
        if other.state is ExamState.IN_PROGRESS:
            click.echo(
                f"Attention: exam {other.exam_id} is still open; complete or discontinue it "
                f"when its patient has left.",
                err=True,
            )


@exam.command()
@click.argument("exam_id", metavar="EXAM")
@click.option("--protocol", "protocol_name", required=True, help="A configured protocol's name.")
@click.option("--frames", type=click.IntRange(1), help="Stop after so many frames.")
@click.option("--seconds", type=click.FloatRange(0, min_open=True), help="Stop after so long.")
@click.option("--zoom", default="", help="What the console shows of zoom or field of view.")
@click.option(
    "--value",
    "values",
    multiple=True,
    metavar="KEYWORD=VALUE",
    help="What you know of these pictures, by DICOM keyword; several times for several.",
)
@click.option("--by", "confirmed_by", default="", metavar="NAME", help="Who stands for --value.")
@json_option
@config_option
@explained
def acquire(
    exam_id: str,
    protocol_name: str,
    frames: int | None,
    seconds: float | None,
    zoom: str,
    values: tuple[str, ...],
    confirmed_by: str,
    as_json: bool,
    config_file: Path | None,
) -> None:
    """Take images into an open exam; without a limit until the source ends."""
    from firmware.assembly import find_protocol, make_source
    from firmware.circumstances import capture_circumstances
    from firmware.cli.said import said_by_operator
    from firmware.side_channels import side_channels
    from services.calibration import Calibrated
    from services.side_channels import listening

    entered = said_by_operator(values, confirmed_by, frames)
    configuration, box = open_configured(config_file)
    recovery.recover(box)
    protocol = find_protocol(configuration, protocol_name)
    source = make_source(configuration, protocol.source)
    calibrated = Calibrated(
        box.catalog, capture_circumstances(configuration, protocol.source, zoom)
    )
    exam_now = catalog_exams.load(box.catalog, exam_id)
    with listening(side_channels(configuration), exam_now) as says:
        acquisition = Acquisition(
            box,
            exam_id,
            protocol,
            _announce if not as_json else _quiet,
            beside=lambda frame: (*says(frame), *calibrated(frame), *entered),
        )
        summary = acquisition.run(source, frames=frames, seconds=seconds)
    if as_json:
        print_json(_summary_as_plain(summary))
    if not summary.instances:
        raise click.ClickException(
            f"nothing was taken: "
            f"{summary.ended_by or f'the source {protocol.source!r} gave no frame'}"
        )
    if not as_json:
        _tell(summary, "a video object" if protocol.video else protocol.object.value)


def _announce(instance: Instance) -> None:
    click.echo(f"{instance.instance_number:4d}  {instance.object}  {instance.sop_instance_uid}")


def _quiet(_: Instance) -> None:
    """Scripts get the summary at the end."""


def _tell(summary: Summary, wanted: str) -> None:
    click.echo(
        f"{len(summary.instances)} images from {summary.frames} frames are safe on the box; "
        f"{summary.dropped} frames were lost or damaged.",
        err=True,
    )
    if summary.refused:
        click.echo(f"Secondary Capture was made instead of {wanted}: {summary.refused}.", err=True)
    if summary.ended_by:
        click.echo(f"The source stopped: {summary.ended_by}", err=True)


def _summary_as_plain(summary: Summary) -> dict[str, Any]:
    return {
        "series_instance_uid": summary.series_instance_uid,
        "frames": summary.frames,
        "dropped": summary.dropped,
        "fallback": list(summary.fallback),
        "refused": summary.refused,
        "ended_by": summary.ended_by,
        "instances": [
            {
                "sop_instance_uid": instance.sop_instance_uid,
                "sop_class_uid": instance.sop_class_uid,
                "instance_number": instance.instance_number,
                "object": instance.object,
                "path": instance.path,
            }
            for instance in summary.instances
        ],
    }


@exam.command()
@click.argument("exam_id", metavar="EXAM")
@config_option
@explained
def complete(exam_id: str, config_file: Path | None) -> None:
    """End an exam as completed; the RIS is told, the images go to the archives."""
    _, box = open_configured(config_file)
    recovery.recover(box)
    exams.complete(box, exam_id)
    click.echo(f"Exam {exam_id} is completed.")


@exam.command(
    epilog=f"\b\nReasons (PS3.16 CID 9300):\n{_REASONS}",
)
@click.argument("exam_id", metavar="EXAM")
@click.option("--reason", required=True, metavar="CODE", help="A code from the list below.")
@config_option
@explained
def discontinue(exam_id: str, reason: str, config_file: Path | None) -> None:
    """End an exam that was broken off, with the reason for the RIS."""
    code = discontinuation_reason(reason)
    _, box = open_configured(config_file)
    recovery.recover(box)
    exams.discontinue(box, exam_id, code)
    click.echo(f"Exam {exam_id} is discontinued: {code.meaning}.")


@exam.command("list")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True)
@json_option
@config_option
@explained
def list_exams(limit: int, as_json: bool, config_file: Path | None) -> None:
    """Show the latest exams and how far their images have got."""
    _, box = open_configured(config_file)
    plain = [
        exam_view.exam_as_plain(box, each) for each in catalog_exams.recent(box.catalog, limit)
    ]
    if as_json:
        print_json(plain)
        return
    print_table(
        ("EXAM", "STARTED", "STATE", "PATIENT", "ID", "MOD", "IMAGES", "STORED", "COMMITTED"),
        [
            (
                row["exam"],
                row["started"][:16].replace("T", " "),
                row["state"],
                row["readable_name"],
                row["patient_id"],
                row["modality"],
                row["acquired"],
                row["stored"],
                row["committed"],
            )
            for row in plain
        ],
    )


@exam.command()
@click.argument("exam_id", metavar="EXAM")
@json_option
@config_option
@explained
def show(exam_id: str, as_json: bool, config_file: Path | None) -> None:
    """Show one exam: its images, where each stands, and what is still owed."""
    _, box = open_configured(config_file)
    found: Exam = catalog_exams.load(box.catalog, exam_id)
    detail = exam_view.exam_in_detail(box, found)
    if as_json:
        print_json(detail)
        return
    for label in ("exam", "state", "patient_name", "patient_id", "birth_date", "sex",
                  "accession_number", "modality", "started", "ended", "study_instance_uid",
                  "mpps_uid"):  # fmt: skip
        click.echo(f"{label.replace('_', ' '):20s}{detail[label]}")
    click.echo()
    print_table(
        ("SERIES", "IMAGE", "OBJECT", "FRAMES", "ACQUIRED", "ARCHIVES"),
        [
            (
                image["series_number"],
                image["instance_number"],
                image["object"],
                image["frames"],
                image["acquired"][11:19],
                _whereabouts(image),
            )
            for image in detail["images"]
        ],
    )
    for delivery in detail["owed"]:
        click.echo(
            f"owed: {delivery['kind']} to {delivery['peer']} is {delivery['state']} "
            f"{delivery['last_text'] or delivery['peer_fault']} {delivery['advice']}".rstrip()
        )


def _whereabouts(image: dict[str, Any]) -> str:
    archives = "; ".join(f"{each['peer']}: {each['state']}" for each in image["archives"])
    return f"discarded; {archives}" if image["discarded"] else archives or "none owed"
