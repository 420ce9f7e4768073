"""``gantry capture``: pictures from one input, without an exam and without a patient."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from firmware.cli.context import config_option, explained, read_configuration
from firmware.config import Configuration, SourceSettings

if TYPE_CHECKING:
    from device.ports import FrameSource

_TIMEOUT = 5.0


@click.command()
@click.argument("input_", metavar="INPUT")
@click.option(
    "--profile", "-p", metavar="P", help="Capture profile or shipped preset, instead of its own."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="Folder for the pictures; this one by default.",
)
@click.option(
    "--frames",
    type=click.IntRange(1, 1_000_000),
    default=1,
    show_default=True,
    help="How many pictures.",
)
@config_option
@explained
def capture(
    input_: str, profile: str | None, out: Path, frames: int, config_file: Path | None
) -> None:
    """Take pictures into PNG files, each with a JSON file about it; no exam is needed.

    INPUT is a source of the configuration, or a video device as 'gantry devices' names it. Grey
    values of more than 8 bits are kept. A picture that is damaged, frozen or without signal is
    never written.
    """
    from firmware.assembly import source_from
    from firmware.capture.stills import write_still

    configuration = read_configuration(config_file)
    settings = _settings(configuration, input_, profile)
    source = source_from(settings, configuration)
    source.open()
    written = 0
    try:
        while written < frames:
            frame = source.read(_TIMEOUT)
            if frame is None:
                break
            about = {"source": settings.name, "profile": settings.profile, **_counts(source)}
            click.echo(write_still(out, settings.name, frame, about)[0])
            written += 1
    finally:
        source.close()
    if written < frames:
        raise click.ClickException(
            f"{settings.name} ended after {written} of {frames} pictures; those are written"
        )


def _settings(configuration: Configuration, input_: str, profile: str | None) -> SourceSettings:
    """The configured source of this name, else a grabber of this identity."""
    from firmware.config.profiles import find_profile, preset_names

    known = [each.name for each in configuration.profiles] + list(preset_names())
    if profile and find_profile(configuration.profiles, profile) is None:
        raise click.UsageError(f"no profile is called {profile!r}; there are {', '.join(known)}")
    for source in configuration.sources:
        if source.name == input_:
            return _with_profile(source, profile)
    if not profile:
        names = ", ".join(source.name for source in configuration.sources)
        raise click.UsageError(
            f"no source is called {input_!r} (there are: {names}); for a device that is not in "
            f"the configuration say --profile as well, one of {', '.join(known)}"
        )
    return SourceSettings(name=input_, kind="v4l2", device=input_, profile=profile)


def _with_profile(source: SourceSettings, profile: str | None) -> SourceSettings:
    if source.kind == "serial":
        raise click.UsageError(f"{source.name} gives values for pictures, and no pictures")
    if not profile:
        return source
    if source.kind not in ("v4l2", "simulated"):
        raise click.UsageError(f"{source.name} is a source of kind {source.kind}, without profile")
    return msgspec.structs.replace(source, profile=profile)


def _counts(source: FrameSource) -> dict[str, object]:
    return {
        "dropped": source.dropped,
        "withheld": getattr(source, "withheld", 0),
        "state": str(getattr(source, "state", "live")),
    }
