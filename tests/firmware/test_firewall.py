"""Which ports the box opens."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from firmware.cli import main
from firmware.firewall import rules


def printed(tmp_path: Path, text: str) -> str:
    file = tmp_path / "gantry.toml"
    file.write_text(text)
    done = CliRunner().invoke(main, ["firewall", "--config", str(file)])
    assert done.exit_code == 0, done.output
    return done.output


def test_archives_reach_the_listener_and_nothing_else(tmp_path: Path) -> None:
    assert printed(tmp_path, "[listener]\nport = 104\n") == (
        "flush set inet gantry open_tcp\nadd element inet gantry open_tcp { 104 }\n"
    )


def test_a_page_for_other_machines_is_opened_at_its_own_port(tmp_path: Path) -> None:
    for name in ("box.crt", "box.key"):
        (tmp_path / name).write_text("")
    text = printed(
        tmp_path,
        '[console]\nbind = "0.0.0.0"\nport = 8080\nnetwork_port = 8443\n'
        'tls_certificate = "box.crt"\ntls_key = "box.key"\n',
    )
    assert "{ 4006, 8443 }" in text


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_what_listens_on_loopback_stays_closed(tmp_path: Path, address: str) -> None:
    assert printed(tmp_path, f'[listener]\nbind = "{address}"\n') == rules(())
    assert rules(()) == "flush set inet gantry open_tcp\n"


def test_the_rules_go_into_a_file(tmp_path: Path) -> None:
    file = tmp_path / "ports.nft"
    done = CliRunner().invoke(main, ["firewall", "--output", str(file)])
    assert (done.exit_code, done.output) == (0, "")
    assert file.read_text().startswith("flush set")
