"""``gantry hospital``: a RIS, a PACS and a film printer to try a box against."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from firmware import logs
from firmware.cli.context import config_option, explained, read_configuration
from services.hospital.faults import Faults


@click.command()
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the hospital keeps its database, images and films; "
    "a folder 'hospital' in the box's state folder unless given.",
)
@click.option("--bind", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--ris-port", type=click.IntRange(0, 65535), default=4101, show_default=True)
@click.option("--pacs-port", type=click.IntRange(0, 65535), default=4102, show_default=True)
@click.option("--printer-port", type=click.IntRange(0, 65535), default=4103, show_default=True)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="NAME=VALUE",
    help="Misbehave: for instance commitment=late, commitment_delay=20, store_status=0xA700, "
    "store_status_count=3, refuse_associations=true, stall_seconds=5. Repeat for more.",
)
@config_option
@explained
def hospital(
    folder: Path | None,
    bind: str,
    ris_port: int,
    pacs_port: int,
    printer_port: int,
    faults: tuple[str, ...],
    config_file: Path | None,
) -> None:
    """Run a simulated RIS, PACS and film printer alone, until Ctrl+C.

    Commitment is reported to the station and the listener's port of the configuration.
    """
    from firmware.assembly import prepare_libraries
    from firmware.signals import stop_event
    from services.hospital import HospitalStore, run_hospital

    logs.begin()
    prepare_libraries()
    configuration = read_configuration(config_file)
    misbehaviour = _parse(faults)
    where = folder or configuration.state_dir / "hospital"
    with HospitalStore(where / "hospital.db") as store:
        store.set_faults(misbehaviour)
    try:
        run_hospital(
            where,
            bind,
            ris_port,
            pacs_port,
            printer_port,
            configuration.station.ae_title,
            ("127.0.0.1", configuration.listener.port),
            stop_event(),
            click.echo,
        )
    except OSError as error:
        raise click.ClickException(
            f"the hospital cannot listen at {bind}: {error.strerror}. "
            f"Does another one run? Choose other ports with --ris-port, --pacs-port, --printer-port"
        ) from error


def _parse(texts: tuple[str, ...]) -> Faults:
    values: dict[str, object] = {}
    for text in texts:
        name, _, value = text.partition("=")
        values[name] = _number(value) if value.lower().startswith("0x") else value
    unknown = sorted(set(values) - set(Faults.__dataclass_fields__))
    if unknown:
        known = ", ".join(sorted(Faults.__dataclass_fields__))
        raise click.UsageError(f"no fault is called {', '.join(unknown)}; there are: {known}")
    try:
        return msgspec.convert(values, Faults, strict=False)
    except (msgspec.ValidationError, ValueError) as error:
        raise click.UsageError(f"--fault: {error}") from error


def _number(hexadecimal: str) -> int:
    try:
        return int(hexadecimal, 16)
    except ValueError as error:
        raise click.UsageError(
            f"--fault: {hexadecimal!r} is no number: write a status as 0xA700"
        ) from error
