"""Runs in the guest, from a raw disk: takes commands from the host, one JSON object a line."""

import json
import os
import subprocess
import time
from pathlib import Path

NAME = "gantry.agent"
LONGEST = 60_000


def find() -> str:
    """The kernel's own name of the port, so that nobody has to wait for udev."""
    for folder in sorted(Path("/sys/class/virtio-ports").glob("*")):
        if (folder / "name").read_text().strip() == NAME:
            return f"/dev/{folder.name}"
    return ""


while not (path := find()):
    time.sleep(0.1)
port = os.open(path, os.O_RDWR)


def say(answer: dict) -> None:
    data = json.dumps(answer).encode() + b"\n"
    while data:
        data = data[os.write(port, data) :]


uptime = Path("/proc/uptime").read_text().split()[0]
say({"hello": os.uname().release, "uptime": float(uptime)})
heard = b""
while True:
    try:
        block = os.read(port, 65536)
    except OSError:
        block = b""
    if not block:
        time.sleep(0.1)
        continue
    heard += block
    while b"\n" in heard:
        line, _, heard = heard.partition(b"\n")
        order = json.loads(line)
        began = time.monotonic()
        try:
            done = subprocess.run(
                ["/bin/bash", "-c", order["command"]],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=order["timeout"],
                check=False,
            )
            code, out = done.returncode, done.stdout
        except subprocess.TimeoutExpired as late:
            code, out = 124, late.stdout or b""
        say(
            {
                "id": order["id"],
                "code": code,
                "out": out.decode("utf-8", "replace")[-LONGEST:],
                "seconds": round(time.monotonic() - began, 2),
            }
        )
