"""Which device it is, as sysfs shows it and as the configuration writes it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.hid.identity import Identity
from drivers.hid.sysfs import list_nodes

words = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)
identities = st.builds(
    Identity,
    st.integers(0, 0xFFFF),
    st.integers(0, 0xFFFF),
    words,
    words.filter(lambda port: "@" not in port),
)


@given(identities)
def test_what_is_written_is_read_back(identity: Identity) -> None:
    assert Identity.parse(str(identity)) == identity


@pytest.mark.parametrize("written", ["", "3553", "/dev/input/event3", "3553:b001", "x:y@usb"])
def test_what_names_no_device_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="vendor:product@port"):
        Identity.parse(written)


@given(identities, identities)
def test_another_product_never_matches(one: Identity, other: Identity) -> None:
    assert one.matches(one)
    if (one.vendor, one.product) != (other.vendor, other.product):
        assert not one.matches(other)


def test_without_a_serial_number_the_port_decides() -> None:
    paired = Identity(1, 2, "", "usb-1")
    assert paired.matches(Identity(1, 2, "", "usb-1"))
    assert not paired.matches(Identity(1, 2, "", "usb-2"))
    assert not Identity(1, 2, "S").matches(Identity(1, 2, "T"))


def _node(root: Path, number: int, **files: str) -> None:
    device = root / f"event{number}" / "device"
    written = {
        "id/vendor": "3553",
        "id/product": "b001",
        "uniq": "",
        "phys": "usb-0000:01:00.0-1.3/input0",
        "name": "PCsensor FootSwitch",
        "capabilities/key": "10000 0 0 0",
        "capabilities/abs": "0",
    }
    for name, text in (written | files).items():
        (device / name).parent.mkdir(parents=True, exist_ok=True)
        (device / name).write_text(text + "\n")


def test_sysfs_is_read_without_opening_anything(tmp_path: Path) -> None:
    _node(tmp_path, 3)
    _node(tmp_path, 12, phys="gpio-keys", uniq="S9", **{"capabilities/abs": "2 0"})
    _node(tmp_path, 2, **{"capabilities/key": "0"})
    nodes = list_nodes(tmp_path)
    assert [node.path for node in nodes] == [f"/dev/input/event{n}" for n in (2, 3, 12)]
    assert str(nodes[1].identity) == "3553:b001@usb-0000:01:00.0-1.3"
    assert (nodes[1].name, nodes[1].keys, nodes[1].absolute) == ("PCsensor FootSwitch", True, False)
    assert nodes[0].keys is False
    assert nodes[2].absolute
    assert str(nodes[2].identity) == "3553:b001:S9@gpio-keys"


def test_a_device_that_goes_while_it_is_looked_at_is_left_out(tmp_path: Path) -> None:
    _node(tmp_path, 1)
    (tmp_path / "event4").mkdir()
    assert [node.path for node in list_nodes(tmp_path)] == ["/dev/input/event1"]
    assert list_nodes(tmp_path / "missing") == []
