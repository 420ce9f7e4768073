"""A whole exam in the running image, against a hospital on this machine."""

from __future__ import annotations

import json
import ssl
import time
import urllib.request
from pathlib import Path

from services.hospital import Hospital
from tests.image.conftest import HOST, Note
from tests.image.machine import Machine

AS = "setpriv --reuid gantry-{} --regid gantry --clear-groups env UMASK=0007 \
GANTRY_CONFIG=/etc/gantry/gantry.toml XDG_STATE_HOME=/var/lib GANTRY_RUNTIME_DIR=/run/gantry \
sh -c 'umask 0007; exec gantry {}'"
SETTINGS = """\
[station]
ae_title = "GANTRY"
station_name = "GANTRY-IMAGE"
institution_name = "Image test"

[console]
bind = "0.0.0.0"
network_port = 8443
tls_certificate = "tls/console.crt"
tls_key = "tls/console.key"

[[peers]]
name = "ris"
ae_title = "RIS"
host = "{host}"
port = {ris}
services = ["worklist", "mpps"]

[[peers]]
name = "pacs"
ae_title = "PACS"
host = "{host}"
port = {pacs}
services = ["store", "commit", "query"]
commitment = "required"

[[sources]]
name = "test pattern"
kind = "pattern"

[[protocols]]
name = "Test picture"
source = "test pattern"
object = "SC"
"""
KEY_PAIR = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 \
-subj /CN=gantry -addext subjectAltName=IP:127.0.0.1 -keyout {0}/console.key -out {0}/console.crt"
COMMIT_SECONDS = 600


def until_active(box: Machine) -> None:
    """The services notice the new configuration by themselves and come back with it."""
    deadline = time.monotonic() + 900
    names = " ".join(f"gantry-{name}" for name in ("console", "dispatcher", "listener", "capture"))
    while box.run(f"systemctl is-active {names}").code:
        assert time.monotonic() < deadline, box.run("journalctl -b -u 'gantry*' -n 80").out
        time.sleep(2)


def test_the_box_takes_the_hospitals_settings(
    box: Machine, hospital: Hospital, tmp_path: Path
) -> None:
    text = SETTINGS.format(host=HOST, ris=hospital.ris.port, pacs=hospital.pacs.port)
    box.check("install -d -g gantry -m 2770 /etc/gantry/tls")
    box.check(KEY_PAIR.format("/etc/gantry/tls"))
    box.check("chgrp gantry /etc/gantry/tls/*; chmod 640 /etc/gantry/tls/*")
    box.check(f"cat > /etc/gantry/gantry.toml <<'END'\n{text}END")
    box.check("gantry check --config /etc/gantry/gantry.toml")
    box.check(
        "systemctl restart --no-block"
        " gantry-console gantry-dispatcher gantry-listener gantry-capture"
    )
    until_active(box)


def test_the_page_is_fetched_from_another_machine_over_tls(
    box: Machine, page_port: int, tmp_path: Path
) -> None:
    deadline = time.monotonic() + 300
    while "8443" not in box.check("nft list set inet gantry open_tcp"):
        assert time.monotonic() < deadline, "the firewall did not notice the new configuration"
        time.sleep(1)
    authority = tmp_path / "console.crt"
    authority.write_text(box.check("cat /etc/gantry/tls/console.crt") + "\n")
    trusted = ssl.create_default_context(cafile=str(authority))
    with urllib.request.urlopen(
        f"https://127.0.0.1:{page_port}/", context=trusted, timeout=60
    ) as page:
        assert page.status == 200
        assert "Content-Security-Policy" in page.headers


def test_a_whole_exam_is_done_by_the_services_accounts(
    box: Machine, hospital: Hospital, note: Note
) -> None:
    """One account starts it, another takes the pictures, a third sends them, one catalog."""
    entries = json.loads(box.check(AS.format("console", "worklist --refresh --json"), 120))
    assert entries, "the RIS has no entry for today"
    item = entries[0]["key"]
    started = box.check(AS.format("console", f"exam start --item {item} 2>/dev/null"), 120)
    exam = started.splitlines()[0]
    began = time.monotonic()
    box.check(
        AS.format("capture", f'exam acquire {exam} --protocol "Test picture" --frames 3'), 180
    )
    note("seconds for three pictures from the command line", round(time.monotonic() - began, 1))
    box.check(AS.format("console", f"exam complete {exam}"), 120)
    deadline = time.monotonic() + COMMIT_SECONDS
    while sum(entry.committed for entry in hospital.store.commitments()) < 3:
        assert time.monotonic() < deadline, (
            box.run(AS.format("console", f"exam show {exam}")).out
            + box.run("journalctl -b -u gantry-dispatcher -n 60 -o cat").out
        )
        time.sleep(2)
    assert len(hospital.store.instances()) == 3
    assert [record.status for record in hospital.store.mpps_all()] == ["COMPLETED"]
    other = box.check("find /var/lib/gantry ! -group gantry")
    assert other == "", "these would be closed to the other services"
