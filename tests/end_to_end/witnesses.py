"""What programs that are not ours hold and say of the box's work."""

from __future__ import annotations

import json
import re
import subprocess
import urllib.request
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Any

from pydicom import dcmread
from pydicom.dataset import FileDataset

from tests.peers.process import RunningPeer, program


class OrthancRecord:
    """An Orthanc as its REST interface shows it."""

    def __init__(self, running: RunningPeer) -> None:
        settings = json.loads((running.directory / "orthanc.json").read_text())
        self._url = f"http://127.0.0.1:{settings['HttpPort']}"

    def instance(self, sop_instance_uid: str) -> FileDataset:
        """The file that it holds; fails when there is none."""
        found = json.loads(self._ask("/tools/lookup", sop_instance_uid.encode()))
        ids = [entry["ID"] for entry in found if entry["Type"] == "Instance"]
        assert len(ids) == 1, f"Orthanc holds {len(ids)} instances of {sop_instance_uid}"
        return dcmread(BytesIO(self._ask(f"/instances/{ids[0]}/file")))

    def of_study(self, study_instance_uid: str) -> set[str]:
        """SOP Instance UIDs of one study."""
        found = json.loads(self._ask("/tools/lookup", study_instance_uid.encode()))
        return {
            instance["MainDicomTags"]["SOPInstanceUID"]
            for entry in found
            if entry["Type"] == "Study"
            for instance in json.loads(self._ask(f"/studies/{entry['ID']}/instances"))
        }

    def _ask(self, path: str, body: bytes | None = None) -> bytes:
        with urllib.request.urlopen(self._url + path, body, timeout=20) as reply:
            return bytes(reply.read())


def mpps_messages(running: RunningPeer, mpps_uid: str) -> list[dict[str, Any]]:
    """Every N-CREATE and N-SET that the independent MPPS provider got for one step, in order."""
    lines = running.log.read_text("utf-8", "replace").splitlines()
    messages = [json.loads(line) for line in lines if line.startswith("{")]
    return [message for message in messages if message["uid"] == mpps_uid]


def reported_images(message: dict[str, Any]) -> set[str]:
    """SOP Instance UIDs that an N-SET names."""
    return {
        image["ReferencedSOPInstanceUID"]
        for series in _items(message["elements"]["PerformedSeriesSequence"])
        for image in _items(series.get("ReferencedImageSequence"))
    }


def received_by_storescp(running: RunningPeer, sop_instance_uid: str) -> int:
    """How often DCMTK's storescp wrote an instance."""
    log = running.log.read_text("utf-8", "replace")
    return len(re.findall(rf"storing DICOM file: \S*{re.escape(sop_instance_uid)}\s", log))


def iod_errors(files: Iterable[Path]) -> list[str]:
    """What dicom3tools calls an error: in each object, then between those of each series."""
    series: dict[str, list[Path]] = {}
    found: list[str] = []
    for file in files:
        header = dcmread(file, stop_before_pixels=True)
        series.setdefault(str(header.SeriesInstanceUID), []).append(file)
        found += _errors(program("dciodvfy", "dicom3tools"), "-new", str(file))
    for together in series.values():
        found += _errors(program("dcentvfy", "dicom3tools"), *map(str, together))
    return found


def _errors(*command: str) -> list[str]:
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=60
    )
    text = done.stdout.decode("utf-8", "replace")
    return [f"{command[-1]}: {line}" for line in text.splitlines() if line.startswith("Error")]


def _items(value: Any) -> list[Any]:
    if value in (None, ""):
        return []
    return value if isinstance(value, list) else [value]
