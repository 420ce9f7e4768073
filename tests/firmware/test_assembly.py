"""What the assembled box is made of."""

from __future__ import annotations

from pathlib import Path

import pydicom.config
import pytest
from pydicom.charset import encode_string

from firmware.assembly import find_protocol, make_source, open_box, prepare_libraries
from firmware.config import defaults, load
from services.dicom.peers import Service
from services.errors import NotFound
from tests.end_to_end.settings import Settings


def test_the_box_is_what_the_configuration_says(tmp_path: Path) -> None:
    settings = Settings(ae_title="STATION9")
    settings.peer("ris", "RIS", 104, "worklist", "mpps")
    settings.peer("pacs", "PACS", 11112, "store", "commit", commitment="required")
    box = open_box(load(settings.write(tmp_path).config))
    assert box.station.ae_title == "STATION9"
    assert box.state_dir == tmp_path / "state"
    assert [peer.name for peer in box.offering(Service.STORE)] == ["pacs"]
    assert box.peer("pacs").commitment_required
    assert not box.peer("ris").commitment_required
    assert box.clock.now().tzinfo is not None
    assert len({box.uids() for _ in range(100)}) == 100


def test_opening_twice_finds_the_same_state(tmp_path: Path) -> None:
    configuration = load(Settings().write(tmp_path).config)
    with open_box(configuration).catalog.writing() as db:
        db.conn.execute("INSERT INTO peer_state (peer, failures) VALUES ('pacs', 3)")
    assert open_box(configuration).catalog.rows("SELECT failures FROM peer_state") == [
        {"failures": 3}
    ]


def test_a_text_that_a_character_set_cannot_hold_is_an_error_from_then_on() -> None:
    pydicom.config.settings.writing_validation_mode = pydicom.config.WARN
    prepare_libraries()
    with pytest.raises(UnicodeEncodeError):
        encode_string("Ковалёва", ["latin_1"])


def test_every_built_in_source_and_protocol_plays() -> None:
    configuration = defaults()
    assert configuration.protocols
    for protocol in configuration.protocols:
        found = find_protocol(configuration, protocol.name)
        source = make_source(configuration, found.source)
        source.open()
        try:
            frame = source.read(5.0)
        finally:
            source.close()
        assert frame is not None
        assert frame.pixels.size > 0


def test_what_is_not_configured_is_answered_with_what_is() -> None:
    configuration = defaults()
    with pytest.raises(NotFound, match="Test picture"):
        find_protocol(configuration, "nope")
    with pytest.raises(NotFound, match="colour pattern"):
        make_source(configuration, "nope")
