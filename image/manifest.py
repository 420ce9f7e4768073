"""What an image consists of: a manifest for updater and people, an SBOM for the hospital's IT."""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

from image import recipe

_NAMESPACE = uuid.UUID("6a471e01-0000-4000-8000-000000000000")


@dataclass(frozen=True, slots=True, order=True)
class Component:
    """One package of the image, from Debian or from the Python index."""

    origin: str
    name: str
    version: str
    license: str = ""
    source: str = ""

    @property
    def purl(self) -> str:
        """Package URL, as vulnerability scanners look it up."""
        if self.origin == "deb":
            quoted = self.version.replace("+", "%2B").replace(":", "%3A")
            arch = recipe.ARCHITECTURE
            return f"pkg:deb/debian/{self.name}@{quoted}?arch={arch}&distro={recipe.SUITE}"
        return f"pkg:pypi/{self.name.lower().replace('_', '-')}@{self.version}"


def debian_packages(root: Path) -> list[Component]:
    """The installed packages, from dpkg's own records."""
    made = []
    for paragraph in (root / "var/lib/dpkg/status").read_text(encoding="utf-8").split("\n\n"):
        fields = HeaderParser().parsestr(paragraph)
        if fields.get("Status", "").endswith(" installed"):
            source = fields.get("Source") or fields["Package"]
            made.append(
                Component("deb", fields["Package"], fields["Version"], source=source.split()[0])
            )
    return sorted(made)


def python_packages(site: Path) -> list[Component]:
    """The installed distributions, from their own metadata."""
    made = []
    for metadata in sorted(site.glob("*.dist-info/METADATA")):
        fields = HeaderParser().parsestr(metadata.read_text(encoding="utf-8"))
        expression = fields.get("License-Expression", "")
        made.append(Component("pypi", fields["Name"], fields["Version"], expression))
    return sorted(made)


def manifest(
    variant: str, commit: str, kernel: str, components: list[Component], files: dict[str, Path]
) -> dict[str, Any]:
    """What the image is, and every package with its version.

    Parameters
    ----------
    files
        The parts whose size and SHA-256 are noted, by their names.
    """
    version = next(item.version for item in components if item.name == "gantry")
    return {
        "variant": variant,
        "version": version,
        "commit": commit,
        "suite": recipe.SUITE,
        "architecture": recipe.ARCHITECTURE,
        "kernel": kernel,
        "source_date_epoch": recipe.epoch(),
        "files": {
            name: {"bytes": file.stat().st_size, "sha256": sha256(file)}
            for name, file in sorted(files.items())
        },
        "packages": [
            {key: value for key, value in asdict(item).items() if value} for item in components
        ],
    }


def cyclonedx(variant: str, version: str, components: list[Component]) -> dict[str, Any]:
    """The bill of materials in CycloneDX 1.5, with an identity that follows from its content."""
    listed = [_component(item) for item in components]
    serial = uuid.uuid5(_NAMESPACE, json.dumps([variant, version, listed]))
    made = datetime.fromtimestamp(recipe.epoch(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    product = f"gantry-{variant}"
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {
            "timestamp": made,
            "component": {
                "type": "firmware",
                "bom-ref": product,
                "name": product,
                "version": version,
            },
        },
        "components": listed,
        "dependencies": [{"ref": product, "dependsOn": [item["bom-ref"] for item in listed]}],
    }


def write(file: Path, content: dict[str, Any]) -> None:
    file.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _component(item: Component) -> dict[str, Any]:
    made: dict[str, Any] = {
        "type": "library",
        "bom-ref": item.purl,
        "name": item.name,
        "version": item.version,
        "purl": item.purl,
    }
    if item.license:
        made["licenses"] = [{"expression": item.license}]
    if item.source:
        made["properties"] = [{"name": "gantry:debian-source", "value": item.source}]
    return made
