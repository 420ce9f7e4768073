"""The console as a process: the box's own screen, other machines over TLS, and how it ends."""

from __future__ import annotations

import signal
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from firmware.config import load
from firmware.console_service import CannotServe, serve
from tests.end_to_end.cli import REPOSITORY, answers, until
from tests.firmware.config.documents import load_text
from tests.peers.process import free_port
from tests.services.boxes import make_box
from tests.services.dicom.certificates import Authority

# tests keep to loopback, where a box would serve no other machine: so the answer is given here
_SERVE = """
import sys
from pathlib import Path
from firmware.assembly import open_box
from firmware.config import load
from firmware.config.console import ConsoleSettings
from firmware.console_service import serve
ConsoleSettings.networked = property(lambda self: True)
configuration = load(Path(sys.argv[1]))
serve(configuration, open_box(configuration))
"""


def test_other_machines_meet_tls_and_sign_in_while_the_screen_needs_neither(
    tmp_path: Path,
) -> None:
    authority = Authority.create(tmp_path / "ca")
    material = authority.issue("console")
    port, network_port = free_port(), free_port()
    file = tmp_path / "gantry.toml"
    file.write_text(
        f'[station]\nstate_dir = "state"\n[console]\nport = {port}\n'
        f"network_port = {network_port}\n"
        f'tls_certificate = "{material.certificate}"\ntls_key = "{material.key}"\n'
    )
    assert load(file).console.networked is False
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVE, str(file)],
        cwd=REPOSITORY,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        until(lambda: answers(port) and answers(network_port), 30, lambda: str(process.poll()))
        screen = httpx.get(f"http://127.0.0.1:{port}/api/frame").json()
        assert (screen["role"], screen["kiosk"]) == ("operator", True)
        with httpx.Client(
            base_url=f"https://127.0.0.1:{network_port}",
            verify=ssl.create_default_context(cafile=str(authority.certificate)),
        ) as far:
            facts = far.get("/api/frame").json()
            assert (facts["role"], facts["kiosk"]) == ("nobody", False)
            assert far.get("/api/overview").status_code == 401
            assert "max-age" in far.get("/").headers["strict-transport-security"]
        with pytest.raises(httpx.HTTPError):
            httpx.get(f"http://127.0.0.1:{network_port}/api/frame")
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        assert not answers(port)
        assert not answers(network_port)
    finally:
        process.kill()
        _, said = process.communicate()
    assert "Traceback" not in said


def test_a_port_that_is_taken_is_named_with_its_key(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        configuration = load_text(tmp_path, f"[console]\nport = {port}\n")
        box = make_box(tmp_path / "box")
        with pytest.raises(CannotServe, match=rf"127\.0\.0\.1:{port}.*console\.port"):
            serve(configuration, box)
        box.catalog.close()
