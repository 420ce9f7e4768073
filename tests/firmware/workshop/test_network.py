"""Addresses: read from the kernel, changed under a checkpoint that undoes itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from firmware.workshop.network import Network
from services.console.workshop import NetworkChange, WorkshopRefusal
from tests.firmware.workshop.programs import Programs

ADDRESSES = json.dumps(
    [
        {"ifname": "lo", "addr_info": []},
        {
            "ifname": "eth0",
            "address": "02:00:00:00:00:01",
            "addr_info": [
                {"local": "192.0.2.7", "prefixlen": 24, "scope": "global"},
                {"local": "fe80::1", "prefixlen": 64, "scope": "link"},
            ],
        },
        {"ifname": "eth0.30", "address": "02:00:00:00:00:01", "addr_info": []},
    ]
)
ROUTES = json.dumps([{"dst": "default", "gateway": "192.0.2.1", "dev": "eth0"}])
CHECKPOINT = 'o "/org/freedesktop/NetworkManager/Checkpoint/9"\n'
STATIC = NetworkChange("eth0", "static", "192.0.2.20/24", "192.0.2.1", ("192.0.2.53",))


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    played = Programs(tmp_path / "bin", monkeypatch)
    played.put("ip", ("address", ADDRESSES), ("route", ROUTES))
    return played


@pytest.fixture
def network(tmp_path: Path) -> Network:
    card = tmp_path / "sys" / "class" / "net" / "eth0"
    card.mkdir(parents=True)
    (card / "carrier").write_text("1\n")
    (card / "speed").write_text("1000\n")
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "resolv.conf").write_text("# made\nnameserver 192.0.2.53\nsearch x\n")
    return Network(tmp_path / "sys", tmp_path / "etc")


def managed(programs: Programs, *more: tuple[str, str]) -> None:
    programs.put(
        "nmcli",
        *more,
        ("RUNNING", "running\n"),
        ("UUID,DEVICE", "u1:eth0\n"),
        ("ipv4.method connection show u1", "auto\n"),
        ("connection show gantry-", "!no such connection"),
    )
    programs.put("busctl", ("CheckpointCreate", CHECKPOINT))


def test_what_there_is_is_shown_without_networkmanager(
    programs: Programs, network: Network
) -> None:
    state = network.state()
    eth0, tagged = state.interfaces
    assert eth0.addresses == ("192.0.2.7/24",)
    assert (eth0.link, eth0.speed_mbit) == (True, 1000)
    assert tagged.vlan == 30
    assert not tagged.link
    assert state.gateways == ("192.0.2.1",)
    assert state.dns == ("192.0.2.53",)
    assert "NetworkManager" in state.settable
    with pytest.raises(WorkshopRefusal) as caught:
        network.change(STATIC)
    assert caught.value.code == "G-5201"


def test_a_change_is_made_under_a_checkpoint_and_kept_when_confirmed(
    programs: Programs, network: Network
) -> None:
    managed(programs)
    assert network.state().settable == ""
    assert network.state().interfaces[0].method == "dhcp"
    state = network.change(STATIC)
    assert state.seconds_to_roll_back is not None
    assert 50 < state.seconds_to_roll_back <= 60
    calls = programs.calls()
    checkpoint = next(at for at, call in enumerate(calls) if "CheckpointCreate" in call)
    added = next(at for at, call in enumerate(calls) if "connection add" in call)
    assert checkpoint < added
    assert " 60 7" in calls[checkpoint]
    assert "ipv4.addresses 192.0.2.20/24 ipv4.gateway 192.0.2.1" in calls[added]
    assert network.confirm().seconds_to_roll_back is None
    assert any("CheckpointDestroy o /org" in call for call in programs.calls())
    with pytest.raises(WorkshopRefusal) as caught:
        network.confirm()
    assert caught.value.code == "G-5204"


def test_a_vlan_is_a_connection_of_its_own(programs: Programs, network: Network) -> None:
    managed(programs)
    network.change(NetworkChange("eth0", "dhcp", vlan=30))
    (added,) = [call for call in programs.calls() if "connection add" in call]
    assert "type vlan ifname eth0.30 dev eth0 id 30" in added
    assert "ipv4.method auto" in added


def test_what_networkmanager_refuses_is_undone_at_once(
    programs: Programs, network: Network
) -> None:
    managed(programs, ("connection up", "!Error: Insufficient privileges."))
    with pytest.raises(WorkshopRefusal) as caught:
        network.change(STATIC)
    assert caught.value.code == "G-5203"
    assert caught.value.params["said"] == "Error: Insufficient privileges."
    assert any("CheckpointRollback" in call for call in programs.calls())
    assert network.state().seconds_to_roll_back is None


def test_without_a_checkpoint_nothing_is_changed(programs: Programs, network: Network) -> None:
    managed(programs)
    programs.put("busctl", ("", "!Access denied"))
    with pytest.raises(WorkshopRefusal):
        network.change(STATIC)
    assert not [call for call in programs.calls() if "connection" in call and "show" not in call]


@pytest.mark.parametrize(
    "change",
    [
        NetworkChange("eth0; reboot", "dhcp"),
        NetworkChange("-h", "dhcp"),
        NetworkChange("eth0", "magic"),
        NetworkChange("eth0", "dhcp", vlan=4095),
        NetworkChange("eth0", "static", "192.0.2.20"),
        NetworkChange("eth0", "static", "192.0.2.0/24"),
        NetworkChange("eth0", "static", "192.0.2.255/24"),
        NetworkChange("eth0", "static", "192.0.2.20/33"),
        NetworkChange("eth0", "static", "192.0.2.20/24", "198.51.100.1"),
        NetworkChange("eth0", "static", "192.0.2.20/24", "192.0.2.1", ("dns.example",)),
    ],
)
def test_addresses_that_are_none_change_nothing(
    programs: Programs, network: Network, change: NetworkChange
) -> None:
    managed(programs)
    with pytest.raises(WorkshopRefusal) as caught:
        network.change(change)
    assert caught.value.code == "G-5202"
    assert not [call for call in programs.calls() if "Checkpoint" in call]
