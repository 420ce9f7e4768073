"""``gantry worklist``."""

from __future__ import annotations

import logging
from datetime import date as Date  # noqa: N812 -- the option is called date
from pathlib import Path
from typing import Literal

import click

from device.worklist import QueryKeys
from firmware import logs
from firmware.cli.context import (
    config_option,
    explained,
    json_option,
    open_configured,
    print_json,
    print_table,
)
from services import worklist as worklists
from services.box import Box
from services.catalog import worklist as cache
from services.dicom.peers import Service

Day = Date | Literal["today"]


class _DateRange(click.ParamType[object]):
    """``today``, ``YYYY-MM-DD``, ``YYYYMMDD``, or two of them with ``..`` between."""

    name = "date"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> object:
        text = str(value)
        first, separator, last = text.partition("..")
        try:
            if not separator:
                return _day(text)
            return (_day(first) if first else None, _day(last) if last else None)
        except ValueError:
            self.fail(
                f"{text!r} is no date: write today, 2026-01-31, or 2026-01-30..2026-02-02",
                param,
                ctx,
            )


def _day(text: str) -> Day:
    return "today" if text == "today" else Date.fromisoformat(text)


def _dated(box: Box, day: Day | None) -> Date | None:
    """Today is the hospital's day, which the clock of this machine may not be at."""
    return box.clock.now().date() if day == "today" else day


@click.command()
@click.option("--patient-name", default="", help="Family^Given; * and ? stand for anything.")
@click.option("--patient-id", default="", help="Exactly this patient ID.")
@click.option("--accession", default="", help="Exactly this accession number.")
@click.option("--date", type=_DateRange(), default=None, help="today, a day, or first..last.")
@click.option("--modality", default="", help="CT, MR, US ...")
@click.option("--station-aet", default="", help="Scheduled station's AE title.")
@click.option(
    "--refresh/--cached",
    "refresh",
    default=None,
    help="Ask the RIS now and fail when it does not answer; or never ask it. "
    "Without either, the RIS is asked and the cache is used when it does not answer.",
)
@json_option
@config_option
@explained
def worklist(
    patient_name: str,
    patient_id: str,
    accession: str,
    date: Day | tuple[Day | None, Day | None] | None,
    modality: str,
    station_aet: str,
    refresh: bool | None,
    as_json: bool,
    config_file: Path | None,
) -> None:
    """Show the scheduled exams; KEY is what 'gantry exam start --item' takes."""
    # what the RIS does wrong is told below, in words of this command
    logs.begin_for_person(logging.ERROR)
    _, box = open_configured(config_file)
    keys = QueryKeys(
        patient_name=patient_name,
        patient_id=patient_id,
        accession_number=accession,
        date=(
            (_dated(box, date[0]), _dated(box, date[1]))
            if isinstance(date, tuple)
            else _dated(box, date)
        ),
        modality=modality,
        station_ae_title=station_aet,
    )
    if refresh is not False:
        _ask(box, keys, must=refresh is True)
    entries = cache.items(box.catalog, keys)
    today = box.clock.now().date()
    if as_json:
        print_json([worklists.as_plain(box, entry, today) for entry in entries])
        return
    _print(box, entries, today)


def _ask(box: Box, keys: QueryKeys, *, must: bool) -> None:
    if not box.offering(Service.WORKLIST):
        message = (
            "no RIS is configured, so nobody was asked: add 'worklist' to the services of a "
            "[[peers]] table in gantry.toml"
        )
        if must:
            raise click.ClickException(message)
        click.echo(f"Attention: {message}.", err=True)
    for outcome in worklists.refresh(box, keys):
        if outcome.error and must:
            raise click.ClickException(
                f"{outcome.error}\nThe cached list: 'gantry worklist --cached'"
            )
        if outcome.error:
            click.echo(f"{outcome.error}\nShowing the cached list.", err=True)
        for note in outcome.notes:
            click.echo(f"{outcome.peer}: {note}", err=True)


def _print(box: Box, entries: list[cache.CachedItem], today: Date) -> None:
    if not entries:
        click.echo("No scheduled exam fits.")
    else:
        print_table(
            ("KEY", "DATE", "TIME", "PATIENT", "ID", "BORN", "SEX", "MOD", "ACCESSION", "STATE"),
            [
                (
                    entry.item.key,
                    entry.item.start_date,
                    entry.item.start_time[:4],
                    entry.item.readable_name,
                    entry.item.patient_id,
                    entry.item.patient_birth_date,
                    entry.item.patient_sex,
                    entry.item.modality,
                    entry.item.accession_number,
                    worklists.state_of(box, entry.item),
                )
                for entry in entries
            ],
        )
    for entry in entries:
        for problem in entry.item.problems(today):
            click.echo(f"{entry.item.key}: {problem}", err=True)
    for fresh in cache.freshness(box.catalog):
        click.echo(worklists.age_of(box, fresh), err=True)
