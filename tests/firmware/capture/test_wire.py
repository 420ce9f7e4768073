"""The messages between the two processes."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.multival import MultiValue
from pydicom.valuerep import IS, DSfloat

from drivers.video.presets import PRESETS
from drivers.video.profile import Crop
from drivers.video.signal import SignalState, Signature
from firmware.capture import wire
from firmware.capture.spec import (
    DigitiserSpec,
    PatternSpec,
    ReplaySpec,
    SimulatedSpec,
    Spec,
    VideoSpec,
)

Link = tuple[socket.socket, socket.socket]

_SIGNATURE = Signature(SignalState.NO_SIGNAL, bytes(144), bytes(144), 4)


@pytest.fixture
def link() -> Iterator[Link]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        yield ours, theirs


@pytest.mark.parametrize(
    "spec",
    [
        ReplaySpec("r", "/srv/films", 12.5, True),
        PatternSpec("p", rate=None, bits=12),
        DigitiserSpec("d", "usb:1-1.2"),
        SimulatedSpec("s", "bridge", ("unplug@3",), PRESETS["hdmi-csi"]),
        *(VideoSpec(name, profile) for name, profile in PRESETS.items()),
    ],
    ids=lambda spec: f"{type(spec).__name__}-{spec.name}",
)
def test_every_spec_arrives_as_it_was_sent(link: Link, spec: Spec) -> None:
    wire.send(link[0], wire.Begin(spec, "Europe/Berlin"))
    assert wire.receive_in_worker(link[1]) == wire.Begin(spec, "Europe/Berlin")


def test_a_learnt_profile_arrives_as_it_was_sent(link: Link) -> None:
    profile = replace(
        PRESETS["composite-pal"],
        crop=Crop(1, 2, 3, 4),
        range=(30, 218),
        no_signal=(_SIGNATURE,),
        input="Composite",
        edid=bytes(128),
    )
    wire.send(link[0], wire.Begin(VideoSpec("v", profile), "UTC"))
    assert wire.receive_in_worker(link[1]) == wire.Begin(VideoSpec("v", profile), "UTC")


def test_values_of_the_dicom_library_keep_their_text(link: Link) -> None:
    attributes = {
        "SliceThickness": DSfloat("5.00"),
        "EchoNumbers": IS("3"),
        "PixelSpacing": MultiValue(DSfloat, ["0.50", "0.50"]),
        "ImageType": ["ORIGINAL", "PRIMARY"],
    }
    wire.send(link[0], _picture(attributes))
    heard = wire.receive_from_worker(link[1])
    assert heard is not None
    assert isinstance(heard[0], wire.Picture)
    assert heard[0].attributes == {
        "SliceThickness": "5.00",
        "EchoNumbers": 3,
        "PixelSpacing": ["0.50", "0.50"],
        "ImageType": ["ORIGINAL", "PRIMARY"],
    }
    assert heard[0].taken_at == datetime(2026, 1, 1, 12, tzinfo=UTC)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(min_size=1, max_size=200))
def test_nonsense_is_told_from_a_message(link: Link, data: bytes) -> None:
    link[0].send(data)
    try:
        heard = wire.receive_from_worker(link[1])
    except wire.WireBroken:
        return
    assert heard is not None
    assert isinstance(heard[0], wire.FromWorker)


def test_the_other_end_being_gone_is_no_message(link: Link) -> None:
    link[0].close()
    assert wire.receive_from_worker(link[1]) is None
    assert wire.receive_in_worker(link[1]) is None


def _picture(attributes: dict[str, object]) -> wire.Picture:
    return wire.Picture(
        condition=wire.Condition("live"),
        ring=1,
        slot=0,
        shape=(2, 2),
        dtype="|u1",
        jpeg_bytes=0,
        bits_stored=8,
        photometric="MONOCHROME2",
        sequence=0,
        monotonic_ns=1,
        taken_at=datetime(2026, 1, 1, 12, tzinfo=UTC),
        attributes=attributes,
        lossy_ratio=None,
        lossy_method=None,
        native=False,
    )
