"""What happens in the guest: the virtual devices appear, the tests run, the results go out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

from tests.hardware.guest import devices
from tests.hardware.image import SELECTION

RESULTS = Path("/gantry/results")
PORT = Path("/dev/virtio-ports/gantry.results")
# What pulls devices comes last: they come back under other names.
TESTS = (
    "tests/drivers/video/test_abi.py",
    "tests/drivers/video/test_contract.py",
    "tests/drivers/panel/test_contract.py",
    "tests/drivers/hid/test_contract.py",
    "tests/drivers/tty/test_contract.py",
    "tests/drivers/usb/test_contract.py",
    "tests/hardware/guest",
)
PATIENCE = 180
"""Seconds for one test: an emulated processor is slow."""


def main() -> None:
    RESULTS.mkdir()
    selection = json.loads(Path(SELECTION).read_text())
    try:
        environment = devices.appear()
        status = _tests(selection or TESTS, environment)
    except (OSError, subprocess.CalledProcessError) as failure:
        print(f"the guest could not be made ready: {failure}", flush=True)
        status = 1
    (RESULTS / "outcome.json").write_text(json.dumps({"status": status}))
    kernel = subprocess.run(["dmesg"], capture_output=True, check=False).stdout
    (RESULTS / "kernel.log").write_bytes(kernel)
    with PORT.open("wb", buffering=0) as port, tarfile.open(fileobj=port, mode="w|") as archive:
        archive.add(RESULTS, arcname=".")


def _tests(words: list[str] | tuple[str, ...], environment: dict[str, str]) -> int:
    command = [sys.executable, "-u", "-m", "pytest", "-p", "no:cacheprovider"]
    command += ["-v", "-ra", "--color=no", "--durations=10", f"--timeout={PATIENCE}"]
    # The box's own conftest brings whole services, which no driver needs.
    command += ["--confcutdir=tests/hardware/guest"]
    # The older family can carry properties: the figures that tests measure.
    command += ["-o", "junit_family=xunit1"]
    command += [f"--junitxml={RESULTS / 'junit.xml'}", *words]
    return subprocess.run(command, env={**os.environ, **environment}, check=False).returncode


if __name__ == "__main__":
    main()
